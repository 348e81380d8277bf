-- One row is one content that was listed only as the video of its post: its kind and its video are those listed now, its
-- text and its time of publication stay. Reads the rows that it is given as JSON. Safe to run again and in any order.
update analytics.content as kept
set
    content_type = listed.content_type,
    video_id = listed.video_id,
    last_seen_at = %(seen_at)s,
    updated_at = now()
from json_populate_recordset(
    jsonb_populate_record(null::analytics.content, %(common)s::jsonb), %(rows)s::json
) as listed
where kept.organization_id = listed.organization_id
    and kept.integration_id = listed.integration_id
    and kept.external_content_id = listed.external_content_id
    and kept.last_seen_at <= %(seen_at)s
    and (kept.content_type, kept.video_id, kept.last_seen_at)
    is distinct from (listed.content_type, listed.video_id, %(seen_at)s)
