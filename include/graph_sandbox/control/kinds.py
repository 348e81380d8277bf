"""Every kind of fault there is: what it does, and its own parameters with their defaults.

The comment above a group says what the group has in common. `form` chooses one of the forms that `FORMS` lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    does: str
    parameters: Mapping[str, Any]


def _kind(does: str, **parameters: Any) -> Kind:
    return Kind(does, parameters)


KINDS: dict[str, Kind] = {
    # The call is answered by a Graph error; `status` 200 makes it the kind that hides behind a success. With the edge
    # `batch` the whole batch is refused, otherwise one entry.
    "revoked_token": _kind("the token is dead", subcode=460, status=400),
    "expired_token": _kind("the token has expired", status=400),
    "missing_permission": _kind(
        "a permission is missing: code 10, 200 to 299, or 100 without a subcode",
        permission="pages_read_engagement",
        code=10,
        status=None,
    ),
    "throttled": _kind(
        "too many calls, by the app (4), the Page (80001), the Instagram account (80002) or a user",
        code=None,
        subcode=None,
        minutes=5,
        status=400,
    ),
    "server_error": _kind("a passing error of Graph's own, code 1 or 2", code=2, status=500),
    "not_transient": _kind("code 1 that calls itself lasting", status=500),
    "invalid_proof": _kind("a good appsecret_proof is called invalid", status=400),
    "unsupported_request": _kind("code 100, subcode 33, whatever the object", status=400),
    # The transport fails, or answers something else than Graph.
    "html_error": _kind("an HTML page with an error status", status=502),
    "html_ok": _kind("an HTML page with status 200"),
    "redirect": _kind("HTTP 302 to another path"),
    "odd_body": _kind("status 200 with this body instead of the answer", body="{}"),
    "truncated_json": _kind("two thirds of the answer"),
    "hang": _kind("no answer for so many seconds", seconds=30.0),
    "drop_connection": _kind("the connection closes without an answer"),
    "drip": _kind("eight bytes of the answer every so many seconds", seconds=1.0),
    "huge_body": _kind("the answer behind so many megabytes of blanks", megabytes=64),
    "null_entry": _kind("null instead of the answer to an entry of a batch"),
    # The headers mislead.
    "date_header": _kind("a Date header from another clock", form=REQUIRED),
    "usage_header": _kind("usage headers that say little about this Page", form=REQUIRED),
    "expired_version": _kind("another version answers than the one asked for", version=REQUIRED),
    # Listings: `late` and `missing_edge` concern one edge at a time.
    "reduce_data": _kind("a listing above this limit is too much data", above=REQUIRED),
    "empty_page": _kind("an empty page that has a next"),
    "short_pages": _kind("pages of nothing up to so many items, with a next", most=REQUIRED),
    "repeated_cursor": _kind("the cursor does not move"),
    "ranked": _kind("listings in an order that has nothing to do with time"),
    "late": _kind("content appears in the edge so many hours after it was published", hours=24.0),
    "no_reels": _kind("the edge `videos` leaves reels out"),
    "missing_edge": _kind("the Page does not have the edge", edge=REQUIRED),
    "ignored_window": _kind("since and until do not limit the listing"),
    "no_accounts": _kind("the list of Pages is empty, with status 200"),
    # Objects.
    "deleted": _kind("the object is gone", object_id=REQUIRED),
    "post_unreadable": _kind("posts are neither listed nor readable, though their videos are"),
    "video_post_id": _kind("how a video names its post", form=REQUIRED),
    "hidden_counts": _kind("these count fields of a media are left out of listings", metrics=REQUIRED),
    # Instagram's insights: `form` is whether Graph blames the media_product_type or the media_type.
    "refused_metrics": _kind(
        "these metrics are refused for a media_product_type, a media_type, or both",
        metrics=REQUIRED,
        form="product_type",
        media_product_type=None,
        media_type=None,
    ),
    "no_aliases": _kind("no field may have another name in the answer"),
    "few_viewers": _kind("too few people saw a media: it has no insights"),
    # Insights.
    "retired_metrics": _kind("these metrics are refused", metrics=REQUIRED),
    "not_together": _kind("two or more of these metrics are refused in one request", metrics=None),
    "missing_metrics": _kind("these metrics are left out of the answer", metrics=REQUIRED),
    "wrong_kind": _kind("a metric of another kind of content is refused instead of left out"),
    "wrong_types": _kind("values of the wrong type", value="string", metrics=None),
    "social_actions": _kind("how post_video_social_actions looks", form=REQUIRED),
    "missing_days": _kind(
        "a Page's days older or younger than this have zeros or nothing",
        form=REQUIRED,
        older_than_days=None,
        younger_than_hours=None,
        metrics=None,
    ),
}
FORMS: dict[str, tuple[str, ...]] = {
    "date_header": ("future", "malformed", "absent"),
    "usage_header": ("foreign", "infinity", "malformed", "absent"),
    "video_post_id": ("absent", "bare", "full"),
    "social_actions": ("upper", "lower", "title", "number", "empty"),
    "missing_days": ("zero", "absent"),
    "refused_metrics": ("product_type", "media_type"),
}
TOKEN_KINDS = ("revoked_token", "expired_token", "missing_permission")
ERROR_KINDS = (
    *TOKEN_KINDS,
    "throttled",
    "server_error",
    "not_transient",
    "invalid_proof",
    "unsupported_request",
)
TRANSPORT_KINDS = ("hang", "drop_connection", "html_error", "html_ok", "redirect", "odd_body")
