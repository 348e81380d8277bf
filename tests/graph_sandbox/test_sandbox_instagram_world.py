"""The Instagram half of the world: beside the Pages, deterministic, and true to what accounts look like."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest

from graph_sandbox import Account, World
from graph_sandbox.world.media import MEDIA_KINDS
from graph_sandbox.world.pacific import day_end, day_start, pacific_day

NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
# Of a world of seed 7 with three Pages, as it was before there were accounts.
PAGES_DIGEST = "757d51a1a6d61c1c55fcffeecd4b9e69189d32d03cce91e97b2f783338832213"


@pytest.fixture
def world() -> World:
    return World(seed=7, pages=2, accounts=3)


@pytest.fixture
def account(world: World) -> Account:
    """An account that publishes nothing by itself."""
    return world.add_account(audience=1_000_000)


def pages_digest(world: World) -> str:
    """Return a digest of all that a world tells of its Pages in a month."""
    told: list[object] = [world.pages]
    for page in world.pages:
        for one in world.timeline(page.id, NOW - 28 * DAY, NOW, NOW):
            told += [one, sorted(world.counters(one, NOW).items())]
        for back in range(1, 29):
            told.append(sorted(world.page_metrics(page.id, pacific_day(NOW) - back * DAY, NOW).items()))
    return sha256(repr(told).encode()).hexdigest()


@pytest.mark.parametrize("accounts", [0, 2, 5])
def test_pages_and_their_numbers_are_what_they_were_before_there_were_accounts(accounts: int) -> None:
    assert pages_digest(World(seed=7, pages=3, accounts=accounts)) == PAGES_DIGEST


def test_two_worlds_of_one_seed_have_the_same_accounts_and_another_seed_has_others(world: World) -> None:
    again, other = World(seed=7, pages=2, accounts=3), World(seed=8, pages=2, accounts=3)
    assert world.accounts == again.accounts
    assert world.accounts != other.accounts
    account_id = world.accounts[0].id
    media = world.media(account_id, NOW - YEAR, NOW, NOW)
    assert media == again.media(account_id, NOW - YEAR, NOW, NOW)
    assert world.media_metrics(media[0].id, NOW) == again.media_metrics(media[0].id, NOW)


def test_each_page_has_an_account_and_one_too_many_has_no_page(world: World) -> None:
    assert [account.page_id for account in world.accounts] == [*(page.id for page in world.pages), None]
    first = world.account_of_page(world.pages[0].id)
    assert first == world.accounts[0]
    with pytest.raises(ValueError, match="has an account already"):
        world.add_account(page_id=world.pages[0].id)
    with pytest.raises(ValueError, match="exists already"):
        world.add_account(account_id=world.accounts[0].id)


def test_two_years_of_media_have_every_kind_and_every_oddity(world: World) -> None:
    media = [
        one for account in world.accounts for one in world.media_timeline(account.id, day_start(world.epoch), NOW, NOW)
    ]
    assert {one.kind for one in media} == set(MEDIA_KINDS)
    assert all((2 <= len(one.child_kinds) <= 10) == (one.kind == "carousel") for one in media)
    assert any("#日本" in (one.caption or "") for one in media)
    assert {one.shared_to_facebook for one in media} == {one.likes_hidden for one in media} == {True, False}
    archived = [one.archived for one in media if one.archived]
    assert {until is None for _, until in archived} == {True, False}
    assert {world.has_insights(one, NOW) for one in media} == {True, False}


def test_ids_are_unique_and_lead_back_to_their_media_and_children(world: World) -> None:
    media = [one for account in world.accounts for one in world.media(account.id, NOW - YEAR, NOW, NOW)]
    children = [child for one in media for child in world.children(one.id)]
    ids = [one.id for one in (*media, *children)]
    assert len(ids) == len(set(ids))
    assert all(world.find_media(one.id) == one for one in (*media, *children))
    assert {child.media_type for child in children} == {"IMAGE", "VIDEO"}
    assert world.media_metrics(children[0].id, NOW) == {}
    with pytest.raises(KeyError):
        world.find_media("17800009999999999")


def test_media_are_listed_newest_first_without_stories_and_archived_ones(world: World, account: Account) -> None:
    image = world.add_media(account.id, NOW - DAY)
    story = world.add_media(account.id, NOW, kind="story")
    reel = world.add_media(account.id, NOW - 2 * DAY, kind="reel")
    assert world.media(account.id, NOW - 3 * DAY, NOW + DAY, NOW) == (image, reel)
    assert world.media(account.id, reel.created_time, image.created_time, NOW) == (reel,)
    world.archive(reel.id, NOW)
    assert world.media(account.id, NOW - 3 * DAY, NOW, NOW) == (image,)
    assert world.media(account.id, NOW - 3 * DAY, NOW, NOW - timedelta(seconds=1)) == (image, reel)
    world.unarchive(reel.id, NOW + DAY)
    assert world.media(account.id, NOW - 3 * DAY, NOW, NOW + DAY) == (image, reel)
    assert world.stories(account.id, NOW) == (story,)


def test_a_story_lasts_a_day_or_until_it_is_ended_and_counts_no_longer(world: World, account: Account) -> None:
    story, ended = (world.add_media(account.id, NOW, kind="story") for _ in range(2))
    world.end_story(ended.id, NOW + timedelta(hours=2))
    assert world.stories(account.id, NOW + timedelta(hours=2)) == (story,)
    assert world.stories(account.id, NOW + DAY - timedelta(seconds=1)) == (story,)
    assert world.stories(account.id, NOW + DAY) == ()
    for one, hours in ((story, 24), (ended, 2)):
        at_its_end = world.media_metrics(one.id, NOW + timedelta(hours=hours))
        assert world.media_metrics(one.id, NOW + YEAR) == at_its_end
    image = world.add_media(account.id, NOW)
    with pytest.raises(ValueError, match="is no story"):
        world.end_story(image.id, NOW)


def test_counters_only_grow_and_agree_with_one_another(world: World, account: Account) -> None:
    for kind in MEDIA_KINDS:
        media = world.add_media(account.id, NOW, kind=kind, children=3 if kind == "carousel" else 0)
        series = [world.media_counters(media, NOW + timedelta(hours=hours)) for hours in range(0, 24 * 60, 6)]
        for earlier, later in pairwise(series):
            assert all(earlier[name] <= later[name] for name in later)
        assert series[0]["views"] == 0 < series[-1]["reach"] <= series[-1]["views"]
        metrics = world.media_metrics(media.id, NOW + 60 * DAY)
        for metric in {"profile_activity", "navigation"} & metrics.keys():
            assert metrics[metric] == sum(world.media_breakdown(media.id, metric, NOW + 60 * DAY).values())
        interactions = ("likes", "comments", "saved", "shares", "replies")
        assert metrics["total_interactions"] == sum(metrics.get(name, 0) for name in interactions)


def test_a_correction_and_a_deletion_concern_media_as_they_do_posts(world: World, account: Account) -> None:
    media = world.add_media(account.id, NOW - 28 * DAY)
    before = world.media_metrics(media.id, NOW)["likes"]
    world.correct(media.id, "likes", -3, NOW)
    assert world.media_metrics(media.id, NOW)["likes"] == before - 3
    world.delete(media.id, NOW)
    assert world.media(account.id, NOW - YEAR, NOW, NOW) == ()
    world.restore(media.id)
    assert world.media(account.id, NOW - YEAR, NOW, NOW) == (media,)
    with pytest.raises(KeyError):
        world.correct(media.id, "applause", -1, NOW)


def test_only_the_latest_conversion_counts_so_that_what_lost_its_insights_never_gets_them_back(
    world: World,
    account: Account,
) -> None:
    media = world.add_media(account.id, NOW - 10 * DAY)
    assert world.converted_at(account.id, NOW) is None
    world.convert(account.id, NOW - 5 * DAY)
    world.convert(account.id, NOW - 20 * DAY)
    assert world.converted_at(account.id, NOW) == NOW - 5 * DAY
    assert not world.has_insights(media, NOW)
    assert world.has_insights(media, NOW - 6 * DAY), "not converted again yet"


def test_an_accounts_day_is_there_within_two_days_of_its_end_and_then_does_not_change(world: World) -> None:
    account_id, delays = world.accounts[0].id, []
    for back in range(5, 65):
        day = pacific_day(NOW) - back * DAY
        shown = [world.account_metrics(account_id, day, day_end(day) + timedelta(hours=hours)) for hours in range(49)]
        assert world.account_metrics(account_id, day, day_end(day) - timedelta(seconds=1)) == {}
        assert shown[-1]
        delays.append(next(hours for hours, found in enumerate(shown) if found))
        assert all(found == shown[-1] for found in shown[delays[-1] :])
    assert min(delays) <= 4
    assert max(delays) > 12


def test_an_accounts_day_holds_what_its_media_gained_even_archived_ones(world: World, account: Account) -> None:
    day = date(2026, 11, 10)
    empty = world.account_metrics(account.id, day, NOW)
    media = world.add_media(account.id, day_start(day) + timedelta(hours=3))
    world.archive(media.id, day_start(day) + timedelta(hours=9))
    gained = world.media_counters(media, day_end(day))
    full = world.account_metrics(account.id, day, NOW)
    assert full["views"] - empty["views"] == gained["views"] > 0
    assert full["saves"] - empty["saves"] == gained["saved"] > 0
    assert full["total_interactions"] == sum(full[name] for name in ("likes", "comments", "saves", "shares", "replies"))


def test_followers_are_a_level_that_gains_and_losses_explain(world: World) -> None:
    account_id = world.accounts[0].id
    for back in range(5, 60):
        day = pacific_day(NOW) - back * DAY
        parts = world.account_breakdown(account_id, "follows_and_unfollows", "follow_type", day, 1, NOW)
        before, after = (world.followers_count(account_id, moment) for moment in (day_start(day), day_end(day)))
        assert after - before == parts["FOLLOWER"] - parts["NON_FOLLOWER"]
        assert parts["FOLLOWER"] == world.account_metrics(account_id, day, NOW)["follower_count"] >= 0


def test_people_are_counted_once_in_several_days_and_views_every_time(world: World) -> None:
    account_id, first = world.accounts[0].id, date(2026, 11, 1)
    days = [world.account_metrics(account_id, first + n * DAY, NOW) for n in range(7)]
    week = world.account_window(account_id, first, 7, NOW)
    assert week["views"] == sum(one["views"] for one in days)
    assert max(one["reach"] for one in days) <= week["reach"] < sum(one["reach"] for one in days)
    by_type = world.account_breakdown(account_id, "views", "media_product_type", first, 7, NOW)
    assert sum(by_type.values()) == week["views"]


def test_the_accounts_own_count_of_media_is_lower_than_the_listing(world: World) -> None:
    account_id = world.accounts[0].id
    listed = world.media(account_id, day_start(world.epoch), NOW, NOW)
    assert 0 < world.media_count(account_id, NOW) < len(listed)
