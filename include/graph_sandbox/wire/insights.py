"""The insights edges of Pages, posts and videos: rows of values per metric and period."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import graph_time, instant
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.reading import Reading, ids_of
from graph_sandbox.world import catalogue
from graph_sandbox.world.catalogue import Metric, Value
from graph_sandbox.world.content import Content
from graph_sandbox.world.pacific import PACIFIC, day_end, pacific_day
from graph_sandbox.world.pages import Page

COLUMNS = ("name", "period", "values", "title", "description", "id")
WINDOW_MAX = timedelta(days=90)
HISTORY = timedelta(days=2 * 365)
DEFAULT_WINDOW = timedelta(days=2)

Row = dict[str, Any]
Dated = tuple[datetime | None, Value]


@dataclass(frozen=True, slots=True)
class Query:
    """What an insights call asks for; `period` None means every period a metric has."""

    metrics: tuple[str, ...]
    period: str | None
    since: datetime
    until: datetime
    breakdown: str | None
    columns: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, at: datetime, spec: FieldSpec) -> "Query":
        """Read the parameters, once for all posts of a listing; a GraphError for those Graph does not take."""
        params = spec.params
        period, breakdown = params.get("period"), params.get("breakdown")
        if period is not None and period not in catalogue.PERIODS:
            raise errors.parameter(f"Param period must be one of {{{', '.join(catalogue.PERIODS)}}}")
        if breakdown is not None and breakdown not in catalogue.BREAKDOWNS:
            raise errors.parameter(f"Param breakdown must be one of {{{', '.join(catalogue.BREAKDOWNS)}}}")
        columns = tuple(child.name for child in spec.children)
        for column in columns:
            if column not in COLUMNS:
                raise errors.nonexisting_field(column, "InsightsResult")
        since, until = _window(at, params)
        return cls(_names(params.get("metric", "")), period, since, until, breakdown, columns or COLUMNS)

    def periods(self, metric: Metric) -> tuple[str, ...]:
        """Return the periods to answer for a metric; a pinned one that it does not have gives no row."""
        if self.period is None:
            return metric.periods
        return (self.period,) if self.period in metric.periods else ()


def page_insights(reading: Reading, page: Page, spec: FieldSpec) -> dict[str, Any]:
    """Return daily series of a Page, one value per Pacific day with `since < end_time <= until`."""
    reading.require_page_token(page.id)
    query = Query.of(reading.at, spec)
    metrics = _selected(reading, query, catalogue.PAGE_METRICS, (page.id,))
    windows: dict[str, list[tuple[datetime, Mapping[str, int]]]] = {}
    rows = []
    for metric in metrics:
        for period in query.periods(metric):
            if period not in windows:
                windows[period] = _page_windows(reading, page, query, catalogue.WINDOW_DAYS[period])
            dated: list[Dated] = [(end, of_day[metric.name]) for end, of_day in windows[period] if of_day]
            if dated:
                rows.append(_row(reading, f"{page.id}/insights", metric, period, query, dated))
    return {"data": rows, "paging": _paging(reading, f"{page.id}/insights", query)}


def post_insights(reading: Reading, content: Content, spec: FieldSpec) -> dict[str, Any]:
    """Return the metrics of a post; those with a `day` period give one value per Pacific day of the window."""
    reading.require_page_token(content.page_id)
    query, path = Query.of(reading.at, spec), f"{content.full_id}/insights"
    rows = []
    for metric in _selected(reading, query, catalogue.POST_METRICS, ids_of(content)):
        for period in query.periods(metric):
            dated = _post_values(reading, content, metric, period, query)
            if dated:
                rows.append(_row(reading, path, metric, period, query, dated, ids_of(content)))
    return {"data": rows, "paging": _paging(reading, path, query)}


def video_insights(reading: Reading, content: Content, spec: FieldSpec) -> dict[str, Any]:
    """Return the metrics of a video or a reel; names of the other kind are known, but give no row."""
    reading.require_page_token(content.page_id)
    if "metric" not in spec.params:
        every = ",".join(catalogue.video_metrics(content.kind))
        spec = FieldSpec(spec.name, {**spec.params, "metric": every}, spec.children)
    query = Query.of(reading.at, spec)
    own = catalogue.video_metrics(content.kind)
    known = catalogue.VIDEO_METRICS | catalogue.REEL_METRICS
    counters, path = reading.counters(content), f"{content.video_id}/video_insights"
    rows = [
        _row(reading, path, metric, period, query, [(None, metric.value(counters))], ids_of(content))
        for metric in _selected(reading, query, known, ids_of(content))
        if metric.name in own
        for period in query.periods(metric)
    ]
    return {"data": rows}


def _names(text: str) -> tuple[str, ...]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            raise errors.invalid_metric() from None
    else:
        found = text.split(",")
    names = tuple(dict.fromkeys(str(name).strip() for name in found if str(name).strip()))
    if not names:
        raise errors.no_metric()
    return names


def _window(at: datetime, params: Mapping[str, str]) -> tuple[datetime, datetime]:
    since, until = instant(params, "since"), instant(params, "until")
    until = until or at
    since = since or until - DEFAULT_WINDOW
    if since > until:
        raise errors.parameter("since must be before until")
    if since < at - HISTORY:
        raise errors.parameter("since param is not valid. Metrics data is available for the last 2 years")
    # By the Pacific wall clock, so that 90 days stay 90 days when the clocks change.
    if until.astimezone(PACIFIC).replace(tzinfo=None) - since.astimezone(PACIFIC).replace(tzinfo=None) > WINDOW_MAX:
        raise errors.parameter("There cannot be more than 90 days (7776000 s) between since and until")
    return since, until


def _selected(
    reading: Reading,
    query: Query,
    known: Mapping[str, Metric],
    object_ids: tuple[str | None, ...],
) -> list[Metric]:
    for name in query.metrics:
        if name not in known or reading.lacks(name, "retired_metrics", object_ids):
            raise errors.invalid_metric()
    kept = [name for name in query.metrics if not reading.lacks(name, "missing_metrics", object_ids)]
    metrics = [known[name] for name in kept]
    if query.breakdown and any(metric.name not in catalogue.BROKEN_DOWN for metric in metrics):
        raise errors.parameter(f"Breakdown {query.breakdown} is not supported for this metric")
    return metrics


def _ends(query: Query, at: datetime) -> list[datetime]:
    """Return the ends of the Pacific days in the window that are over."""
    day, ends = pacific_day(query.since) - timedelta(days=1), []
    while (end := day_end(day)) <= min(query.until, at):
        if end > query.since:
            ends.append(end)
        day += timedelta(days=1)
    return ends


def _page_windows(
    reading: Reading,
    page: Page,
    query: Query,
    days: int,
) -> list[tuple[datetime, Mapping[str, int]]]:
    return [
        (end, reading.world.page_window(page.id, pacific_day(end) - timedelta(days=1), days, reading.at))
        for end in _ends(query, reading.at)
    ]


def _post_values(
    reading: Reading,
    content: Content,
    metric: Metric,
    period: str,
    query: Query,
) -> list[Dated]:
    if period == "lifetime":
        return [(None, metric.value(reading.counters(content)))]
    return [(end, _gained(reading, content, metric, end)) for end in _ends(query, reading.at)]


def _gained(reading: Reading, content: Content, metric: Metric, end: datetime) -> Value:
    """Return what a number gained during the Pacific day that ends at `end`."""
    start = day_end(pacific_day(end) - timedelta(days=2))
    before, after = (metric.value(reading.world.counters(content, moment)) for moment in (start, end))
    return max(0, after - before) if isinstance(before, int) and isinstance(after, int) else after


def _row(
    reading: Reading,
    path: str,
    metric: Metric,
    period: str,
    query: Query,
    dated: list[Dated],
    object_ids: tuple[str | None, ...] = (),
) -> Row:
    values = [
        {"value": reading.seen(metric.name, part, object_ids), **({"end_time": graph_time(end)} if end else {}), **flag}
        for end, value in dated
        for part, flag in _broken_down(value, query.breakdown)
    ]
    row = {
        "name": metric.name,
        "period": period,
        "values": values,
        "title": metric.title(period),
        "description": f"{metric.title(period)}. Invented by the sandbox.",
        "id": f"{path}/{metric.name}/{period}",
    }
    return {column: row[column] for column in query.columns} | {"id": row["id"]}


def _broken_down(value: Value, breakdown: str | None) -> list[tuple[Value, dict[str, str]]]:
    if breakdown is None or not isinstance(value, int):
        return [(value, {})]
    inside = int(value * catalogue.BREAKDOWNS[breakdown])
    return [(value - inside, {breakdown: "0"}), (inside, {breakdown: "1"})]


def _paging(reading: Reading, path: str, query: Query) -> dict[str, str]:
    """Return the sliding windows that Graph offers beside any insights, even lifetime ones; they never end."""
    width = query.until - query.since
    asked = {"metric": ",".join(query.metrics)} | ({"period": query.period} if query.period else {})
    return {
        name: reading.url(
            path,
            asked | {"since": str(int(since.timestamp())), "until": str(int((since + width).timestamp()))},
        )
        for name, since in (("previous", query.since - width), ("next", query.until))
    }
