"""The insights of an Instagram account: days, windows, breakdowns, and what does not go together."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from graph_sandbox import Account
from graph_sandbox.server import Served
from graph_sandbox.wire.account_insights import TOTALS
from graph_sandbox.world.pacific import day_end, day_start, pacific_day

Get = Callable[..., requests.Response]
Ask = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
TODAY = pacific_day(NOW)
DAY = timedelta(days=1)
DAYS = [date(2026, 10, 20) + n * DAY for n in range(7)]
COUNTED = [name for name in TOTALS if name != "follows_and_unfollows"]


@pytest.fixture
def ask(get: Get, account: Account) -> Ask:
    """GET the account's insights by day; `days` are whole Pacific days, in seconds."""

    def insights(metric: str, *, days: list[date] | None = None, **params: Any) -> requests.Response:
        window = {}
        if days:
            window = {"since": int(day_start(days[0]).timestamp()), "until": int(day_end(days[-1]).timestamp())}
        return get(f"{account.id}/insights", **({"metric": metric, "period": "day"} | window | params))

    return insights


def total(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return {row["name"]: row["total_value"]["value"] for row in response.json()["data"]}


def parts(response: requests.Response) -> dict[str, int]:
    assert response.status_code == 200, response.text
    ((broken,),) = (row["total_value"]["breakdowns"] for row in response.json()["data"])
    return {one["dimension_values"][0]: one["value"] for one in broken["results"]}


def message(response: requests.Response) -> str:
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["type"]) == (400, 100, "OAuthException")
    return str(error["message"])


def test_totals_day_by_day_are_the_worlds_and_a_window_is_their_sum_but_for_people(
    sandbox: Served,
    ask: Ask,
    account: Account,
) -> None:
    sandbox.world.add_media(account.id, day_start(DAYS[2]) + timedelta(hours=9), kind="reel")
    metrics = ",".join(["reach", *COUNTED])
    by_day = [total(ask(metrics, days=[day], metric_type="total_value")) for day in DAYS]
    truth = [sandbox.world.account_metrics(account.id, day, NOW) for day in DAYS]
    assert by_day == [{name: of_day[name] for name in ["reach", *COUNTED]} for of_day in truth]
    whole = total(ask(metrics, days=DAYS, metric_type="total_value"))
    for name, value in whole.items():
        added = sum(of_day[name] for of_day in by_day)
        assert value < added if name in {"reach", "accounts_engaged"} else value == added > 0


def test_reach_is_a_series_by_pacific_day_over_the_change_of_the_clocks(
    sandbox: Served,
    ask: Ask,
    account: Account,
) -> None:
    days = [date(2026, 10, 30) + n * DAY for n in range(4)]
    for metric_type in ({}, {"metric_type": "time_series"}):
        (row,) = ask("reach", days=days, **metric_type).json()["data"]
        assert list(row) == ["name", "period", "values", "title", "description", "id"]
        assert row["id"] == f"{account.id}/insights/reach/day"
        assert [one["end_time"] for one in row["values"]] == [
            "2026-10-31T07:00:00+0000",
            "2026-11-01T07:00:00+0000",
            "2026-11-02T08:00:00+0000",
            "2026-11-03T08:00:00+0000",
        ]
        truth = [sandbox.world.account_metrics(account.id, day, NOW)["reach"] for day in days]
        assert [one["value"] for one in row["values"]] == truth


def test_follower_count_is_the_gain_of_each_day_and_the_field_is_the_stock(
    sandbox: Served,
    get: Get,
    ask: Ask,
    account: Account,
) -> None:
    day = TODAY - 5 * DAY
    (row,) = ask("follower_count", days=[day]).json()["data"]
    gained = row["values"][0]["value"]
    assert gained == sandbox.world.account_metrics(account.id, day, NOW)["follower_count"]
    both = parts(ask("follows_and_unfollows", days=[day], metric_type="total_value", breakdown="follow_type"))
    assert both["FOLLOWER"] == gained
    levels = []
    for moment in (day_start(day), day_end(day)):
        sandbox.control.fix_clock(moment)
        levels.append(get(account.id, fields="followers_count").json()["followers_count"])
    assert levels[1] - levels[0] == gained - both["NON_FOLLOWER"]


def test_gains_are_told_from_a_hundred_followers_on(sandbox: Served, get: Get) -> None:
    small = sandbox.world.add_account("small", page_id=sandbox.world.pages[0].id, audience=100)
    assert get(small.id, fields="followers_count").json()["followers_count"] < 100
    body = get(f"{small.id}/insights", metric="follower_count", period="day").json()
    assert body["data"] == []


def test_follows_and_unfollows_without_the_breakdown_are_a_row_without_a_value(ask: Ask) -> None:
    (row,) = ask("follows_and_unfollows", days=DAYS[:1], metric_type="total_value").json()["data"]
    assert set(row) == {"name", "period", "title", "description", "id"}


@pytest.mark.parametrize(
    ("metric", "breakdown", "names"),
    [
        ("views", "follow_type", {"FOLLOWER", "NON_FOLLOWER"}),
        ("total_interactions", "media_product_type", {"POST", "REEL", "STORY"}),
        ("profile_links_taps", "contact_button_type", {"BIO_LINK_CLICKED", "CALL", "EMAIL"}),
    ],
)
def test_a_breakdown_adds_up_to_the_total_and_is_left_out_silently_after_a_year(
    ask: Ask,
    metric: str,
    breakdown: str,
    names: set[str],
) -> None:
    response = ask(metric, days=DAYS[:2], metric_type="total_value", breakdown=breakdown)
    assert sum(parts(response).values()) == total(response)[metric] > 0
    assert parts(response).keys() == names
    old = [TODAY - 400 * DAY]
    (row,) = ask(metric, days=old, metric_type="total_value", breakdown=breakdown).json()["data"]
    assert list(row["total_value"]) == ["value"]


def test_two_breakdowns_at_once_have_a_part_for_each_pair(ask: Ask) -> None:
    given = {"metric_type": "total_value", "breakdown": "media_product_type,follow_type"}
    (row,) = ask("reach", days=DAYS[:1], **given).json()["data"]
    (broken,) = row["total_value"]["breakdowns"]
    assert broken["dimension_keys"] == ["media_product_type", "follow_type"]
    pairs = [tuple(one["dimension_values"]) for one in broken["results"]]
    assert len(set(pairs)) == 6
    assert ("REEL", "NON_FOLLOWER") in pairs
    assert sum(one["value"] for one in broken["results"]) == row["total_value"]["value"]


def test_a_day_is_an_empty_set_until_it_is_there(sandbox: Served, ask: Ask, account: Account) -> None:
    late = next(
        day
        for day in (TODAY - n * DAY for n in range(3, 300))
        if not sandbox.world.account_metrics(account.id, day, day_end(day) + timedelta(hours=12))
    )
    sandbox.control.fix_clock(day_end(late) + timedelta(hours=12))
    for metric, given in (("views,likes", {"metric_type": "total_value"}), ("reach", {}), ("follower_count", {})):
        assert ask(metric, days=[late], **given).json()["data"] == []
    breakdown = {"metric_type": "total_value", "breakdown": "follow_type"}
    assert ask("follows_and_unfollows", days=[late], **breakdown).json()["data"] == []
    sandbox.control.fix_clock(day_end(late) + timedelta(hours=48))
    assert total(ask("views", days=[late], metric_type="total_value"))["views"] > 0


def test_what_this_world_has_nothing_for_is_an_empty_set(ask: Ask) -> None:
    assert ask("follower_demographics", metric_type="total_value").json()["data"] == []
    assert ask("reach", period="week").json()["data"] == []
    assert ask("views", metric_type="total_value", since=int(NOW.timestamp()) - 60).json()["data"] == []


def test_links_lead_to_the_windows_beside(get: Get, ask: Ask) -> None:
    paging = ask("views", days=DAYS[:1], metric_type="total_value").json()["paging"]
    following = dict(parse_qsl(urlsplit(paging["next"]).query))
    assert following["since"] == str(int(day_end(DAYS[0]).timestamp()))
    assert following["metric_type"] == "total_value"


def test_thirty_days_are_counted_in_seconds_so_that_the_autumn_has_but_twenty_nine(ask: Ask) -> None:
    # The clocks go back on November 1: these Pacific days are an hour longer than 24 hours each.
    days = [date(2026, 10, 15) + n * DAY for n in range(30)]
    expected = "(#100) There cannot be more than 30 days between since and until"
    assert message(ask("views", days=days, metric_type="total_value")) == expected
    assert ask("views", days=days[:29], metric_type="total_value").status_code == 200
    before = [date(2026, 9, 15) + n * DAY for n in range(30)]
    assert ask("views", days=before, metric_type="total_value").status_code == 200


def test_gains_of_the_last_thirty_days_are_told_and_older_ones_are_an_error(ask: Ask) -> None:
    assert ask("follower_count", days=[TODAY - 30 * DAY]).status_code == 200
    assert ask("follower_count", days=[TODAY - 31 * DAY]).status_code == 400


def test_insights_of_an_account_are_a_field_too(sandbox: Served, get: Get, account: Account) -> None:
    fields = "username,insights.metric(views).period(day).metric_type(total_value){name,total_value}"
    shown = get(account.id, fields=fields).json()["insights"]["data"]
    assert [set(row) for row in shown] == [{"name", "total_value", "id"}]


def test_days_can_hold_zeros_or_nothing_by_a_fault(sandbox: Served, ask: Ask, account: Account) -> None:
    given = {"metric_type": "total_value"}
    fault = {"older_than_days": 20, "metrics": ["views", "follows_and_unfollows"]}
    sandbox.control.fault("missing_days", account.id, form="zero", **fault)
    assert total(ask("views,likes", days=DAYS[:1], **given)) == {
        "views": 0,
        "likes": sandbox.world.account_metrics(account.id, DAYS[0], NOW)["likes"],
    }
    by_type = {**given, "breakdown": "follow_type"}
    assert set(parts(ask("follows_and_unfollows", days=DAYS[:1], **by_type)).values()) == {0}
    sandbox.control.clear_faults()
    sandbox.control.fault("missing_days", account.id, form="absent", **fault)
    assert total(ask("views,likes", days=DAYS[:1], **given)).keys() == {"likes"}
    assert ask("follows_and_unfollows", days=DAYS[:1], **by_type).json()["data"] == []


def test_metrics_of_an_account_can_be_retired_missing_or_of_a_wrong_type(
    sandbox: Served,
    ask: Ask,
    account: Account,
) -> None:
    given = {"days": DAYS[:1], "metric_type": "total_value"}
    sandbox.control.fault("retired_metrics", account.id, metrics=["likes"])
    sandbox.control.fault("missing_metrics", account.id, metrics=["saves"])
    sandbox.control.fault("wrong_types", account.id, metrics=["views"])
    assert message(ask("views,likes", **given)).startswith("(#100) metric[1] must be one of")
    shown = total(ask("views,saves,shares", **given))
    assert {name: type(value) for name, value in shown.items()} == {"views": str, "shares": int}
