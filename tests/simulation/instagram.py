"""What happens on Instagram in a simulated life, and what must be stored of an account."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from graph_sandbox.world.pacific import day_end, day_start, pacific_day
from simulation.oracle import HISTORY, Known, Oracle, window
from simulation.scenario import Fault, picked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from graph_sandbox.world import World
    from graph_sandbox.world.media import Media
    from meta_insights.graph.transport import Request, Response
    from simulation.oracle import Attempt, Observation, Parts, Shown, Values
    from simulation.scenario import Event, Execution, Order

TYPES = {"image": "photo"}
KINDS: tuple[Literal["image", "video", "carousel", "reel"], ...] = ("image", "video", "carousel", "reel")
PER_DAY, HIDDEN, SHARED = 0.7, 0.15, 0.7
PLAIN = {"reactions": "like_count", "comments": "comments_count"}
OF_ALL = {
    "impressions": "views",
    "reach": "reach",
    "shares": "shares",
    "saves": "saved",
    "breakdowns.total_interactions": "total_interactions",
    "breakdowns.reposts": "reposts",
}
ACTIVITY = "breakdowns.profile_activity_by_type"
OF_FEED = {"follows": "follows", "profile_visits": "profile_visits", ACTIVITY: "profile_activity"}
OF_REELS = {
    "breakdowns.watch_time_ms": "ig_reels_video_view_total_time",
    "breakdowns.avg_watch_time_ms": "ig_reels_avg_watch_time",
    "breakdowns.skip_rate_percent": "reels_skip_rate",
}
OF_DAYS = {
    "impressions": "views",
    "engagements": "total_interactions",
    "engaged_accounts": "accounts_engaged",
    "actions": "profile_links_taps",
}
SETTLES, UNASKED = timedelta(hours=48), timedelta(days=1)
"""How late Graph may be with a day, and how long a day that was never seen is looked for after that."""
GAINS = timedelta(days=30)
"""How long Graph gives the gain of a day, of an account with as many followers as these have."""
RESTS = timedelta(days=1), timedelta(days=7)
"""How long a metric is not asked for after its first refusal by a kind of media, and after a further one."""
MOST_CALLS = 30
"""After how many calls of the metrics task it may be throttled."""
REFUSED = {"photo": "follows", "carousel": "shares", "video": "views", "reel": "saved"}
"""The metric that each kind refuses when it is its turn."""
THROTTLED, UNKNOWN = 80002, 33
"""Graph's numbers for a throttled account, and for an object that it does not know."""
FAULTS: dict[Fault, Order] = {
    Fault.TOKEN: ("revoked_token", {}),
    Fault.ABSENT: ("missing_metrics", {"metrics": ["saved"]}),
    Fault.TOO_MUCH: ("reduce_data", {"above": 1}),
}


class Post(Known):
    """A media."""

    content: Media

    @property
    def sources(self) -> dict[str, str]:
        """What its insights must give: the metric of each column."""
        played = {"video_views": "views"} if self.content.media_type == "VIDEO" else {}
        return OF_ALL | played | (OF_REELS if self.content.kind == "reel" else OF_FEED)


class AccountOracle(Oracle[Post]):
    """The oracle of one account. ``_refused`` is until when a metric of a kind of media is not asked for."""

    def __init__(self, number: int, world: World, account_id: str) -> None:
        super().__init__(number)
        self.world, self.account_id = world, account_id
        self._refused: dict[tuple[str, str], datetime] = {}

    def _listed(self, since: datetime, until: datetime, at: datetime, hidden: str | None) -> Iterable[Post]:
        for media in self.world.media(self.account_id, since, until, at):
            if media.id != hidden:
                yield self.known.setdefault(media.id, Post(media.id, media, TYPES.get(media.kind, media.kind)))

    def _exists(self, known: Post, at: datetime) -> bool:
        return self.world.media_exists(known.content, at)

    def _measure(self, attempt: Attempt, read: list[tuple[date, Observation]]) -> bool:
        at, day, shown = attempt.at, attempt.day, attempt.shown
        believed = self._believed(day)
        asked = self._asked(self.left.pop(attempt.run_id, None), believed, day, at)
        if attempt.fault in {Fault.KILLED, Fault.THROTTLED}:
            self.left |= {attempt.run_id: asked} if attempt.fault is Fault.THROTTLED else {}
            return False
        deleted, few = attempt.chosen_by(Fault.DELETED), attempt.chosen_by(Fault.FEW_VIEWERS)
        live = {key: one for key, one in believed.items() if self._exists(one, at) and key != deleted}
        present = {key: live[key] for key in asked["media"] & live.keys()}
        if refusing := attempt.chosen_by(Fault.REFUSED):
            self._refuse(self.known[refusing].content_type, present.values(), at)
        for key, one in present.items():
            names = self._given(one, at, has_viewers=key != few)
            names -= {"saved"} if attempt.fault is Fault.ABSENT else set()
            self._see(one, attempt, names if shown is None else names & shown.get(key, set()))
            self.met["too few viewers"] += key == few
        own = asked["own"] if shown is None else asked["own"] & shown.get(self.account_id, set())
        read += self._days(own, day, at)
        if shown is not None and (left := self._left(asked, believed, shown, at)):
            self.left[attempt.run_id] = left
            return False
        self.skipped[day] = len(asked["media"] - live.keys())
        return True

    # Media

    def _given(self, one: Post, at: datetime, *, has_viewers: bool = True) -> set[str]:
        """Return what Graph gives of a media that the package may ask for now, by the names of Graph."""
        if not has_viewers or not self.world.has_insights(one.content, at):
            return set(PLAIN.values())
        resting = {source for (source, kind), until in self._refused.items() if kind == one.content_type and at < until}
        return {*PLAIN.values(), *one.sources.values()} - resting

    def _see(self, one: Post, attempt: Attempt, names: set[str]) -> None:
        """Note what some metrics of a media are."""
        media, world, at = one.content, self.world, attempt.at
        seen = {name: value for name, value in self._values(one, at, names).items() if value is not None}
        if seen:
            self.observations[one.key, attempt.day].append((at, seen))
            self.met["hidden likes are known"] += world.are_likes_hidden(media) and "reactions" in seen
            self.met["archived media measured"] += world.is_archived(media, at)
            self.met["media from before the conversion"] += not world.has_insights(media, at)
            self.met["media not shared to Facebook"] += not media.shared_to_facebook

    def _values(self, one: Post, at: datetime, names: set[str]) -> Values:
        """Return the columns that some metrics fill, as the world has them."""
        media, counts = one.content, self.world.media_counters(one.content, at)
        metrics: dict[str, Any] = dict(self.world.media_metrics(media.id, at))
        metrics |= {"like_count": counts["likes"], "comments_count": counts["comments"]}
        # Graph leaves out types at zero, and of none at all it says nothing
        metrics["profile_activity"] = self.world.media_breakdown(media.id, "profile_activity", at) or None
        return {column: metrics[source] for column, source in (PLAIN | one.sources).items() if source in names}

    def _refuse(self, kind: str, present: Iterable[Post], at: datetime) -> None:
        """Note that a kind refuses its metric, if some media of it is asked for it."""
        key = (REFUSED[kind], kind)
        if any(one.content_type == kind and key[0] in self._given(one, at) for one in present):
            before = self._refused.get(key)
            self._refused[key] = at + RESTS[before is not None and at < before + RESTS[1]]
            self.met["metric refused by a kind of media"] += 1

    # Days

    def _days(self, own: set[str], day: date, at: datetime) -> list[tuple[date, Observation]]:
        """Return what some parts give of the account's own days; a day that is not there gives nothing."""
        found = []
        for on in self._open(day, at):
            metrics = self.world.account_metrics(self.account_id, on, at)
            moved = self.world.account_breakdown(self.account_id, "follows_and_unfollows", "follow_type", on, 1, at)
            values: Values = {}
            if f"days/{on}" in own:
                values |= {column: metrics[source] for column, source in OF_DAYS.items() if source in metrics}
                self.met["day that was not there yet"] += not metrics
            if f"follows/{on}" in own and moved:
                values |= {"follows": moved["FOLLOWER"], "unfollows": moved["NON_FOLLOWER"]}
            if "reach" in own and metrics:
                values["reach"] = metrics["reach"]
            if "gains" in own and metrics and at - day_start(on) <= GAINS:
                values["new_followers"] = metrics["follower_count"]
            if on == day and "followers" in own:
                values["followers"] = self.world.followers_count(self.account_id, at)
            if values:
                found.append((on, (at, values)))
                before = [name for _, seen in self.days[on] for name in seen]
                self.met["day that was late and came"] += "followers" in before and "reach" in values.keys() - set(
                    before
                )
        return found

    def _open(self, day: date, at: datetime) -> list[date]:
        """Return the date, and those before it that may still change: not seen since they could not any more."""
        found = [day]
        for back in range(1, HISTORY):
            on = day - timedelta(days=back)
            seen = max((look for look, _ in self.days[on]), default=at - UNASKED)
            if seen < day_end(on) + SETTLES:
                found.append(on)
        return found

    # What an attempt leaves

    def _asked(self, left: Parts | None, believed: Mapping[str, Post], day: date, at: datetime) -> Parts:
        """Return what a try asks for: all there is, or what the try before left and what nobody has seen yet."""
        media = set(believed) - self._final(believed, day, at)
        own = {f"{part}/{on}" for part in ("days", "follows") for on in self._open(day, at)} | {"reach"}
        own |= {"gains"} if at - day_start(day) <= GAINS else set()
        own |= {"followers"} if at < window(day)[1] else set()
        if left is None:
            return {"media": media, "own": own}
        return {"media": media & (left["media"] | self._unseen(believed, day)), "own": own & left["own"]}

    def _left(self, asked: Parts, believed: Mapping[str, Post], shown: Shown, at: datetime) -> Parts:
        """Return what was not given before a throttle; nothing when that came after the last call."""
        media = {
            key
            for key in asked["media"]
            if "gone" not in shown.get(key, set()) and not self._given(believed[key], at) <= shown.get(key, set())
        }
        own = asked["own"] - shown.get(self.account_id, set())
        return {"media": media, "own": own} if media or own else {}


class Instagram:
    """What happens to all accounts together."""

    def __init__(self, world: World, oracles: Sequence[AccountOracle]) -> None:
        self.world, self.oracles = world, oracles
        self.gone: list[str] = []

    def publish(self, seed: int, first: date, last: date) -> None:
        """Let the accounts publish what they will have published in some dates; no stories."""
        draw = random.Random(f"{seed} media")  # noqa: S311 (a reproducible world is wanted)
        for oracle in self.oracles:
            for number in range(int((last - first).days * PER_DAY)):
                at = day_end(first) + timedelta(days=(number + draw.random()) / PER_DAY)
                kind = draw.choice(KINDS)
                self.world.add_media(
                    oracle.account_id,
                    at,
                    kind=kind,
                    caption=f"{kind} #{number}a",
                    children=3 if kind == "carousel" else 0,
                    shared_to_facebook=draw.random() < SHARED,
                    likes_hidden=draw.random() < HIDDEN,
                )

    def happen(self, event: Event) -> None:
        """Let an event happen to some media of some account."""
        world, at = self.world, event.at
        account = world.accounts[int(event.draw * 1000) % len(world.accounts)]
        present = list(world.media_timeline(account.id, at - timedelta(days=20), at, at))
        archived = [one for one in present if world.is_archived(one, at)]
        media = picked(present, event.draw) if present else None
        if event.kind == "restore" and self.gone:
            world.restore(self.gone.pop(0))
        elif event.kind == "appear":
            world.add_media(account.id, at - timedelta(hours=6 + 34 * event.draw), kind=picked(KINDS, event.draw))
        elif event.kind == "convert":
            world.convert(account.id, at - timedelta(days=12 * event.draw))
        elif event.kind == "return" and archived:
            world.unarchive(picked(archived, event.draw).id, at)
        elif media:
            self._happen_to(media, event)

    def _happen_to(self, media: Media, event: Event) -> None:
        world, at = self.world, event.at
        if event.kind == "delete":
            self.delete(media.id, at)
        elif event.kind == "correct":
            counter = picked(["views", "reach", "likes", "comments", "saved"], event.draw)
            world.correct(media.id, counter, -1 - int(world.media_counters(media, at)[counter] * 0.4), at)
        elif event.kind == "archive":
            world.archive(media.id, at)
        elif event.kind in {"hide", "show"}:
            world.hide_likes(media.id, hidden=event.kind == "hide")

    def delete(self, content_id: str, at: datetime) -> None:
        """Delete a media, which may come back."""
        self.gone.append(content_id)
        self.world.delete(content_id, at)

    def chosen(self, oracle: AccountOracle, fault: Fault, execution: Execution) -> str | None:
        """Return the media that a fault happens to: the newest that no run has listed yet, or one that has been."""
        at, world = execution.at, self.world
        listed = world.media(oracle.account_id, execution.day.lookback_start(28), execution.day.end, at)
        known = [one.id for one in listed if one.id in oracle.known]
        if fault is Fault.UNLISTED:
            return next((one.id for one in listed if one.id not in oracle.known), None)
        if known and fault in {Fault.DELETED, Fault.REFUSED, Fault.FEW_VIEWERS}:
            return str(picked(known, at.timestamp() % 997 / 997))
        return None

    def orders(self, fault: Fault, chosen: str | None) -> list[Order]:
        """Return the faults of the sandbox that an account meets in both of its stages."""
        if chosen and fault is Fault.UNLISTED:
            return [("late", {"object_id": chosen, "hours": 10_000.0, "edge": "media"})]
        if chosen and fault is Fault.FEW_VIEWERS:
            return [("few_viewers", {"object_id": chosen})]
        if chosen and fault is Fault.REFUSED:
            media = self.world.find_media(chosen)
            types = {"media_product_type": media.product_type, "media_type": media.media_type}
            form = "product_type" if media.kind == "reel" else "media_type"
            metrics = [REFUSED[TYPES.get(media.kind, media.kind)]]
            return [("refused_metrics", {"metrics": metrics, "form": form, **types})]
        return [FAULTS[fault]] if fault in FAULTS else []

    def orders_between(self, fault: Fault, chosen: str | None, draw: float) -> list[Order]:
        """Return the faults of the sandbox that an account meets between its two stages, or after some calls more."""
        if chosen and fault is Fault.DELETED:
            return [("deleted", {"object_id": chosen})]
        after = int(draw * MOST_CALLS) if fault is Fault.MIDWAY else 0
        return [("throttled", {"after": after})] if fault in {Fault.THROTTLED, Fault.MIDWAY} else []


class AccountWatch:
    """Looks at the answers that an account gets."""

    met = "throttled between the calls of an account"

    def __init__(self, world: World, account_id: str) -> None:
        self.world, self.account_id = world, account_id
        self.shown: Shown = {}
        self.is_cut = False

    @property
    def is_partial(self) -> bool:
        """Whether something was given before the throttle."""
        return self.is_cut and bool(self.shown)

    def look(self, request: Request, response: Response) -> bool:
        """Note what was given, and whether a call was throttled; the throttle is there already."""
        for path, params, body in _answers(request, response):
            if path == self.account_id and "followers_count" in body:
                self._add(self.account_id, "followers")
            elif path == f"{self.account_id}/insights" and "data" in body:
                self._add(self.account_id, self._part(params))
            else:
                for node in body.get("data", []) if path == f"{self.account_id}/media" else [{"id": path} | body]:
                    self._take(node)
            is_own = path.partition("/")[0] == self.account_id or self._owns(path)
            self.is_cut |= is_own and body.get("error", {}).get("code") == THROTTLED
        return False

    def _owns(self, object_id: str) -> bool:
        return self.world.is_media(object_id) and self.world.find_media(object_id).account_id == self.account_id

    def _take(self, node: dict[str, Any]) -> None:
        """Note what was given of one media."""
        if self._owns(node["id"]):
            gone = ["gone"] if node.get("error", {}).get("error_subcode") == UNKNOWN else []
            nested = (value for value in node.values() if isinstance(value, dict))  # insights, under whatever name
            rows = [row for value in nested for row in value.get("data", [])]
            self._add(node["id"], *gone, *(PLAIN.values() & node.keys()), *(row["name"] for row in rows))

    def _add(self, object_id: str, *names: str) -> None:
        self.shown.setdefault(object_id, set()).update(names)

    @staticmethod
    def _part(params: Mapping[str, Any]) -> str:
        on = pacific_day(datetime.fromtimestamp(int(params["since"]), UTC))
        of_all = {"reach": "reach", "follower_count": "gains", "follows_and_unfollows": f"follows/{on}"}
        return of_all.get(str(params["metric"]), f"days/{on}")


def _answers(request: Request, response: Response) -> Iterator[tuple[str, Mapping[str, Any], dict[str, Any]]]:
    """Yield the path, the parameters and the answer of a request, or of each entry of a batch."""
    body = json.loads(response.text)
    if "batch" not in request.params:
        yield request.path, request.params, body if isinstance(body, dict) else {}
        return
    for entry, answer in zip(json.loads(request.params["batch"]), body if isinstance(body, list) else [], strict=False):
        url = urlsplit(entry["relative_url"].partition("/")[2])
        yield url.path, dict(parse_qsl(url.query)), json.loads(answer["body"]) if answer else {}
