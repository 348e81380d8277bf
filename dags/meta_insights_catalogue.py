"""Asks once a week whether Graph still serves every metric that is read.

One integration of each provider, the one with the most kinds of content, is asked for each declared metric, of one
content of each kind, some hundred calls in a few requests. The log says which metric **vanished** since it was asked
last, which one is **served again**, and whether the connection's version of the API ends within 120 days.
`analytics.catalogue` keeps the answers. Nothing else is written, and the daily run reads on as it did.
"""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task

from meta_insights import catalogue
from meta_insights.config import Settings
from meta_insights.tasks import defaults

SETTINGS = Settings.from_environment()


@dag(
    schedule=CronTriggerTimetable("0 17 * * 1", timezone="UTC"),
    start_date=SETTINGS.start_date,
    catchup=False,
    max_active_runs=1,
    description="Which metrics Graph serves, asked once a week of one integration per provider",
    doc_md=__doc__,
    tags=["meta", "insights"],
    default_args=defaults(SETTINGS),
)
def meta_insights_catalogue() -> None:
    """Choose one integration per provider, and ask it."""

    @task
    def choose_integrations() -> list[dict[str, str]]:
        return catalogue.choose_integrations()

    @task(map_index_template="{{ task.op_kwargs['integration']['name'] }}", multiple_outputs=False)
    def ask(integration: dict[str, str]) -> dict[str, int]:
        return catalogue.ask_catalogue(integration)

    ask.expand(integration=choose_integrations())


meta_insights_catalogue()
