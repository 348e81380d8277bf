"""One date of one integration: what is missing, why, what to do about it, and the task that can be cleared."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from meta_insights import clock
from meta_insights.failures import RUNBOOK, rule_named
from meta_insights.ui.airflow_links import run_link, task_link
from meta_insights.ui.period import PlausibleDate
from meta_insights.ui.queries import reading
from meta_insights.ui.render import csv_file, page
from meta_insights.ui.tables import Column, Row, Table

router = APIRouter()


def _advice(stage: dict[str, Any], now: datetime) -> tuple[str, str]:
    """Return why a stage is not complete, and what to do."""
    if stage["state"] == "failed" and stage["error_class"]:
        rule = rule_named(stage["error_class"])
        action = rule.action.format(connection=stage["conn_id"])
        wait = "nothing while the task is up for retry; else " if stage["is_wait"] or rule.retries else ""
        return f"{rule.meaning}: {stage['reason']}", f"{wait}{action} ({RUNBOOK}#{rule.anchor})"
    if stage["is_complete"]:
        return "", ""
    return str(stage["reason"]), _without_error(stage, now)


def _without_error(stage: dict[str, Any], now: datetime) -> str:
    if stage["state"] == "not asked":
        return "clear the task if its run has ended; without a run, trigger the DAG for this date"
    if stage["state"] == "running":
        return f"wait; clear the task if it was killed ({RUNBOOK}#transient)"
    if stage["missing"] and now < stage["on_time_until"]:
        return f"clear the task: until {stage['on_time_until']:%Y-%m-%d %H:%M} UTC all of it can still be read in time"
    return "nothing: counters have no history, so what was not seen in time stays unknown"


def _task_of(stage: dict[str, Any], stages: Iterable[dict[str, Any]]) -> str | None:
    """Return the address of the task; that of a stage without an attempt has the map index of the other stage."""
    for one in (stage, *stages):
        if one["run_id"] and one["map_index"] is not None and one["map_index"] >= 0:
            return task_link(one["run_id"], stage["stage"], one["map_index"])
    return None


def _task_of_attempt(row: Row) -> str | None:
    return task_link(row["run_id"], row["stage"], row["map_index"]) if row["map_index"] >= 0 else None


def _attempts(rows: list[dict[str, Any]]) -> Table:
    columns = [
        Column("stage", "Stage"),
        Column("attempt", "Attempt", _task_of_attempt),
        Column("run_id", "Run", lambda row: run_link(row["run_id"])),
        Column("state", "State"),
        Column("started_at", "Began"),
        Column("seconds", "Seconds"),
        Column("api_calls", "Calls"),
        Column("asked", "Asked"),
        Column("stored", "Stored"),
        Column("skipped", "Skipped"),
        Column("failed", "Failed"),
        Column("error_message", "Error"),
    ]
    rows = [row | {"error_message": row["error_message"] or ""} for row in rows]
    return Table("attempts", "Attempts, the last first", columns, rows, "No attempt is in the ledger.")


@router.get("/cell")
def cell(request: Request, organization: str, integration: str, date: PlausibleDate) -> Response:
    """Show one date of one integration."""
    key = {"organization_id": organization, "integration_id": integration}
    with reading() as query:
        found = query("coverage", **key, provider=None, first=date, last=date)
        if not found:
            raise HTTPException(404, f"{organization} tracks no integration {integration}")
        stages = query("cell", **key, date=date)
        attempts = query("attempts", **key, date=date)
    now = clock.now()
    for stage in stages:
        stage["why"], stage["what_to_do"] = _advice(stage, now)
        stage["task"] = _task_of(stage, stages)
    return page(
        request,
        "cell.html",
        integration=found[0],
        state=found[0]["states"][0],
        date=date,
        day=timedelta(days=1),
        stages=stages,
        run=run_link(stages[0]["run_of_others"]) if stages else None,
        attempts=_attempts(attempts),
    )


@router.get("/attempts.csv")
def attempts_csv(organization: str, integration: str, date: PlausibleDate) -> Response:
    """Return the attempts as a file."""
    with reading() as query:
        return csv_file(
            _attempts(query("attempts", organization_id=organization, integration_id=integration, date=date))
        )
