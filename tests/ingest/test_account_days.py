"""The days of an Instagram account: what is stored of each equals the world, once Graph has it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.days import Day
from meta_insights.graph.errors import GraphThrottledError
from meta_insights.read.parts import TOO_LATE
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY, SEEN_AT
from truth import cleared, ledger, stage_fails

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

METRICS = {
    "impressions": "views",
    "reach": "reach",
    "engagements": "total_interactions",
    "engaged_accounts": "accounts_engaged",
    "actions": "profile_links_taps",
    "new_followers": "follower_count",
}
COLUMNS = (*METRICS, "follows", "unfollows", "followers")


@pytest.fixture
def account(graph: Served, warehouse: Warehouse) -> Integration:
    made = graph.world.add_account("corner.shop", page_id=graph.world.pages[0].id, media_per_day=1.5)
    integration = Integration("org", "shop-ig", "instagram", made.id, made.username)
    register(warehouse, [integration])
    return integration


def stored(database: psycopg.Connection) -> dict[date, dict[str, Any]]:
    query = f"select date, {', '.join(COLUMNS)} from analytics.page_daily_metric order by date"
    return {row[0]: dict(zip(COLUMNS, row[1:], strict=True)) for row in database.execute(query.encode())}


def world_day(graph: Served, account: Integration, day: date) -> dict[str, Any]:
    """The columns of a day as the world has them now; NULL as long as Graph does not give them."""
    at = graph.control.now()
    metrics = graph.world.account_metrics(account.external_id, day, at)
    moved = graph.world.account_breakdown(account.external_id, "follows_and_unfollows", "follow_type", day, 1, at)
    values = {column: metrics.get(source) for column, source in METRICS.items()}
    return values | {"follows": moved.get("FOLLOWER"), "unfollows": moved.get("NON_FOLLOWER")}


def read(graph: Served, account: Integration, run: Run, day: Day, hours: float = 4) -> None:
    """Run the metrics of a date some hours after its end."""
    graph.control.fix_clock(day.end + timedelta(hours=hours))
    ingest.ingest_metrics([asdict(account)], replace(run, run_id=f"run-{day.date}", day=day))


def test_each_day_is_the_worlds_as_soon_as_graph_has_it_and_null_before(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    days = [Day(DAY.date + timedelta(days=number)) for number in range(12)]
    missing = 0
    for day in days:
        read(graph, account, run, day)
        trailing = [day.date - timedelta(days=back) for back in range(3)]
        found = stored(database)
        for one in trailing:
            world = world_day(graph, account, one)
            missing += world["impressions"] is None
            assert {name: found.get(one, {}).get(name) for name in world} == world, (day.date, one)
        followers = graph.world.followers_count(account.external_id, graph.control.now())
        assert found[day.date]["followers"] == followers
    assert missing, "some day is late"
    for day in days[:-2]:
        assert world_day(graph, account, day.date)["impressions"] is not None
        assert {name: stored(database)[day.date][name] for name in METRICS} == {
            name: world_day(graph, account, day.date)[name] for name in METRICS
        }, "what was late has come"


def test_a_day_of_an_account_costs_nine_calls_in_one_request(graph: Served, warehouse: Warehouse, run: Run) -> None:
    graph.world.add_account("quiet.shop", page_id=graph.world.pages[1].id)
    quiet = Integration("org", "quiet-ig", "instagram", graph.world.accounts[-1].id, "quiet.shop")
    register(warehouse, [quiet])
    for back in (2, 1):
        read(graph, quiet, run, Day(DAY.date - timedelta(days=back)))
    graph.control.clear_requests()
    read(graph, quiet, run, DAY)
    asked = graph.control.requests()
    assert (asked["requests"], asked["calls"]) == (1, 3 * 2 + 1 + 1 + 1)


@pytest.mark.parametrize("back", [40, 200, 500], ids=["a month", "half a year", "beyond the breakdowns"])
def test_a_backfill_asks_for_its_own_date_alone_and_says_what_cannot_be_had(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection, back: int
) -> None:
    day = Day(DAY.date - timedelta(days=back))
    graph.control.clear_requests()
    read(graph, account, run, day, hours=4 + 24 * back)
    of_account = [one for one in graph.control.requests()["entries"] if account.external_id in one["path"]]
    assert len([one for one in of_account if one["path"].endswith("insights")]) == 3
    world = world_day(graph, account, day.date) | {"followers": None, "new_followers": None}
    if back > 366:
        world |= {"follows": None, "unfollows": None}
    assert stored(database) == {day.date: world}
    assert ("account", TOO_LATE) in {(issue["about"], issue["reason"]) for issue in ledger(database)["issues"]}
    assert ledger(database)["state"] == "success"


@pytest.mark.parametrize(("back", "is_given"), [(28, True), (29, False), (30, False)])
def test_the_gain_of_a_day_is_asked_for_as_long_as_graph_gives_it(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection, back: int, *, is_given: bool
) -> None:
    day = Day(DAY.date - timedelta(days=back))
    read(graph, account, run, day, hours=4 + 24 * back)
    assert (stored(database)[day.date]["new_followers"] is not None) == is_given
    assert ledger(database)["unavailable_metrics"] == []


def test_a_small_account_has_no_gains_to_compare(
    graph: Served, warehouse: Warehouse, run: Run, database: psycopg.Connection
) -> None:
    made = graph.world.add_account("tiny.shop", page_id=graph.world.pages[0].id, audience=20)
    tiny = Integration("org", "tiny-ig", "instagram", made.id, made.username)
    register(warehouse, [tiny])
    read(graph, tiny, run, DAY, hours=20)
    row = stored(database)[DAY.date]
    assert (row["new_followers"], row["follows"] is None) == (None, False)
    assert ledger(database)["unavailable_metrics"] == ["account_gains.follower_count"]


def test_follows_that_are_not_the_gain_of_the_day_are_warned_of(
    graph: Served, account: Integration, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    graph.control.fault(
        "missing_days", account.external_id, form="zero", metrics=["follower_count"], younger_than_hours=30
    )
    read(graph, account, run, DAY, hours=22)
    ingest.check(run, grouped([account], 1))
    (line,) = [record.getMessage() for record in caplog.records if "follows_are_the_gain" in record.getMessage()]
    follows = world_day(graph, account, DAY.date)["follows"]
    assert f"org/shop-ig: follows {follows}, follower_count 0 on 2026-11-20" in line


def test_of_a_date_that_graph_does_not_keep_nothing_is_asked(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.clear_requests()
    read(graph, account, run, Day(DAY.date - timedelta(days=740)), hours=4 + 24 * 740)
    assert graph.control.requests()["calls"] == 0
    assert "Graph keeps 2 years" in ledger(database)["warnings"][0]


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)], ids=["23 hours", "25 hours"])
def test_a_day_of_another_length_is_the_worlds(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection, day: date
) -> None:
    read(graph, account, run, Day(day), hours=22)
    read(graph, account, run, Day(day + timedelta(days=1)))
    read(graph, account, run, Day(day + timedelta(days=2)))
    world = world_day(graph, account, day)
    assert {name: stored(database)[day][name] for name in world} == world
    assert world["impressions"] is not None


def test_followers_that_were_seen_on_time_stay_when_the_date_is_read_late(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    read(graph, account, run, DAY)
    on_time = stored(database)[DAY.date]["followers"]
    assert on_time == graph.world.followers_count(account.external_id, SEEN_AT)
    graph.control.fix_clock(DAY.end + timedelta(days=3))
    ingest.ingest_metrics([asdict(account)], replace(run, run_id="late"))
    assert stored(database)[DAY.date]["followers"] == on_time


@pytest.mark.parametrize("form", ["absent", "zero"])
def test_a_day_without_data_is_null_and_no_failure(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection, form: str
) -> None:
    graph.control.fault("missing_days", account.external_id, form=form, metrics=["views"], younger_than_hours=30)
    read(graph, account, run, DAY)
    row = stored(database)[DAY.date]
    assert row["impressions"] == (None if form == "absent" else 0)
    assert row["reach"] == world_day(graph, account, DAY.date)["reach"]
    read(graph, account, run, Day(DAY.date + timedelta(days=1)), hours=10)
    world = world_day(graph, account, DAY.date)
    assert {name: stored(database)[DAY.date][name] for name in world} == world, "read again, and there"


def test_after_days_without_a_run_the_last_date_before_them_is_read_once_more(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    read(graph, account, run, DAY, hours=1)
    read(graph, account, run, Day(DAY.date + timedelta(days=1)), hours=24 * 6)
    world = world_day(graph, account, DAY.date)
    assert {name: stored(database)[DAY.date][name] for name in world} == world
    graph.control.clear_requests()
    read(graph, account, run, Day(DAY.date + timedelta(days=2)), hours=24 * 5)
    windows = [one for one in graph.control.requests()["entries"] if one["path"].endswith("/insights")]
    assert len(windows) == 2 + 1 + 1, "and then no more"


def test_what_a_throttled_attempt_left_of_the_days_is_read_whenever_it_is_cleared(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("throttled", account.external_id)
    with stage_fails(GraphThrottledError):
        read(graph, account, run, DAY)
    graph.control.clear_faults()
    graph.control.fix_clock(DAY.end + timedelta(hours=60))
    ingest.ingest_metrics([asdict(account)], cleared(replace(run, run_id=f"run-{DAY.date}")))
    world = world_day(graph, account, DAY.date)
    assert world["reach"] is not None
    assert {name: stored(database)[DAY.date][name] for name in world} == world


def test_a_day_that_cannot_change_any_more_is_not_read_between_two_that_can(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    read(graph, account, run, Day(DAY.date - timedelta(days=2)), hours=4)
    read(graph, account, run, Day(DAY.date - timedelta(days=1)), hours=50)
    database.execute(
        "update analytics.page_daily_metric set observed_at = analytics.day_end(date) where date = %s",
        (DAY.date - timedelta(days=2),),
    )
    read(graph, account, run, DAY, hours=50)
    found = database.execute("select date, observed_at from analytics.page_daily_metric").fetchall()
    seen: dict[date, datetime] = dict(found)
    day_before = DAY.date - timedelta(days=1)
    assert seen[day_before] == Day(day_before).end + timedelta(hours=50)
    assert seen[DAY.date] == seen[DAY.date - timedelta(days=2)] == DAY.end + timedelta(hours=50)


def test_a_metric_that_an_account_lacks_is_null_and_the_others_are_read(
    graph: Served, account: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("retired_metrics", account.external_id, metrics=["profile_links_taps"])
    for number in range(3):
        read(graph, account, run, Day(DAY.date + timedelta(days=number)))
    world = world_day(graph, account, DAY.date) | {"actions": None}
    assert {name: stored(database)[DAY.date][name] for name in world} == world
    assert "account_days.profile_links_taps" in ledger(database)["unavailable_metrics"]
