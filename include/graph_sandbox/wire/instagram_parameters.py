"""The parameters that the insights of accounts and of media have in common, and the columns of their rows."""

from collections.abc import Callable, Iterable
from typing import Any

from graph_sandbox.wire import errors, instagram_errors
from graph_sandbox.wire.call import names
from graph_sandbox.wire.fields import FieldSpec

COLUMNS = ("name", "period", "values", "title", "description", "total_value", "id")
PERIODS = ("day", "week", "days_28", "month", "lifetime", "total_over_range")
DEFAULT, TIME_SERIES, TOTAL_VALUE = METRIC_TYPES = ("default", "time_series", "total_value")


def metrics_of(spec: FieldSpec, known: tuple[str, ...], is_retired: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the metrics asked for; a GraphError that names all there are for one that is not among them."""
    asked = names(spec.params.get("metric", ""))
    if not asked:
        raise errors.no_metric()
    for place, name in enumerate(asked):
        if name not in known or is_retired(name):
            raise instagram_errors.unknown_value(f"metric[{place}]", known)
    return asked


def breakdowns_of(spec: FieldSpec, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the breakdowns asked for; a GraphError for one that there is not."""
    asked = names(spec.params.get("breakdown", ""))
    if not set(known) >= set(asked):
        raise instagram_errors.unknown_value("breakdown", known)
    return asked


def periods_of(spec: FieldSpec) -> tuple[str, ...]:
    """Return the periods asked for; a GraphError for one that there is not."""
    asked = names(spec.params.get("period", ""))
    if not set(PERIODS) >= set(asked):
        raise instagram_errors.unknown_value("period", PERIODS)
    return asked


def metric_type_of(spec: FieldSpec) -> str:
    """Return the metric type asked for; a GraphError for one that there is not."""
    asked = spec.params.get("metric_type", DEFAULT)
    if asked not in METRIC_TYPES:
        raise instagram_errors.unknown_value("metric_type", METRIC_TYPES)
    return asked


def columns_of(spec: FieldSpec) -> tuple[str, ...]:
    """Return the columns asked of the rows; a GraphError for one that there is not."""
    columns = tuple(child.name for child in spec.children)
    for column in columns:
        if column not in COLUMNS:
            raise errors.nonexisting_field(column, "InstagramInsightsResult")
    return columns


def with_columns(row: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return a row cut to the columns asked; its id is never left out."""
    return {name: row[name] for name in columns if name in row} | {"id": row["id"]} if columns else row


def broken_down(breakdowns: tuple[str, ...], parts: Iterable[tuple[tuple[str, ...], int]]) -> dict[str, Any]:
    """Return the parts of a value as Graph shows them."""
    results = [{"dimension_values": list(named), "value": value} for named, value in parts]
    return {"dimension_keys": list(breakdowns), "results": results}
