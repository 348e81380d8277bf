"""The stories of all accounts, every three hours: a story is listed for 24 hours, too short for a daily run.

**Off until you unpause it.** It makes up for nothing: a story that ended before anybody looked is lost.

**What lands where.** Each story has one row of `analytics.story`: what it is, and its counters as they were seen last,
with `observed_at` and `hours_of_life`. `analytics.story_daily` sums them by the date of publication. The daily run
needs none of it, and its dates are complete without.

**Healthy when** the run is green: each account was asked, and gave the counters of all stories that it lists. Of those
with too few viewers there are none yet: they are NULL. An integration that cannot have stories is not asked.

**When an account fails**, its instance is red and says why; the others are stored. The next run looks anew. Once the
cause is removed, clear the instance to look at once.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, get_current_context, task

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.run.context import look_of
from meta_insights.run.params import PARAMS
from meta_insights.tasks import defaults

SETTINGS = Settings.from_environment()
BY_NAME = "{{ task.op_kwargs['group']['name'] }}"


@dag(
    schedule=CronDataIntervalTimetable("0 */3 * * *", timezone="UTC"),
    start_date=SETTINGS.start_date,
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    description="The stories of every tracked account, as they are now",
    doc_md=__doc__,
    tags=["meta", "insights"],
    params={"integration_ids": PARAMS["integration_ids"]},
    default_args=defaults(SETTINGS),
)
def meta_insights_stories() -> None:
    """Look at the stories of each integration that may have some."""

    @task
    def list_integrations() -> list[dict[str, Any]]:
        return ingest.list_story_integrations(get_current_context()["params"])

    @task(map_index_template=BY_NAME, multiple_outputs=False)
    def stories(group: dict[str, Any]) -> dict[str, int]:
        return ingest.ingest_stories(group["integrations"], look_of(get_current_context()))

    stories.expand(group=list_integrations())


meta_insights_stories()
