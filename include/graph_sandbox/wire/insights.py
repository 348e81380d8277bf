"""The insights edges of Pages, posts and videos: rows of values per metric and period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import graph_time, names
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.reading import Reading, ids_of
from graph_sandbox.wire.when import instant, preset, slid
from graph_sandbox.world import catalogue
from graph_sandbox.world.catalogue import Metric, Value
from graph_sandbox.world.content import Content
from graph_sandbox.world.pacific import day_end, pacific_day
from graph_sandbox.world.pages import FOLLOWS, Page

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
    breakdowns: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, at: datetime, spec: FieldSpec) -> "Query":
        """Read the parameters, once for all posts of a listing; a GraphError for those Graph does not take."""
        params = spec.params
        period, breakdowns = params.get("period"), names(params.get("breakdown", ""))
        if period is not None and period not in catalogue.PERIODS:
            raise errors.parameter(f"Param period must be one of {{{', '.join(catalogue.PERIODS)}}}")
        if not catalogue.BREAKDOWNS.keys() >= set(breakdowns):
            raise errors.parameter(f"Param breakdown must be one of {{{', '.join(catalogue.BREAKDOWNS)}}}")
        columns = tuple(child.name for child in spec.children)
        for column in columns:
            if column not in COLUMNS:
                raise errors.nonexisting_field(column, "InsightsResult")
        since, until = _window(at, params)
        metrics = names(params.get("metric", ""))
        if not metrics:
            raise errors.no_metric()
        return cls(metrics, period, since, until, breakdowns, columns or COLUMNS)

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
            shown = ((end, _as_shown(reading, page, metric, end, of_day)) for end, of_day in windows[period])
            dated: list[Dated] = [(end, value) for end, value in shown if value is not None]
            if dated:
                rows.append(_row(reading, f"{page.id}/insights", metric, period, query, dated))
    return {"data": rows, "paging": _paging(reading, f"{page.id}/insights", query, spec)}


def _as_shown(reading: Reading, page: Page, metric: Metric, end: datetime, of_day: Mapping[str, int]) -> Value | None:
    """Return the value of one day; None when there is none, or when the fault `missing_days` takes it away.

    Where it puts zeros, the level of followers of long ago is one constant instead.
    """
    age = reading.at - end
    fault = reading.faults.find("missing_days", applies=lambda one: one.concerns(metric.name) and one.covers(age))
    if fault is None:
        return metric.value(of_day) if of_day else None
    if fault.form == "absent":
        return None
    if metric.name == FOLLOWS and fault.older_than_days is not None:
        day = pacific_day(reading.at) - timedelta(days=int(fault.older_than_days))
        return reading.world.page_metrics(page.id, day, reading.at).get(FOLLOWS, 0)
    return 0


def post_insights(reading: Reading, content: Content, spec: FieldSpec) -> dict[str, Any]:
    """Return the metrics of a post; those with a `day` period give one value per Pacific day of the window."""
    reading.require_page_token(content.page_id)
    query, path = Query.of(reading.at, spec), f"{content.full_id}/insights"
    rows = []
    if content.video_id is None and any(name.startswith("post_video_") for name in query.metrics):
        _refuse_wrong_kind(reading, content)
    for metric in _selected(reading, query, catalogue.POST_METRICS, ids_of(content)):
        for period in query.periods(metric):
            dated = _post_values(reading, content, metric, period, query)
            if dated:
                rows.append(_row(reading, path, metric, period, query, dated, ids_of(content)))
    return {"data": rows, "paging": _paging(reading, path, query, spec)}


def video_insights(reading: Reading, content: Content, spec: FieldSpec) -> dict[str, Any]:
    """Return the metrics of a video or a reel; names of the other kind are known, but give no row."""
    reading.require_page_token(content.page_id)
    if "metric" not in spec.params:
        every = ",".join(catalogue.video_metrics(content.kind))
        spec = FieldSpec(spec.name, {**spec.params, "metric": every}, spec.children)
    query = Query.of(reading.at, spec)
    own = catalogue.video_metrics(content.kind)
    known = catalogue.VIDEO_METRICS | catalogue.REEL_METRICS
    path = f"{content.video_id}/video_insights"
    if not own.keys() >= set(query.metrics):
        _refuse_wrong_kind(reading, content)
    rows = [
        _row(reading, path, metric, period, query, [(None, _formed(reading, content, metric))], ids_of(content))
        for metric in _selected(reading, query, known, ids_of(content))
        if metric.name in own
        for period in query.periods(metric)
    ]
    return {"data": rows}


def _refuse_wrong_kind(reading: Reading, content: Content) -> None:
    if reading.faults.find("wrong_kind", object_ids=ids_of(content)):
        raise errors.invalid_metric()


def _formed(reading: Reading, content: Content, metric: Metric) -> Value:
    """Return the value of a video's metric, the social actions in whichever form a fault gives them."""
    value = metric.value(reading.counters(content))
    if metric.name != "post_video_social_actions" or not isinstance(value, dict):
        return value
    fault = reading.faults.find("social_actions", object_ids=ids_of(content))
    if fault is None:
        return value
    if fault.form == "number":
        return sum(value.values())
    if fault.form == "empty":
        return {}
    return {getattr(key, str(fault.form))(): count for key, count in value.items()}


def _window(at: datetime, params: Mapping[str, str]) -> tuple[datetime, datetime]:
    named = preset(params, at)
    until = instant(params, "until", at) or (named[1] if named else at)
    since = instant(params, "since", at) or (named[0] if named else until - DEFAULT_WINDOW)
    if since > until:
        raise errors.parameter("since must be before until")
    if since < at - HISTORY:
        raise errors.parameter("since param is not valid. Metrics data is available for the last 2 years")
    # In seconds: 90 Pacific days over the autumn's change of the clocks are an hour too many.
    if until - since > WINDOW_MAX:
        raise errors.parameter("There cannot be more than 90 days (7776000 s) between since and until")
    return since, until


def _selected(
    reading: Reading,
    query: Query,
    known: Mapping[str, Metric],
    object_ids: tuple[str | None, ...],
) -> list[Metric]:
    if reading.faults.find(
        "not_together",
        object_ids=object_ids,
        applies=lambda fault: sum(map(fault.concerns, query.metrics)) > 1,
    ):
        raise errors.invalid_metric()
    for name in query.metrics:
        if name not in known or reading.lacks(name, "retired_metrics", object_ids):
            raise errors.invalid_metric()
    kept = [name for name in query.metrics if not reading.lacks(name, "missing_metrics", object_ids)]
    metrics = [known[name] for name in kept]
    if query.breakdowns and any(metric.name not in catalogue.BROKEN_DOWN for metric in metrics):
        raise errors.parameter(f"Breakdown {query.breakdowns[0]} is not supported for this metric")
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
        for part, flag in _broken_down(value, query.breakdowns)
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


def _broken_down(value: Value, breakdowns: tuple[str, ...]) -> list[tuple[Value, dict[str, str]]]:
    """Return a number cut by each breakdown in turn, every part with the values of its breakdowns beside it."""
    if not breakdowns or not isinstance(value, int):
        return [(value, {})]
    *outer, inner = breakdowns
    parts = []
    for whole, flags in _broken_down(value, tuple(outer)):
        inside = int(whole * catalogue.BREAKDOWNS[inner]) if isinstance(whole, int) else 0
        outside = whole - inside if isinstance(whole, int) else whole
        parts += [(outside, flags | {inner: "0"}), (inside, flags | {inner: "1"})]
    return parts


def _paging(reading: Reading, path: str, query: Query, spec: FieldSpec) -> dict[str, str]:
    """Return the sliding windows that Graph offers beside any insights, even lifetime ones; they never end."""
    links = {}
    for name, step in (("previous", -1), ("next", 1)):
        since, until = (str(int(moment.timestamp())) for moment in slid(query.since, query.until, step))
        links[name] = reading.url(path, {**spec.kept(), "since": since, "until": until})
    return links
