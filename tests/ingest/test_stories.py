"""The stories of an account, looked at every few hours of a simulated day: the last look before the end is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from airflow.sdk import RetryAction

from meta_insights import ingest
from meta_insights.days import Day, pacific_date
from meta_insights.errors import ConfigurationError
from meta_insights.failures import RETRIES
from meta_insights.graph.errors import GraphPermissionError, GraphThrottledError
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.groups import flatten, grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from meta_insights.store import content
from support import DAY, SEEN_AT, connect
from truth import both, ledger, rows, stage_fails

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from graph_sandbox.server import Served
    from graph_sandbox.world.media import Media
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

    Publish = Callable[..., Media]
    Look = Callable[..., dict[str, int]]

EVERY = timedelta(hours=3)
LIFE = timedelta(hours=24)
COLUMNS = {
    "impressions": "views",
    "reach": "reach",
    "total_interactions": "total_interactions",
    "shares": "shares",
    "replies": "replies",
    "reposts": "reposts",
    "follows": "follows",
    "profile_visits": "profile_visits",
    "link_clicks": "link_clicks",
}
BY_TYPE = {"profile_activity_by_type": "profile_activity", "navigation_by_type": "navigation"}


@pytest.fixture
def account(graph: Served, warehouse: Warehouse) -> Integration:
    """An account with a large audience that has published nothing yet."""
    truth = graph.world.add_account("corner.shop", page_id=graph.world.pages[0].id, audience=200_000)
    integration = Integration("org", "shop-ig", "instagram", truth.id, truth.username)
    register(warehouse, [integration])
    return integration


@pytest.fixture
def publish(graph: Served, account: Integration) -> Publish:
    """Publish a story some hours before now, or after."""

    def story(kind: str = "story", hours_ago: float = 1, **given: Any) -> Media:
        at = graph.control.now() - timedelta(hours=hours_ago)
        return graph.world.add_media(account.external_id, at, kind=kind, **given)  # type: ignore[arg-type]

    return story


@pytest.fixture
def look(graph: Served, run: Run) -> Callable[..., dict[str, int]]:
    """Look at the stories of integrations as they are at Graph's time, in a run of its own."""
    looks = iter(range(1_000))

    def at_now(*integrations: Integration, **changed: Any) -> dict[str, int]:
        now = graph.control.now()
        of_look = replace(run, run_id=f"look-{next(looks)}", day=Day(pacific_date(now)), next_look=now + EVERY)
        return ingest.ingest_stories([asdict(one) for one in integrations], replace(of_look, **changed))

    return at_now


def stored(database: psycopg.Connection) -> dict[str, dict[str, Any]]:
    cursor = database.execute("select xmin::text, * from analytics.story")
    names = [column.name for column in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    assert len(found) == len({row["external_content_id"] for row in found})
    return {row["external_content_id"]: row for row in found}


def expected(graph: Served, story: Media, at: datetime | None) -> dict[str, Any]:
    """The row of a story as it was seen last at an instant, computed without the package; None: never."""
    facts: dict[str, Any] = {
        "organization_id": "org",
        "integration_id": "shop-ig",
        "content_type": "story",
        "media_type": "video" if story.media_type == "VIDEO" else "photo",
        "caption": story.caption,
        "permalink_url": story.permalink,
        "published_at": story.created_time,
        "observed_at": at,
        "metric_observed_at": {},
    }
    if at is None:
        return facts | dict.fromkeys(COLUMNS) | {"breakdowns": {}, "hours_of_life": None}
    metrics = graph.world.media_metrics(story.id, at)
    parts = {name: graph.world.media_breakdown(story.id, metric, at) for name, metric in BY_TYPE.items()}
    return facts | {
        **{column: metrics[source] for column, source in COLUMNS.items()},
        "breakdowns": {name: value for name, value in parts.items() if value},
        "hours_of_life": round(Decimal(int((at - story.created_time).total_seconds())) / 3600, 2),
    }


def wrong(graph: Served, database: psycopg.Connection, seen: dict[Media, datetime | None]) -> list[Any]:
    """What differs between the rows and the world, cell by cell."""
    found = stored(database)
    assert found.keys() == {story.id for story in seen}
    return [
        (story.id, story.kind, name, value, expectation)
        for story, at in seen.items()
        for name, expectation in expected(graph, story, at).items()
        if (value := found[story.id][name]) != expectation
    ]


def test_of_a_day_of_several_stories_the_last_look_before_the_end_of_each_is_kept(
    graph: Served, account: Integration, look: Look, database: psycopg.Connection
) -> None:
    published = [("story", 0), ("story_video", 0.5), ("story", 2.99), ("story_video", 3), ("story", 7), ("story", 14.2)]
    stories = [
        graph.world.add_media(account.external_id, SEEN_AT + timedelta(hours=hours), kind=kind, caption=f"at {hours}")  # type: ignore[arg-type]
        for kind, hours in published
    ]
    looks = [SEEN_AT + timedelta(minutes=1) + number * EVERY for number in range(15)]
    for at in looks:
        graph.control.fix_clock(at)
        look(account)
    last = {one: max(at for at in looks if one.created_time <= at < one.created_time + LIFE) for one in stories}
    assert wrong(graph, database, dict(last)) == []
    assert {row["hours_of_life"] >= 21 for row in stored(database).values()} == {True}
    assert graph.world.stories(account.external_id, graph.control.now()) == ()


def test_a_story_that_is_ended_early_keeps_the_values_of_the_last_look(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    ended, other = publish(), publish("story_video")
    look(account)
    graph.control.end_story(ended.id)
    later = SEEN_AT + EVERY
    graph.control.fix_clock(later)
    look(account)
    assert wrong(graph, database, {ended: SEEN_AT, other: later}) == []
    graph.control.delete(other.id)
    look(account)
    assert wrong(graph, database, {ended: SEEN_AT, other: later}) == []


def test_too_few_viewers_are_null_until_there_are_enough_and_no_failure(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    small, large = publish(hours_ago=0.01, audience=100), publish()
    assert look(account) == {"asked": 2, "stored": 2, "skipped": 0, "failed": 0}
    assert wrong(graph, database, {small: None, large: SEEN_AT}) == []
    assert ledger(database, "stories")["state"] == "success"
    assert "stories.views" not in ledger(database, "stories")["unavailable_metrics"], "nothing was refused"
    later = SEEN_AT + 3 * EVERY
    graph.control.fix_clock(later)
    look(account)
    assert wrong(graph, database, {small: later, large: later}) == []
    graph.world.correct(small.id, "reach", -100, later + timedelta(seconds=1))
    graph.control.fix_clock(later + EVERY)
    look(account)
    assert wrong(graph, database, {small: later, large: later + EVERY}) == [], "what was known is not overwritten"


def test_a_second_look_at_the_same_instant_changes_no_row_and_an_older_one_overwrites_nothing(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    stories = [publish(), publish("story_video", 5)]
    later = SEEN_AT + EVERY
    graph.control.fix_clock(later)
    look(account)
    before = stored(database)
    look(account)
    graph.control.fix_clock(SEEN_AT)
    look(account)
    assert stored(database) == before
    assert wrong(graph, database, dict.fromkeys(stories, later)) == []


def test_looks_at_once_leave_one_row_of_each_story(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    stories = [publish("story", number) for number in range(1, 6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: look(account), range(6)))
    assert wrong(graph, database, dict.fromkeys(stories, SEEN_AT)) == []
    assert rows(
        database, "select count(*), count(*) filter (where state = 'success') from analytics.ingestion_run"
    ) == [(6, 6)]


def test_a_value_that_a_later_look_lacks_stays_with_its_own_instant(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    story = publish()
    look(account)
    known = expected(graph, story, SEEN_AT)["replies"]
    graph.control.fault("missing_metrics", account.external_id, metrics=["replies"])
    later = SEEN_AT + EVERY
    graph.control.fix_clock(later)
    look(account)
    found = {cell[2]: cell[3] for cell in wrong(graph, database, {story: later})}
    assert found == {"replies": known, "metric_observed_at": {"replies": SEEN_AT.replace(tzinfo=None).isoformat()}}


def test_what_was_not_seen_of_a_story_that_ended_meanwhile_is_no_observation(
    account: Integration, warehouse: Warehouse, database: psycopg.Connection
) -> None:
    facts = [{"external_content_id": "17", "media_type": "photo", "published_at": SEEN_AT - LIFE}]
    for hours, values in ((0, {"reach": 7}), (1, {})):
        seen = [{"external_content_id": "17", "observed_at": SEEN_AT + timedelta(hours=hours), **values}]
        content.save_stories(warehouse, account.key, facts, {"story": [seen]}, f"look-{hours}")
    ((reach, observed_at, hours_of_life, run_id),) = rows(
        database, "select reach, observed_at, hours_of_life, run_id from analytics.story"
    )
    assert (reach, observed_at, hours_of_life, run_id) == (7, SEEN_AT, 24, "look-0")


def paths(graph: Served) -> list[str]:
    found = [entry["path"].rpartition("/")[2] for entry in graph.control.requests()["entries"]]
    graph.control.clear_requests()
    return found


def test_the_stories_of_an_account_take_two_calls_however_many_there_are(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    for number in range(1, 21):
        publish("story_video" if number % 3 else "story", number)
    graph.control.clear_requests()
    assert look(account)["stored"] == 20
    assert paths(graph) == ["stories", "stories", ""]
    assert ledger(database, "stories")["api_calls"] == 2


def test_an_account_without_stories_is_a_success_with_zero_and_takes_one_call(
    graph: Served, account: Integration, look: Look, database: psycopg.Connection
) -> None:
    graph.world.add_media(account.external_id, SEEN_AT - EVERY, kind="image")
    assert look(account) == {"asked": 0, "stored": 0, "skipped": 0, "failed": 0}
    assert paths(graph) == ["stories"]
    assert ledger(database, "stories")["state"] == "success"
    assert stored(database) == {}


@pytest.mark.parametrize("form", ["product_type", "media_type"])
def test_a_metric_that_one_kind_refuses_is_null_for_that_kind_alone_and_is_asked_for_no_more(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection, form: str
) -> None:
    stories = [publish("story_video" if number % 2 else "story", number) for number in range(1, 7)]
    graph.control.fault(
        "refused_metrics", account.external_id, metrics=["shares", "follows"], form=form, media_type="VIDEO"
    )
    look(account)
    cells = {cell[1:4] for cell in wrong(graph, database, dict.fromkeys(stories, SEEN_AT))}
    assert cells == {("story_video", "shares", None), ("story_video", "follows", None)}
    assert {"stories.shares/video", "stories.follows/video"} <= set(ledger(database, "stories")["unavailable_metrics"])
    paths(graph)
    later = SEEN_AT + EVERY
    graph.control.fix_clock(later)
    look(account)
    cells = {cell[1:4] for cell in wrong(graph, database, dict.fromkeys(stories, later))}
    assert cells == {("story_video", "shares", None), ("story_video", "follows", None)}
    asked = [entry for entry in graph.control.requests()["entries"] if entry["status"] != 200]
    assert asked == [], "nothing that is refused"


def test_by_instagram_login_the_same_is_stored_without_the_clicks_on_links(
    graph: Served,
    account: Integration,
    publish: Publish,
    look: Look,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stories = [publish(), publish("story_video")]
    token = graph.control.account_token(account.external_id)
    connect(monkeypatch, graph, token=token, login="instagram", access_kind="page")
    look(account)
    cells = {cell[2:4] for cell in wrong(graph, database, dict.fromkeys(stories, SEEN_AT))}
    assert cells == {("link_clicks", None)}
    assert ledger(database, "stories")["unavailable_metrics"] == ["stories.link_clicks"]


@pytest.mark.parametrize("edge", ["insights", "stories"])
def test_a_missing_permission_is_red_by_name_and_stops_no_other_account(
    graph: Served,
    account: Integration,
    publish: Publish,
    look: Look,
    warehouse: Warehouse,
    database: psycopg.Connection,
    edge: str,
) -> None:
    story = publish()
    second = graph.world.add_account("book.shop", page_id=graph.world.pages[1].id, audience=200_000)
    other = Integration("org", "books-ig", "instagram", second.id, second.username)
    register(warehouse, [other])
    graph.world.add_media(second.id, SEEN_AT - EVERY, kind="story")
    graph.control.fault("missing_permission", account.external_id, edge=edge, code=10)
    with pytest.raises(ExceptionGroup) as caught:
        look(account, other)
    (error,) = caught.value.exceptions
    assert isinstance(error, StageError)
    assert isinstance(error.cause, GraphPermissionError)
    assert f"stories of {account.name} (shop-ig): a permission is missing" in str(error)
    assert rows(
        database, "select integration_id, state, remedy from analytics.ingestion_run where stage = 'stories' order by 1"
    ) == [("books-ig", "success", None), ("shop-ig", "failed", "clear, once the cause is removed")]
    of_account = rows(database, "select reach, observed_at from analytics.story where integration_id = 'shop-ig'")
    assert of_account == ([(None, None)] if edge == "insights" else [])
    graph.control.clear_faults()
    database.execute("delete from analytics.story where integration_id = 'books-ig'")
    look(account)
    assert wrong(graph, database, {story: SEEN_AT}) == []


def test_a_throttled_account_gives_way_to_the_next_look(
    graph: Served, account: Integration, publish: Publish, look: Look
) -> None:
    publish()
    graph.control.fault("throttled", account.external_id, minutes=30)
    for minutes, is_retried in ((60, True), (20, False)):
        with stage_fails(GraphThrottledError) as failure:
            look(account, next_look=SEEN_AT + timedelta(minutes=minutes))
        decision = GraphRetryPolicy().evaluate(failure.error, 1, RETRIES)
        assert (decision.action is RetryAction.RETRY) == is_retried


def test_a_page_is_not_asked(
    graph: Served, account: Integration, pages: list[Integration], look: Look, warehouse: Warehouse
) -> None:
    assert [one["id"] for one in flatten(ingest.list_story_integrations({}))] == [account.id]
    assert graph.control.requests()["calls"] == 0
    with pytest.raises(ConfigurationError, match="no stories can be read of page-0, page-1: correct the param"):
        ingest.list_story_integrations({"integration_ids": ["page-0", account.id, "page-1"]})
    with stage_fails(ConfigurationError):
        look(pages[0])
    with warehouse.transaction() as transaction:
        transaction.connection.execute("update analytics.integration set is_active = id <> 'shop-ig'")
    assert ingest.list_story_integrations({}) == []


def test_an_account_of_which_a_story_is_stored_keeps_its_external_id(
    account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    publish()
    look(account)
    with pytest.raises(psycopg.errors.CheckViolation, match="cannot be changed"):
        database.execute("update analytics.integration set external_id = '5' where id = 'shop-ig'")


def test_a_look_disturbs_no_date_of_the_daily_run(
    graph: Served, account: Integration, publish: Publish, look: Look, run: Run, database: psycopg.Connection
) -> None:
    def state() -> list[list[tuple[Any, ...]]]:
        views = ("coverage", "integration_daily", "organization_daily", "stage_result", "content", "daily_aggregate")
        return [rows(database, f"select * from analytics.{view} as one order by one::text") for view in views]

    publish()
    graph.world.add_media(account.external_id, DAY.end - EVERY, kind="reel")
    both(account, run)
    ingest.aggregate(run, grouped([account], 1))
    before = state()
    look(account, run_id=run.run_id)
    graph.control.fault("missing_permission", account.external_id, edge="insights", code=10)
    with stage_fails(GraphPermissionError):
        look(account, run_id=run.run_id)
    assert state() == before
    ingest.aggregate(run, grouped([account], 1))
    assert ingest.check(run, grouped([account], 1))["state"] == "complete"
    assert state() == before


def test_the_stories_of_a_date_are_those_that_were_published_on_it(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection
) -> None:
    stories = [publish(hours_ago=hours) for hours in (4.5, 5, 3)]  # two before midnight in California, one after
    small = publish(hours_ago=3, audience=5)
    look(account)
    late = stories[0].created_time + timedelta(hours=22)
    graph.control.fix_clock(late)
    look(account)
    impressions = [graph.world.media_metrics(one.id, late)["views"] for one in stories]
    found = rows(
        database,
        "select date, name, stories, stories_measured, stories_measured_to_end, least_hours_of_life, impressions "
        "from analytics.story_daily order by date",
    )
    assert found == [
        (DAY.date, account.name, 2, 2, 2, 22, impressions[0] + impressions[1]),
        (DAY.date + timedelta(days=1), account.name, 2, 1, 0, 20.5, impressions[2]),
    ]
    assert stored(database)[small.id]["observed_at"] is None


COLUMNS_OF = {"views": "impressions", "shares": "shares", "follows": "follows"}


@pytest.mark.parametrize("number", range(10))
def test_of_an_account_that_is_hard_to_read_no_value_is_wrong_and_only_what_is_refused_is_null(
    graph: Served, account: Integration, publish: Publish, look: Look, database: psycopg.Connection, number: int
) -> None:
    for _ in range(number + 1):
        harsh = graph.world.add_account("busy.shop", audience=200_000)
    stories: Sequence[Media] = [
        graph.world.add_media(harsh.id, SEEN_AT - timedelta(hours=hours), kind="story_video" if hours % 3 else "story")
        for hours in range(1, 20)
    ]
    database.execute("update analytics.integration set external_id = %s", (harsh.id,))
    token = graph.control.account_token(harsh.id)
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, graph, token=token, login="instagram", access_kind="page")
        shapes = [one["fault"] for one in graph.control.harsh(harsh.id) if one["fault"]["page"] == harsh.id]
        look(replace(account, external_id=harsh.id))
    refused = [one for one in shapes if one["kind"] == "refused_metrics"]
    for _, kind, column, value, _ in wrong(graph, database, dict.fromkeys(stories, SEEN_AT)):
        assert value is None, (kind, column)
        assert column == "link_clicks" or any(
            COLUMNS_OF[metric] == column for one in refused for metric in one["metrics"]
        )
