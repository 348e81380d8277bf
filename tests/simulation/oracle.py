"""What the warehouse must hold after some runs, computed from the world alone, without the package's rules or SQL.

Truth is noted at the moment it is told, because content that returns was, to the world, never away.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from graph_sandbox.world.pacific import day_end, day_start, pacific_day
from simulation.scenario import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from graph_sandbox.world import World
    from graph_sandbox.world.content import Content
    from simulation.scenario import Execution

LOOKBACK, HISTORY, GRACE = 28, 4, timedelta(hours=24)
TYPES = {"status": "post", "album": "photo"}
OF_REELS = ("reactions", "comments", "shares", "video_views")
"""What a reel's own insights hold; the rest, and all of other content, comes with the post."""
OF_VIDEOS = ("reactions", "video_views")
"""What the insights of a video hold that is known without its post."""

ACTIONS = ("comments", "shares")
"""What a reel's insights tell in one map, without the keys that are zero."""

Key = tuple[str, date]
Observation = tuple[datetime, dict[str, int]]
Shown = dict[str, set[str]]
"""The metrics that a listing gave of each post."""
VIEWS = "post_video_views"
"""The metric that a listing leaves out once a post of another kind has refused it: it is read afterwards."""


@dataclass(frozen=True)
class Change:
    """By how much one metric of one content moved."""

    value: int
    change: int
    since: date | None
    days: int
    hours: float


@dataclass
class Row:
    """A snapshot as it must stand: each value with its instant."""

    observed_at: datetime
    is_on_time: bool
    values: dict[str, tuple[int, datetime]]


@dataclass
class Known:
    """Content that some run has listed, and when it was found gone and found again.

    ``is_alone``: so far only its video was listed, and not its post.
    """

    content: Content
    page: int
    is_alone: bool = False
    absences: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def content_type(self) -> str:
        return TYPES.get(self.content.kind, self.content.kind)

    @property
    def published(self) -> date:
        return pacific_day(self.content.created_time)

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

    @property
    def is_gone(self) -> bool:
        return bool(self.absences) and self.absences[-1][1] is None

    def was_gone(self, start: datetime, end: datetime) -> bool:
        return any(gone < end and (back is None or back > start) for gone, back in self.absences)


def window(day: date) -> tuple[datetime, datetime]:
    """Return when a date may be observed on time."""
    return day_end(day), min(day_end(day) + GRACE, day_end(day + timedelta(days=1)))


class Oracle:
    """Watches the runs beside the package. ``follow`` it through every execution, then ask."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: dict[str, Known] = {}
        self.observations: dict[Key, list[Observation]] = defaultdict(list)
        self.page_days: dict[tuple[int, date], tuple[datetime, dict[str, int]]] = {}
        self.video_days: dict[Key, int] = {}
        self.asked: dict[tuple[int, date], set[str]] = defaultdict(set)
        self.skipped: dict[tuple[int, date], int] = defaultdict(int)
        self.left: dict[tuple[str, int], dict[str, set[str]]] = {}
        self.deleted: str | None = None

    def follow(self, execution: Execution, chosen: Mapping[int, str], shown: Mapping[int, Shown]) -> None:
        """Take note of what the execution could see, and of what it could not.

        ``chosen`` is the content of each Page that its fault happened to: whose post was not listed, or that was
        deleted. ``shown`` are the posts of each Page that were listed before the throttle.
        """
        for page in execution.pages:
            fault = execution.faults.get(page)
            done = self.asked[page, execution.day.date]
            if fault is Fault.TOKEN:
                continue
            if page not in execution.metrics_only:
                hidden = chosen.get(page) if fault is Fault.LATE_POST else None
                self._list(page, execution.at, execution.day.date, hidden)
                done.add("content")
            self.deleted = chosen.get(page) if fault is Fault.DELETED else None
            if self._measure(execution.run_id, page, execution.at, execution.day.date, fault, shown.get(page)):
                done.add("metrics")

    def _in_lookback(self, page: int, day: date) -> list[Known]:
        first = day - timedelta(days=LOOKBACK - 1)
        return [one for one in self.known.values() if one.page == page and first <= one.published <= day]

    def _list(self, page: int, at: datetime, day: date, hidden: str | None) -> None:
        since = day_start(day - timedelta(days=LOOKBACK - 1))
        for content in self.world.content(self.world.pages[page].id, since, day_end(day), at):
            known = self.known.setdefault(content.full_id, Known(content, page, is_alone=True))
            known.is_alone = known.is_alone and content.full_id == hidden
            if known.is_gone:
                known.absences[-1] = (known.absences[-1][0], at)
        for known in self._in_lookback(page, day):
            if not known.is_gone and not self.world.exists(known.content, at):
                known.absences.append((at, None))

    def _measure(
        self, run_id: str, page: int, at: datetime, day: date, fault: Fault | None, shown: Shown | None
    ) -> bool:
        """Note what the metrics task sees and commits; return whether it is all that was left to see in its run."""
        believed = {one.content.full_id: one for one in self._in_lookback(page, day) if not one.is_gone}
        asked = self._asked(self.left.pop((run_id, page), None), believed, day, at)  # a success leaves nothing
        posts, own, left = asked["posts"], asked["reels"] | asked["videos"], dict[str, set[str]]()
        if fault is Fault.KILLED:  # nothing is known of what it left: everything is read again
            return False
        if fault is Fault.THROTTLED:
            posts, own, left = set(), set(), asked
        elif fault is Fault.REELS and own:
            own, left = set(), asked | {"posts": set()}
        elif shown is not None:
            whole = {key for key, names in shown.items() if VIEWS in names or key not in asked["days"]}
            posts, own, left = posts.intersection(shown), set(), asked | {"posts": posts - whole}
        exist = {key: one for key, one in believed.items() if self.world.exists(one.content, at)}
        live = {key: one for key, one in exist.items() if key != self.deleted}
        blank = self._blank([live[key].content for key in own & live.keys() if live[key].content.kind == "reel"], at)
        for key, one in live.items():
            seen = {
                name: value
                for name, value in counters(self.world, one.content, at).items()
                if key in (own if name in one.own else posts)
                and not (name == "clicks" and fault is Fault.CLICKS)
                and not (name == "video_views" and shown and VIEWS not in shown.get(key, {VIEWS}))
                and not (name in ACTIONS and one.content.id in blank)
            }
            if seen:
                self.observations[key, day].append((at, seen))
        if left:
            self.left[run_id, page] = left
            return False
        self.skipped[page, day] = len((posts | own) - live.keys())  # of the last success
        for back in range(HISTORY):
            videos = [one for key, one in live.items() if key in asked["days"]]
            self._measure_day(page, at, day - timedelta(days=back), videos, own=bool(asked["page"]))
        return True

    def _blank(self, reels: Collection[Content], at: datetime) -> set[str]:
        """Return the reels whose social actions say nothing: none has any, so that empty maps may mean anything."""
        found = [counters(self.world, reel, at) for reel in reels]
        return set() if any(one[name] for one in found for name in ACTIONS) else {reel.id for reel in reels}

    def _asked(
        self, left: dict[str, set[str]] | None, believed: dict[str, Known], day: date, at: datetime
    ) -> dict[str, set[str]]:
        """Return what a try asks for: all there is, or what the try before left and what nobody has seen yet.

        Once the date is late, no counters of what was seen on time.
        """
        parts = {
            "posts": {key for key, one in believed.items() if not one.is_alone},
            "reels": {key for key, one in believed.items() if one.content.kind == "reel"},
            "videos": {key for key, one in believed.items() if one.content.kind == "video" and one.is_alone},
            "days": {key for key, one in believed.items() if one.content.kind == "video" and not one.is_alone},
        }
        if not _is_on_time(day, at):
            seen = {key: self.observations.get((key, day), []) for key in believed}
            final = {key for key, looks in seen.items() if any(_is_on_time(day, look) for look, _ in looks)}
            parts |= {part: parts[part] - final for part in ("posts", "reels", "videos")}
        if left is None:
            return parts | {"page": {"page"}}
        unseen = {key for key in believed if (key, day) not in self.observations}
        return {part: ids & (left[part] | unseen) for part, ids in parts.items()} | {"page": left["page"]}

    def _measure_day(self, page: int, at: datetime, day: date, live: list[Known], *, own: bool) -> None:
        known_at, _ = self.page_days.get((page, day), (at, {}))
        if own and known_at <= at:
            self.page_days[page, day] = (at, self.world.page_metrics(self.world.pages[page].id, day, at))
        for one in live:
            if one.content_type == "video" and one.published <= day:
                start, end = (plays(self.world, one.content, moment) for moment in (day_start(day), day_end(day)))
                self.video_days[one.content.full_id, day] = end - start

    # What must be stored

    def stored_id(self, content_id: str) -> str:
        """Return the id under which a content must be stored."""
        return self.known[content_id].stored_id

    def snapshots(self) -> dict[Key, Row]:
        """Return every snapshot: on time if there is an on-time observation, else late; the earliest value of each."""
        return {key: _merged(key[1], observations) for key, observations in self.observations.items()}

    def changes(self) -> dict[tuple[str, date, str], Change]:
        """Return every change: from each on-time value to the next, and from nothing on the day of publication."""
        found = {}
        series: dict[str, list[tuple[date, Row]]] = defaultdict(list)
        for (content_id, day), row in sorted(self.snapshots().items()):
            if row.is_on_time:
                series[content_id].append((day, row))
        for content_id, rows in series.items():
            for metric in {name for _, row in rows for name in row.values}:
                for day, change in self._steps(self.known[content_id], metric, rows):
                    found[content_id, day, metric] = change
        return found

    def _steps(self, known: Known, metric: str, rows: list[tuple[date, Row]]) -> Iterator[tuple[date, Change]]:
        before: tuple[date, int, datetime] | None = None
        for day, row in rows:
            if metric not in row.values:
                continue
            value, at = row.values[metric]
            if before:
                since, old, seen = before
                yield day, Change(value, value - old, since, (day - since).days, hours(at - seen))
            elif known.published == day:
                yield day, Change(value, value, None, 1, hours(at - known.content.created_time))
            before = (day, value, at)

    def aggregates(self) -> dict[tuple[int, str, date], dict[str, Any]]:
        """Return every aggregate row, from the snapshots and changes above."""
        rows = self.snapshots()
        changes: dict[Key, dict[str, Change]] = defaultdict(dict)
        for (content_id, day, metric), change in self.changes().items():
            changes[content_id, day][metric] = change
        found: dict[tuple[int, str, date], dict[str, Any]] = {}
        for (page, day), stages in self.asked.items():
            states = {one.content.full_id: self._state(one, day, rows) for one in self._in_lookback(page, day)}
            by_type = defaultdict(list)
            for one in self._in_lookback(page, day):
                by_type[one.content_type].append(one)
            lacking = sum(state in {"late", "missing"} for state in states.values())
            complete = stages == {"content", "metrics"} and lacking <= self.skipped[page, day]
            for content_type, contents in by_type.items():
                ids = [one.content.full_id for one in contents]
                counts = {
                    "content_published": sum(one.published == day for one in contents),
                    "content_expected": sum(states[i] != "gone" for i in ids),
                    "content_measured": sum(states[i] == "on time" for i in ids),
                }
                if counts["content_published"] or counts["content_expected"]:
                    summed = _summed([changes[i, day] for i in ids if changes.get((i, day))])
                    found[page, content_type, day] = counts | summed | {"is_complete": complete}
        return found

    def _state(self, known: Known, day: date, rows: dict[Key, Row]) -> str:
        row = rows.get((known.content.full_id, day))
        if row and row.is_on_time:
            return "on time"
        if known.was_gone(*window(day)):
            return "gone"
        return "late" if row else "missing"


def _is_on_time(day: date, at: datetime) -> bool:
    start, end = window(day)
    return start <= at < end


def _merged(day: date, observations: list[Observation]) -> Row:
    on_time = [one for one in observations if _is_on_time(day, one[0])]
    values: dict[str, tuple[int, datetime]] = {}
    for at, seen in sorted(on_time or observations, key=lambda one: one[0]):
        for name, value in seen.items():
            values.setdefault(name, (value, at))
    return Row(min(at for at, _ in on_time or observations), bool(on_time), values)


def _summed(changes: list[dict[str, Change]]) -> dict[str, Any]:
    """Return the sums of one content type; NULL where no content has the part."""

    def total(metric: str) -> int | None:
        parts = [one[metric].change for one in changes if metric in one]
        return sum(parts) if parts else None

    engaged = [
        sum(one[name].change for name in ("reactions", "comments", "shares"))
        for one in changes
        if {"reactions", "comments", "shares"} <= one.keys()
    ]
    rated = [one for one in changes if {"reactions", "comments", "shares", "reach"} <= one.keys()]
    rated_engagement = sum(one[name].change for one in rated for name in ("reactions", "comments", "shares"))
    rated_reach = sum(one["reach"].change for one in rated)
    return {
        "content_changed": len(changes),
        "content_corrected": sum(any(change.change < 0 for change in one.values()) for one in changes),
        "impressions_change": total("impressions"),
        "summed_post_reach": total("reach"),
        "reactions_change": total("reactions"),
        "comments_change": total("comments"),
        "shares_change": total("shares"),
        "video_views_change": total("video_views"),
        "clicks_change": total("clicks"),
        "engagement": sum(engaged) if engaged else None,
        "rated_engagement": rated_engagement if rated else None,
        "rated_reach": rated_reach if rated else None,
        "engagement_rate": _rate(rated_engagement, rated_reach) if rated_reach > 0 else None,
        "days_covered": max((change.days for one in changes for change in one.values()), default=None),
    }


def _rate(engagement: int, reach: int) -> Decimal:
    """Return a rate as PostgreSQL rounds it: half away from zero."""
    return (Decimal(engagement) / reach).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def hours(span: timedelta) -> float:
    """Return a span in hours."""
    return span.total_seconds() / 3600


def plays(world: World, content: Content, at: datetime) -> int:
    """Return the plays of a video at an instant."""
    return world.counters(content, at)["video_views"]


COUNTED = ("impressions", "reach", "clicks", "reactions", "comments", "shares", "actions", "video_views")
"""The columns that it knows the truth of."""


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
