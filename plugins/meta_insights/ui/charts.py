"""The charts: each is a Vega-Lite specification beside the statement whose rows it draws, once per metric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from meta_insights.store.files import SQL_FOLDER
from meta_insights.ui.queries import STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS = {
    "integration_days": {
        "impressions_change": "Impressions of its content",
        "summed_post_reach": "New reach, a person once per content",
        "engagement": "Engagement: reactions, comments and shares",
    },
    "integration_own_days": {
        "page_impressions": "Impressions, as Meta counts the day",
        "page_reach": "Reach, as Meta counts the day",
        "page_engagements": "Engagements, as Meta counts the day",
    },
    "integration_followers": {"followers": "Followers"},
    "integration_formats": {"engagement": "Engagement by format", "impressions_change": "Impressions by format"},
    "content_days": {
        "impressions": "Impressions since publication",
        "reach": "Reach since publication",
        "engagement": "Engagement since publication",
    },
    "organization_days": {
        "impressions_change": "Impressions of the content",
        "engagement": "Engagement: reactions, comments and shares",
        "followers": "Followers",
    },
    "format_across_platforms": {
        "engagement_per_content": "Engagement per content",
        "impressions_per_content": "Impressions per content",
    },
}
"""The titles of what each specification draws, by the column of its statement."""

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Chart:
    """One metric of one specification, which is JSON without the rows."""

    title: str
    description: str
    spec: str


@dataclass(frozen=True)
class Charts:
    """The charts of one statement, and its rows as JSON: dates as text, NULL as null."""

    each: Sequence[Chart]
    rows: str
    is_empty: bool
    """Whether nothing is known of any metric."""


def charts(name: str, rows: Sequence[Mapping[str, Any]]) -> Charts:
    """Return the charts of the statement ``name``, one per metric, given its rows."""
    metrics = METRICS[name]
    is_empty = all(row[metric] is None for row in rows for metric in metrics)
    each = [_chart(name, metric, title) for metric, title in metrics.items()]
    return Charts(each, _encoder.encode(rows).decode(), is_empty)


@cache
def _chart(name: str, metric: str, title: str) -> Chart:
    spec = msgspec.json.decode((SQL_FOLDER / f"{STATEMENTS[name]}.vl.json").read_bytes())
    (parameter,) = spec["params"]
    parameter["value"] = metric
    return Chart(title, spec["description"], msgspec.json.encode(spec).decode())
