"""The insights edge of Instagram media: lifetime values, and the many reasons not to give one."""

from typing import Any

from graph_sandbox.wire import errors, instagram_errors
from graph_sandbox.wire.call import names
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.reading import Reading, ids_of
from graph_sandbox.world import media_catalogue
from graph_sandbox.world.media import Media

COLUMNS = ("name", "period", "values", "title", "description", "total_value", "id")
BREAKDOWNS = ("action_type", "follow_type", "story_navigation_action_type", "surface_type")
PERIODS = ("day", "week", "days_28", "month", "lifetime", "total_over_range")
METRIC_TYPES = ("default", "time_series", "total_value")


def media_insights(reading: Reading, media: Media, spec: FieldSpec) -> dict[str, Any]:
    """Return one row per metric; a GraphError when this media cannot serve one of them."""
    asked = names(spec.params.get("metric", ""))
    columns = tuple(child.name for child in spec.children)
    for column in columns:
        if column not in COLUMNS:
            raise errors.nonexisting_field(column, "InstagramInsightsResult")
    if not asked:
        raise errors.no_metric()
    breakdowns = _checked(reading, media, spec, asked)
    _refuse(reading, media, asked)
    if spec.params.get("period", "lifetime") != "lifetime" or reading.world.is_over(media, reading.at):
        return {"data": []}
    shown = [name for name in asked if not reading.lacks(name, "missing_metrics", ids_of(media))]
    rows = [_row(reading, media, name, breakdowns) for name in shown]
    return {"data": [_columns(row, columns) for row in rows]}


def metric_names(reading: Reading) -> tuple[str, ...]:
    """Return the metrics that there are for this kind of login."""
    return tuple(
        name
        for name in media_catalogue.METRICS
        if reading.is_facebook_login or name not in media_catalogue.FACEBOOK_LOGIN
    )


def _checked(reading: Reading, media: Media, spec: FieldSpec, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the breakdowns, once every parameter has a value that it can have."""
    known = metric_names(reading)
    for place, name in enumerate(asked):
        if name not in known or reading.lacks(name, "retired_metrics", ids_of(media)):
            raise instagram_errors.unknown_value(f"metric[{place}]", known)
    breakdowns = names(spec.params.get("breakdown", ""))
    for name in breakdowns:
        if name not in BREAKDOWNS:
            raise instagram_errors.unknown_value("breakdown", BREAKDOWNS)
    for parameter, allowed in (("period", PERIODS), ("metric_type", METRIC_TYPES)):
        if spec.params.get(parameter, allowed[0]) not in allowed:
            raise instagram_errors.unknown_value(parameter, allowed)
    return breakdowns


def _refuse(reading: Reading, media: Media, asked: tuple[str, ...]) -> None:
    """Raise the GraphError that keeps this media from serving these metrics, if there is one."""
    if not reading.world.has_insights(media, reading.at):
        raise instagram_errors.before_conversion(media.id, is_facebook_login=reading.is_facebook_login)
    bad = [
        name
        for name in asked
        if media.parent_id
        or media.product_type not in media_catalogue.METRICS[name][0]
        or _is_refused(reading, media, name, "product_type")
    ]
    if bad:
        raise instagram_errors.wrong_product_type(bad)
    for name in asked:
        if _is_refused(reading, media, name, "media_type"):
            raise instagram_errors.wrong_media_type(name)
    if media_catalogue.IMPRESSIONS in asked and media.created_time >= media_catalogue.IMPRESSIONS_UNTIL:
        raise instagram_errors.impressions_are_gone()
    if media.is_story and "total_views" in asked:
        raise instagram_errors.total_views_of_story()
    if not media.shared_to_facebook and media_catalogue.SHARED_ONLY & set(asked):
        raise instagram_errors.not_shared_to_facebook()
    if media.is_story and reading.media_counters(media)["reach"] < media_catalogue.VIEWERS_MIN:
        raise instagram_errors.not_enough_viewers()


def _is_refused(reading: Reading, media: Media, metric: str, form: str) -> bool:
    return bool(
        reading.faults.find(
            "refused_metrics",
            object_ids=ids_of(media),
            applies=lambda fault: (
                fault.form == form and fault.concerns(metric) and fault.is_for(media.product_type, media.media_type)
            ),
        )
    )


def _row(reading: Reading, media: Media, metric: str, breakdowns: tuple[str, ...]) -> dict[str, Any]:
    counts = reading.media_counters(media)
    value = reading.seen(metric, media_catalogue.METRICS[metric][1](counts), ids_of(media))
    row: dict[str, Any] = {"name": metric, "period": "lifetime"}
    title = metric.replace("_", " ").capitalize()
    told = {"title": title, "description": f"{title}. Invented by the sandbox."}
    own_id = {"id": f"{media.id}/insights/{metric}/lifetime"}
    if not breakdowns:
        return row | {"values": [{"value": value}]} | told | own_id
    if breakdowns != (media_catalogue.BREAKDOWNS.get(metric, ("",))[0],):
        raise instagram_errors.unknown_error()
    parts = media_catalogue.breakdown(metric, counts)
    return row | told | {"total_value": {"value": value, "breakdowns": [broken_down(breakdowns, parts)]}} | own_id


def broken_down(breakdowns: tuple[str, ...], parts: dict[str, int]) -> dict[str, Any]:
    """Return the parts of a value as Graph shows them."""
    results = [{"dimension_values": [name], "value": value} for name, value in parts.items()]
    return {"dimension_keys": list(breakdowns), "results": results}


def _columns(row: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in columns if name in row} | {"id": row["id"]} if columns else row
