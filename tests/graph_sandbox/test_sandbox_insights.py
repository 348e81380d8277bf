"""Insights: metrics and periods, Pacific days, windows, and the errors of a wrong question."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from graph_sandbox import Content, Page
from graph_sandbox.server import Served
from graph_sandbox.wire.when import PRESETS
from graph_sandbox.world.catalogue import PAGE_METRICS, POST_METRICS, REEL_METRICS, VIDEO_METRICS

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
INVALID_METRIC = "(#100) The value must be a valid insights metric"


@pytest.fixture
def big(sandbox: Served) -> Page:
    return sandbox.world.add_page(audience=1_000_000)


@pytest.fixture
def post(sandbox: Served, big: Page) -> Content:
    return sandbox.world.add_post(big.id, NOW - timedelta(days=3), kind="photo")


def rows(response: requests.Response) -> dict[str, Any]:
    """Return values by metric; the period must have been pinned."""
    assert response.status_code == 200, response.text
    names = [row["name"] for row in response.json()["data"]]
    assert len(names) == len(set(names))
    return {row["name"]: [one["value"] for one in row["values"]] for row in response.json()["data"]}


def test_every_post_metric_is_the_worlds(sandbox: Served, get: Get, post: Content) -> None:
    shown = rows(get(f"{post.full_id}/insights", metric=",".join(POST_METRICS), period="lifetime"))
    truth = sandbox.world.post_metrics(post.full_id, NOW)
    assert shown == {name: [value] for name, value in truth.items()}
    assert shown["post_media_view"][0] > shown["post_total_media_view_unique"][0] > 0


def test_a_lifetime_row_has_the_shape_of_a_recorded_one(get: Get, post: Content) -> None:
    body = get(f"{post.full_id}/insights", metric="post_clicks", period="lifetime").json()
    (row,) = body["data"]
    assert list(row) == ["name", "period", "values", "title", "description", "id"]
    assert row["id"] == f"{post.full_id}/insights/post_clicks/lifetime"
    assert list(row["values"][0]) == ["value"], "no end_time"
    assert set(body["paging"]) == {"previous", "next"}, "sliding windows, even for lifetime"


def test_nested_insights_are_the_same_rows_cut_to_the_columns_asked(get: Get, big: Page, post: Content) -> None:
    fields = "id,insights.metric(post_clicks,post_media_view).period(lifetime){name,period,values}"
    (listed,) = get(f"{big.id}/published_posts", fields=fields).json()["data"]
    direct = get(f"{post.full_id}/insights", metric="post_clicks,post_media_view", period="lifetime")
    assert rows(direct) == {row["name"]: [row["values"][0]["value"]] for row in listed["insights"]["data"]}
    assert set(listed["insights"]["data"][0]) == {"name", "period", "values", "id"}
    assert "next" in listed["insights"]["paging"]


def test_maps_leave_out_zeros_and_may_be_empty(sandbox: Served, get: Get, big: Page) -> None:
    fresh = sandbox.world.add_post(big.id, NOW)
    metric = "post_reactions_by_type_total,post_clicks_by_type,post_activity_by_action_type,post_media_view"
    shown = rows(get(f"{fresh.full_id}/insights", metric=metric, period="lifetime"))
    assert list(shown.values()) == [[{}], [{}], [{}], [0]]


def test_without_a_period_every_period_of_a_metric_comes_back(get: Get, big: Page, post: Content) -> None:
    body = get(f"{big.id}/insights", metric="page_media_view,page_follows").json()
    assert [(row["name"], row["period"]) for row in body["data"]] == [
        ("page_media_view", "day"),
        ("page_media_view", "week"),
        ("page_media_view", "days_28"),
        ("page_follows", "day"),
    ]
    body = get(f"{post.full_id}/insights", metric="post_video_views").json()
    assert [row["period"] for row in body["data"]] == ["lifetime", "day"]


def test_a_period_that_a_metric_does_not_have_gives_no_row(get: Get, post: Content) -> None:
    assert rows(get(f"{post.full_id}/insights", metric="post_media_view", period="day")) == {}


def test_a_period_graph_does_not_know_is_refused(get: Get, post: Content) -> None:
    response = get(f"{post.full_id}/insights", metric="post_media_view", period="decade")
    assert "Param period" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "metric",
    [
        "post_impressions",
        "post_impressions_unique",
        "post_engaged_users",
        "post_negative_feedback",
        "page_media_view",  # a Page's metric on a post
        "total_video_views",  # a video's metric on a post
        "no_such_metric",
    ],
)
def test_one_dead_metric_fails_the_whole_call_nested_or_not(
    get: Get,
    big: Page,
    post: Content,
    metric: str,
) -> None:
    direct = get(f"{post.full_id}/insights", metric=f"post_clicks,{metric}", period="lifetime")
    nested = get(f"{big.id}/posts", fields=f"id,insights.metric(post_clicks,{metric}).period(lifetime)")
    for response in (direct, nested):
        error = response.json()["error"]
        assert error.pop("fbtrace_id")
        assert response.status_code == 400
        assert error == {"message": INVALID_METRIC, "type": "OAuthException", "code": 100}


@pytest.mark.parametrize("metric", ["page_impressions", "page_fans", "page_impressions_unique", "post_media_view"])
def test_dead_and_foreign_metrics_fail_on_a_page_too(get: Get, big: Page, metric: str) -> None:
    response = get(f"{big.id}/insights", metric=metric, period="day")
    assert response.json()["error"]["message"] == INVALID_METRIC


def test_no_metric_is_error_3001(get: Get, big: Page, post: Content) -> None:
    for path in (f"{post.full_id}/insights", f"{big.id}/insights"):
        error = get(path, period="day").json()["error"]
        assert (error["code"], error["error_subcode"]) == (3001, 1504028)
        assert (error["message"], error["is_transient"]) == ("(#3001) Invalid query", False)
        assert "No metric was specified" in error["error_user_msg"]


def test_metrics_may_come_as_a_json_list(get: Get, post: Content) -> None:
    shown = rows(get(f"{post.full_id}/insights", metric='["post_clicks","post_media_view"]', period="lifetime"))
    assert list(shown) == ["post_clicks", "post_media_view"]


def test_every_page_metric_of_a_day_is_the_worlds(sandbox: Served, get: Get) -> None:
    page_id = sandbox.world.pages[0].id
    response = get(
        f"{page_id}/insights",
        metric=",".join(PAGE_METRICS),
        period="day",
        since="2026-11-10",
        until="2026-11-12",
    )
    truth = [sandbox.world.page_metrics(page_id, date(2026, 11, day), NOW) for day in (10, 11)]
    assert rows(response) == {name: [one.value(of_day) for of_day in truth] for name, one in PAGE_METRICS.items()}


def test_two_page_metrics_are_maps(get: Get, big: Page) -> None:
    names = "page_fan_adds_by_paid_non_paid_unique,page_actions_post_reactions_total,page_daily_follows"
    shown = rows(get(f"{big.id}/insights", metric=names, period="day", since="2026-11-10", until="2026-11-11"))
    (adds,), (reactions,), (follows,) = (shown[name] for name in names.split(","))
    assert set(adds) == {"paid", "unpaid", "total"}
    assert adds["paid"] + adds["unpaid"] == adds["total"] == follows > 0
    assert reactions["like"] > reactions["love"] > 0


@pytest.mark.parametrize(
    ("since", "until", "ends"),
    [
        # Winter: a Pacific day ends at 08:00Z.
        ("2026-11-10", "2026-11-12", ["2026-11-11T08:00:00+0000", "2026-11-12T08:00:00+0000"]),
        # Summer: at 07:00Z.
        ("2026-07-01", "2026-07-02", ["2026-07-02T07:00:00+0000"]),
        # The day the clocks go back, 2026-11-01, has 25 hours.
        ("2026-10-31", "2026-11-02", ["2026-11-01T07:00:00+0000", "2026-11-02T08:00:00+0000"]),
        # since < end_time: the very second of an end is not after itself.
        ("2026-11-11T08:00:00+00:00", "2026-11-11T20:00:00+00:00", []),
        ("2026-11-11T07:59:59+00:00", "2026-11-11T20:00:00+00:00", ["2026-11-11T08:00:00+0000"]),
        # end_time <= until.
        ("2026-11-11T00:00:00+00:00", "2026-11-11T08:00:00+00:00", ["2026-11-11T08:00:00+0000"]),
        # A day that has not ended has no row.
        ("2026-11-19", "2026-11-25", ["2026-11-20T08:00:00+0000"]),
    ],
)
def test_end_times_are_the_ends_of_pacific_days_after_since_up_to_until(
    get: Get,
    big: Page,
    since: str,
    until: str,
    ends: list[str],
) -> None:
    response = get(f"{big.id}/insights", metric="page_media_view", period="day", since=since, until=until)
    found = [value["end_time"] for row in response.json()["data"] for value in row["values"]]
    assert found == ends


def test_the_last_days_are_low_at_first_and_corrected_later(sandbox: Served, get: Get, big: Page) -> None:
    def views() -> int:
        window = {"period": "day", "since": "2026-11-19", "until": "2026-11-20"}
        (value,) = rows(get(f"{big.id}/insights", metric="page_media_view", **window))["page_media_view"]
        return int(value)

    early = views()
    sandbox.control.fix_clock(NOW + timedelta(days=1))
    later = views()
    sandbox.control.fix_clock(NOW + timedelta(days=2))
    assert early < later < views()


def test_a_window_of_90_days_is_the_longest(get: Get, big: Page) -> None:
    def ask(since: str) -> requests.Response:
        return get(f"{big.id}/insights", metric="page_follows", period="day", since=since, until="2026-11-20")

    # 90 Pacific days over the autumn's change of the clocks are an hour more than 90 times 86,400 seconds.
    assert "90 days (7776000 s)" in ask("2026-08-22").json()["error"]["message"]
    (values,) = rows(ask("2026-08-23")).values()
    assert len(values) == 89


def test_history_reaches_two_years_back(get: Get, big: Page) -> None:
    def ask(since: str, until: str) -> requests.Response:
        return get(f"{big.id}/insights", metric="page_follows", period="day", since=since, until=until)

    assert rows(ask("2024-11-22", "2024-11-23"))
    assert "last 2 years" in ask("2024-11-19", "2024-11-20").json()["error"]["message"]
    assert "before until" in ask("2026-11-02", "2026-11-01").json()["error"]["message"]


def test_the_links_of_insights_keep_what_was_asked_and_slide_by_whole_pacific_days(
    get: Get,
    http: requests.Session,
    big: Page,
) -> None:
    # The clocks go back on 2026-11-01: a window of two days before it has 48 hours, the next one 49.
    asked = {"metric": '["page_media_view"]', "period": "day", "breakdown": "is_from_ads"}
    body = get(f"{big.id}/insights", since="2026-10-30", until="2026-11-01", **asked).json()
    query = dict(parse_qsl(urlsplit(body["paging"]["next"]).query))
    assert {name: query[name] for name in asked} == asked
    hours = (int(query["until"]) - int(query["since"])) / 3600
    assert hours == 49
    ends = [one["end_time"] for one in http.get(body["paging"]["next"], timeout=10).json()["data"][0]["values"]]
    assert ends[::2] == ["2026-11-02T08:00:00+0000", "2026-11-03T08:00:00+0000"]


def test_the_links_of_insights_slide_on_for_ever(get: Get, http: requests.Session, big: Page) -> None:
    link = get(f"{big.id}/insights", metric="page_follows", period="day").json()["paging"]["next"]
    assert "access_token=EAAsandbox" in link
    for _ in range(3):
        body = http.get(link, timeout=10).json()
        assert body["data"] == []
        link = body["paging"]["next"]


def test_a_metric_with_a_day_period_gives_what_each_day_added(sandbox: Served, get: Get, big: Page) -> None:
    video = sandbox.world.add_post(big.id, datetime(2026, 11, 17, 8, tzinfo=UTC), kind="video")
    window = {"period": "day", "since": "2026-11-17", "until": "2026-11-20"}
    (values,) = rows(get(f"{video.full_id}/insights", metric="post_video_views", **window)).values()
    whole = sandbox.world.post_metrics(video.full_id, datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert len(values) == 3
    assert values[0] > values[1] > values[2] > 0
    assert sum(values) == whole["post_video_views"]


def test_a_day_that_is_not_over_has_no_value_of_a_post_either(get: Get, post: Content) -> None:
    window = {"period": "day", "since": "2026-11-19", "until": "2026-11-25"}
    (values,) = rows(get(f"{post.full_id}/insights", metric="post_video_views", **window)).values()
    assert len(values) == 1


@pytest.mark.parametrize("breakdown", ["is_from_ads", "is_from_followers"])
def test_breakdown_rows_are_flat_and_add_up_to_the_whole(get: Get, post: Content, breakdown: str) -> None:
    path = f"{post.full_id}/insights"
    (whole,) = rows(get(path, metric="post_media_view", period="lifetime"))["post_media_view"]
    body = get(path, metric="post_media_view", period="lifetime", breakdown=breakdown).json()
    values = body["data"][0]["values"]
    assert [one[breakdown] for one in values] == ["0", "1"]
    assert sum(one["value"] for one in values) == whole


def test_breakdowns_can_be_asked_for_together(get: Get, post: Content) -> None:
    path = f"{post.full_id}/insights"
    (whole,) = rows(get(path, metric="post_media_view", period="lifetime"))["post_media_view"]
    for asked in ("is_from_ads,is_from_followers", '["is_from_ads","is_from_followers"]'):
        body = get(path, metric="post_media_view", period="lifetime", breakdown=asked).json()
        values = body["data"][0]["values"]
        flags = [(one["is_from_ads"], one["is_from_followers"]) for one in values]
        assert flags == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
        assert sum(one["value"] for one in values) == whole


def test_metric_and_period_may_stand_in_the_path(get: Get, big: Page, post: Content) -> None:
    window = {"since": "2026-11-10", "until": "2026-11-12"}
    asked = get(f"{big.id}/insights", metric="page_media_view", period="day", **window)
    assert rows(get(f"{big.id}/insights/page_media_view/day", **window)) == rows(asked)
    assert list(rows(get(f"{post.full_id}/insights/post_clicks,post_media_view"))) == ["post_clicks", "post_media_view"]
    assert get(f"{big.id}/insights/page_media_view/day/more").json()["error"]["code"] == 2500


# NOW is Friday, 2026-11-20, 10:00 in California. The numbers are days of November with a value.
@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("yesterday", 19, 19),
        ("last_3d", 17, 19),
        ("last_14d", 6, 19),
        ("this_week_mon_today", 16, 19),
        ("this_week_sun_today", 15, 19),
        ("last_week_mon_sun", 9, 15),
        ("last_week_sun_sat", 8, 14),
        ("this_month", 1, 19),
    ],
)
def test_a_date_preset_names_a_window(get: Get, big: Page, preset: str, first: int, last: int) -> None:
    body = get(f"{big.id}/insights", metric="page_follows", period="day", date_preset=preset).json()
    ends = [value["end_time"] for value in body["data"][0]["values"]]
    # A day's end_time is on the date after it.
    assert ends == [f"2026-11-{day + 1:02d}T{7 if day == 31 else 8:02d}:00:00+0000" for day in range(first, last + 1)]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_date_preset_is_answered_and_others_are_refused(get: Get, big: Page, preset: str) -> None:
    body = get(f"{big.id}/insights", metric="page_follows", period="day", date_preset=preset).json()
    assert bool(body["data"]) == (preset != "today"), "today is not over"
    refused = get(f"{big.id}/insights", metric="page_follows", date_preset="last_5d")
    assert "Param date_preset must be one of" in refused.json()["error"]["message"]


def test_a_breakdown_a_metric_does_not_have_is_refused(get: Get, post: Content) -> None:
    for metric, breakdown in (("post_clicks", "is_from_ads"), ("post_media_view", "age")):
        response = get(f"{post.full_id}/insights", metric=metric, period="lifetime", breakdown=breakdown)
        assert response.json()["error"]["code"] == 100


@pytest.mark.parametrize(
    ("kind", "own", "foreign"), [("video", VIDEO_METRICS, REEL_METRICS), ("reel", REEL_METRICS, VIDEO_METRICS)]
)
def test_video_insights_know_their_kind_and_answer_the_other_with_nothing(
    sandbox: Served,
    get: Get,
    big: Page,
    kind: Any,
    own: dict[str, Any],
    foreign: dict[str, Any],
) -> None:
    video = sandbox.world.add_post(big.id, NOW - timedelta(days=2), kind=kind)
    path = f"{video.video_id}/video_insights"
    truth = sandbox.world.video_metrics(str(video.video_id), NOW)
    assert rows(get(path, metric=",".join(own), period="lifetime")) == {name: [truth[name]] for name in own}
    assert get(path, metric=",".join(foreign), period="lifetime").json() == {"data": []}
    assert get(path, metric="post_clicks").json()["error"]["message"] == INVALID_METRIC
    assert rows(get(path)).keys() == own.keys(), "without a metric, all of the kind"


def test_reel_plays_are_first_plays_and_replays(sandbox: Served, get: Get, big: Page) -> None:
    reel = sandbox.world.add_post(big.id, NOW - timedelta(days=9), kind="reel")
    shown = rows(get(f"{reel.video_id}/video_insights", metric=",".join(REEL_METRICS), period="lifetime"))
    plays, replays = shown["blue_reels_play_count"][0], shown["fb_reels_replay_count"][0]
    assert shown["fb_reels_total_plays"] == [plays + replays]
    assert replays > 0
    assert shown["post_video_view_time"][0] > plays, "milliseconds"
    assert set(shown["post_video_likes_by_reaction_type"][0]) >= {"REACTION_LIKE"}


def test_video_insights_nest_in_a_listing_of_videos(sandbox: Served, get: Get, big: Page) -> None:
    reel = sandbox.world.add_post(big.id, NOW - timedelta(days=2), kind="reel")
    fields = "id,views,video_insights.metric(fb_reels_total_plays,total_video_views).period(lifetime)"
    (listed,) = get(f"{big.id}/videos", fields=fields).json()["data"]
    (row,) = listed["video_insights"]["data"]
    assert row["name"] == "fb_reels_total_plays"
    assert row["id"] == f"{reel.video_id}/video_insights/fb_reels_total_plays/lifetime"
    assert "paging" not in listed["video_insights"]


def test_a_reel_that_no_posts_edge_lists_still_has_a_post_with_insights(
    sandbox: Served,
    get: Get,
    big: Page,
) -> None:
    reel = sandbox.world.add_post(big.id, NOW - timedelta(days=2), kind="reel")
    assert rows(get(f"{reel.full_id}/insights", metric="post_media_view", period="lifetime"))["post_media_view"][0] > 0


def test_an_unknown_column_is_refused(get: Get, big: Page, post: Content) -> None:
    assert post.page_id == big.id
    response = get(f"{big.id}/posts", fields="insights.metric(post_clicks){name,worth}")
    assert "nonexisting field (worth)" in response.json()["error"]["message"]


def test_week_and_28_days_end_with_the_same_day(sandbox: Served, get: Get) -> None:
    page_id = sandbox.world.pages[0].id
    for period, days in (("week", 7), ("days_28", 28)):
        window = {"period": period, "since": "2026-11-10", "until": "2026-11-11"}
        truth = sandbox.world.page_window(page_id, date(2026, 11, 10), days, NOW)
        shown = rows(get(f"{page_id}/insights", metric="page_media_view", **window))
        assert shown == {"page_media_view": [truth["page_media_view"]]}
