-- Each attempt as the result of its stage.
select count(analytics.note_result(attempted)) from analytics.ingestion_run as attempted
