-- The end of one try: what it asked, stored, skipped, failed and why.
update analytics.ingestion_run
set
    state = %(state)s,
    finished_at = %(now)s,
    api_calls = %(api_calls)s,
    http_retries = %(http_retries)s,
    peak_usage_percent = %(peak_usage_percent)s,
    asked = %(asked)s,
    stored = %(stored)s,
    skipped = %(skipped)s,
    failed = %(failed)s,
    failures = %(failures)s,
    warnings = %(warnings)s,
    missing = %(missing)s,
    unavailable_metrics = %(unavailable_metrics)s,
    served_api_version = %(served_api_version)s,
    error_class = %(error_class)s,
    error_message = %(error_message)s,
    remedy = %(remedy)s
where run_id = %(run_id)s
    and organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and stage = %(stage)s
    and try_number = %(try_number)s
