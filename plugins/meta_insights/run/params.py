"""The params of a run of each DAG, as the UI's form shows them; ``Run`` and ``Wish`` are made of them."""

from __future__ import annotations

from airflow.sdk import Param

from meta_insights.config import GRAPH_CONN_ID
from meta_insights.provider import PROVIDERS
from meta_insights.run.groups import MAX_GROUPS

_WHICH, _HOW = "Which integrations", "How to read them"
_WHAT, _NO_MORE = "Which Pages and accounts", "What is not to be read any more"
_LABELS = {name: f"{provider.label}s" for name, provider in PROVIDERS.items()}

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
REGISTRATION_PARAMS: dict[str, Param] = {
    "organization_id": Param(
        type="string",
        minLength=1,
        pattern=r"^\S+$",
        title="Organization",
        description="Whose they are: an id of your own, such as acme",
    ),
    "conn_id": Param(
        GRAPH_CONN_ID,
        type="string",
        minLength=1,
        title="Connection",
        description="The id of the Airflow connection that holds the token",
    ),
    "dry_run": Param(
        default=True,
        type="boolean",
        title="Dry run",
        description="Write nothing, and say in the log what a run without it would do",
    ),
    "take": Param(
        list(_LABELS),
        type="array",
        minItems=1,
        items={"type": "string", "enum": list(_LABELS)},
        examples=list(_LABELS),
        values_display=_LABELS,
        title="Take",
        description="Accounts are those behind the Pages that the token sees, or that of Instagram Login",
        section=_WHAT,
    ),
    "ids": Param(
        [],
        type=["null", "array"],
        items={"type": "string", "pattern": "^[0-9]{1,30}$"},
        title="Only these ids",
        description="Ids of Meta such as 100200300400500, one a line: of Pages (with the accounts behind them) or of "
        "accounts. They get this connection, and are active again if they were retired. Empty: all that is seen",
        section=_WHAT,
    ),
    "retire": Param(
        [],
        type=["null", "array"],
        items={"type": "string", "minLength": 1},
        title="Retire",
        description="Ids of the registry such as acme-fb, one a line: runs read them no more, what is stored stays",
        section=_NO_MORE,
    ),
}
