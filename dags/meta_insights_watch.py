"""Sends alerts: a run is incomplete, rows break a rule, a token expires, a metric is refused, a date is overdue.

It reads the warehouse each hour, and sends what it finds by the notifiers of `META_INSIGHTS_NOTIFIERS`: one message per
kind, and each alert once as long as it lasts. Without notifiers it has no schedule. A message that could not be sent is
sent by the retry or by the next run; the ingestion does not depend on it. More: docs/operations.md#alerts
"""

from __future__ import annotations

from functools import partial

from airflow.sdk import dag, get_current_context, task

from meta_insights.config import Settings
from meta_insights.run.context import has_failed
from meta_insights.tasks import defaults
from meta_insights.watch.notifiers import notifiers
from meta_insights.watch.send import send_alerts

SETTINGS = Settings.from_environment()


@dag(
    schedule="5 * * * *" if notifiers() else None,
    start_date=SETTINGS.start_date,
    catchup=False,
    max_active_runs=1,
    description="Alerts of what is wrong or soon will be",
    doc_md=__doc__,
    tags=["meta", "insights"],
    default_args=defaults(SETTINGS),
)
def meta_insights_watch() -> None:
    """One task, which finds the alerts and sends them."""

    @task(multiple_outputs=False)
    def alerts() -> dict[str, int]:
        context = get_current_context()
        return send_alerts(context, partial(has_failed, context, "meta_insights_daily"))

    alerts()


meta_insights_watch()
