"""Daily insights of Facebook Pages and Instagram accounts.

**Backfill: tick *Override parameters on existing runs*** in the UI's dialog, or it drops the params and reads all
integrations; leave `date` empty there. Counters have no history: those of a past date are late and make no change.

**What lands where.** For every active integration in `analytics.integration`, the content of the last `lookback_days`
goes to `content`, one snapshot of its lifetime counters per date to `content_daily_metric`, the integration's own daily
values to `page_daily_metric`, and the changes of the date to `daily_aggregate`. A date is a day in California.

**Healthy when** the run is green: both stages of every integration succeeded, and the checks hold. The asset event and
the log of `aggregate` say where the date is complete, and where it is late and why; `meta_insights_complete` has
complete dates only. A failed run has committed all available data; `aggregate` says what is missing and why.

**Rerun one integration.** Remove the cause that the log of its failed instance names; clear that with its downstream.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, AssetAlias, CronDataIntervalTimetable, dag, get_current_context, task, task_group

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.run.context import not_successful, run_of
from meta_insights.run.events import announce
from meta_insights.run.params import PARAMS
from meta_insights.tasks import defaults

SETTINGS = Settings.from_environment()
COMPLETE = Asset("meta_insights_complete")
INSIGHTS = Asset("meta_insights_daily")
EVENTS = AssetAlias("meta_insights_events")
# For lineage. A mapped task has no outlet: each of its instances would emit an event.
TABLES = [Asset(f"meta_insights_{table}") for table in ("content", "content_daily_metric", "page_daily_metric")]
AGGREGATE = Asset("meta_insights_daily_aggregate")
BY_NAME = "{{ task.op_kwargs['group']['name'] }}"


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/Los_Angeles"),
    start_date=SETTINGS.start_date,
    catchup=True,
    max_active_runs=2,
    description="Content and insights of every tracked Page and account, one date of Meta (Pacific time) per run",
    doc_md=__doc__,
    tags=["meta", "insights"],
    params=PARAMS,
    default_args=defaults(SETTINGS),
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

    @task(trigger_rule="all_done", inlets=TABLES, outlets=[AGGREGATE])
    def aggregate(groups: list[dict[str, Any]]) -> None:
        context = get_current_context()
        ingest.aggregate(run_of(context), groups, not_successful(context, "integration"))

    @task(inlets=[AGGREGATE, INSIGHTS, COMPLETE], outlets=[EVENTS])
    def check(groups: list[dict[str, Any]]) -> None:
        context = get_current_context()
        announce(ingest.check(run_of(context), groups), context, INSIGHTS, COMPLETE, EVENTS)

    groups = list_integrations()
    integration.expand(group=groups) >> aggregate(groups) >> check(groups)  # type: ignore[arg-type]


meta_insights_daily()
