-- One row is one text that a content had before it was edited, the last one first. Reads earlier_caption.
-- Parameters: organization_id, integration_id, external_content_id.
select caption, last_seen_at, known_until
from analytics.earlier_caption
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and external_content_id = %(external_content_id)s
order by known_until desc
