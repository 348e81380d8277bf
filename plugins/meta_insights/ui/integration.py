"""How one Page or account did: its dates, formats and content, beside the period before and what was known then."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from meta_insights.ui import queries
from meta_insights.ui.charts import METRICS, charts
from meta_insights.ui.page_links import content_link, integration_link, organization_link, permalink
from meta_insights.ui.period import OptionalInstant, Period
from meta_insights.ui.render import csv_file, page
from meta_insights.ui.tables import Column, Table

DATE, DAYS_COVERED = Column("date", "Date"), Column("days_covered", "Days covered")
TABLES = {
    "integration_periods": (
        "This period beside as many dates before it",
        [
            Column("metric", "What"),
            Column("value", "This period"),
            Column("dates_known", "Dates known"),
            Column("value_before", "Period before"),
            Column("dates_known_before", "Dates known then"),
            Column("difference", "Difference"),
        ],
    ),
    "integration_days": (
        "Changes of its content by date",
        [
            DATE,
            Column("content_published", "Published"),
            Column("impressions_change", "Impressions"),
            Column("summed_post_reach", "New reach"),
            Column("engagement", "Engagement"),
            DAYS_COVERED,
            Column("content_corrected", "Contents corrected"),
            Column("state", "State"),
        ],
    ),
    "integration_own_days": (
        "Its own numbers by date, now and as known then",
        [
            DATE,
            Column("page_impressions", "Impressions"),
            Column("page_impressions_known", "as known then"),
            Column("page_reach", "Reach"),
            Column("page_reach_known", "as known then"),
            Column("page_engagements", "Engagements"),
            Column("page_engagements_known", "as known then"),
            Column("corrected_metrics", "Corrected"),
            Column("observed_at", "Seen at"),
        ],
    ),
    "integration_followers": (
        "Followers by date",
        [DATE, Column("followers", "Followers"), Column("follows", "Follows"), Column("unfollows", "Unfollows")],
    ),
    "integration_formats": (
        "By format",
        [
            Column("content_type", "Format"),
            Column("content_published", "Published"),
            Column("impressions_change", "Impressions"),
            Column("engagement", "Engagement"),
            Column("engagement_rate", "Engagement rate"),
            DAYS_COVERED,
        ],
    ),
    "integration_top": (
        "Content with the most engagement",
        [
            Column("text", "Content", content_link),
            Column("content_type", "Format"),
            Column("published_at", "Published"),
            Column("engagement", "Engagement"),
            Column("impressions_change", "Impressions"),
            DAYS_COVERED,
            Column("permalink_url", "Where people see it", permalink),
        ],
    ),
}
"""The tables of the page, by the statement that they show."""

router = APIRouter()


class Asked(Period):
    """What the address says: which integration, which dates, and as known at which instant."""

    organization: str = ""
    id: str = ""
    known: OptionalInstant = None


def excerpt(caption: str | None, most: int = 120) -> str:
    """Return the beginning of a caption."""
    text = " ".join((caption or "").split()) or "(no text)"
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def _params(rows: queries.Rows, asked: Asked) -> dict[str, Any]:
    """Return what the statements bind, given the row of the integration; 404 when there is none."""
    if not rows:
        raise HTTPException(404, "No such Page or account is registered: choose one of the list.")
    key = {"organization_id": asked.organization, "integration_id": asked.id, "known_at": asked.known}
    return key | asked.dates(rows[0]["last_date"])


def _one(query: queries.Query, asked: Asked) -> queries.Rows:
    return query("integrations", organization_id=asked.organization, integration_id=asked.id)


def _table(query: queries.Query, name: str, params: dict[str, Any]) -> Table:
    caption, columns = TABLES[name]
    rows = query(name, **params)
    if name == "integration_top":
        rows = [row | {"text": excerpt(row["caption"])} for row in rows]
    return Table(name, caption, columns, rows, empty="Nothing is known in this period.")


@router.get("/integration")
def integration(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Show one integration, or all to choose from."""
    if not asked.id:
        return page(request, "integrations.html", table_of_all=_choices())
    with queries.reading() as query:
        found = _one(query, asked)
        params = _params(found, asked)
        tables = {name: _table(query, name, params) for name in TABLES}
    days = tables["integration_days"].rows
    return page(
        request,
        "integration.html",
        one=found[0],
        organization=organization_link(found[0]),
        tables=tables,
        charts={name: charts(name, table.rows) for name, table in tables.items() if name in METRICS},
        states=Counter(row["state"] for row in days),
        known=asked.known,
        first=params["first"],
        last=params["last"],
    )


def _choices() -> Table:
    columns = [
        Column("name", "Page or account", integration_link),
        Column("organization_id", "Organization", organization_link),
        Column("provider", "Provider"),
        Column("integration_id", "Id"),
        Column("is_tracked", "Tracked"),
        Column("first_date", "First date"),
        Column("last_date", "Last date"),
    ]
    with queries.reading() as query:
        rows = query("integrations", organization_id=None, integration_id=None)
    empty = "None is registered. Trigger meta_insights_register: a dry run shows those that the token sees."
    return Table("integrations", "Pages and accounts", columns, rows, empty)


@router.get("/integrations.csv")
def integrations_csv() -> Response:
    """Return all integrations as a file."""
    return csv_file(_choices())


def _file(name: str) -> Callable[[Asked], Response]:
    def file(asked: Annotated[Asked, Query()]) -> Response:
        with queries.reading() as query:
            return csv_file(_table(query, name, _params(_one(query, asked), asked)))

    return file


for _name in TABLES:
    router.get(f"/{_name}.csv")(_file(_name))
