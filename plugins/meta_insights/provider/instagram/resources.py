"""What is measured of an Instagram account. To add a metric, add one line here and one column to its table.

One column has one source, whatever the media: two sources count differently, and a change of the source would be taken
for a change of the count. Likes and comments are plain fields, which every login gives of every media, also of those
that have no insights. What an account hides of them, a listing leaves out; the media itself gives it to its owner, and
is asked for it. All else is insights: the plain fields of saves, shares and reposts are given to one kind of login
alone, to some kinds of media, and the one of views counts ads.

Graph refuses a listing in which one media lacks one metric. Which kind of media has which metric is not the same on all
accounts, so each is requested of every kind that it has a meaning for, and what is refused is left out for that kind.
https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights
https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_insights.provider.instagram import content
from meta_insights.provider.instagram.discovery import BY_FACEBOOK, BY_INSTAGRAM
from meta_insights.provider.model import Metric, Nature, Provider, Resource
from meta_insights.provider.values import by_type, count, given, per_cent

if TYPE_CHECKING:
    from meta_insights.provider.model import Stored

REEL, PLAYED = frozenset({"reel"}), frozenset({"video", "reel"})
STATE, DAILY = Nature.STATE, Nature.DAILY
SETTLES = timedelta(hours=48)
"""How late Graph may be with the numbers of a day."""


def _media(content_id: str, stored: Stored) -> str | None:
    return content_id if stored.post_id and stored.content_type != "story" else None


def _story(content_id: str, _: Stored) -> str | None:
    return content_id


MEDIA = Resource(
    "media",
    "content_daily_metric",
    applies_to=_media,
    listing=content.MEDIA,
    is_strict=True,
    metrics=(
        Metric("like_count", "reactions", count, field="like_count", is_hidden_in_listings=True),
        Metric("comments_count", "comments", count, field="comments_count", is_hidden_in_listings=True),
        Metric("views", "impressions", count),
        Metric("views", "video_views", count, kinds=PLAYED),
        Metric("reach", "reach", count),
        Metric("shares", "shares", count),
        Metric("saved", "saves", count),
        Metric("follows", "follows", count),
        Metric("profile_visits", "profile_visits", count),
        Metric("total_interactions", "breakdowns.total_interactions", count),
        Metric("reposts", "breakdowns.reposts", count),
        Metric("ig_reels_video_view_total_time", "breakdowns.watch_time_ms", count, kinds=REEL),
        Metric("ig_reels_avg_watch_time", "breakdowns.avg_watch_time_ms", count, STATE, REEL),
        Metric("reels_skip_rate", "breakdowns.skip_rate_percent", per_cent, STATE, REEL),
    ),
)
MEDIA_ACTIVITY = Resource(
    "media_activity",
    "content_daily_metric",
    applies_to=_media,
    listing=content.MEDIA,
    options={"breakdown": "action_type"},
    is_strict=True,
    is_addition=True,
    metrics=(Metric("profile_activity", "breakdowns.profile_activity_by_type", by_type),),
)
ACCOUNT_DAYS = Resource(
    "account_days",
    "page_daily_metric",
    period="day",
    window_days=1,
    options={"metric_type": "total_value"},
    is_strict=True,
    is_total=True,
    settles=SETTLES,
    metrics=(
        Metric("views", "impressions", count, DAILY),
        Metric("total_interactions", "engagements", count, DAILY),
        Metric("accounts_engaged", "engaged_accounts", count, STATE),
        Metric("profile_links_taps", "actions", count, DAILY),
    ),
)
ACCOUNT_FOLLOWS = Resource(
    "account_follows",
    "page_daily_metric",
    period="day",
    window_days=1,
    options={"metric_type": "total_value", "breakdown": "follow_type"},
    is_strict=True,
    is_total=True,
    settles=SETTLES,
    metrics=(
        Metric("follows_and_unfollows", "follows", given("FOLLOWER"), DAILY),
        Metric("follows_and_unfollows", "unfollows", given("NON_FOLLOWER"), DAILY),
    ),
)
ACCOUNT_REACH = Resource(
    "account_reach",
    "page_daily_metric",
    period="day",
    window_days=30,
    options={"metric_type": "time_series"},
    is_strict=True,
    settles=SETTLES,
    metrics=(Metric("reach", "reach", count, STATE),),
)
ACCOUNT_GAINS = Resource(
    "account_gains",
    "page_daily_metric",
    period="day",
    window_days=30,
    keeps=timedelta(days=30),
    is_strict=True,
    settles=SETTLES,
    metrics=(Metric("follower_count", "new_followers", count, DAILY),),  # of accounts from 100 followers on
)
ACCOUNT = Resource(
    "account",
    "page_daily_metric",
    window_days=1,
    is_strict=True,
    is_stock=True,
    metrics=(Metric("followers_count", "followers", count, STATE, field="followers_count"),),
)
STORY = Resource(
    "stories",
    "story",
    applies_to=_story,
    listing=content.STORIES,
    is_strict=True,
    is_addition=True,
    metrics=(
        Metric("views", "impressions", count),
        Metric("reach", "reach", count),
        Metric("total_interactions", "total_interactions", count),
        Metric("shares", "shares", count),
        Metric("replies", "replies", count),
        Metric("reposts", "reposts", count),
        Metric("follows", "follows", count),
        Metric("profile_visits", "profile_visits", count),
        Metric("link_clicks", "link_clicks", count),  # given to one kind of login alone
    ),
)
STORY_ACTIVITY = replace(
    MEDIA_ACTIVITY, name="story_activity", table="story", applies_to=_story, listing=content.STORIES
)
STORY_NAVIGATION = replace(
    STORY_ACTIVITY,
    name="story_navigation",
    options={"breakdown": "story_navigation_action_type"},
    metrics=(Metric("navigation", "breakdowns.navigation_by_type", by_type),),
)
_ACCOUNTS = Provider(
    name="instagram",
    label="Instagram account",
    id_pattern=r"[0-9]{1,30}",
    keeps=timedelta(days=2 * 365),
    usage_type="instagram",
    scopes=("instagram_basic", "instagram_manage_insights", "pages_read_engagement"),
    listings=content.LISTINGS,
    optional=frozenset(),
    join=content.join,
    shows=content.shows,
    home=content.home,
    resources=(MEDIA, MEDIA_ACTIVITY, ACCOUNT_DAYS, ACCOUNT_FOLLOWS, ACCOUNT_REACH, ACCOUNT_GAINS, ACCOUNT),
    discovery={"facebook": BY_FACEBOOK, "instagram": BY_INSTAGRAM},
    newest_first="timestamp",
    has_own_token=False,
)
PROVIDER = replace(
    _ACCOUNTS,
    stories=replace(
        _ACCOUNTS,
        listings=content.STORY_LISTINGS,
        home=lambda *_: content.STORIES,
        resources=(STORY, STORY_ACTIVITY, STORY_NAVIGATION),
    ),
)
