"""Registers the Facebook Pages and Instagram accounts that the token of a connection sees.

Trigger it by hand, first as a **dry run** (the default): its log says of each Page and account what a run without it
would do, and what is missing to read it: a role, the task `ANALYZE`, a permission. The daily DAG reads what is
registered from its next run on.

**Safe to run again.** Names follow Graph. Nothing is deactivated by itself: what is no longer seen is reported, and is
*retired* only by its id. What another organization has registered is never moved.

**An empty list is no proof** that there is nothing: without the permission `business_management` Graph leaves out the
Pages of business portfolios, and gives no error. A Page that is named by its id is asked for singly.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, get_current_context, task

from meta_insights.config import Settings
from meta_insights.register import register_integrations
from meta_insights.run.params import REGISTRATION_PARAMS
from meta_insights.tasks import defaults

SETTINGS = Settings.from_environment()


@dag(
    schedule=None,
    max_active_runs=1,
    description="Registers the Pages and accounts that the token of a connection sees; triggered by hand",
    doc_md=__doc__,
    tags=["meta", "insights"],
    params=REGISTRATION_PARAMS,
    default_args=defaults(SETTINGS),
)
def meta_insights_register() -> None:
    """Look at what the token sees, and bring the registry up to date."""

    @task(multiple_outputs=False)
    def register() -> dict[str, Any]:
        return register_integrations(get_current_context()["params"])

    register()


meta_insights_register()
