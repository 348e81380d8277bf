"""Meta's own SDK, unchanged but for the address it calls, reads everything that the sandbox has."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from facebook_business.adobjects.advideo import AdVideo  # type: ignore[import-untyped]
from facebook_business.adobjects.business import Business  # type: ignore[import-untyped]
from facebook_business.adobjects.comment import Comment  # type: ignore[import-untyped]
from facebook_business.adobjects.insightsresult import InsightsResult  # type: ignore[import-untyped]
from facebook_business.adobjects.page import Page as SdkPage  # type: ignore[import-untyped]
from facebook_business.adobjects.pagepost import PagePost  # type: ignore[import-untyped]
from facebook_business.adobjects.profile import Profile  # type: ignore[import-untyped]
from facebook_business.adobjects.user import User  # type: ignore[import-untyped]
from facebook_business.api import FacebookAdsApi  # type: ignore[import-untyped]
from facebook_business.exceptions import FacebookRequestError  # type: ignore[import-untyped]
from facebook_business.session import FacebookSession  # type: ignore[import-untyped]

from graph_sandbox import Content, Page
from graph_sandbox.server import Served
from graph_sandbox.wire.known import EDGES, FIELDS
from graph_sandbox.wire.people import REACTION_TYPES, UNUSED_TYPES
from graph_sandbox.wire.when import PRESETS

# The SDK warns of lists that it then sends as they are, and of fields that it asks for all the same.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:facebook_business.utils.api_utils")
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
LAST_READ_FIELD = "views"
"""In the SDK's list for a Video, the names behind this one can only be sent, when one is uploaded."""


def names(fields: type) -> list[str]:
    return [str(value) for name, value in vars(fields).items() if not name.startswith("_")]


def video_names() -> list[str]:
    listed = names(AdVideo.Field)
    return listed[: listed.index(LAST_READ_FIELD) + 1]


@pytest.fixture
def page(sandbox: Served) -> Page:
    return sandbox.world.add_page("Read By The SDK", audience=1_000_000)


@pytest.fixture
def contents(sandbox: Served, page: Page) -> list[Content]:
    """Nine contents, newest first: photos, videos and reels in turn."""
    kinds: list[Any] = ["photo", "video", "reel"] * 3
    return [sandbox.world.add_post(page.id, NOW - timedelta(days=3, hours=n), kind=kinds[n]) for n in range(9)]


@pytest.fixture
def api_as(sandbox: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Make the SDK call the sandbox with a token; it signs each call, and the sandbox demands that."""
    monkeypatch.setattr(FacebookSession, "GRAPH", sandbox.base_url)
    sandbox.control.configure(require_appsecret_proof=True)
    state = sandbox.control.state()

    def make(token: str) -> Any:
        session = FacebookSession(state["app_id"], state["app_secret"], token)
        session.requests.trust_env = False
        return FacebookAdsApi(session)

    return make


@pytest.fixture
def api(sandbox: Served, page: Page, api_as: Callable[[str], Any]) -> Any:
    return api_as(sandbox.control.page_token(page.id))


@pytest.mark.parametrize(
    ("node_type", "listed"),
    [
        ("Page", names(SdkPage.Field)),
        # Beside the SDK's, one that Airbyte's connector asks of live Pages.
        ("PagePost", [*names(PagePost.Field), "allowed_advertising_objects"]),
        ("Video", video_names()),
        ("Comment", names(Comment.Field)),
        # Beside the SDK's fields of a Profile, the reactions edge has the reaction itself.
        ("Profile", [*names(Profile.Field), "type"]),
        ("Business", names(Business.Field)),
    ],
)
def test_the_names_that_the_sandbox_knows_are_the_sdks(node_type: str, listed: list[str]) -> None:
    assert FIELDS[node_type] == set(listed)


@pytest.mark.parametrize(
    ("node_type", "sdk_class", "unnamed"),
    [
        # The SDK names five methods otherwise than their edges.
        ("Page", SdkPage, {"businessprojects", "leadgen_forms"}),
        ("PagePost", PagePost, {"sharedposts"}),
        ("Video", AdVideo, set()),
        ("Comment", Comment, set()),
        ("Business", Business, set()),
    ],
)
def test_the_edges_that_the_sandbox_knows_are_the_sdks(node_type: str, sdk_class: type, unnamed: set[str]) -> None:
    methods = {name.removeprefix("get_") for name in vars(sdk_class) if name.startswith("get_")}
    assert EDGES[node_type] - methods == unnamed


def test_date_presets_and_reaction_types_are_the_sdks() -> None:
    assert set(PRESETS) == set(names(InsightsResult.DatePreset))
    assert {*REACTION_TYPES, *UNUSED_TYPES} == set(names(Profile.Type))


def test_a_page_is_read_with_every_field_there_is(api: Any, page: Page) -> None:
    read = SdkPage(page.id, api=api).api_get(fields=names(SdkPage.Field))
    assert (read["id"], read["name"], read["access_token"][:10]) == (page.id, page.name, "EAAsandbox")
    assert "about" not in read


def test_the_pages_of_each_portfolio_are_listed(sandbox: Served, page: Page, api_as: Callable[[str], Any]) -> None:
    sandbox.control.configure(scopes=("pages_show_list", "business_management"))
    business_id, client = sandbox.control.add_business("Holding")["id"], sandbox.world.pages[0]
    sandbox.control.change_page(page.id, business_id=business_id)
    sandbox.control.change_page(client.id, business_id=business_id, is_client=True)
    user = User("me", api=api_as(sandbox.control.state()["system_user_token"]))
    (business,) = user.get_businesses(fields=names(Business.Field))
    assert (business["id"], business["name"]) == (business_id, "Holding")
    assert [one["id"] for one in business.get_owned_pages(fields=names(SdkPage.Field))] == [page.id]
    assert [one["id"] for one in business.get_client_pages()] == [client.id]
    assert page.id in [one["id"] for one in user.get_assigned_pages()]


def test_posts_are_listed_to_their_end_with_every_field_there_is(
    api: Any,
    page: Page,
    contents: list[Content],
) -> None:
    cursor = SdkPage(page.id, api=api).get_published_posts(fields=names(PagePost.Field), params={"limit": 2})
    posts = list(cursor)
    expected = [one for one in contents if one.in_posts_edge]
    assert [one["id"] for one in posts] == [one.full_id for one in expected]
    assert posts[0]["permalink_url"] == expected[0].permalink_url
    assert cursor.total() == len(expected)


def test_videos_and_reels_are_listed_with_every_field_there_is(api: Any, page: Page, contents: list[Content]) -> None:
    read = SdkPage(page.id, api=api)
    videos = list(read.get_videos(fields=video_names(), params={"limit": 2}))
    reels = list(read.get_video_reels(fields=video_names(), params={"limit": 2, "since": "-10 days"}))
    assert [one["id"] for one in videos] == [one.video_id for one in contents if one.video_id]
    assert [one["id"] for one in reels] == [one.video_id for one in contents if one.kind == "reel"]
    assert reels[0]["permalink_url"].startswith("/reel/")


def test_insights_of_a_page_a_post_and_a_video(
    sandbox: Served,
    api: Any,
    page: Page,
    contents: list[Content],
) -> None:
    window = {"period": "day", "since": "2026/11/10", "until": "2026/11/12"}
    asked = {"metric": ["page_media_view", "page_follows"], **window}
    rows = list(SdkPage(page.id, api=api).get_insights(params=asked))
    assert [(row["name"], len(row["values"])) for row in rows] == [("page_media_view", 2), ("page_follows", 2)]
    broken = {"metric": ["page_media_view"], "date_preset": "last_3d", "period": "day", "breakdown": ["is_from_ads"]}
    (row,) = SdkPage(page.id, api=api).get_insights(params=broken)
    assert {one["is_from_ads"] for one in row["values"]} == {"0", "1"}
    photo, video, _ = contents[:3]
    (row,) = PagePost(photo.full_id, api=api).get_insights(params={"metric": ["post_clicks"], "period": "lifetime"})
    assert row["values"][0]["value"] == sandbox.world.post_metrics(photo.full_id, NOW)["post_clicks"]
    (row,) = AdVideo(video.video_id, api=api).get_video_insights(params={"metric": ["total_video_views"]})
    assert row["values"][0]["value"] == sandbox.world.video_metrics(str(video.video_id), NOW)["total_video_views"]


def test_comments_and_reactions_are_listed_to_their_end(sandbox: Served, api: Any, contents: list[Content]) -> None:
    post = contents[0]
    truth = sandbox.world.counts(post.full_id, NOW)
    read = PagePost(post.full_id, api=api)
    comments = read.get_comments(fields=names(Comment.Field), params={"limit": 50, "order": "chronological"})
    assert len({one["id"] for one in comments}) == truth["comments"] == comments.total()
    loves = read.get_reactions(fields=["id", "name", "pic"], params={"type": "LOVE", "limit": 50})
    assert isinstance(truth["reactions"], dict)
    assert len(list(loves)) == truth["reactions"]["love"] == loves.total()


def test_the_pages_of_a_user_are_listed_without_tokens_that_nobody_asked_for(
    sandbox: Served,
    api_as: Callable[[str], Any],
) -> None:
    api = api_as(sandbox.control.state()["system_user_token"])
    accounts = User("me", api=api).get_accounts(fields=["id", "name"], params={"limit": 1})
    listed = [one.export_all_data() for one in accounts]
    assert listed == [{"id": page.id, "name": page.name} for page in sandbox.world.pages]


def test_a_batch_answers_each_call_by_itself(api: Any, page: Page, contents: list[Content]) -> None:
    answers: dict[str, Any] = {}
    batch = api.new_batch()

    def note(name: str) -> Callable[[Any], None]:
        return lambda response: answers.update({name: response.json()})

    for one in contents[:2]:
        request = PagePost(one.full_id, api=api).api_get(fields=["id", "created_time"], pending=True)
        batch.add_request(request, success=note(one.full_id))
    unknown = PagePost(f"{page.id}_1", api=api).api_get(fields=["id"], pending=True)
    batch.add_request(unknown, failure=note("unknown"))
    assert batch.execute() is None, "nothing to send again"
    assert [answers[one.full_id]["id"] for one in contents[:2]] == [one.full_id for one in contents[:2]]
    assert answers["unknown"]["error"]["error_subcode"] == 33


def test_entries_of_a_batch_that_timed_out_come_back_to_be_sent_again(sandbox: Served, api: Any, page: Page) -> None:
    sandbox.control.fault("null_entry", page.id, times=1)
    answers: list[Any] = []
    batch = api.new_batch()
    for _ in range(2):
        batch.add("GET", (page.id,), success=lambda response: answers.append(response.json()["id"]))
    left = batch.execute()
    assert (len(left), answers) == (1, [page.id])
    assert left.execute() is None
    assert answers == [page.id, page.id]


@pytest.mark.parametrize(
    ("kind", "given", "read_as"),
    [
        ("revoked_token", {}, (190, 460, False)),
        ("throttled", {"code": 4}, (4, None, True)),
        ("server_error", {}, (2, None, True)),
        ("missing_permission", {"code": 100}, (100, None, False)),
        ("unsupported_request", {}, (100, 33, False)),
        # A success by its status alone; the SDK knows this body.
        ("odd_body", {"body": '"Service Unavailable"'}, (None, None, False)),
    ],
)
def test_errors_are_read_for_what_they_are(
    sandbox: Served,
    api: Any,
    page: Page,
    kind: str,
    given: dict[str, Any],
    read_as: tuple[int | None, int | None, bool],
) -> None:
    sandbox.control.fault(kind, page.id, **given)
    with pytest.raises(FacebookRequestError) as raised:
        SdkPage(page.id, api=api).api_get(fields=["name"])
    error = raised.value
    assert (error.api_error_code(), error.api_error_subcode(), error.api_transient_error()) == read_as


def test_an_unknown_name_and_a_wrong_secret_are_errors_too(
    sandbox: Served,
    api: Any,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(FacebookRequestError, match=r"nonexisting field \(tasks\) on node type \(Page\)"):
        SdkPage(page.id, api=api).api_get(fields=["tasks"])
    session = FacebookSession("1", "wrong", sandbox.control.page_token(page.id))
    with pytest.raises(FacebookRequestError, match="Invalid appsecret_proof") as raised:
        SdkPage(page.id, api=FacebookAdsApi(session)).api_get()
    assert raised.value.api_error_type() == "GraphMethodException"
