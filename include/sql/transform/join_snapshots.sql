-- The snapshots of a content that was stored under its video's id become those of its post: one row per date, of both
-- where both have one. Safe to run again: then there is nothing left to move. The rule is analytics.merge_observation.
with ended as (
    delete from analytics.content_daily_metric
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and external_content_id in (%(external_content_id)s, %(formerly)s)
        and deleted_at is null
        and date in (
            select date
            from analytics.content_daily_metric
            where organization_id = %(organization_id)s
                and integration_id = %(integration_id)s
                and external_content_id = %(formerly)s
                and deleted_at is null
        )
    returning *
),
renamed as (
    select jsonb_populate_record(
        ended::analytics.content_daily_metric, jsonb_build_object('external_content_id', %(external_content_id)s::text)
    ) as snapshot
    from ended
    where external_content_id = %(formerly)s
),
joined as (
    select case
        when post.date is null then renamed.snapshot
        else analytics.merge_observation(post::analytics.content_daily_metric, renamed.snapshot, false)
    end as snapshot
    from renamed
    left join ended as post
        on post.date = (renamed.snapshot).date and post.external_content_id = %(external_content_id)s
)
insert into analytics.content_daily_metric
select (joined.snapshot).*
from joined
