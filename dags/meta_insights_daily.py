"""Daily insights of Facebook Pages.

**What lands where.** For every active Page in `analytics.integration`, the content of the last `lookback_days` goes to
`analytics.content`, one snapshot of its counters per Pacific date to `analytics.content_daily_metric`, the
Page's own days to `analytics.page_daily_metric`, and the changes of the date to `analytics.daily_aggregate`.

**When.** Every day after midnight in California, for the day that just ended.

**Healthy when** the run is green: every Page has both stages, the aggregate is complete and the checks hold. A red run
has stored all it could; `aggregate` names the Pages that miss something, and why.

**Rerun one Page.** Open its red instance in the task group, repair the cause, clear it with its downstream.
"Clear failed tasks" on the run does the same for all of them.

**Backfill.** `airflow backfill create --dag-id meta_insights_daily --from-date … --to-date …`, or trigger with
params: `date`, and `integration_ids` for some Pages only. Lifetime counters have no history: what a past date gets
is marked late and makes no daily change.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, get_current_context, task, task_group

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.retry import RETRIES, GraphRetryPolicy

PACIFIC = "America/Los_Angeles"
SETTINGS = Settings.from_environment()
INSIGHTS = Asset("meta_insights_daily", uri="postgres://insights_warehouse/warehouse/analytics/daily_aggregate")
BY_NAME = "{{ task.op_kwargs['group']['name'] }}"


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone=PACIFIC),
    start_date=SETTINGS.start_date,
    catchup=True,
    max_active_runs=2,
    doc_md=__doc__,
    tags=["meta", "insights"],
    params={
        "date": Param(None, type=["null", "string"], description="The Pacific date to ingest, if not the run's own"),
        "integration_ids": Param([], type="array", items={"type": "string"}, description="Only these; empty: all"),
        "organization_id": Param(None, type=["null", "string"], description="Only this organization's integrations"),
        "integrations_per_task": Param(
            None, type=["null", "integer"], minimum=1, description="Empty: 1 up to 100 Pages"
        ),
        "lookback_days": Param(28, type="integer", minimum=1, maximum=366, description="How old content may be"),
        "refresh": Param(default=False, type="boolean", description="Take the newest on-time value, not the earliest"),
    },
    default_args={
        "retries": RETRIES,
        "retry_policy": GraphRetryPolicy(),
        "retry_delay": SETTINGS.retry_delay,  # after a killed process, which no policy is asked about
        "execution_timeout": SETTINGS.task_timeout,
    },
)
def meta_insights_daily() -> None:
    """Content, then metrics, of each Page; then the aggregate of all; then its checks and the asset event."""

    @task
    def list_integrations() -> list[dict[str, Any]]:
        context = get_current_context()
        return ingest.list_integrations(ingest.current_run(context), context["params"])

    @task(map_index_template=BY_NAME)
    def content(group: dict[str, Any]) -> dict[str, int]:
        return ingest.ingest_content(group["integrations"], ingest.current_run(get_current_context()))

    @task(map_index_template=BY_NAME, trigger_rule="all_done")  # counters of a date cannot be had later
    def metrics(group: dict[str, Any]) -> dict[str, int]:
        return ingest.ingest_metrics(group["integrations"], ingest.current_run(get_current_context()))

    @task_group
    def page(group: dict[str, Any]) -> None:
        content(group=group) >> metrics(group=group)

    @task(trigger_rule="all_done")
    def aggregate(groups: list[dict[str, Any]]) -> None:
        ingest.aggregate(ingest.current_run(get_current_context()), groups)

    @task(outlets=[INSIGHTS])
    def check(groups: list[dict[str, Any]]) -> None:
        context = get_current_context()
        context["outlet_events"][INSIGHTS].extra = ingest.check(ingest.current_run(context), groups)

    groups = list_integrations()
    page.expand(group=groups) >> aggregate(groups) >> check(groups)  # type: ignore[arg-type]


meta_insights_daily()
