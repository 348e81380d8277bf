"""Random worlds, random faults, random bodies: what Graph would give is stored and exact, and nothing else is."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_insights.failures import FAULT_RETRIES, RATE_LIMIT_RETRIES, RULES
from meta_insights.graph.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_insights.graph.credential import Token
    from meta_insights.graph.transport import Request, Response
    from support.workbench import Workbench

    Send = Callable[[Transport, Request, Token], Response]

LONGEST_WAIT = RULES[0].longest
KINDS = ("status", "photo", "album", "link", "video", "reel")
EDGES = (None, "published_posts", "videos", "video_reels", "insights", "video_insights", "batch")
PASSING = ("server_error", "html_error", "html_ok", "truncated_json", "drop_connection", "null_entry", "throttled")
COLUMN_OF = {"post_clicks": "clicks", "post_media_view": "impressions", "post_total_media_view_unique": "reach"}

quick = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
contents = st.lists(st.sampled_from(KINDS), max_size=15)
passing = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(PASSING), "edge": st.sampled_from(EDGES), "times": st.integers(1, 3)}
    ),
    max_size=4,
)


@quick
@given(
    kinds=contents,
    minutes=st.integers(1, 900),
    faults=passing,
    retired=st.sets(st.sampled_from(sorted(COLUMN_OF)), max_size=2),
    above=st.none() | st.integers(1, 50),
    deleted=st.none() | st.integers(0, 14),
)
def test_whatever_passes_everything_that_graph_would_give_is_stored(
    bench: Workbench,
    kinds: list[str],
    minutes: int,
    faults: list[dict[str, Any]],
    retired: set[str],
    above: int | None,
    deleted: int | None,
) -> None:
    control = bench.graph.control
    bench.begin()
    page = bench.page(kinds, timedelta(minutes=minutes))
    bench.both(page, "known")  # yesterday's knowledge, so that a deletion has something to delete
    if deleted is not None and deleted < len(kinds):
        control.delete(list(bench.truth(page))[deleted])
    for fault in faults:
        control.fault(page=page.external_id, **{name: value for name, value in fault.items() if value is not None})
    if retired:
        control.fault("retired_metrics", page.external_id, metrics=sorted(retired))
    if above:
        control.fault("reduce_data", page.external_id, above=above)
    control.clear_requests()

    content, metrics = bench.both(page, "run").values()

    assert (content.state, metrics.state) == ("success", "success"), (content, metrics)
    assert bench.truth(page).keys() <= bench.stored(page).keys()
    found = bench.differences(page)
    assert found.keys() <= {COLUMN_OF[metric] for metric in retired}
    assert all(values == {None} for values in found.values())
    assert content.tries + metrics.tries <= 2 * (FAULT_RETRIES + RATE_LIMIT_RETRIES + 1)
    assert content.waited + metrics.waited < 2 * RATE_LIMIT_RETRIES * LONGEST_WAIT
    strikes = sum(fault["times"] for fault in faults)
    listings = 12 * (1 + len(kinds) // min(above or 50, 50))
    assert control.requests()["calls"] <= (3 + strikes) * (20 + listings + len(kinds))


@settings(quick, max_examples=6)
@given(kinds=contents, kind=st.sampled_from(["server_error", "throttled", "drop_connection", "truncated_json"]))
def test_whatever_does_not_pass_ends_in_bounded_calls_and_time(bench: Workbench, kinds: list[str], kind: str) -> None:
    control = bench.graph.control
    bench.begin()
    page = bench.page(kinds)
    control.fault(kind, page.external_id)
    control.clear_requests()
    outcomes = bench.both(page, "run").values()
    assert {outcome.state for outcome in outcomes} == {"failed"}
    assert control.requests()["calls"] <= 2 * (FAULT_RETRIES + RATE_LIMIT_RETRIES + 1) * 4
    assert sum((outcome.waited for outcome in outcomes), timedelta()) < 2 * RATE_LIMIT_RETRIES * LONGEST_WAIT


# Bodies that no documentation knows

JUNK: tuple[Any, ...] = (
    None,
    True,
    "x",
    "7",
    -1,
    1.5,
    10**30,
    [],
    [None],
    "\x00",
    "\ud800",
    json.loads("[" * 200 + "]" * 200),
)


def mangled(value: Any, chance: random.Random, rate: float, key: str = "") -> Any:
    """Return a body with junk in random places. What Graph itself leaves out when it is zero is not left out."""
    if chance.random() < rate and key != "error":
        return chance.choice(JUNK)
    if isinstance(value, dict):
        keep = {"shares", "value"}
        return {
            name: mangled(inner, chance, rate, name)
            for name, inner in value.items()
            if key == "value" or name in keep or chance.random() >= rate
        }
    if isinstance(value, list):
        return [mangled(inner, chance, rate) for inner in value]
    return value


def mangle(send: Send, rate: float, chance: random.Random) -> Send:
    """Return a transport's ``send`` that spoils the answers of the sandbox on their way."""

    def mangling(transport: Transport, request: Request, token: Token) -> Response:
        response = send(transport, request, token)
        kind, text = chance.random(), response.text
        if kind < rate:
            text = text[: chance.randrange(len(text) + 1)]
        elif kind < 2 * rate:
            text = "<!DOCTYPE html><title>Sorry</title>"
        else:
            text = json.dumps(mangled(json.loads(text), chance, rate))
        return replace(response, text=text)

    return mangling


@quick
@given(kinds=contents, seed=st.integers(0, 2**32), rate=st.sampled_from([0.001, 0.01, 0.05, 0.3]))
def test_no_body_crashes_an_integration_or_stores_a_wrong_number(
    bench: Workbench, kinds: list[str], seed: int, rate: float
) -> None:
    bench.begin()
    page = bench.page(kinds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "send", mangle(Transport.send, rate, random.Random(seed)))  # noqa: S311
        for outcome in bench.both(page, "mangled").values():
            assert outcome.state == "success" or outcome.error.startswith("Graph"), outcome
    assert all(values == {None} for values in bench.differences(page).values())
    bench.both(page, "after")
    assert bench.truth(page).keys() <= bench.stored(page).keys()
    assert all(values == {None} for values in bench.differences(page).values())
