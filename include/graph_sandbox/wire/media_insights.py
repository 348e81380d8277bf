"""The insights edge of Instagram media: lifetime values, and the many reasons not to give one."""

from typing import Any

from graph_sandbox.wire import instagram_errors
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.instagram_parameters import (
    breakdowns_of,
    broken_down,
    columns_of,
    metric_type_of,
    metrics_of,
    periods_of,
    with_columns,
)
from graph_sandbox.wire.reading import Reading, ids_of
from graph_sandbox.world import media_catalogue
from graph_sandbox.world.media import Media

BREAKDOWNS = ("action_type", "follow_type", "story_navigation_action_type", "surface_type")


def media_insights(reading: Reading, media: Media, spec: FieldSpec) -> dict[str, Any]:
    """Return one row per metric; a GraphError when this media cannot serve one of them."""
    columns, ids = columns_of(spec), ids_of(media)
    asked = metrics_of(spec, metric_names(reading), lambda name: reading.lacks(name, "retired_metrics", ids))
    breakdowns = breakdowns_of(spec, BREAKDOWNS)
    periods, _ = periods_of(spec), metric_type_of(spec)
    _refuse(reading, media, asked)
    if "lifetime" not in (periods or ("lifetime",)) or reading.world.is_over(media, reading.at):
        return {"data": []}
    shown = [name for name in asked if not reading.lacks(name, "missing_metrics", ids)]
    return {"data": [with_columns(_row(reading, media, name, breakdowns), columns) for name in shown]}


def metric_names(reading: Reading) -> tuple[str, ...]:
    """Return the metrics that there are for this kind of login."""
    return tuple(
        name
        for name in media_catalogue.METRICS
        if reading.is_facebook_login or name not in media_catalogue.FACEBOOK_LOGIN
    )


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
    few = media.is_story and reading.media_counters(media)["reach"] < media_catalogue.VIEWERS_MIN
    if few or reading.faults.find("few_viewers", object_ids=ids_of(media)):
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
    parts = [((name,), part) for name, part in media_catalogue.breakdown(metric, counts).items()]
    return row | told | {"total_value": {"value": value, "breakdowns": [broken_down(breakdowns, parts)]}} | own_id
