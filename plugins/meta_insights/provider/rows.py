"""Insights of Graph to rows of declared columns. Pure: no clock, no network, no database.

Nothing here raises on a strange body: a value that is absent or of the wrong type leaves its column out (NULL) and is
noted in ``Issues``. A row is ``{column: value}``; what fills ``breakdowns.x`` is key ``x`` of its ``breakdowns``.
Shapes: https://developers.facebook.com/docs/graph-api/reference/insights
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from meta_insights.days import measured_date
from meta_insights.issues import ABSENT
from meta_insights.provider.model import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from datetime import date

    from meta_insights.issues import Issues
    from meta_insights.provider.model import Metric, Resource

FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Other years are no time that Graph means; the ends of the calendar cannot be computed with."""
Row = dict[str, Any]
_BREAKDOWNS = "breakdowns."
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)", re.ASCII)


def parse_time(value: Any) -> datetime:
    """Return Graph's ``2026-04-06T17:50:09+0000`` as an instant in UTC; ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} is no time")  # noqa: TRY004 (one error for all bad values)
    if not _TIME.fullmatch(value):
        raise ValueError("no time as Graph writes it")
    time = datetime.fromisoformat(value)
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError("no time of our days")
    return time.astimezone(UTC)


def at_path(value: Any, path: str, default: Any = None) -> Any:
    """Return what stands at a dotted path of nested objects, or the default where the path ends early."""
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return default
        value = value[key]
    return value


def lifetime_row(resource: Resource, node: Mapping[str, Any], metrics: Iterable[Metric], issues: Issues) -> Row:
    """Return the row of one object from its plain fields and its nested lifetime insights."""
    values = insight_values(at_path(node, f"{resource.insights}.data"), resource.period)
    item, row = str(node.get("id")), Row()
    for metric in metrics:
        value = _plain(node, metric) if metric.field else values.get(metric.source, UNKNOWN)
        _fill(row, resource, metric, value, item, issues)
    return row


def _plain(node: Mapping[str, Any], metric: Metric) -> Any:
    present = metric.source.partition(".")[0] in node
    return at_path(node, metric.source) if present else metric.if_absent


def _fill(row: Row, resource: Resource, metric: Metric, value: Any, item: str, issues: Issues) -> None:
    about = resource.key(metric.source)
    if value is UNKNOWN:
        issues.note(item, about, ABSENT)
        return
    issues.saw(about)
    try:
        parsed = metric.parse(value)
    except ValueError as error:
        issues.note(item, about, str(error))
        return
    if metric.column.startswith(_BREAKDOWNS):
        row.setdefault("breakdowns", {})[metric.column.removeprefix(_BREAKDOWNS)] = parsed
    else:
        row[metric.column] = parsed


def blank_maps(resource: Resource, node: Mapping[str, Any], metrics: Iterable[Metric]) -> list[Metric]:
    """Return the metrics of which one object gave an empty map that may mean zero or nothing."""
    values = insight_values(at_path(node, f"{resource.insights}.data"), resource.period)
    return [metric for metric in metrics if metric.is_blank_doubtful and values.get(metric.source) == {}]


def insight_values(data: Any, period: str) -> dict[str, Any]:
    """Return ``{metric: value}`` of insights rows of one value, such as lifetime ones; other periods are left out."""
    found = {row["name"]: _only_value(row) for row in _named_rows(data, period)}
    return {name: value for name, value in found.items() if value is not UNKNOWN}


def _only_value(row: Mapping[str, Any]) -> Any:
    """Return the one value of an insights row; of a ``total_value`` with a breakdown, the map by its dimension."""
    total = row.get("total_value")
    if isinstance(total, dict):
        breakdowns = total.get("breakdowns")
        return _by_dimension(breakdowns) if breakdowns else total.get("value", UNKNOWN)
    values = row.get("values")
    first = values[0] if isinstance(values, list) and values else None
    return first.get("value", UNKNOWN) if isinstance(first, dict) else UNKNOWN


def _by_dimension(breakdowns: Any) -> Any:
    """Return ``{"FOLLOWER": 7}`` of ``[{"results": [{"dimension_values": ["FOLLOWER"], "value": 7}]}]``.

    Without results nothing is known: which values the dimension has stands nowhere.
    """
    results = at_path(breakdowns[0], "results") if isinstance(breakdowns, list) else None
    if not isinstance(results, list) or not results:
        return UNKNOWN
    pairs = [(at_path(one, "dimension_values"), at_path(one, "value")) for one in results]
    return {str(values[0]): value for values, value in pairs if isinstance(values, list) and values} or UNKNOWN


def _named_rows(data: Any, period: str) -> Iterator[dict[str, Any]]:
    for row in data if isinstance(data, list) else ():
        if isinstance(row, dict) and row.get("period") == period and isinstance(row.get("name"), str):
            yield row


def _insight_rows(data: Any, period: str) -> Iterator[dict[str, Any]]:
    for row in _named_rows(data, period):
        if isinstance(row.get("values"), list):
            yield row


def daily_rows(
    resource: Resource, data: Any, metrics: Iterable[Metric], dates: Container[date], item: str, issues: Issues
) -> dict[date, Row]:
    """Return a row per Pacific date from insights of period ``day``, for the dates asked for, in order."""
    by_source: dict[str, list[Metric]] = {}
    for metric in metrics:
        by_source.setdefault(metric.source, []).append(metric)
    rows: dict[date, Row] = {}
    present: set[str] = set()
    for insight in _insight_rows(data, resource.period):
        for point in insight["values"] if insight["name"] in by_source else ():
            day = _point_date(point, item, f"{resource.key(insight['name'])}.end_time", issues)
            if day in dates:
                present.add(insight["name"])
                for metric in by_source[insight["name"]]:
                    value = point.get("value", UNKNOWN)
                    _fill(rows.setdefault(day, {}), resource, metric, value, day.isoformat(), issues)
    for source in by_source.keys() - present:
        issues.note(item, resource.key(source), ABSENT)
    return dict(sorted(rows.items()))


def _point_date(point: Any, item: str, about: str, issues: Issues) -> Any:
    try:
        return measured_date(parse_time(point.get("end_time") if isinstance(point, dict) else None))
    except ValueError as error:
        issues.note(item, about, str(error))
        return None
