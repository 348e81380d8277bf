"""Daily insights of Facebook Pages.

**What lands where.** For every active integration in `analytics.integration`, the content of the last `lookback_days`
goes to `analytics.content`, one snapshot of its lifetime counters per date to `analytics.content_daily_metric`, the
integration's own daily values to `analytics.page_daily_metric`, and the changes of the date to
`analytics.daily_aggregate`. A date is a calendar day in California, as Meta counts.

**When.** Every day after midnight in California, for the day that just ended.

**Healthy when** the run is green: every integration has both stages, the aggregate is complete, and the checks hold. A
red run has committed all available data; `aggregate` names the integrations that miss something, and why.

**Rerun one integration.** Open its red instance in the task group, remove the cause that its log names, and clear it
with its downstream. *Clear failed tasks* on the run does the same for all of them.

**Backfill.** `airflow backfill create --dag-id meta_insights_daily --from-date … --to-date …` (the day after the last
one), or trigger one date with the param `date`. The dialog *Backfill* of the UI passes no params unless *Override
parameters on existing runs* is ticked. Lifetime counters have no history: what a past date gets is marked late and
makes no daily change.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, get_current_context, task, task_group

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.failures import RETRIES
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.context import run_of

SETTINGS = Settings.from_environment()
INSIGHTS = Asset("meta_insights_daily", uri="postgres://insights_warehouse/warehouse/analytics/daily_aggregate")
BY_NAME = "{{ task.op_kwargs['group']['name'] }}"


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/Los_Angeles"),
    start_date=SETTINGS.start_date,
    catchup=True,
    max_active_runs=2,
    description="Content and insights of every tracked Facebook Page, one date of Meta (Pacific time) per run",
    doc_md=__doc__,
    tags=["meta", "insights"],
    params={
        "date": Param(None, type=["null", "string"], format="date", description="This date, if not the run's own"),
        "integration_ids": Param([], type="array", items={"type": "string"}, description="Only these; empty: all"),
        "organization_id": Param(None, type=["null", "string"], description="Only this organization's integrations"),
        "integrations_per_task": Param(
            None, type=["null", "integer"], minimum=1, description="Empty: 1 for up to 100 integrations"
        ),
        "lookback_days": Param(28, type="integer", minimum=1, maximum=366, description="How old content may be"),
        "refresh": Param(default=False, type="boolean", description="Take the newest on-time value, not the earliest"),
    },
    default_args={
        "owner": "data-team",
        "retries": RETRIES,
        "retry_policy": GraphRetryPolicy(),
        "retry_delay": SETTINGS.retry_delay,  # after a killed process, which no policy is asked about
        "execution_timeout": SETTINGS.task_timeout,
    },
)
def meta_insights_daily() -> None:
    """Content, then metrics, of each integration; then the aggregate of all; then its checks and the asset event."""

    @task
    def list_integrations() -> list[dict[str, Any]]:
        context = get_current_context()
        return ingest.list_integrations(run_of(context), context["params"])

    @task(map_index_template=BY_NAME, multiple_outputs=False)
    def content(group: dict[str, Any]) -> dict[str, int]:
        return ingest.ingest_content(group["integrations"], run_of(get_current_context()))

    @task(map_index_template=BY_NAME, multiple_outputs=False, trigger_rule="all_done")  # read while the date is on time
    def metrics(group: dict[str, Any]) -> dict[str, int]:
        return ingest.ingest_metrics(group["integrations"], run_of(get_current_context()))

    @task_group
    def integration(group: dict[str, Any]) -> None:
        content(group=group) >> metrics(group=group)

    @task(trigger_rule="all_done")
    def aggregate(groups: list[dict[str, Any]]) -> None:
        ingest.aggregate(run_of(get_current_context()), groups)

    @task(outlets=[INSIGHTS])
    def check(groups: list[dict[str, Any]]) -> None:
        context = get_current_context()
        context["outlet_events"][INSIGHTS].extra = ingest.check(run_of(context), groups)

    groups = list_integrations()
    integration.expand(group=groups) >> aggregate(groups) >> check(groups)  # type: ignore[arg-type]


meta_insights_daily()
