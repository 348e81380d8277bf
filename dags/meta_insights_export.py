"""Complete dates as Parquet files, for whatever reads files: a lake, a notebook, another warehouse.

It is paused until you unpause it. Then it runs when `meta_insights_daily` announces a date that is complete for every
integration of its run. Each run writes `{path}/{table or view}/{date}.parquet` for that date and the days before it
that Meta still corrects.

`path` is any URL that Airflow's object storage knows, such as `s3://aws_default@bucket/insights`; by default it is the
setting `META_INSIGHTS_EXPORT_PATH`. Needs `pip install 'meta-insights[parquet]'`.

**Re-running is safe.** A file is replaced as a whole, and is the same bytes as long as the rows are the same. To write
an earlier date, trigger a run with `date`; with `days`, as many dates up to it.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import Asset, dag, get_current_context, task

from meta_insights import export
from meta_insights.config import Settings
from meta_insights.tasks import defaults

SETTINGS = Settings.from_environment()


@dag(
    schedule=[Asset("meta_insights_complete")],
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 (in Airflow's own time zone)
    is_paused_upon_creation=True,
    max_active_runs=1,  # two runs would write the same files
    description="Complete dates of the insights as Parquet files in an object store or a folder",
    doc_md=__doc__,
    tags=["meta", "insights"],
    params=export.params(SETTINGS),
    default_args=defaults(SETTINGS),
)
def meta_insights_export() -> None:
    """List the dates; then write the files of each."""

    @task
    def list_dates() -> list[str]:
        return export.dates(get_current_context())

    @task(map_index_template="{{ task.op_kwargs['day'] }}", multiple_outputs=False)
    def write_date(day: str) -> dict[str, int]:
        params = get_current_context()["params"]
        return export.write_date(day, params["relations"], params["path"])

    write_date.expand(day=list_dates())


meta_insights_export()
