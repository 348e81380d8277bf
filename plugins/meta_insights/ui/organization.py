"""How an organization did across its platforms."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from meta_insights.ui import queries
from meta_insights.ui.charts import METRICS, charts
from meta_insights.ui.integration import DATE, DAYS_COVERED
from meta_insights.ui.page_links import integration_link, organization_link
from meta_insights.ui.period import Period
from meta_insights.ui.render import csv_file, page
from meta_insights.ui.tables import Column, Table

PLATFORM = Column("provider", "Platform")
TABLES = {
    "organization_days": (
        "By date and platform",
        [
            DATE,
            PLATFORM,
            Column("content_published", "Published"),
            Column("impressions_change", "Impressions"),
            Column("engagement", "Engagement"),
            Column("followers", "Followers"),
            DAYS_COVERED,
            Column("integrations", "Pages or accounts"),
            Column("integrations_complete", "of them complete"),
            Column("state", "State"),
        ],
    ),
    "format_across_platforms": (
        "Formats across platforms",
        [
            Column("content_type", "Format"),
            PLATFORM,
            Column("contents", "Contents"),
            Column("impressions_per_content", "Impressions per content"),
            Column("engagement_per_content", "Engagement per content"),
            DAYS_COVERED,
        ],
    ),
    "organization_integrations": (
        "Its Pages and accounts, the most engagement first",
        [
            Column("name", "Page or account", integration_link),
            PLATFORM,
            Column("content_published", "Published"),
            Column("impressions_change", "Impressions"),
            Column("engagement", "Engagement"),
            Column("engagement_before", "Period before"),
            Column("engagement_difference", "Difference"),
            Column("followers", "Followers, last known"),
            Column("dates_complete", "Dates complete"),
            Column("dates", "of"),
        ],
    ),
}
"""The tables of the page, by the statement that they show."""

router = APIRouter()


class Asked(Period):
    """What the address says: which organization, and which dates."""

    id: str = ""


def _params(query: queries.Query, asked: Asked) -> dict[str, Any]:
    """Return what the statements bind; 404 when nothing is registered of the organization."""
    rows = query("organizations", organization_id=asked.id)
    if not rows:
        raise HTTPException(404, "No such organization is registered: choose one of the list.")
    return {"organization_id": asked.id, **asked.dates(rows[0]["last_date"])}


def _table(query: queries.Query, name: str, params: dict[str, Any]) -> Table:
    caption, columns = TABLES[name]
    return Table(name, caption, columns, query(name, **params), empty="Nothing is known in this period.")


@router.get("/organization")
def organization(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Show one organization, or all to choose from."""
    if not asked.id:
        return page(request, "organizations.html", table_of_all=_choices())
    with queries.reading() as query:
        params = _params(query, asked)
        tables = {name: _table(query, name, params) for name in TABLES}
    return page(
        request,
        "organization.html",
        id=asked.id,
        tables=tables,
        charts={name: charts(name, table.rows) for name, table in tables.items() if name in METRICS},
        first=params["first"],
        last=params["last"],
    )


def _choices() -> Table:
    columns = [
        Column("organization_id", "Organization", organization_link),
        Column("integrations", "Pages and accounts"),
        Column("platforms", "Platforms"),
        Column("last_date", "Last date"),
    ]
    with queries.reading() as query:
        rows = query("organizations", organization_id=None)
    empty = "None is registered. Trigger meta_insights_register: a dry run shows what the token sees."
    return Table("organizations", "Organizations", columns, rows, empty)


@router.get("/organizations.csv")
def organizations_csv() -> Response:
    """Return all organizations as a file."""
    return csv_file(_choices())


def _file(name: str) -> Callable[[Asked], Response]:
    def file(asked: Annotated[Asked, Query()]) -> Response:
        with queries.reading() as query:
            return csv_file(_table(query, name, _params(query, asked)))

    return file


for _name in TABLES:
    router.get(f"/{_name}.csv")(_file(_name))
