"""The world: deterministic, closed form, and true to what Pages look like."""

from datetime import UTC, date, datetime, timedelta

import pytest

from graph_sandbox import World
from graph_sandbox.world.content import KINDS
from graph_sandbox.world.pacific import PACIFIC, day_end, pacific_day

NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
MONTH = timedelta(days=28)
YEAR = timedelta(days=365)


def test_two_worlds_of_one_seed_are_the_same_and_another_seed_is_not() -> None:
    first, second, other = World(seed=7, pages=2), World(seed=7, pages=2), World(seed=8, pages=2)
    assert first.pages == second.pages
    assert first.pages != other.pages
    page_id = first.pages[0].id
    content = first.content(page_id, NOW - YEAR, NOW, NOW)
    assert content == second.content(page_id, NOW - YEAR, NOW, NOW)
    assert first.post_metrics(content[0].id, NOW) == second.post_metrics(content[0].id, NOW)


def test_a_look_back_of_28_days_holds_about_twenty_posts_per_page() -> None:
    world = World(seed=7, pages=40)
    sizes = [len(world.content(page.id, NOW - MONTH, NOW, NOW)) for page in world.pages]
    assert 16 <= sum(sizes) / len(sizes) <= 23
    assert min(sizes) < 12
    assert max(sizes) > 28


def test_a_year_of_content_has_every_kind_some_without_text_and_some_at_pacific_midnight() -> None:
    world = World(seed=7, pages=5)
    content = [one for page in world.pages for one in world.content(page.id, NOW - YEAR, NOW, NOW)]
    assert {one.kind for one in content} == set(KINDS)
    assert any(one.message is None for one in content)
    assert any("#日本" in (one.message or "") for one in content)
    local = [one.created_time.astimezone(PACIFIC) for one in content]
    assert any(when.hour == 0 and when.minute < 10 for when in local)
    assert any(when.hour == 23 and when.minute >= 50 for when in local)
    assert all(one.created_time.microsecond == 0 for one in content)


def test_ids_are_unique_and_lead_back_to_their_content() -> None:
    world = World(seed=7, pages=5)
    content = [one for page in world.pages for one in world.content(page.id, NOW - YEAR, NOW, NOW)]
    ids = [one.id for one in content] + [one.video_id for one in content if one.video_id]
    assert len(ids) == len(set(ids))
    for one in content[:50]:
        assert world.find(one.id) == world.find(one.full_id) == one
        assert one.video_id is None or world.find(one.video_id) == one


def test_most_reels_stay_out_of_the_posts_edges_and_all_other_content_is_in_them() -> None:
    world = World(seed=7, pages=10)
    content = [one for page in world.pages for one in world.content(page.id, NOW - YEAR, NOW, NOW)]
    listed = [one.in_posts_edge for one in content if one.kind == "reel"]
    assert 0 < sum(listed) < len(listed) / 2
    assert all(one.in_posts_edge for one in content if one.kind != "reel")


def test_content_is_filtered_by_since_inclusive_and_until_exclusive_and_by_what_exists() -> None:
    world = World(pages=0)
    page = world.add_page()
    times = [NOW - timedelta(hours=hours) for hours in (1, 2, 3)]
    posts = [world.add_post(page.id, when) for when in times]
    assert world.content(page.id, times[2], times[0], NOW) == (posts[1], posts[2])
    assert world.content(page.id, times[2], NOW, times[1]) == (posts[1], posts[2]), "the newest is not there yet"


def test_counters_only_grow_quickly_at_first_and_slowly_later() -> None:
    world = World(pages=0)
    page = world.add_page(audience=100_000)
    post = world.add_post(page.id, NOW, kind="photo")

    def views(**age: int) -> int:
        value = world.post_metrics(post.full_id, NOW + timedelta(**age))["post_media_view"]
        assert isinstance(value, int)
        return value

    series = [views(hours=hours) for hours in range(0, 24 * 60, 6)]
    assert series == sorted(series)
    assert series[0] == 0
    assert views(days=2) - views(days=1) > views(days=20) - views(days=19) > 0


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=5), timedelta(days=1), timedelta(days=300)])
def test_counters_agree_with_one_another_at_every_age(age: timedelta) -> None:
    world = World(seed=3, pages=5)
    for page in world.pages:
        for one in world.content(page.id, NOW - MONTH, NOW, NOW):
            counts = world.counters(one, one.created_time + age)
            metrics = world.post_metrics(one.id, one.created_time + age)
            by_type = metrics["post_clicks_by_type"]
            assert isinstance(by_type, dict)
            assert counts["viewers"] <= counts["views"]
            assert metrics["post_clicks"] == sum(by_type.values())
            assert 0 not in by_type.values(), "zero keys are left out"


def test_counters_resolve_whole_seconds_only() -> None:
    world = World(seed=7, pages=1)
    one = world.content(world.pages[0].id, NOW - MONTH, NOW, NOW)[0]
    assert world.counters(one, NOW) == world.counters(one, NOW + timedelta(milliseconds=999))


def test_a_correction_lowers_a_counter_from_its_instant_on() -> None:
    world = World(pages=0)
    page = world.add_page(audience=1_000_000)
    post = world.add_post(page.id, NOW - MONTH)
    earlier, before = (world.counters(post, at)["comments"] for at in (NOW - timedelta(seconds=1), NOW))
    world.correct(post.full_id, "comments", -3, NOW)
    assert world.counters(post, NOW - timedelta(seconds=1))["comments"] == earlier
    assert world.counts(post.full_id, NOW)["comments"] == before - 3


def test_a_days_page_metrics_come_when_it_has_ended_start_low_and_settle_after_48_hours() -> None:
    world = World(seed=7, pages=1)
    page_id, day = world.pages[0].id, date(2026, 11, 10)
    end = day_end(day)

    def views(hours: float) -> int:
        return world.page_metrics(page_id, day, end + timedelta(hours=hours)).get("page_media_view", -1)

    assert views(-0.1) == -1
    assert 0 < views(1) < views(30) < views(48) == views(4_000)


def test_followers_are_a_level_that_daily_follows_and_unfollows_explain() -> None:
    world = World(seed=7, pages=1)
    page_id, late = world.pages[0].id, NOW + YEAR
    for back in range(1, 60):
        day = pacific_day(NOW) - timedelta(days=back)
        today = world.page_metrics(page_id, day, late)
        yesterday = world.page_metrics(page_id, day - timedelta(days=1), late)
        change = today["page_daily_follows"] - today["page_daily_unfollows_unique"]
        assert today["page_follows"] - yesterday["page_follows"] == change
        assert min(today.values()) >= 0
        assert today["page_total_media_view_unique"] <= today["page_media_view"]


def test_people_are_counted_once_a_week_and_views_every_time() -> None:
    world = World(seed=7, pages=1)
    page_id, day, late = world.pages[0].id, date(2026, 11, 10), NOW + YEAR
    days = [world.page_metrics(page_id, day - timedelta(days=back), late) for back in range(7)]
    week = world.page_window(page_id, day, 7, late)
    assert week["page_media_view"] == sum(one["page_media_view"] for one in days)
    unique = [one["page_total_media_view_unique"] for one in days]
    assert max(unique) <= week["page_total_media_view_unique"] < sum(unique)


def test_nothing_happened_before_the_epoch() -> None:
    world = World(seed=7, pages=1, epoch=date(2026, 11, 1))
    content = world.content(world.pages[0].id, NOW - YEAR, NOW, NOW)
    assert min(pacific_day(one.created_time) for one in content) >= world.epoch
    assert world.page_metrics(world.pages[0].id, date(2026, 10, 31), NOW) == {}
    older = World(seed=7, pages=1).content(world.pages[0].id, NOW - YEAR, NOW - MONTH, NOW)[-1]
    with pytest.raises(KeyError):
        world.find(older.id)


def test_unknown_ids_and_counters_are_refused() -> None:
    world = World(seed=7, pages=1)
    one = world.content(world.pages[0].id, NOW - MONTH, NOW, NOW)[0]
    with pytest.raises(KeyError):
        world.find("700009999999999")
    with pytest.raises(KeyError):
        world.correct(one.id, "applause", -1, NOW)
    with pytest.raises(ValueError, match="exists already"):
        world.add_page(page_id=world.pages[0].id)
