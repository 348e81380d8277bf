-- Delete the aggregate rows around a date whose content type has no content any more: it was found to be of another type.
-- Safe to run again: reads daily_content_count only.
delete from analytics.daily_aggregate as kept
where kept.date > %(date)s::date - %(lookback_days)s::integer
    and kept.date < %(date)s::date + 366
    and not exists (
        select from analytics.daily_content_count as counted
        where counted.organization_id = kept.organization_id
            and counted.integration_id = kept.integration_id
            and counted.content_type = kept.content_type
            and counted.date = kept.date
    )
