"""One content: its text, its own curve, and what was corrected."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel

from meta_insights.ui import queries
from meta_insights.ui.charts import charts
from meta_insights.ui.integration import DATE, DAYS_COVERED, excerpt
from meta_insights.ui.page_links import integration_link, permalink
from meta_insights.ui.render import csv_file, page
from meta_insights.ui.tables import Column, Table

DAYS = [
    DATE,
    Column("impressions", "Impressions so far"),
    Column("impressions_change", "of the date"),
    Column("reach", "Reach so far"),
    Column("reach_change", "of the date"),
    Column("engagement", "Engagement so far"),
    Column("engagement_change", "of the date"),
    DAYS_COVERED,
    Column("corrected_metrics", "Corrected"),
    Column("is_on_time", "On time"),
    Column("observed_at", "Seen at"),
]
CAPTIONS = [Column("caption", "Text"), Column("last_seen_at", "Seen last"), Column("known_until", "Replaced by")]

router = APIRouter()


class Asked(BaseModel):
    """What the address says: which content of which integration."""

    organization: str = ""
    integration: str = ""
    id: str = ""

    @property
    def key(self) -> dict[str, str]:
        """What the statements bind."""
        return {
            "organization_id": self.organization,
            "integration_id": self.integration,
            "external_content_id": self.id,
        }


def _days(query: queries.Query, asked: Asked) -> Table:
    empty = "No run has read its counters yet."
    return Table("content_days", "Its counters by date", DAYS, query("content_days", **asked.key), empty)


def _captions(query: queries.Query, asked: Asked) -> Table:
    return Table("content_captions", "What its text was before", CAPTIONS, query("content_captions", **asked.key))


@router.get("/content")
def content(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Show one content."""
    with queries.reading() as query:
        found = query("content", **asked.key)
        if not found:
            raise HTTPException(404, "No such content is stored: choose one of a Page or account.")
        days, captions = _days(query, asked), _captions(query, asked)
    (one,) = found
    return page(
        request,
        "content.html",
        one=one,
        title=excerpt(one["caption"], 60),
        integration=integration_link(one),
        permalink=permalink(one),
        days=days,
        charts=charts("content_days", days.rows),
        captions=captions,
    )


@router.get("/content_days.csv")
def content_days_csv(asked: Annotated[Asked, Query()]) -> Response:
    """Return the dates of a content as a file."""
    with queries.reading() as query:
        return csv_file(_days(query, asked))


@router.get("/content_captions.csv")
def content_captions_csv(asked: Annotated[Asked, Query()]) -> Response:
    """Return the earlier texts of a content as a file."""
    with queries.reading() as query:
        return csv_file(_captions(query, asked))
