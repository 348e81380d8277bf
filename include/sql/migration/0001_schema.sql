-- The schema of every table of this package. Asked for first, because `if not exists` needs the right to create schemas
-- even where an administrator has made it beforehand.
do $$
begin
    if to_regnamespace('analytics') is null then
        create schema analytics;
    end if;
end
$$;
