"""What will go wrong next: tokens, the rate limit, refused metrics, versions, and values that were not as expected."""

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from meta_insights import clock
from meta_insights.graph.versions import USABLE_UNTIL
from meta_insights.ui.queries import Query, reading
from meta_insights.ui.render import csv_file, page
from meta_insights.ui.tables import Column, Table

RECENT = timedelta(days=7)
_LAST = f"last {RECENT.days} days"
MOST = 50

router = APIRouter()


def _tokens(query: Query) -> Table:
    columns = [
        Column("conn_id", "Connection", lambda _row: "../connections"),
        Column("is_valid", "Valid"),
        Column("expires_at", "Expires"),
        Column("data_access_expires_at", "Access to data expires"),
        Column("missing_permissions", "Missing permissions"),
        Column("checked_at", "Checked"),
        Column("integrations", "Integrations"),
        Column("for_example", "For example"),
    ]
    return Table(
        "tokens", "Tokens, the most urgent first", columns, query("tokens"), "No integration is tracked.", MOST
    )


def _budget(query: Query) -> Table:
    columns = [
        Column("name", "Integration"),
        Column("organization_id", "Organization"),
        Column("conn_id", "Connection"),
        Column("waits", "Waits for the rate limit"),
        Column("last_wait_at", "Last wait"),
        Column("peak_usage_percent", "Highest use of the limit, %"),
        Column("api_calls", "Calls"),
        Column("http_retries", "Repeated"),
    ]
    rows = query("budget", since=clock.now() - RECENT)
    for row in rows:
        row["last_wait_at"] = row["last_wait_at"] or ("none" if not row["waits"] else None)
    return Table("budget", f"The rate limit, {_LAST}", columns, rows, "No run has called Graph.", MOST)


def _refused(query: Query) -> Table:
    columns = [
        Column("metric", "Metric"),
        Column("kind", "Kind of content"),
        Column("provider", "Provider"),
        Column("integrations", "Integrations"),
        Column("of_all", "Of all"),
        Column("since", "Since"),
        Column("last_refused_at", "Newest since"),
        Column("for_example", "For example"),
    ]
    rows = [row | {"kind": row["kind"] or "any"} for row in query("refused")]
    return Table("refused", "Metrics that Graph refuses", columns, rows, "Graph refuses none.", MOST)


def _catalogue(query: Query) -> Table:
    columns = [
        Column("metric", "Metric"),
        Column("kind", "Kind of content"),
        Column("provider", "Provider"),
        Column("since", "Since"),
        Column("asked_at", "Asked"),
        Column("answer", "Answer of Graph"),
    ]
    rows = [row | {"kind": row["kind"] or "the integration itself"} for row in query("catalogue")]
    empty = "None, or the catalogue was not looked at yet."
    return Table("catalogue", "Declared metrics that Graph does not serve", columns, rows, empty, MOST)


def _versions(query: Query) -> Table:
    columns = [
        Column("conn_id", "Connection"),
        Column("served_api_version", "Served"),
        Column("usable_until", "Usable until"),
        Column("integrations", "Integrations"),
        Column("last_seen_at", "Seen"),
    ]
    rows = query("versions", since=clock.now() - RECENT)
    for row in rows:
        row["usable_until"] = USABLE_UNTIL.get(row["served_api_version"])
    return Table("versions", f"Versions that Graph served, {_LAST}", columns, rows, "Graph was not called.", MOST)


def _warnings(query: Query) -> Table:
    columns = [
        Column("warning", "Warning"),
        Column("integrations", "Integrations"),
        Column("last_date", "Last date"),
        Column("for_example", "For example"),
    ]
    rows = query("warnings", since=clock.now() - RECENT)
    return Table("warnings", f"Warnings of the runs, {_LAST}", columns, rows, "No run has warned.", MOST)


def _issues(query: Query) -> Table:
    columns = [
        Column("about", "Field"),
        Column("reason", "Reason"),
        Column("integrations", "Integrations"),
        Column("items", "Items"),
        Column("last_date", "Last date"),
        Column("for_example", "For example"),
        Column("item", "Its item"),
    ]
    rows = query("issues", since=clock.now() - RECENT)
    caption = f"Values that were not as expected, {_LAST}"
    return Table("issues", caption, columns, rows, "All were as expected.", MOST)


TABLES: dict[str, Callable[[Query], Table]] = {
    "tokens": _tokens,
    "warnings": _warnings,
    "budget": _budget,
    "refused": _refused,
    "catalogue": _catalogue,
    "versions": _versions,
    "issues": _issues,
}
"""The tables of the page, in its order."""


@router.get("/health")
def health(request: Request) -> Response:
    """Show all tables."""
    with reading() as query:
        tables = [table(query) for table in TABLES.values()]
    return page(request, "health.html", tables=tables)


def _file_of(name: str) -> Callable[[], Response]:
    def file() -> Response:
        """Return one table as a file."""
        with reading() as query:
            return csv_file(TABLES[name](query))

    return file


for _name in TABLES:
    router.get(f"/{_name}.csv")(_file_of(_name))
