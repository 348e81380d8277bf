"""Meta's own SDK, unchanged but for the address it calls, reads Instagram accounts and media from the sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from facebook_business.adobjects.igmedia import IGMedia  # type: ignore[import-untyped]
from facebook_business.adobjects.igmediaforigonlyapi import IGMediaForIGOnlyAPI  # type: ignore[import-untyped]
from facebook_business.adobjects.iguser import IGUser  # type: ignore[import-untyped]
from facebook_business.adobjects.iguserforigonlyapi import IGUserForIGOnlyAPI  # type: ignore[import-untyped]
from facebook_business.adobjects.instagraminsightsresult import InstagramInsightsResult  # type: ignore[import-untyped]
from facebook_business.api import FacebookAdsApi  # type: ignore[import-untyped]
from facebook_business.exceptions import FacebookRequestError  # type: ignore[import-untyped]
from facebook_business.session import FacebookSession  # type: ignore[import-untyped]

from graph_sandbox import Account
from graph_sandbox.server import Served
from graph_sandbox.wire import instagram_parameters, media_insights
from graph_sandbox.wire.known import EDGES, FIELDS
from graph_sandbox.world.media_catalogue import METRICS

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:facebook_business.utils.api_utils")
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)


def names(fields: type) -> list[str]:
    return [str(value) for name, value in vars(fields).items() if not name.startswith("_")]


@pytest.fixture
def api(sandbox: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK as the system user; it signs each call."""
    monkeypatch.setattr(FacebookSession, "GRAPH", sandbox.base_url)
    state = sandbox.control.state()
    session = FacebookSession(state["app_id"], state["app_secret"], state["system_user_token"])
    session.requests.trust_env = False
    return FacebookAdsApi(session)


@pytest.mark.parametrize("sdk_class", [IGUser, IGUserForIGOnlyAPI, IGMedia, IGMediaForIGOnlyAPI])
def test_the_fields_that_the_sandbox_knows_are_the_sdks(sdk_class: type) -> None:
    assert FIELDS[sdk_class.__name__] == set(names(sdk_class.Field))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("sdk_class", "unnamed"),
    [
        # The SDK names two methods otherwise than their edges.
        (IGUser, {"authorized_adaccounts", "creator_marketplace_creators"}),
        (IGUserForIGOnlyAPI, set()),
        (IGMedia, set()),
        (IGMediaForIGOnlyAPI, set()),
    ],
)
def test_the_edges_that_the_sandbox_knows_are_the_sdks(sdk_class: type, unnamed: set[str]) -> None:
    methods = {name.removeprefix("get_") for name in vars(sdk_class) if name.startswith("get_")}
    assert EDGES[sdk_class.__name__] - methods == unnamed


def test_metrics_breakdowns_periods_and_metric_types_are_the_sdks() -> None:
    assert list(METRICS) == names(InstagramInsightsResult.Metric)
    assert list(media_insights.BREAKDOWNS) == names(InstagramInsightsResult.Breakdown)
    assert set(instagram_parameters.PERIODS) == set(names(InstagramInsightsResult.Period))
    assert list(instagram_parameters.METRIC_TYPES) == names(InstagramInsightsResult.MetricType)
    assert set(instagram_parameters.COLUMNS) == set(names(InstagramInsightsResult.Field))


def test_an_account_and_its_media_are_read_with_every_field_there_is(
    sandbox: Served,
    api: Any,
    account: Account,
) -> None:
    media = [sandbox.world.add_media(account.id, NOW - timedelta(days=3, hours=n), kind="reel") for n in range(5)]
    sandbox.world.add_media(account.id, NOW - timedelta(hours=1), kind="story")
    user = IGUser(account.id, api=api)
    assert user.api_get(fields=names(IGUser.Field))["username"] == account.username
    listed = list(user.get_media(fields=names(IGMedia.Field), params={"limit": 2, "since": "2026-11-01"}))
    assert [one["id"] for one in listed] == [one.id for one in media]
    assert listed[0]["total_views_count"] == sandbox.world.media_metrics(media[0].id, NOW)["total_views"]
    (story,) = user.get_stories(fields=["id", "media_product_type"])
    assert story["media_product_type"] == "STORY"


def test_insights_of_a_media_and_of_an_account(sandbox: Served, api: Any, account: Account) -> None:
    media = sandbox.world.add_media(account.id, NOW - timedelta(days=3))
    rows = list(IGMedia(media.id, api=api).get_insights(params={"metric": ["views", "reach"]}))
    truth = sandbox.world.media_metrics(media.id, NOW)
    assert [row["values"][0]["value"] for row in rows] == [truth["views"], truth["reach"]]
    window = {"period": ["day"], "since": "2026/11/10", "until": "2026/11/11", "metric_type": "total_value"}
    (row,) = IGUser(account.id, api=api).get_insights(params={"metric": ["reach"], **window})
    day = datetime(2026, 11, 10, tzinfo=UTC).date()
    assert row["total_value"]["value"] == sandbox.world.account_metrics(account.id, day, NOW)["reach"]


def test_a_throttle_of_the_account_is_read_for_what_it_is(sandbox: Served, api: Any, account: Account) -> None:
    sandbox.control.fault("throttled", account.id)
    with pytest.raises(FacebookRequestError) as raised:
        IGUser(account.id, api=api).api_get(fields=["username"])
    assert raised.value.api_error_code() == 80002
