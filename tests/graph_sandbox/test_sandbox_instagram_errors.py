"""Every error that Instagram's edges answer with, word by word, and the request that provokes it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import requests

from graph_sandbox import Account, World
from graph_sandbox.server import Served, serve
from graph_sandbox.world.media import MediaKind

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEDIA_METRICS = (
    "comments, crossposted_views, facebook_views, follows, ig_reels_avg_watch_time, ig_reels_video_view_total_time, "
    "impressions, likes, link_clicks, navigation, profile_activity, profile_visits, reach, reels_skip_rate, replies, "
    "reposts, saved, shares, total_comments, total_interactions, total_likes, total_views, views"
)
BY_INSTAGRAM_METRICS = (
    "comments, crossposted_views, facebook_views, follows, ig_reels_avg_watch_time, ig_reels_video_view_total_time, "
    "impressions, likes, navigation, profile_activity, profile_visits, reach, reels_skip_rate, replies, reposts, "
    "saved, shares, total_interactions, views"
)
ACCOUNT_METRICS = (
    "reach, follower_count, accounts_engaged, total_interactions, likes, comments, shares, saves, replies, reposts, "
    "views, profile_links_taps, follows_and_unfollows, online_followers, engaged_audience_demographics, "
    "follower_demographics"
)
PERIODS = "day, week, days_28, month, lifetime, total_over_range"
OLDER_THAN_BUSINESS = (
    "The media was posted before the most recent time that the user's account was converted to a business account from "
    "a personal account."
)
TOTAL, TODAY = {"metric_type": "total_value"}, int(NOW.timestamp())


@dataclass(frozen=True)
class Case:
    """Insights asked of a media of a `kind`, or of the account (None), and the error that they are answered with."""

    message: str
    params: dict[str, Any]
    kind: MediaKind | None = "image"
    given: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=lambda: {"code": 100})
    status: int = HTTPStatus.BAD_REQUEST
    by_instagram: bool = False


OF_MEDIA = [
    Case(
        "(#100) The Media Insights API does not support the follows, profile_visits metric for this media product "
        "type.",
        {"metric": "views,follows,profile_visits"},
        kind="reel",
    ),
    Case(
        "(#100) The Media Insights API does not support the likes metric for this media product type.",
        {"metric": "reach,likes"},
        kind="story",
    ),
    Case(
        f"(#100) metric[3] must be one of the following values: {MEDIA_METRICS}",
        {"metric": "views,reach,saved,plays"},
    ),
    Case(
        f"(#100) metric[1] must be one of the following values: {BY_INSTAGRAM_METRICS}",
        {"metric": "views,total_likes"},
        error={"code": 100, "type": "IGApiException"},
        by_instagram=True,
    ),
    Case(
        "Fatal",
        {"metric": "facebook_views"},
        given={"shared_to_facebook": False},
        error={"code": -1, "error_subcode": 2207086},
    ),
    Case(
        "Fatal",
        {"metric": "reach,crossposted_views"},
        kind="reel",
        given={"shared_to_facebook": False},
        error={"code": -1, "error_subcode": 2207086},
    ),
    Case(
        "(#200) Requires instagram_manage_insights permission to manage the object",
        {"metric": "total_views"},
        kind="story",
        error={"code": 200},
        status=HTTPStatus.FORBIDDEN,
    ),
    Case(
        "(#10) Not enough viewers for the media to show insights",
        {"metric": "reach"},
        kind="story",
        given={"audience": 10},
        error={"code": 10},
    ),
    Case(
        "(#100) Starting from version v22.0 and above, the impressions metric is no longer supported for the queried "
        "media.",
        {"metric": "impressions"},
    ),
    Case(
        "(#100) breakdown must be one of the following values: action_type, follow_type, story_navigation_action_type, "
        "surface_type",
        {"metric": "profile_activity", "breakdown": "weather"},
    ),
    Case(
        "An unknown error has occurred.",
        {"metric": "views", "breakdown": "action_type"},
        error={"code": 1},
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    Case(f"(#100) period must be one of the following values: {PERIODS}", {"metric": "views", "period": "decade"}),
    Case(
        "(#100) metric_type must be one of the following values: default, time_series, total_value",
        {"metric": "views", "metric_type": "x"},
    ),
    Case(
        "(#100) Tried accessing nonexisting field (shoe_size) on node type (InstagramInsightsResult)",
        {"metric": "views", "fields": "shoe_size"},
    ),
]
OF_ACCOUNT = [
    Case(
        "(#100) since param is not valid. Metrics data is available for the last 2 years",
        {"metric": "reach", "since": int((NOW - 731 * DAY).timestamp()), "until": TODAY},
    ),
    Case(
        "(#100) There cannot be more than 30 days between since and until",
        {"metric": "reach", "since": TODAY - 30 * 86_400 - 1, "until": TODAY},
    ),
    Case(
        "(#100) (follower_count) metric only supports querying data for the last 30 days excluding the current day",
        {"metric": "follower_count", "since": "2026-10-20", "until": "2026-10-21"},
    ),
    Case(
        "(#100) The following metrics (views,likes) should be specified with parameter metric_type=total_value",
        {"metric": "views,likes,reach"},
    ),
    Case(
        "(#100) The following metric (likes) is incompatible with the metric type (time_series)",
        {"metric": "likes", "metric_type": "time_series"},
    ),
    Case(
        "(#100) The following metric (follower_count) is incompatible with the metric type (total_value)",
        {"metric": "follower_count"} | TOTAL,
    ),
    Case(
        "(#100) The following metric (follower_count) is incompatible with the metric type (default)",
        {"metric": "reach,follower_count"},
    ),
    Case(f"(#100) metric[1] must be one of the following values: {ACCOUNT_METRICS}", {"metric": "views,plays"} | TOTAL),
    Case(
        "(#100) breakdown must be one of the following values: age, city, contact_button_type, country, follow_type, "
        "gender, media_product_type",
        {"metric": "views", "breakdown": "weather"} | TOTAL,
    ),
    Case(
        "An unknown error has occurred.",
        {"metric": "likes", "breakdown": "follow_type"} | TOTAL,
        error={"code": 1},
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    Case("(#100) since must be before until", {"metric": "reach", "since": "2026-11-02", "until": "2026-11-01"}),
    Case(f"(#100) period must be one of the following values: {PERIODS}", {"metric": "reach", "period": "decade"}),
    Case("(#100) The parameter period is required", {"metric": "reach", "period": None}),
]


@pytest.mark.parametrize("case", OF_MEDIA, ids=lambda case: case.message[:60])
def test_insights_of_a_media_are_refused_in_these_words(
    sandbox: Served,
    get: Get,
    get_by_instagram: Get,
    account: Account,
    case: Case,
) -> None:
    age = HOUR if case.kind == "story" else 3 * DAY
    media = sandbox.world.add_media(account.id, NOW - age, kind=case.kind or "image", **case.given)
    ask = get_by_instagram if case.by_instagram else get
    _check(ask(f"{media.id}/insights", **case.params), case)


@pytest.mark.parametrize("case", OF_ACCOUNT, ids=lambda case: case.message[:60])
def test_insights_of_an_account_are_refused_in_these_words(get: Get, account: Account, case: Case) -> None:
    _check(get(f"{account.id}/insights", **({"period": "day"} | case.params)), case)


@pytest.mark.parametrize(
    ("by_instagram", "message", "type_"),
    [(False, "Invalid parameter", "OAuthException"), (True, OLDER_THAN_BUSINESS, "IGApiException")],
)
def test_media_older_than_the_business_account_are_refused_in_these_words(
    sandbox: Served,
    get: Get,
    get_by_instagram: Get,
    account: Account,
    by_instagram: bool,  # noqa: FBT001
    message: str,
    type_: str,
) -> None:
    media = sandbox.world.add_media(account.id, NOW - 3 * DAY)
    sandbox.control.convert(account.id)
    response = (get_by_instagram if by_instagram else get)(f"{media.id}/insights", metric="reach")
    error = response.json()["error"]
    assert error.pop("fbtrace_id")
    assert error.pop("error_user_title").lower() == "media posted before business account conversion"
    assert error == {
        "message": message,
        "type": type_,
        "code": 100,
        "error_data": {"blame_field_specs": [[""]]},
        "error_subcode": 2108006,
        "is_transient": False,
        "error_user_msg": OLDER_THAN_BUSINESS,
    }


def test_the_title_of_that_error_comes_in_two_capitalisations() -> None:
    with serve(World(seed=7, pages=1, accounts=1), clock=NOW) as running:
        (account,) = running.world.accounts
        media = running.world.media(account.id, NOW - 60 * DAY, NOW, NOW)
        running.control.convert(account.id)
        token = running.control.account_token(account.id)
        titles = set()
        for one in media:
            url = f"{running.base_url}/v26.0/{one.id}/insights?metric=reach&access_token={token}"
            titles.add(requests.get(url, timeout=10).json()["error"]["error_user_title"])
    assert titles == {
        "Media posted before business account conversion",
        "Media Posted Before Business Account Conversion",
    }


@pytest.mark.parametrize(
    ("kind", "given", "status", "message"),
    [
        (
            "missing_permission",
            {"permission": "instagram_manage_insights"},
            403,
            "(#10) Application does not have permission for this action",
        ),
        (
            "throttled",
            {},
            400,
            "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
        ),
        (
            "refused_metrics",
            {"metrics": ["shares"], "form": "media_type"},
            400,
            "(#100) The metric shares is not supported for this media type",
        ),
        ("few_viewers", {}, 400, "(#10) Not enough viewers for the media to show insights"),
    ],
)
def test_these_words_are_answered_by_a_fault(
    sandbox: Served,
    get: Get,
    account: Account,
    kind: str,
    given: dict[str, Any],
    status: int,
    message: str,
) -> None:
    media = sandbox.world.add_media(account.id, NOW - 3 * DAY)
    sandbox.control.fault(kind, account.id, **given)
    response = get(f"{media.id}/insights", metric="reach,shares")
    assert (response.status_code, response.json()["error"]["message"]) == (status, message)


def test_two_insights_of_a_media_are_in_one_answer_unless_a_fault_takes_no_aliases(
    sandbox: Served, get: Get, account: Account
) -> None:
    media = sandbox.world.add_media(account.id, NOW - 3 * DAY)
    both = "insights.metric(reach){name,values},insights.metric(profile_activity).breakdown(action_type).as(acts){name}"
    node = get(media.id, fields=both).json()
    assert [[row["name"] for row in node[name]["data"]] for name in ("insights", "acts")] == [
        ["reach"],
        ["profile_activity"],
    ]
    sandbox.control.fault("no_aliases", account.id)
    response = get(f"{account.id}/media", fields=both)
    assert (response.status_code, response.json()["error"]["message"]) == (400, "(#100) Unknown fields: acts.")


def test_a_throttle_can_bear_the_subcode_that_was_seen_with_it(sandbox: Served, get: Get, account: Account) -> None:
    sandbox.control.fault("throttled", account.id, subcode=2446079)
    error = get(account.id).json()["error"]
    assert (error["code"], error["error_subcode"]) == (80002, 2446079)
    for kind, subcode in (("throttled", 460), ("revoked_token", 2446079)):
        with pytest.raises(ValueError, match=f"{kind} has no subcode {subcode}"):
            sandbox.control.fault(kind, account.id, subcode=subcode)


def test_insights_without_a_metric_are_no_query(get: Get, account: Account) -> None:
    error = get(f"{account.id}/insights", period="day").json()["error"]
    assert (error["code"], error["error_subcode"]) == (3001, 1504028)


def _check(response: requests.Response, case: Case) -> None:
    error = response.json()["error"]
    assert error.pop("fbtrace_id")
    assert error == {"message": case.message, "type": "OAuthException"} | case.error
    assert response.status_code == case.status
