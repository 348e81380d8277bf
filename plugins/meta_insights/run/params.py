"""The params of a run of the daily DAG, as the UI's form shows them. ``context.run_of`` reads them."""

from __future__ import annotations

from airflow.sdk import Param

from meta_insights.run.groups import MAX_GROUPS

_WHICH, _HOW = "Which integrations", "How to read them"

PARAMS: dict[str, Param] = {
    "date": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Date",
        description="A date of Meta (Pacific time) that has ended. For a run that you trigger: leave it empty in a "
        "backfill. Empty: the date of the run itself, or yesterday",
    ),
    "integration_ids": Param(
        [],
        type="array",
        items={"type": "string", "minLength": 1},
        title="Only these integrations",
        description="Ids of the registry such as `acme-fb`, or names such as `Acme Bakery`, one a line. Empty: all "
        "that are active",
        section=_WHICH,
    ),
    "organization_id": Param(
        None,
        type=["null", "string"],
        minLength=1,
        title="Only this organization",
        description="Its id in the registry, such as `acme`",
        section=_WHICH,
    ),
    "lookback_days": Param(
        28,
        type="integer",
        minimum=1,
        maximum=366,
        title="Look-back in days",
        description="How old content may be",
        section=_HOW,
    ),
    "refresh": Param(
        default=False,
        type="boolean",
        title="Refresh",
        description="Take the newest on-time value of each counter, not the earliest",
        section=_HOW,
    ),
    "integrations_per_task": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Integrations per task",
        description=f"Empty: 1 for up to {MAX_GROUPS} integrations, and then as many as make {MAX_GROUPS} tasks",
        section=_HOW,
    ),
}
