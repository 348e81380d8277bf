"""What happens on Facebook in a simulated life, and what must be stored of a Page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from graph_sandbox.world.pacific import day_end, day_start
from simulation.oracle import HISTORY, Known, Oracle
from simulation.scenario import Fault, picked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from graph_sandbox.world import World
    from graph_sandbox.world.content import Content
    from meta_insights.graph.transport import Request, Response
    from simulation.oracle import Attempt, Observation, Parts, Shown
    from simulation.scenario import Event, Execution, Order

TYPES = {"status": "post", "album": "photo"}
OF_REELS = ("reactions", "comments", "shares", "video_views")
"""What a reel's own insights hold; the rest, and all of other content, comes with the post."""
OF_VIDEOS = ("reactions", "video_views")
"""What the insights of a video hold that is known without its post."""
ACTIONS = ("comments", "shares")
"""What a reel's insights tell in one map, without the keys that are zero."""
VIEWS = "post_video_views"
"""The metric that a listing leaves out once a post of another kind has refused it: it is read afterwards."""
OF_DAYS = {
    "followers": "page_follows",
    "follows": "page_daily_follows_unique",
    "unfollows": "page_daily_unfollows_unique",
    "impressions": "page_media_view",
    "reach": "page_total_media_view_unique",
    "engagements": "page_post_engagements",
    "page_views": "page_views_total",
    "video_views": "page_video_views",
    "actions": "page_total_actions",
}
FAULTS: dict[Fault, Order] = {
    Fault.TOKEN: ("revoked_token", {}),
    Fault.THROTTLED: ("throttled", {"edge": "insights"}),
    Fault.MIDWAY: ("short_pages", {"most": 5}),
    Fault.REELS: ("throttled", {"edge": "video_insights"}),
    Fault.ABSENT: ("missing_metrics", {"metrics": ["post_clicks"]}),
    Fault.TOO_MUCH: ("reduce_data", {"above": 1}),
    Fault.WRONG_KIND: ("wrong_kind", {}),
}


@dataclass
class Post(Known):
    """``is_alone``: so far only its video was listed, and not its post."""

    content: Content
    is_alone: bool = False

    @property
    def stored_id(self) -> str:
        """The id under which it must be stored."""
        return str(self.content.video_id) if self.is_alone else self.content.full_id

    @property
    def own(self) -> tuple[str, ...]:
        """The columns that do not come with its post."""
        if self.content.kind == "reel":
            return OF_REELS
        return OF_VIDEOS if self.is_alone else ()


class PageOracle(Oracle[Post]):
    """The oracle of one Page."""

    def __init__(self, number: int, world: World, page_id: str) -> None:
        super().__init__(number)
        self.world, self.page_id = world, page_id

    def _listed(self, since: datetime, until: datetime, at: datetime, hidden: str | None) -> Iterable[Post]:
        for content in self.world.content(self.page_id, since, until, at):
            key = content.full_id
            known = self.known.setdefault(key, Post(key, content, TYPES.get(content.kind, content.kind), is_alone=True))
            known.is_alone = known.is_alone and key == hidden
            yield known

    def _exists(self, known: Post, at: datetime) -> bool:
        return self.world.exists(known.content, at)

    def _measure(self, attempt: Attempt, read: list[tuple[date, Observation]]) -> bool:
        at, day, shown = attempt.at, attempt.day, attempt.shown or {}
        believed = self._believed(day)
        asked = self._asked(self.left.pop(attempt.run_id, None), believed, day, at)  # a success leaves nothing
        if attempt.fault is Fault.KILLED:  # nothing is known of what it left: everything is read again
            return False
        posts, own, left = _reached(attempt, asked)
        deleted = attempt.chosen_by(Fault.DELETED)
        live = {key: one for key, one in believed.items() if self._exists(one, at) and key != deleted}
        blank = self._blank([live[key].content for key in own & live.keys() if live[key].content.kind == "reel"], at)
        for key, one in live.items():
            seen = {
                name: value
                for name, value in counters(self.world, one.content, at).items()
                if key in (own if name in one.own else posts)
                and not (name == "clicks" and attempt.fault is Fault.ABSENT)
                and not (name == "video_views" and VIEWS not in shown.get(key, {VIEWS}))
                and not (name in ACTIONS and one.content.id in blank)
            }
            if seen:
                self.observations[key, day].append((at, seen))
        if left:
            self.left[attempt.run_id] = left
            return False
        self.skipped[day] = len((posts | own) - live.keys())  # of the last success
        self._days([live[key] for key in asked["days"] & live.keys()], attempt, read if asked["page"] else [])
        return True

    def _days(self, videos: Collection[Post], attempt: Attempt, read: list[tuple[date, Observation]]) -> None:
        for back in range(HISTORY):
            on = attempt.day - timedelta(days=back)
            metrics = self.world.page_metrics(self.page_id, on, attempt.at)
            read.append((on, (attempt.at, {name: metrics[source] for name, source in OF_DAYS.items()})))
            for one in videos:
                if one.published <= on:
                    start, end = (plays(self.world, one.content, moment) for moment in (day_start(on), day_end(on)))
                    self.video_days[one.key, on] = end - start

    def _blank(self, reels: Collection[Content], at: datetime) -> set[str]:
        """Return the reels whose social actions say nothing: none has any, so that empty maps may mean anything."""
        found = [counters(self.world, reel, at) for reel in reels]
        return set() if any(one[name] for one in found for name in ACTIONS) else {reel.id for reel in reels}

    def _asked(self, left: Parts | None, believed: dict[str, Post], day: date, at: datetime) -> Parts:
        """Return what a try asks for: all there is, or what the try before left and what nobody has seen yet.

        Once the date is late, no counters of what was seen on time.
        """
        parts: Parts = {
            "posts": {key for key, one in believed.items() if not one.is_alone},
            "reels": {key for key, one in believed.items() if one.content.kind == "reel"},
            "videos": {key for key, one in believed.items() if one.content.kind == "video" and one.is_alone},
            "days": {key for key, one in believed.items() if one.content.kind == "video" and not one.is_alone},
        }
        final = self._final(believed, day, at)
        parts |= {part: parts[part] - final for part in ("posts", "reels", "videos")}
        if left is None:
            return parts | {"page": {"page"}}
        unseen = self._unseen(believed, day)
        return {part: ids & (left[part] | unseen) for part, ids in parts.items()} | {"page": left["page"]}


def _reached(attempt: Attempt, asked: Parts) -> tuple[set[str], set[str], Parts]:
    """Return the content of which an attempt reads the post, that of which it reads the video, and what it leaves."""
    posts, own = asked["posts"], asked["reels"] | asked["videos"]
    if attempt.fault is Fault.THROTTLED:
        return set(), set(), asked
    if attempt.fault is Fault.REELS and own:
        return posts, set(), asked | {"posts": set()}
    if attempt.shown is not None:
        whole = {key for key, names in attempt.shown.items() if VIEWS in names or key not in asked["days"]}
        return posts & attempt.shown.keys(), set(), asked | {"posts": posts - whole}
    return posts, own, {}


def plays(world: World, content: Content, at: datetime) -> int:
    """Return the plays of a video at an instant."""
    return world.counters(content, at)["video_views"]


def counters(world: World, content: Content, at: datetime) -> dict[str, int]:
    """Return the columns of a snapshot as the world has them at an instant."""
    raw = world.counters(content, at)
    values = {
        "impressions": raw["views"],
        "reach": raw["viewers"],
        "clicks": sum(count for name, count in raw.items() if name.startswith("click.")),
        "reactions": sum(count for name, count in raw.items() if name.startswith("reaction.")),
        "comments": raw["comments"],
        "shares": raw["shares"],
    }
    values["actions"] = values["reactions"] + values["comments"] + values["shares"]
    if content.kind == "video":
        values["video_views"] = raw["video_views"]
    if content.kind == "reel":
        values["video_views"] = raw["video_views"] + raw["replays"]
    return values


class Facebook:
    """What happens to all Pages together."""

    def __init__(self, world: World, oracles: Sequence[PageOracle]) -> None:
        self.world, self.oracles = world, oracles
        self.gone: list[str] = []

    def happen(self, event: Event) -> None:
        """Let an event happen to some content of some Page."""
        world = self.world
        since, page = event.at - timedelta(days=20), world.pages[int(event.draw * 1000) % len(world.pages)]
        known = {key: one for oracle in self.oracles for key, one in oracle.known.items()}
        present = [
            one
            for one in world.content(page.id, since, event.at, event.at)
            if not (one.full_id in known and known[one.full_id].is_alone)
        ]
        if event.kind == "restore" and self.gone:
            world.restore(self.gone.pop(0))
        elif event.kind == "delete" and present:
            self.delete(picked(present, event.draw).full_id, event.at)
        elif event.kind == "correct" and present:
            counter = picked(["views", "viewers", "comments", "reaction.like", "shares"], event.draw)
            one = picked(present, event.draw)
            world.correct(one.id, counter, -1 - int(world.counters(one, event.at)[counter] * 0.4), event.at)
        elif event.kind == "appear":
            kind = picked(["status", "photo", "video", "reel"], event.draw)
            published = event.at - timedelta(hours=6 + 34 * event.draw)
            world.add_post(page.id, published, kind=kind, appears=event.at)

    def delete(self, content_id: str, at: datetime) -> None:
        """Delete a content, which may come back."""
        self.gone.append(content_id)
        self.world.delete(content_id, at)

    def chosen(self, oracle: PageOracle, fault: Fault, execution: Execution) -> str | None:
        """Return the content that a fault happens to: the newest video that no run has listed yet, or the newest
        content that one has."""
        since, known = execution.day.lookback_start(28), oracle.known
        content = self.world.content(oracle.page_id, since, execution.day.end, execution.at)
        candidates = {
            Fault.LATE_POST: [one for one in content if one.video_id and one.full_id not in known],
            Fault.DELETED: [one for one in content if one.full_id in known and not known[one.full_id].is_alone],
        }.get(fault)
        return candidates[0].full_id if candidates else None

    def orders(self, fault: Fault, chosen: str | None) -> list[Order]:
        """Return the faults of the sandbox that a Page meets in both of its stages."""
        if chosen and fault is Fault.LATE_POST:
            late = {"object_id": chosen, "hours": 10_000.0, "edge": "published_posts"}
            return [("late", late), ("video_post_id", {"object_id": chosen, "form": "absent"})]
        return [FAULTS[fault]] if fault in FAULTS else []

    def orders_between(self, fault: Fault, chosen: str | None, draw: float) -> list[Order]:  # noqa: ARG002 (as of accounts)
        """Return the faults of the sandbox that a Page meets between its two stages."""
        return [("deleted", {"object_id": chosen})] if chosen and fault is Fault.DELETED else []


class PageWatch:
    """Looks at the answers that a Page gets, up to the first posts with their lifetime insights."""

    met = "throttled in mid-listing"

    def __init__(self, page_id: str) -> None:
        self.page_id = page_id
        self.shown: Shown = {}
        self.is_cut = self.is_partial = False

    def look(self, request: Request, response: Response) -> bool:
        """Return whether the next call is to be throttled."""
        is_measured = ".period(lifetime)" in str(request.params.get("fields"))
        if request.path != f"{self.page_id}/published_posts" or not is_measured:
            return False
        body = json.loads(response.text)
        self.shown = {node["id"]: {row["name"] for row in node["insights"]["data"]} for node in body.get("data", [])}
        self.is_partial = "next" in body.get("paging", {})
        self.is_cut = bool(self.shown)
        return self.is_cut
