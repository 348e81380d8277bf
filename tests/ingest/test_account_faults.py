"""What happens to an Instagram account when things go wrong: one answer of Graph a case.

Each media that Graph lists is stored and exact, or a task fails. A value is NULL where Graph refuses it, nowhere else.
`make cases` shows the rows, calls and tries of each case.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.run.integrations import Integration, register
from support import DAY
from truth_of_accounts import OF_MEDIA, expected, world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graph_sandbox.server import Served
    from graph_sandbox.world.media import Media
    from meta_insights.store.warehouse import Warehouse
    from support.workbench import Workbench

    Disturb = Callable[[Served, list[Media]], object]
    """Order what goes wrong with the account of these media."""

KINDS = ("image", "reel", "carousel", "video") * 8
EVERY = frozenset(KINDS)
OF_INSIGHTS = frozenset(OF_MEDIA) | {"video_views", "breakdowns"}


@dataclass(frozen=True)
class Case:
    """One fault, which ``disturb`` orders: after the media are stored, or before anything when ``early``.

    ``fails`` names the stage that must fail; a person then removes the fault and clears the task. ``nulls`` are the
    columns that Graph does not give, of the kinds in ``of``, or of the media at the places in ``at`` alone. ``lost``
    rows are those of deleted media.
    """

    name: str
    disturb: Disturb
    early: bool = False
    fails: str = ""
    nulls: frozenset[str] = frozenset()
    of: frozenset[str] = EVERY
    at: frozenset[int] = frozenset(range(len(KINDS)))
    lost: int = 0


def fault(kind: str, at: int | None = None, **given: Any) -> Disturb:
    """Order a fault of the whole account, or of the media at a place."""

    def ordered(graph: Served, media: list[Media]) -> object:
        about = {} if at is None else {"object_id": media[at].id}
        return graph.control.fault(kind, media[0].account_id, **about, **given)

    return ordered


def nothing(_graph: Served, _media: list[Media]) -> None:
    """Order no fault."""


def convert(graph: Served, media: list[Media]) -> None:
    """Make the account a business' one after its four oldest media."""
    graph.control.convert(media[0].account_id, media[-4].created_time + timedelta(minutes=1))


SAVES = frozenset({"saves"})
SHARES = frozenset({"shares"})
FEED = frozenset({"image", "carousel", "video"})
VIDEOS = frozenset({"video", "reel"})
CASES = (
    Case("nothing wrong", nothing),
    # Values
    Case("a metric retired by Meta", fault("retired_metrics", metrics=["saved"]), nulls=SAVES),
    Case("a metric absent from good answers", fault("missing_metrics", metrics=["saved"]), nulls=SAVES),
    Case("values of a wrong type", fault("wrong_types", metrics=["saved"], value="string"), nulls=SAVES),
    Case("likes that the owner hides", lambda graph, media: graph.control.hide_likes(media[3].id)),
    Case("an archived media", lambda graph, media: graph.control.archive(media[3].id)),
    Case("a media deleted between the stages", lambda graph, media: graph.control.delete(media[3].id), lost=1),
    # What one kind of media does not have
    Case(
        "'does not support the … metric for this media product type'",
        fault("refused_metrics", metrics=["shares"], media_product_type="FEED"),
        nulls=SHARES,
        of=FEED,
    ),
    Case(
        "'is not supported for this media type'",
        fault("refused_metrics", metrics=["shares"], form="media_type", media_type="VIDEO"),
        nulls=SHARES,
        of=VIDEOS,
    ),
    Case(
        "the same of every kind",
        fault("refused_metrics", metrics=["shares"], form="media_type"),
        nulls=SHARES,
    ),
    Case("'Media posted before business account conversion'", convert, nulls=OF_INSIGHTS, at=frozenset(range(28, 32))),
    Case("'Not enough viewers', of one media", fault("few_viewers", at=7), nulls=OF_INSIGHTS, at=frozenset({7})),
    Case("'Not enough viewers', of all", fault("few_viewers"), nulls=OF_INSIGHTS),
    Case("'Unknown fields', for a name in the answer", fault("no_aliases")),
    # Too much
    Case("'reduce the amount of data' above 10", fault("reduce_data", above=10)),
    Case("throttled once, code 80002", fault("throttled", times=1)),
    Case("throttled once, with its subcode", fault("throttled", times=1, subcode=2446079)),
    Case("the app throttled once, code 4", fault("throttled", code=4, times=1)),
    Case("throttled for ever", fault("throttled", minutes=60), fails="metrics"),
    # Faults of the server
    Case("500 twice", fault("server_error", times=2)),
    Case("'An unknown error has occurred', for a try", fault("server_error", code=1, times=5, edge="insights")),
    Case("500 for ever", fault("server_error"), fails="metrics"),
    Case("no listing of media at all", fault("not_transient", edge="media"), early=True, fails="content"),
    # Faults of the wire
    Case("HTML with 502", fault("html_error", times=3)),
    Case("HTML with 200", fault("html_ok", times=3)),
    Case("truncated JSON", fault("truncated_json", times=3)),
    Case("dropped connections", fault("drop_connection", times=3)),
    Case("batch entries that are null", fault("null_entry", times=30)),
    Case("an empty page with a next", fault("empty_page", edge="media", times=1)),
    Case("a window that is ignored", fault("ignored_window", edge="media")),
    # Access
    Case("a revoked token", fault("revoked_token"), early=True, fails="content"),
    Case("an expired token", fault("expired_token"), fails="metrics"),
    Case(
        "'Application does not have permission', for insights",
        fault("missing_permission", permission="instagram_manage_insights", edge="insights"),
        fails="metrics",
    ),
    Case(
        "'Application does not have permission', for media",
        fault("missing_permission", permission="instagram_basic", edge="media"),
        early=True,
        fails="content",
    ),
)


@pytest.fixture
def account(graph: Served, warehouse: Warehouse) -> Integration:
    """An account with one media of each kind in turn, the newest first, nineteen hours apart."""
    account = graph.world.add_account("corner.shop", page_id=graph.world.pages[0].id, audience=200_000)
    for number, kind in enumerate(KINDS):
        created = DAY.end - timedelta(hours=2 + 19 * number)
        graph.world.add_media(account.id, created, kind=kind, children=3 if kind == "carousel" else 0)  # type: ignore[arg-type]
    integration = Integration("org", "shop-ig", "instagram", account.id, account.username)
    register(warehouse, [integration])
    return integration


def differences(graph: Served, media: Mapping[str, Media], rows: Mapping[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the columns that are not as the world had them when each was observed: media, and what stands there."""
    found: dict[str, list[Any]] = {}
    for key, row in rows.items():
        wanted = expected(graph, media[key], row["observed_at"])
        for column, at in row["metric_observed_at"].items():
            seen = datetime.fromisoformat(at).replace(tzinfo=row["observed_at"].tzinfo)
            wanted[column] = expected(graph, media[key], seen)[column]
        for column, value in wanted.items():
            if row[column] != value:
                found.setdefault(column, []).append((key, row[column]))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_media_is_stored_and_exact_or_a_task_fails(
    case: Case, account: Integration, bench: Workbench, graph: Served, show: Callable[[str], None]
) -> None:
    media = list(world_of(graph, account, bench.run("")).values())
    if not case.early:
        ingest.ingest_content([asdict(account)], bench.run("before"))
    graph.control.clear_requests()
    case.disturb(graph, media)
    ended = bench.both(account, "disturbed")
    calls, stored = graph.control.requests()["calls"], bench.stored(account)
    tries = ", ".join(f"{stage} {one.state} ({one.tries})" for stage, one in ended.items())
    show(f"    {len(stored)} of {len(media)} rows, {calls} calls; {tries}")

    world = {one.id: one for one in media}
    found = differences(graph, world, stored)
    if not case.fails:
        assert {one.state for one in ended.values()} == {"success"}
        assert len(stored) == len(media) - case.lost
        without = {one.id for place, one in enumerate(media) if one.kind in case.of and place in case.at}
        given = {column for column in case.nulls for one in media if one.id in without}
        assert {key for rows in found.values() for key, _ in rows} == (without if case.nulls else set())
        assert found.keys() == given
        assert {str(value) for rows in found.values() for _, value in rows} <= {"None", "{}"}
        return
    assert ended[case.fails].state == "failed"
    graph.control.clear_faults(account.external_id)
    assert {one.state for one in bench.both(account, "disturbed", series="cleared").values()} == {"success"}
    assert bench.stored(account).keys() == world.keys()
    assert differences(graph, world, bench.stored(account)) == {}
