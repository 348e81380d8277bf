"""What is in and what is missing: a grid of integrations and dates."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from meta_insights import clock
from meta_insights.days import pacific_date
from meta_insights.ui.airflow_links import DAG_ID
from meta_insights.ui.period import DATES, OptionalDate
from meta_insights.ui.queries import reading
from meta_insights.ui.render import csv_file, page
from meta_insights.ui.tables import Column, Table

PER_PAGE = 50


class State(NamedTuple):
    """What a cell shows of a date, what that means, and whether a person can repair it."""

    sign: str
    meaning: str
    is_repairable: bool = False


STATES = {
    "failed": State("✕", "neither stage has succeeded", is_repairable=True),
    "partial": State("½", "one of the two stages has succeeded", is_repairable=True),
    "not asked": State("?", "no run has asked for the date", is_repairable=True),
    "running": State("…", "a stage has not ended"),
    "late": State("~", "both stages have succeeded, but counters were seen too late, or Graph does not keep them"),
    "complete": State("✓", "all that Graph has is stored, and was seen in time"),
    "before": State("", "the integration was not registered yet"),
}
"""The states of a cell, the worst first."""

router = APIRouter()


def _known(state: str) -> str:
    """Return a state, or nothing: any."""
    if state and state not in STATES:
        raise ValueError(f"a state is one of: {', '.join(STATES)}")
    return state


class Filters(BaseModel):
    """What the address says: which integrations, which dates, in which order."""

    dag_id: str = DAG_ID
    organization: str = ""
    provider: str = ""
    state: Annotated[str, AfterValidator(_known)] = ""
    first: OptionalDate = None
    sort: Literal["worst", "organization"] = "worst"
    page: int = Field(1, ge=1)

    @property
    def dates(self) -> list[date]:
        """The dates of the grid: 28, or those from ``first`` on that have ended."""
        last = pacific_date(clock.now()) - timedelta(days=1)
        first = min(self.first or last - timedelta(days=DATES - 1), last)
        return [first + timedelta(days=n) for n in range(min(DATES, (last - first).days + 1))]


@dataclass(frozen=True)
class Grid:
    """The integrations that the filters leave, the worst first or by organization, with a state for each date."""

    dates: list[date]
    rows: list[dict[str, Any]]
    found: Counter[str] = field(default_factory=Counter)
    """How many cells have each state."""

    @property
    def newest(self) -> Counter[str]:
        """How many integrations have each state on the last date, of those that were registered by then."""
        counted = Counter(row["states"][-1] for row in self.rows)
        del counted["before"]
        return counted

    def complete_on(self, index: int) -> int:
        """Return how many integrations are complete on a date."""
        return sum(row["states"][index] == "complete" for row in self.rows)


def _grid(rows: list[dict[str, Any]], filters: Filters, dates: list[date]) -> Grid:
    kept = [row for row in rows if not filters.state or filters.state in row["states"]]
    if filters.sort == "worst":
        kept.sort(key=_badness, reverse=True)
    return Grid(dates, kept, Counter(state for row in kept for state in row["states"]))


def _badness(row: dict[str, Any]) -> tuple[int, ...]:
    """Return what the worst integrations have most of: dates that can be repaired, then each state in turn."""
    counted = Counter(row["states"])
    return sum(counted[name] for name, state in STATES.items() if state.is_repairable), *(
        counted[state] for state in STATES
    )


def _read(filters: Filters) -> tuple[Grid, list[dict[str, Any]]]:
    dates = filters.dates
    with reading() as query:
        rows = query(
            "coverage",
            organization_id=filters.organization or None,
            integration_id=None,
            provider=filters.provider or None,
            first=dates[0],
            last=dates[-1],
        )
        return _grid(rows, filters, dates), query("filters")


@router.get("/")
@router.get("/dag")
def coverage(request: Request, filters: Annotated[Filters, Query()]) -> Response:
    """Show the grid. In the tab of a DAG of somebody else: say where it is."""
    if filters.dag_id != DAG_ID:
        return page(request, "other_dag.html", dag_id=filters.dag_id)
    grid, choices = _read(filters)
    start = (filters.page - 1) * PER_PAGE
    return page(
        request,
        "coverage.html",
        filters=filters,
        grid=grid,
        rows=grid.rows[start : start + PER_PAGE],
        pages=-(-len(grid.rows) // PER_PAGE),
        states=STATES,
        organizations=sorted({row["organization_id"] for row in choices}),
        providers=sorted({row["provider"] for row in choices}),
    )


@router.get("/coverage.csv")
def coverage_csv(filters: Annotated[Filters, Query()]) -> Response:
    """Return the whole grid as a file: a column for each date."""
    grid, _ = _read(filters)
    names = ("organization_id", "integration_id", "name", "provider")
    columns = [Column(name, name) for name in (*names, *map(str, grid.dates))]
    rows = [row | dict(zip(map(str, grid.dates), row["states"], strict=True)) for row in grid.rows]
    return csv_file(Table("coverage", "", columns, rows))
