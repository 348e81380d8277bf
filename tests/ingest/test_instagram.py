"""An Instagram account, over the sandbox and a real PostgreSQL: what is stored equals the world."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.days import Day
from meta_insights.graph.errors import GraphPermissionError, GraphThrottledError, GraphTokenError
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from support import DAY, SEEN_AT, connect
from truth import both, ledger, rows, snapshots, stage_fails
from truth_of_accounts import expected, world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.media import Media
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

MIXED = "image reel carousel video image reel carousel video reel image"
FEED = "image carousel video image carousel video"
TYPES = {"image": "photo"}


@pytest.fixture
def make(graph: Served, warehouse: Warehouse) -> Callable[..., Integration]:
    """Make an account with media of some kinds, the newest first, some hours apart."""

    def account_of(kinds: str = MIXED, hours: float = 7) -> Integration:
        account = graph.world.add_account("corner.shop", page_id=graph.world.pages[0].id, audience=200_000)
        for number, kind in enumerate(kinds.split()):
            created, children = DAY.end - timedelta(hours=2 + hours * number), 3 if kind == "carousel" else 0
            graph.world.add_media(
                account.id,
                created,
                kind=kind,  # type: ignore[arg-type]
                caption=f"{kind} #{number}a",
                children=children,
            )
        integration = Integration("org", "shop-ig", "instagram", account.id, account.username)
        register(warehouse, [integration])
        return integration

    return account_of


def wrong(graph: Served, stored: dict[str, dict[str, Any]], world: dict[str, Media]) -> list[Any]:
    """What differs between the rows and the world, cell by cell."""
    return [
        (media_id, one.kind, name, stored[media_id][name], value)
        for media_id, one in world.items()
        for name, value in expected(graph, one).items()
        if stored[media_id][name] != value
    ]


def calls(graph: Served) -> int:
    found = int(graph.control.requests()["calls"])
    graph.control.clear_requests()
    return found


@pytest.mark.parametrize("kinds", [MIXED, FEED, "reel " * 6, "image"], ids=["mixed", "feed", "reels", "one"])
def test_every_counter_equals_the_worlds_at_the_moment_of_observation(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, kinds: str
) -> None:
    account = make(kinds)
    both(account, run)
    world, stored = world_of(graph, account, run), snapshots(database)
    assert stored.keys() == world.keys()
    assert wrong(graph, stored, world) == []
    assert {(row["observed_at"], row["is_on_time"]) for row in stored.values()} == {(SEEN_AT, True)}
    listed = rows(
        database, "select external_content_id, content_type, caption, hashtags, permalink_url from analytics.content"
    )
    assert sorted(listed) == sorted(
        (one.id, TYPES.get(one.kind, one.kind), one.caption, [str(one.caption).partition("#")[2]], one.permalink)
        for one in world.values()
    )


def test_a_generated_account_of_a_month_is_the_worlds(
    graph: Served, warehouse: Warehouse, run: Run, database: psycopg.Connection
) -> None:
    account = graph.world.add_account("busy.shop", page_id=graph.world.pages[0].id, media_per_day=4.0)
    integration = Integration("org", "busy-ig", "instagram", account.id, account.username)
    register(warehouse, [integration])
    both(integration, run)
    world, stored = world_of(graph, integration, run), snapshots(database)
    assert len(world) > 60
    assert stored.keys() == world.keys()
    assert any(map(graph.world.are_likes_hidden, world.values()))
    assert wrong(graph, stored, world) == []


def test_a_second_run_of_the_same_day_changes_nothing(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make()
    both(account, run)
    before = snapshots(database)
    both(account, replace(run, run_id="run-2"))
    assert snapshots(database) == before


@pytest.mark.parametrize("kinds", [FEED, MIXED], ids=["feed", "mixed"])
def test_hidden_likes_are_read_of_the_media_itself_whatever_else_happens_to_it(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, kinds: str
) -> None:
    account = make(kinds)
    world = world_of(graph, account, run)
    hidden = list(world)[1]
    changes: list[Callable[[], None]] = [
        lambda: graph.control.hide_likes(hidden),
        lambda: graph.control.archive(hidden),
        lambda: graph.control.hide_likes(hidden, hidden=False),
        lambda: graph.control.archive(hidden, archived=False),
        lambda: graph.control.hide_likes(hidden),
        lambda: graph.control.convert(account.external_id, DAY.end),
    ]
    for number, change in enumerate(changes):
        change()
        both(account, replace(run, run_id=f"run-{number}", refresh=True))
        counts = graph.world.media_counters(world[hidden], SEEN_AT)
        stored = snapshots(database)[hidden]
        assert (stored["reactions"], stored["comments"]) == (counts["likes"], counts["comments"]), number


def test_a_count_that_neither_listing_nor_media_gives_is_null_and_noted(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    (newest, *_) = world_of(graph, account, run)
    graph.control.fault("hidden_counts", account.external_id, metrics=["like_count", "comments_count"])
    graph.control.fault("wrong_types", account.external_id, object_id=newest, metrics=["like_count"], value="null")
    both(account, run)
    found = wrong(graph, snapshots(database), world_of(graph, account, run))
    assert [cell[:4] for cell in found] == [(newest, "image", "reactions", None)]
    assert "media.like_count" in {issue["about"] for issue in ledger(database)["issues"]}


def test_an_archived_media_is_absent_and_not_deleted_and_is_still_measured(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    both(account, run)
    world = world_of(graph, account, run)
    archived, deleted = list(world)[1:3]
    graph.control.archive(archived)
    graph.control.delete(deleted)
    graph.control.fix_clock(SEEN_AT + timedelta(hours=1))
    both(account, replace(run, run_id="run-2", refresh=True))
    gone = rows(database, "select external_content_id from analytics.content where deleted_at is not null")
    assert gone == [(deleted,)]
    del world[deleted]
    stored = snapshots(database)
    assert wrong(graph, stored, world) == []
    graph.control.archive(archived, archived=False)
    both(account, replace(run, run_id="run-3", refresh=True))
    assert rows(database, "select count(*) from analytics.content where deleted_at is null") == [(len(world),)]


@pytest.mark.parametrize("form", ["product_type", "media_type"])
def test_a_metric_that_one_kind_refuses_is_null_for_that_kind_alone(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, form: str
) -> None:
    account = make(MIXED)
    graph.control.fault(
        "refused_metrics", account.external_id, metrics=["shares"], form=form, media_type="CAROUSEL_ALBUM"
    )
    both(account, run)
    found = {cell[1:4] for cell in wrong(graph, snapshots(database), world_of(graph, account, run))}
    assert found == {("carousel", "shares", None)}
    assert "media.shares/carousel" in ledger(database)["unavailable_metrics"]


def test_where_graph_takes_no_aliases_the_same_is_stored_by_more_calls_and_the_next_day_knows_it(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(MIXED)
    both(account, run)
    graph.control.fault("no_aliases", account.external_id)
    counted = []
    for number in range(2):
        calls(graph)
        both(account, replace(run, run_id=f"apart-{number}", refresh=True))
        counted.append(calls(graph))
    assert counted[0] > counted[1]
    assert wrong(graph, snapshots(database), world_of(graph, account, run)) == []


def test_a_retired_metric_is_null_and_reported_and_nothing_else_is_lost(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    graph.control.fault("retired_metrics", account.external_id, metrics=["reach", "saved"])
    both(account, run)
    found = {cell[2:4] for cell in wrong(graph, snapshots(database), world_of(graph, account, run))}
    assert found == {("reach", None), ("saves", None)}
    assert {"media.reach", "media.saved"} <= set(ledger(database)["unavailable_metrics"])


def test_media_before_the_conversion_have_their_plain_counts_and_are_asked_for_no_more(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    world = world_of(graph, account, run)
    graph.control.convert(account.external_id, DAY.end - timedelta(hours=2 + 7 * 2.5))
    old = list(world)[3:]
    both(account, run)
    stored = snapshots(database)
    assert [stored[one]["reach"] for one in old] == [None] * len(old)
    assert [stored[one]["reactions"] for one in old] == [
        graph.world.media_counters(world[one], SEEN_AT)["likes"] for one in old
    ]
    assert wrong(graph, stored, {key: one for key, one in world.items() if key not in old}) == []
    ((since,),) = rows(
        database, "select refused_metrics -> 'content.insights_since' ->> 'since' from analytics.integration_health"
    )
    assert since == (world[old[0]].created_time + timedelta(seconds=1)).isoformat()
    calls(graph)
    ingest.ingest_metrics([asdict(account)], replace(run, run_id="run-2", refresh=True))
    of_media = [entry for entry in graph.control.requests()["entries"] if "insights" not in entry["path"]]
    assert len(of_media) <= 5


def test_without_the_permission_for_insights_the_stage_is_red_by_name(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    ingest.ingest_content([asdict(account)], run)
    graph.control.fault("missing_permission", account.external_id, edge="insights", code=10)
    with stage_fails(GraphPermissionError) as failure:
        ingest.ingest_metrics([asdict(account)], run)
    assert "permission" in str(failure.error)
    assert ledger(database)["remedy"] == "clear, once the cause is removed"
    stored, world = snapshots(database), world_of(graph, account, run)
    assert {(cell[2], cell[3]) for cell in wrong(graph, stored, world) if cell[2] in {"reactions", "comments"}} == set()
    assert {row["reach"] for row in stored.values()} == {None}, "what needs no permission is stored"
    graph.control.clear_faults()
    ingest.ingest_metrics([asdict(account)], replace(run, try_number=2))
    assert wrong(graph, snapshots(database), world) == []


def test_a_throttled_account_waits_and_no_other_integration_does(
    graph: Served, make: Callable[..., Integration], page: Integration, run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    ingest.ingest_content([asdict(account)], run)
    ingest.ingest_content([asdict(page)], run)
    graph.control.fault("throttled", account.external_id, minutes=7)
    with pytest.raises(ExceptionGroup) as caught:
        ingest.ingest_metrics([asdict(account), asdict(page)], run)
    (error,) = caught.value.exceptions
    assert isinstance(error, StageError)
    cause = error.cause
    assert isinstance(cause, GraphThrottledError)
    assert (cause.code, cause.app_wide, cause.delay) == (80002, False, timedelta(minutes=7))
    assert {row["integration_id"] for row in snapshots(database).values()} == {page.id}


def test_an_account_stops_before_its_own_limit_is_used_up_and_not_for_that_of_its_page(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make("image reel " * 30)  # more than one request
    run = replace(run, settings=replace(run.settings, connections=1))  # one call after the other
    graph.control.set_usage(graph.world.pages[0].id, 99)
    both(account, run)
    assert ledger(database)["peak_usage_percent"] < 85
    graph.control.set_usage(account.external_id, 90)
    with stage_fails(GraphThrottledError) as failure:
        ingest.ingest_metrics([asdict(account)], replace(run, run_id="run-2"))
    assert "used to 90 %" in str(failure.error)
    assert not failure.cause.app_wide


def test_the_aggregate_has_the_changes_of_an_account_and_the_date_is_complete(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(MIXED)
    both(account, run)
    ingest.aggregate(run, grouped([account], 1))
    next_day = Day(DAY.date + timedelta(days=1))
    graph.control.fix_clock(next_day.end + timedelta(hours=4))
    before = {key: row["follows"] for key, row in snapshots(database).items()}
    tomorrow = replace(run, run_id="run-2", day=next_day)
    both(account, tomorrow)
    ingest.aggregate(tomorrow, grouped([account], 1))
    assert rows(database, "select bool_and(is_complete) from analytics.integration_daily") == [(True,)]
    changes: dict[str, int | None] = dict(
        database.execute(
            "select external_content_id, follows_change from analytics.content_daily_change where date = %s",
            (next_day.date,),
        ).fetchall()
    )
    world = world_of(graph, account, tomorrow)
    for key, one in world.items():
        now = graph.world.media_metrics(key, graph.control.now()).get("follows")
        assert changes[key] == (None if now is None else now - before[key]), one.kind
    formats = rows(database, "select distinct content_type from analytics.format_daily order by 1")
    assert formats == [("carousel",), ("photo",), ("reel",), ("video",)]


@pytest.mark.parametrize(
    ("kinds", "content", "metrics"),
    [
        (["image", "carousel", "video"], 1, 1),
        (["reel"], 1, 1),
        (["image", "reel"], 1, 100),
        (["image", "carousel", "reel", "video"], 1, 51),
    ],
    ids=["feed", "reels", "alternating", "some reels"],
)
def test_a_hundred_media_cost_so_many_calls_on_a_day(  # noqa: PLR0913, PLR0917 (a row of the table, and its tools)
    graph: Served,
    make: Callable[..., Integration],
    run: Run,
    database: psycopg.Connection,
    kinds: Sequence[str],
    content: int,
    metrics: int,
    show: Callable[[str], None],
) -> None:
    account = make(" ".join((list(kinds) * 100)[:100]), hours=5)
    both(account, run)
    both(account, replace(run, run_id="run-2", refresh=True))
    graph.control.clear_requests()
    ingest.ingest_content([asdict(account)], replace(run, run_id="run-3", refresh=True))
    of_content = graph.control.requests()
    graph.control.clear_requests()
    ingest.ingest_metrics([asdict(account)], replace(run, run_id="run-3", refresh=True))
    of_metrics = graph.control.requests()
    of_account = sum(
        entry["path"].endswith(account.external_id) or entry["path"].endswith("/insights")
        for entry in of_metrics["entries"]
    )
    total, requests = (of_content[what] + of_metrics[what] for what in ("calls", "requests"))
    show(f"    100 media: {total} calls in {requests} requests")
    assert (of_content["calls"], of_metrics["calls"] - of_account) == (content, metrics)
    assert requests == 1 + -(-of_metrics["calls"] // 50), "fifty calls in each"
    assert ledger(database)["api_calls"] == of_metrics["calls"], "counted as Graph counts them, not as requests"


def test_a_token_that_ended_stops_the_account_at_once(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    account = make(FEED)
    graph.control.configure(token_expires_at=int(SEEN_AT.timestamp()) - 1)
    with stage_fails(GraphTokenError):
        ingest.ingest_content([asdict(account)], run)
    assert ledger(database, "content")["remedy"] == "clear, once the cause is removed"


def test_by_instagram_login_the_same_is_stored_and_the_end_of_the_token_is_known(
    graph: Served,
    make: Callable[..., Integration],
    run: Run,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = make(MIXED)
    token, issued = graph.control.account_token(account.external_id), DAY.date - timedelta(days=55)
    connect(monkeypatch, graph, token=token, login="instagram", issued_on=str(issued), access_kind="page")
    both(account, run)
    assert wrong(graph, snapshots(database), world_of(graph, account, run)) == []
    assert rows(database, "select token_is_valid, token_expires_at::date from analytics.integration_health") == [
        (True, issued + timedelta(days=60))
    ]
    (warning,) = ledger(database, "content")["warnings"]
    assert "refresh_access_token" in warning
    assert token not in warning


COLUMNS_OF = {"views": {"impressions", "video_views"}, "shares": {"shares"}, "follows": {"follows"}}


@pytest.mark.parametrize("number", range(10))
def test_of_an_account_that_is_hard_to_read_no_value_is_wrong_and_only_what_is_refused_is_null(
    graph: Served, warehouse: Warehouse, run: Run, database: psycopg.Connection, number: int
) -> None:
    for _ in range(number + 1):
        account = graph.world.add_account("busy.shop", media_per_day=2.5)
    integration = Integration("org", "busy-ig", "instagram", account.id, account.username)
    register(warehouse, [integration])
    token = graph.control.account_token(account.id)
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, graph, token=token, login="instagram", access_kind="page")
        shapes = [one["fault"] for one in graph.control.harsh(account.id) if one["fault"]["page"] == account.id]
        both(integration, run)
        both(integration, replace(run, run_id="run-2", refresh=True))
    world, stored = world_of(graph, integration, run), snapshots(database)
    is_late = any(one["kind"] == "late" for one in shapes)
    assert stored.keys() == world.keys() or (is_late and stored.keys() < world.keys())
    refused = [one for one in shapes if one["kind"] == "refused_metrics"]
    for media_id, _, column, value, _ in wrong(graph, stored, {key: world[key] for key in stored}):
        media = world[media_id]
        is_refused = any(
            column in COLUMNS_OF[metric]
            and one.get("media_product_type") in {None, media.product_type}
            and one.get("media_type") in {None, media.media_type}
            for one in refused
            for metric in one["metrics"]
        )
        assert (value, is_refused) == (None, True), (media.kind, column)
