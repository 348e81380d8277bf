"""The asset events of a date: for which integrations it is complete, for which it is late and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow.sdk import Asset, AssetAlias, Context

    from meta_insights.days import Day

Event = dict[str, Any]
"""``{"date": "2026-11-20", "state": "late", "integrations": {"acme-fb": {"state": "complete", "changed_at": "…"}}}``.

The date is complete when it is so for every integration of the run; a late one says ``why``. ``changed_at`` is when
something that is stored of the date changed last.
"""
LOOK_BACK = 100
"""How many earlier events are read to find out whether an event is new."""


def event_of(day: Day, rows: Iterable[Mapping[str, Any]]) -> Event:
    """Return the event of a date; ``rows`` are those of ``select/completeness.sql``."""
    integrations = {row["integration_id"]: _state(row) for row in rows}
    states = {one["state"] for one in integrations.values()}
    return {
        "date": str(day.date),
        "state": "complete" if states == {"complete"} else "late",
        "integrations": integrations,
    }


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    changed_at = row["changed_at"] and row["changed_at"].isoformat()
    return {"state": row["state"], "changed_at": changed_at} | ({"why": row["why"]} if row["why"] else {})


def is_news(event: Event, earlier: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an event of a date says something new: the ``earlier`` ones are all events before it, newest first."""
    known: dict[str, Any] = {}
    for one in earlier:
        if one.get("date") == event["date"]:
            known = one.get("integrations", {}) | known
    return any(known.get(key) != state for key, state in event["integrations"].items())


def announce(event: Event, context: Context, stored: Asset, complete: Asset, alias: AssetAlias) -> None:
    """Emit the event of a date once: to the asset ``stored``, and to ``complete`` if every integration is.

    Events go through an asset alias, because a task that has an asset as its outlet emits at every success. A rerun
    that changed nothing emits none, and starts no consumer.
    """
    earlier = context["inlet_events"][stored].ascending(ascending=False).limit(LOOK_BACK)
    if is_news(event, [one.extra or {} for one in earlier]):
        for asset in [stored, complete] if event["state"] == "complete" else [stored]:
            context["outlet_events"][alias].add(asset, extra=event)
