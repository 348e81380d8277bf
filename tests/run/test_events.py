"""The asset events: one per date and state, and complete dates by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias

from meta_insights.run.events import announce, event_of, is_news
from support import DAY

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
STORED, COMPLETE, ALIAS = Asset("stored"), Asset("complete"), AssetAlias("events")


def event(**states: str) -> dict[str, Any]:
    """Return an event of integrations in these states; a state is its first word, and why it is so the others."""
    rows = []
    for name, text in states.items():
        state, _, why = text.partition(" ")
        rows.append({"integration_id": name, "state": state, "why": why or None, "changed_at": AT})
    return event_of(DAY, rows)


def test_a_date_is_complete_when_it_is_so_for_every_integration() -> None:
    assert event(a="complete", b="complete")["state"] == "complete"
    late = event(a="complete", b="late 1 of 5 missing")
    assert late["state"] == "late"
    assert late["integrations"]["b"] == {"state": "late", "why": "1 of 5 missing", "changed_at": AT.isoformat()}


def test_a_date_of_which_nothing_is_stored_has_no_instant() -> None:
    row = {"integration_id": "a", "state": "late", "why": "nothing", "changed_at": None}
    assert event_of(DAY, [row])["integrations"]["a"]["changed_at"] is None


OTHER_DATE = event(a="complete") | {"date": "2026-11-19"}


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [
        (event(a="complete"), [], True),
        (event(a="complete"), [OTHER_DATE], True),
        (event(a="complete"), [event(a="complete")], False),
        (event(a="complete"), [OTHER_DATE, event(a="complete", b="late")], False),  # a run of some integrations
        (event(a="complete", b="late"), [event(a="complete"), event(b="late")], False),
        (event(a="complete", b="late"), [event(a="complete")], True),  # b is new
        (event(a="complete"), [event(a="late"), event(a="complete")], True),  # the newest of two counts
        (event(a="complete"), [event(a="complete"), event(a="late")], False),
        (event(a="complete"), [{"date": str(DAY.date), "integration_ids": ["a"]}], True),  # of an older version
    ],
)
def test_an_event_is_news_when_it_says_what_the_last_one_did_not(
    now: dict[str, Any], earlier: list[dict[str, Any]], *, expected: bool
) -> None:
    assert is_news(now, earlier) is expected


class Inlet(list[Any]):
    """Earlier events as a task sees them: oldest first, unless it asks otherwise."""

    def ascending(self, *, ascending: bool) -> Inlet:
        return self if ascending else Inlet(reversed(self))

    def limit(self, number: int) -> Inlet:
        return Inlet(self[:number])


@pytest.mark.parametrize(
    ("now", "emitted"),
    [
        (event(a="complete"), [STORED, COMPLETE]),
        (event(a="late why"), [STORED]),
        (event(a="late as before"), []),
    ],
)
def test_complete_dates_are_announced_twice_late_ones_once_and_no_news_not_at_all(
    now: dict[str, Any], emitted: list[Asset]
) -> None:
    added: list[tuple[Asset, dict[str, Any]]] = []
    outlet = SimpleNamespace(add=lambda asset, extra: added.append((asset, extra)))
    earlier = Inlet(SimpleNamespace(extra=one) for one in (event(a="complete"), event(a="late as before")))
    context: Any = {"inlet_events": {STORED: earlier}, "outlet_events": {ALIAS: outlet}}
    announce(now, context, STORED, COMPLETE, ALIAS)
    assert added == [(asset, now) for asset in emitted]
