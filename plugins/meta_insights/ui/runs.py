"""One DAG run: what each integration asked, stored and cost, the slowest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from meta_insights.ui.airflow_links import DAG_ID, STORIES_DAG_ID, task_link
from meta_insights.ui.queries import reading
from meta_insights.ui.render import address, csv_file, page
from meta_insights.ui.tables import Column, Row, Table

STAGES = {DAG_ID: ["content", "metrics"], STORIES_DAG_ID: ["stories"]}
SLOW_SECONDS = 60
"""An integration that takes longer is marked."""
MOST = 100

router = APIRouter()


class RunOf(BaseModel):
    """Which run; of meta_insights_daily unless the address says otherwise."""

    run_id: str
    dag_id: str = DAG_ID


def _table(run: RunOf, rows: list[dict[str, Any]]) -> Table:
    def task(row: Row) -> str | None:
        return task_link(run.run_id, row["stage"], row["map_index"], run.dag_id) if row["map_index"] >= 0 else None

    def cell(row: Row) -> str | None:
        if run.dag_id != DAG_ID or row["name"] is None:
            return None
        key = {"organization": row["organization_id"], "integration": row["integration_id"], "date": row["date"]}
        return address("cell", key)

    columns = [
        Column("shown_name", "Integration", cell),
        Column("organization_id", "Organization"),
        Column("stage", "Stage", task),
        Column("state", "State"),
        Column("seconds", "Seconds"),
        Column("slow", "Over a minute"),
        Column("asked", "Asked"),
        Column("stored", "Stored"),
        Column("skipped", "Skipped"),
        Column("failed", "Failed"),
        Column("api_calls", "Calls"),
        Column("http_retries", "Repeated"),
        Column("waits", "Waits"),
        Column("attempts", "Attempts"),
        Column("why", "Why"),
    ]
    for row in rows:
        row["shown_name"] = row["name"] or row["integration_id"]
        row["slow"] = f"{row['seconds_of_both']} s" if _is_slow(row) else ""
        row["why"] = row["why"] or ("the task has not ended" if row["state"] == "running" else "")
    return Table("run", "Integrations and stages of this run, the slowest first", columns, rows, most=MOST)


def _is_slow(row: Row) -> bool:
    return row["seconds_of_both"] is not None and row["seconds_of_both"] > SLOW_SECONDS


def _read(run: RunOf) -> list[dict[str, Any]]:
    with reading() as query:
        return query("run", run_id=run.run_id, stages=STAGES[run.dag_id])


@router.get("/run")
def run(request: Request, run: Annotated[RunOf, Query()]) -> Response:
    """Show one run. In the tab of a run of another DAG: say so."""
    if run.dag_id not in STAGES:
        return page(request, "other_dag.html", dag_id=run.dag_id)
    rows = _read(run)
    integrations = {(row["organization_id"], row["integration_id"]): row for row in rows}
    unfinished = {(row["organization_id"], row["integration_id"]) for row in rows if row["state"] != "success"}
    return page(
        request,
        "run.html",
        run=run,
        integrations=len(integrations),
        unfinished=len(unfinished),
        slow=sum(map(_is_slow, integrations.values())),
        calls=sum(row["api_calls"] for row in rows),
        dates=sorted({row["date"] for row in rows}),
        table_of_run=_table(run, rows),
    )


@router.get("/run.csv")
def run_csv(run: Annotated[RunOf, Query()]) -> Response:
    """Return the whole run as a file."""
    return csv_file(_table(run, _read(run) if run.dag_id in STAGES else []))
