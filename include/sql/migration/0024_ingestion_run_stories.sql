-- A look at the stories of an integration is an attempt too, of a stage of its own that belongs to no date's result.
alter table analytics.ingestion_run
drop constraint ingestion_run_stage_check,
add constraint ingestion_run_stage_check check (stage in ('content', 'metrics', 'stories'));
