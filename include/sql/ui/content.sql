-- One row is one content: what it is, and its counters as they were seen last. Reads content_lifetime and integration.
-- Parameters: organization_id, integration_id, external_content_id.
select
    content.organization_id,
    content.integration_id,
    content.external_content_id,
    content.caption,
    content.content_type,
    content.published_at,
    content.deleted_at,
    content.permalink_url,
    content.impressions,
    content.reach,
    content.engagement,
    content.observed_at,
    integration.name,
    integration.provider
from analytics.content_lifetime as content
inner join analytics.integration
    on integration.organization_id = content.organization_id and integration.id = content.integration_id
where content.organization_id = %(organization_id)s
    and content.integration_id = %(integration_id)s
    and content.external_content_id = %(external_content_id)s
