"""The content edges: which content, in which shape, by which cursors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from graph_sandbox import Content, Page
from graph_sandbox.server import Served

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = "shares,comments.limit(0).summary(true),reactions.limit(0).summary(true)"


@pytest.fixture
def posts(sandbox: Served, page: Page) -> list[Content]:
    """Seven posts, newest first, an hour apart."""
    return [sandbox.world.add_post(page.id, NOW - n * HOUR, message=f"post {n}") for n in range(1, 8)]


def ids(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


def error_message(response: requests.Response) -> str:
    assert response.status_code == 400
    return str(response.json()["error"]["message"])


def test_posts_come_newest_first_in_pages_and_the_end_is_where_next_is_absent(
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 3, "fields": "id"}
    sizes = []
    while True:
        response = get(f"{page.id}/published_posts", **params)
        seen += ids(response)
        sizes.append(len(ids(response)))
        paging = response.json()["paging"]
        assert set(paging["cursors"]) == {"before", "after"}
        if "next" not in paging:
            break
        params["after"] = paging["cursors"]["after"]
    assert seen == [post.full_id for post in posts]
    assert sizes == [3, 3, 1]


def test_a_last_page_that_is_full_has_no_next(get: Get, page: Page, posts: list[Content]) -> None:
    assert "next" not in get(f"{page.id}/posts", limit=len(posts)).json()["paging"]


def test_next_is_a_whole_url_with_the_token_that_leads_on(
    get: Get,
    http: requests.Session,
    page: Page,
    posts: list[Content],
) -> None:
    paging = get(f"{page.id}/posts", limit=5, fields=f"id,{COUNTS}").json()["paging"]
    assert "access_token=EAAsandbox" in paging["next"]
    followed = http.get(paging["next"], timeout=10)
    assert ids(followed) == [post.full_id for post in posts[5:]]
    assert "comments" in followed.json()["data"][0], "the fields are in the link"
    back = http.get(followed.json()["paging"]["previous"], timeout=10)
    assert ids(back) == [post.full_id for post in posts[:5]]


def test_an_edge_without_content_is_an_empty_list_without_paging(get: Get, page: Page) -> None:
    assert get(f"{page.id}/published_posts").json() == {"data": []}


def test_a_post_published_while_paging_moves_nothing(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    first = get(f"{page.id}/posts", limit=3).json()
    sandbox.control.add_post(page.id, NOW - timedelta(minutes=1))
    second = get(f"{page.id}/posts", limit=3, after=first["paging"]["cursors"]["after"])
    assert ids(second) == [post.full_id for post in posts[3:6]]


def test_a_cursor_is_good_for_its_own_edge_only(get: Get, page: Page, posts: list[Content]) -> None:
    cursor = get(f"{page.id}/posts", limit=1).json()["paging"]["cursors"]["after"]
    assert posts[0].id not in cursor, "opaque"
    assert "cursor" in error_message(get(f"{page.id}/feed", after=cursor))
    assert "cursor" in error_message(get(f"{page.id}/posts", after="MTIz"))


@pytest.mark.parametrize("limit", ["101", "0", "-1", "many"])
def test_a_limit_above_100_or_below_1_is_refused(get: Get, page: Page, limit: str) -> None:
    assert "(#100) Param limit" in error_message(get(f"{page.id}/published_posts", limit=limit))


def test_without_a_limit_there_are_25(sandbox: Served, get: Get, page: Page) -> None:
    for minutes in range(30):
        sandbox.world.add_post(page.id, NOW - timedelta(minutes=minutes))
    assert len(ids(get(f"{page.id}/posts"))) == 25


def test_since_and_until_filter_on_created_time_as_unix_time_or_pacific_date(
    sandbox: Served,
    get: Get,
    page: Page,
) -> None:
    # The Pacific day 2026-11-18 begins at 08:00Z: one second before, at, and in the middle.
    start = datetime(2026, 11, 18, 8, tzinfo=UTC)
    before, at, within = (
        sandbox.world.add_post(page.id, when) for when in (start - timedelta(seconds=1), start, start + 5 * HOUR)
    )
    by_date = get(f"{page.id}/posts", since="2026-11-18", until="2026-11-19")
    assert ids(by_date) == [within.full_id, at.full_id]
    unix = int(within.created_time.timestamp())
    assert ids(get(f"{page.id}/posts", since=unix)) == [within.full_id]
    assert ids(get(f"{page.id}/posts", until=unix)) == [at.full_id, before.full_id]
    assert "since" in error_message(get(f"{page.id}/posts", since="when it rained"))


# NOW is 2026-11-20T18:00Z, 10:00 in California. Each text means this instant.
@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026/11/15", datetime(2026, 11, 15, 8, tzinfo=UTC)),
        ("11/15/2026", datetime(2026, 11, 15, 8, tzinfo=UTC)),
        ("15 November 2026", datetime(2026, 11, 15, 8, tzinfo=UTC)),
        ("2026-11-15T10:00:00+0200", datetime(2026, 11, 15, 8, tzinfo=UTC)),
        ("@1794729600", datetime(2026, 11, 15, 8, tzinfo=UTC)),
        ("-5 days", NOW - timedelta(days=5)),
        ("5 days ago", NOW - timedelta(days=5)),
        ("last week", NOW - timedelta(days=7)),
        # Over the change of the clocks: the same hour in California.
        ("-1 month", datetime(2026, 10, 20, 17, tzinfo=UTC)),
        ("-48 hours", NOW - timedelta(days=2)),
        ("yesterday", datetime(2026, 11, 19, 8, tzinfo=UTC)),
    ],
)
def test_since_takes_the_texts_that_strtotime_takes(
    sandbox: Served,
    get: Get,
    page: Page,
    text: str,
    means: datetime,
) -> None:
    sandbox.world.add_post(page.id, means - timedelta(seconds=1))
    at = sandbox.world.add_post(page.id, means)
    assert ids(get(f"{page.id}/posts", since=text)) == [at.full_id]


def test_a_generated_page_is_listed_exactly_as_the_world_tells(sandbox: Served, get: Get) -> None:
    page_id, since = sandbox.world.pages[0].id, NOW - timedelta(days=28)
    truth = sandbox.world.content(page_id, since, NOW, NOW)
    edges: dict[str, Callable[[Content], str | None]] = {
        "published_posts": lambda one: one.full_id if one.in_posts_edge else None,
        "videos": lambda one: one.video_id,
        "video_reels": lambda one: one.video_id if one.kind == "reel" else None,
    }
    for edge, expected in edges.items():
        listed = ids(get(f"{page_id}/{edge}", since=int(since.timestamp()), limit=100, fields="id"))
        assert listed == [found for one in truth if (found := expected(one))]


def test_feed_also_has_visitors_posts(sandbox: Served, get: Get, page: Page, posts: list[Content]) -> None:
    visit = sandbox.world.add_post(page.id, NOW, by_visitor=True)
    feed = get(f"{page.id}/feed", fields="id,from,status_type").json()["data"]
    assert len(feed) == len(posts) + 1
    assert feed[0]["id"] == visit.full_id
    assert feed[0]["status_type"] == "wall_post"
    assert feed[0]["from"]["id"] != page.id
    assert visit.full_id not in ids(get(f"{page.id}/published_posts"))


def test_a_reel_is_in_videos_and_video_reels_but_not_in_the_posts_edges(
    sandbox: Served,
    get: Get,
    page: Page,
) -> None:
    reel = sandbox.world.add_post(page.id, NOW - HOUR, kind="reel", message="watch #this")
    video = sandbox.world.add_post(page.id, NOW - 2 * HOUR, kind="video")
    fields = "id,post_id,length,created_time,updated_time,description,views,permalink_url"
    assert ids(get(f"{page.id}/published_posts")) == [video.full_id]
    shown = get(f"{page.id}/video_reels", fields=fields).json()["data"]
    assert [one["id"] for one in shown] == [reel.video_id]
    assert shown[0]["post_id"] == reel.id, "the bare id, without the Page's"
    assert shown[0]["permalink_url"] == f"/reel/{reel.video_id}/"
    assert shown[0]["description"] == "watch #this"
    videos = get(f"{page.id}/videos", fields="id,permalink_url,post_id,title,published").json()["data"]
    assert [one["permalink_url"] for one in videos] == [
        f"/reel/{reel.video_id}/",
        f"/{page.id}/videos/{video.video_id}/",
    ]


def test_a_post_shows_its_text_times_link_and_type(sandbox: Served, get: Get, page: Page) -> None:
    post = sandbox.world.add_post(page.id, NOW - HOUR, kind="photo", message="Chúc mừng #Tết")
    fields = "id,message,created_time,updated_time,permalink_url,status_type,is_published"
    assert get(post.full_id, fields=fields).json() == {
        "id": post.full_id,
        "message": "Chúc mừng #Tết",
        "created_time": "2026-11-20T17:00:00+0000",
        "updated_time": "2026-11-20T18:00:00+0000",
        "permalink_url": f"https://www.facebook.com/{page.id}/posts/{post.id}",
        "status_type": "added_photos",
        "is_published": True,
    }


def test_message_is_absent_when_there_is_none_and_id_is_always_there(
    sandbox: Served,
    get: Get,
    page: Page,
) -> None:
    post = sandbox.world.add_post(page.id, NOW)
    assert get(post.full_id, fields="message").json() == {"id": post.full_id}
    assert get(post.full_id).json() == {"created_time": "2026-11-20T18:00:00+0000", "id": post.full_id}


def test_shares_are_absent_when_zero_and_summaries_are_not(sandbox: Served, get: Get, page: Page) -> None:
    post = sandbox.world.add_post(page.id, NOW)
    assert get(post.full_id, fields=COUNTS).json() == {
        "comments": {"data": [], "summary": {"order": "ranked", "total_count": 0, "can_comment": True}},
        "reactions": {"data": [], "summary": {"total_count": 0, "viewer_reaction": "NONE"}},
        "id": post.full_id,
    }


def test_counts_are_the_worlds_at_the_instant_of_the_date_header(sandbox: Served, get: Get) -> None:
    big = sandbox.world.add_page(audience=1_000_000)
    post = sandbox.world.add_post(big.id, NOW - 30 * HOUR)
    response = get(post.full_id, fields=COUNTS)
    assert response.headers["Date"] == "Fri, 20 Nov 2026 18:00:00 GMT"
    truth = sandbox.world.counts(post.full_id, NOW)
    reactions = truth["reactions"]
    assert isinstance(reactions, dict)
    body = response.json()
    assert body["shares"] == {"count": truth["shares"]}
    assert body["comments"]["summary"]["total_count"] == truth["comments"]
    assert body["reactions"]["summary"]["total_count"] == sum(reactions.values())


def test_reactions_of_one_type_can_be_counted_under_a_name_of_their_own(sandbox: Served, get: Get) -> None:
    big = sandbox.world.add_page(audience=1_000_000)
    post = sandbox.world.add_post(big.id, NOW - 30 * HOUR)
    reactions = sandbox.world.counts(post.full_id, NOW)["reactions"]
    assert isinstance(reactions, dict)
    fields = ",".join(f"reactions.type({kind}).limit(0).summary(true).as({kind.lower()})" for kind in ("LOVE", "SAD"))
    body = get(post.full_id, fields=fields).json()
    assert body["love"]["summary"] == {"total_count": reactions["love"]}
    assert body["sad"]["summary"] == {"total_count": reactions["sorry"]}


@pytest.mark.parametrize(
    ("kind", "media_type", "type_"),
    [
        ("photo", "photo", "photo"),
        ("album", "album", "album"),
        ("link", "link", "share"),
        ("video", "video", "video_autoplay"),
    ],
)
def test_attachments_tell_the_kind(
    sandbox: Served,
    get: Get,
    page: Page,
    kind: Any,
    media_type: str,
    type_: str,
) -> None:
    post = sandbox.world.add_post(page.id, NOW, kind=kind)
    body = get(post.full_id, fields="attachments{media_type,type,target{id,url},url}").json()
    (attachment,) = body["attachments"]["data"]
    assert (attachment["media_type"], attachment["type"]) == (media_type, type_)
    assert set(attachment) == {"media_type", "type", "target", "url"}


def test_a_plain_status_has_no_attachments(sandbox: Served, get: Get, page: Page) -> None:
    post = sandbox.world.add_post(page.id, NOW)
    assert "attachments" not in get(post.full_id, fields="attachments{type}").json()


@pytest.mark.parametrize(
    ("path", "fields", "node_type"),
    [
        ("{page}/published_posts", "id,likes_total", "PagePost"),
        ("{page}/videos", "id,likes_total", "Video"),
        ("{page}", "id,likes_total", "Page"),
        ("{page}", "published_posts{likes_total}", "PagePost"),
        ("{page}/posts", "comments{likes_total}", "Comment"),
        ("{page}/posts", "reactions{likes_total}", "Profile"),
    ],
)
def test_one_unknown_field_fails_the_call(
    get: Get,
    page: Page,
    posts: list[Content],
    path: str,
    fields: str,
    node_type: str,
) -> None:
    message = error_message(get(path.format(page=page.id), fields=fields))
    assert message == f"(#100) Tried accessing nonexisting field (likes_total) on node type ({node_type})"


@pytest.mark.parametrize("fields", ["id,", "a.b", "insights.metric(x", "from{name", "from}", "id id"])
def test_fields_that_do_not_parse_are_error_2500(get: Get, page: Page, fields: str) -> None:
    response = get(f"{page.id}/posts", fields=fields)
    assert (response.status_code, response.json()["error"]["code"]) == (400, 2500)


def test_edges_nest_in_a_page(get: Get, page: Page, posts: list[Content]) -> None:
    body = get(page.id, fields="name,posts.limit(2){id,message}").json()
    assert body["name"] == page.name
    assert [one["message"] for one in body["posts"]["data"]] == ["post 1", "post 2"]
    assert "next" in body["posts"]["paging"]
    assert len(posts) > 2


def test_a_listing_is_rendered_for_one_single_instant(sandbox: Served, get: Get) -> None:
    big = sandbox.world.add_page(audience=10_000_000)
    posts = [sandbox.world.add_post(big.id, NOW - HOUR - n * timedelta(seconds=1)) for n in range(50)]
    sandbox.control.run_clock((NOW - datetime.now(UTC)).total_seconds())
    fields = "id,insights.metric(post_media_view).period(lifetime)"
    response = get(f"{big.id}/posts", fields=fields, limit=50)
    seen = datetime.strptime(response.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    shown = {one["id"]: one["insights"]["data"][0]["values"][0]["value"] for one in response.json()["data"]}
    truth = {post.full_id: sandbox.world.post_metrics(post.full_id, seen)["post_media_view"] for post in posts}
    assert shown == truth


@pytest.mark.parametrize("path", ["123456789012345", "123_456", "123456789012345/insights", "5000100000000009"])
def test_an_unknown_id_is_an_unsupported_get_request(get: Get, path: str) -> None:
    response = get(path)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")
    assert f"Object with ID '{path.partition('/')[0]}' does not exist" in error["message"]


def test_a_bare_post_id_names_nothing(get: Get, posts: list[Content]) -> None:
    assert get(posts[0].id).json()["error"]["error_subcode"] == 33
    assert get(posts[0].full_id).status_code == 200


def test_a_name_that_is_no_id_is_error_803_and_a_deep_path_2500(get: Get, page: Page) -> None:
    assert get("somebody").json()["error"]["code"] == 803
    assert get(f"{page.id}/posts/more").json()["error"]["code"] == 2500


def test_what_graph_knows_but_has_no_value_for_is_left_out(get: Get, page: Page, posts: list[Content]) -> None:
    assert get(page.id, fields="name,about,cover{source},albums{name}").json() == {"name": page.name, "id": page.id}
    assert get(f"{page.id}/photos").json() == {"data": []}
    assert get(f"{posts[0].full_id}/attachments").json() == {"data": []}
    assert get(posts[0].full_id, fields="story,place{name},sharedposts").json() == {"id": posts[0].full_id}


def test_fields_may_come_as_a_json_list(get: Get, page: Page, posts: list[Content]) -> None:
    listed = get(f"{page.id}/posts", fields='["message","comments.limit(0).summary(true)"]', limit=1).json()
    assert listed["data"][0]["message"] == posts[0].message
    assert "summary" in listed["data"][0]["comments"]


def test_next_keeps_every_parameter_but_no_proof(get: Get, page: Page, posts: list[Content]) -> None:
    asked = {"limit": "2", "fields": "id", "since": "2026/11/01", "include_hidden": "true", "summary": "true"}
    body = get(f"{page.id}/published_posts", **asked).json()
    query = dict(parse_qsl(urlsplit(body["paging"]["next"]).query))
    assert {name: query[name] for name in asked} == asked
    assert set(query) == {*asked, "access_token", "after"}
    assert body["summary"] == {"total_count": len(posts)}


@pytest.fixture
def talked_about(sandbox: Served) -> Content:
    """A post with more comments and reactions than one page holds."""
    big = sandbox.world.add_page(audience=1_000_000)
    return sandbox.world.add_post(big.id, NOW - 30 * HOUR, kind="video")


def test_comments_are_listed_by_page_in_the_order_asked(
    sandbox: Served,
    get: Get,
    http: requests.Session,
    talked_about: Content,
) -> None:
    total = sandbox.world.counts(talked_about.full_id, NOW)["comments"]
    path, seen = f"{talked_about.full_id}/comments", list[str]()
    body = get(path, limit=40, fields="id,message,from,created_time", order="chronological").json()
    assert set(body["data"][0]) == {"id", "message", "from", "created_time"}
    while True:
        seen += [one["id"] for one in body["data"]]
        if "next" not in body["paging"]:
            break
        body = http.get(body["paging"]["next"], timeout=10).json()
    assert len(seen) == len(set(seen)) == total
    newest = get(path, limit=1, order="reverse_chronological", summary="true").json()
    assert newest["data"][0]["id"] == seen[-1]
    assert newest["summary"] == {"order": "reverse_chronological", "total_count": total, "can_comment": True}
    token = sandbox.control.page_token(talked_about.page_id)
    third = get(seen[3], token=token, fields="message,reactions.summary(true)").json()
    assert (third["id"], third["reactions"]["summary"]["total_count"]) == (seen[3], 0)
    assert get(f"{talked_about.id}_{total}", token=token).json()["error"]["error_subcode"] == 33
    assert "Param order" in error_message(get(path, order="by_length"))
    assert "cursor" in error_message(get(path, after="MTIz"))
    video = get(f"{talked_about.video_id}/comments", limit=1).json()
    assert f"/{talked_about.video_id}/comments?" in video["paging"]["next"].replace("\\", "")


def test_reactions_are_listed_by_page_and_type(sandbox: Served, get: Get, talked_about: Content) -> None:
    counts = sandbox.world.counts(talked_about.full_id, NOW)["reactions"]
    assert isinstance(counts, dict)
    path = f"{talked_about.full_id}/reactions"
    body = get(path, limit=3, fields="id,name,type,pic").json()
    assert [one["type"] for one in body["data"]] == ["LIKE"] * 3
    assert "after=" in body["paging"]["next"]
    assert "type=LOVE" in get(path, type="LOVE", limit=1).json()["paging"]["next"]
    assert len(get(path, limit=10_000).json()["data"]) == sum(counts.values())
    for kind in ("CARE", "THANKFUL", "PRIDE", "FIRE", "HUNDRED", "NONE"):
        assert get(path, type=kind, summary="true").json()["summary"] == {"total_count": 0}
    assert "Param type" in error_message(get(path, type="MEH"))
    assert get(talked_about.full_id, fields="likes.summary(true).limit(0)").json()["likes"]["summary"] == {
        "total_count": counts["like"],
        "can_like": True,
        "has_liked": False,
    }


def test_an_unknown_edge_or_a_plain_field_as_edge_is_refused(get: Get, page: Page, posts: list[Content]) -> None:
    assert "nonexisting field (paintings)" in error_message(get(f"{page.id}/paintings"))
    assert "nonexisting field (name)" in error_message(get(f"{page.id}/name"))
    assert "nonexisting field (video_insights)" in error_message(get(f"{posts[0].full_id}/video_insights"))


@pytest.mark.parametrize("parameter", ["ids", "date_format"])
def test_what_was_removed_in_october_2026_is_refused(get: Get, page: Page, parameter: str) -> None:
    assert parameter in error_message(get("", **{parameter: page.id}))
    assert parameter in error_message(get(page.id, **{parameter: "U"}))


def test_nothing_can_be_written(sandbox: Served, http: requests.Session, page: Page) -> None:
    token = sandbox.control.page_token(page.id)
    for method in ("POST", "DELETE"):
        response = http.request(method, f"{sandbox.base_url}/{page.id}/feed", data={"access_token": token}, timeout=10)
        assert response.status_code == 400
        assert f"Unsupported {method.lower()} request" in response.json()["error"]["message"]
