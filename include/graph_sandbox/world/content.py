"""What a Page publishes, generated one Pacific day at a time from nothing but the seed."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

from graph_sandbox.world.counters import ceilings, counts_at
from graph_sandbox.world.draws import poisson, uniforms
from graph_sandbox.world.pacific import day_end, day_start
from graph_sandbox.world.pages import Page

Kind = Literal["status", "photo", "album", "link", "video", "reel"]
KINDS: tuple[Kind, ...] = get_args(Kind)
VIDEO_KINDS = frozenset({"video", "reel"})

ID_DIGITS = 15
# Shares of days with a visitor's post, of reels that the posts edges do list, of posts minutes from midnight.
VISITOR_SHARE = 0.08
LISTED_REEL_SHARE = 0.2
AFTER_MIDNIGHT, BEFORE_MIDNIGHT = 0.06, 0.12

SITE = "https://www.facebook.com"
KIND_WEIGHTS = (("status", 0.16), ("photo", 0.52), ("album", 0.62), ("link", 0.76), ("video", 0.87), ("reel", 1.0))
# Captions that extraction of hashtags must survive: other scripts, no space before the sign, a URL's fragment.
CAPTIONS = (
    "Doors open at nine #launch #OpenDay",
    "Chúc mừng năm mới! #Tết #việtnam",
    "新しい写真集ができました #日本 #写真",
    "Bonne fête à tous #été2026 #fête_nationale",
    "Всем доброе утро ☕ #кофе #утро",
    "عرض اليوم #تخفيضات",
    "Read more: https://example.org/shop#sale, and reply to no#one",
    "Two for one until Sunday, see you there!",
    "#launch #LAUNCH #Launch: the same tag three times",
    'Thank you 🎉🎉 for 100% support; it\'s "great" \\ new\nsecond line #thanks',
    "Opening hours stay as they are.",
    None,
    None,
)


@dataclass(frozen=True, slots=True)
class Content:
    """One published object. `id` is the bare post id; `video_id` is the id of its Video node, if it has one.

    `appears` is when it can first be seen, if that is later than its `created_time`: a scheduled or backdated post.
    """

    id: str
    page_id: str
    kind: Kind
    created_time: datetime
    message: str | None
    video_id: str | None = None
    length: float = 0.0
    in_posts_edge: bool = True
    by_visitor: bool = False
    appears: datetime | None = None
    tau: float = 50_000.0
    ceilings: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def full_id(self) -> str:
        """The id of the Post node: `{page}_{post}`."""
        return f"{self.page_id}_{self.id}"

    @property
    def visible_from(self) -> datetime:
        """The instant from which it is there, and counted."""
        return self.appears or self.created_time

    @property
    def permalink_url(self) -> str:
        """The address of the post."""
        if self.video_id is None:
            return f"{SITE}/{self.page_id}/posts/{self.id}"
        return SITE + self.video_path

    @property
    def video_path(self) -> str:
        """The relative address that the Video node shows as its permalink."""
        if self.kind == "reel":
            return f"/reel/{self.video_id}/"
        return f"/{self.page_id}/videos/{self.video_id}/"

    def counts(self, at: datetime) -> dict[str, int]:
        """Return every counter as it stands at the whole second of `at`."""
        seconds = int((at - self.visible_from).total_seconds())
        return counts_at(self.ceilings, max(0, seconds), self.tau)


@lru_cache(maxsize=131_072)
def content_of_day(seed: int, page: Page, day: date) -> tuple[Content, ...]:
    """Return what was published on a Page during a Pacific day, newest first, visitors' posts included."""
    many, visited, *_ = uniforms(seed, "count", page.index, day)
    own = poisson(page.posts_per_day, many)
    visitors = int(page.posts_per_day > 0 and visited < VISITOR_SHARE)
    found = [_generated(seed, page, day, n, by_visitor=n >= own) for n in range(own + visitors)]
    return tuple(sorted(found, key=lambda one: (one.created_time, one.id), reverse=True))


def day_of_id(object_id: str) -> tuple[int, date] | None:
    """Return the Page index and the day that a generated post or video id was made from."""
    if len(object_id) != ID_DIGITS or not object_id.isdecimal() or object_id[0] not in "78":
        return None
    ordinal = int(object_id[5:11])
    return (int(object_id[1:5]), date.fromordinal(ordinal)) if ordinal else None


def make_content(  # noqa: PLR0913 - the whole of what can be told about a post
    page: Page,
    bare_id: str,
    created_time: datetime,
    *,
    kind: Kind = "status",
    message: str | None = None,
    video_id: str | None = None,
    in_posts_edge: bool = True,
    by_visitor: bool = False,
    appears: datetime | None = None,
    seed: int = 0,
) -> Content:
    """Return one content object with counters to suit its Page and kind."""
    speed, duration, *_ = uniforms(seed, "content", bare_id)
    length = round((8 + 80 * duration) if kind == "reel" else (20 + 500 * duration), 3) if video_id else 0.0
    return Content(
        id=bare_id,
        page_id=page.id,
        kind=kind,
        created_time=created_time,
        message=message,
        video_id=video_id,
        length=length,
        in_posts_edge=in_posts_edge,
        by_visitor=by_visitor,
        appears=appears,
        tau=20_000 + 110_000 * speed,
        ceilings=ceilings(kind, page.audience, length, seed, bare_id),
    )


def _generated(seed: int, page: Page, day: date, number: int, *, by_visitor: bool) -> Content:
    where, moment, kind_draw, caption, listed, *_ = uniforms(seed, "post", page.index, day, number)
    kind: Kind = next(kind for kind in KINDS if kind_draw < dict(KIND_WEIGHTS)[kind])
    if by_visitor:
        kind = "status"
    digits = f"{page.index:04d}{day.toordinal():06d}{number:04d}"
    return make_content(
        page,
        f"7{digits}",
        moment_of_day(day, where, moment),
        kind=kind,
        message=CAPTIONS[int(caption * len(CAPTIONS))],
        video_id=f"8{digits}" if kind in VIDEO_KINDS else None,
        # Documented: the posts edges leave reels out. Reported: they sometimes do not.
        in_posts_edge=kind != "reel" or listed < LISTED_REEL_SHARE,
        by_visitor=by_visitor,
        seed=seed,
    )


def moment_of_day(day: date, where: float, moment: float) -> datetime:
    """Return an instant of the day: mostly in its waking hours, often enough minutes from its midnights."""
    seconds = int((day_end(day) - day_start(day)).total_seconds())
    if where < AFTER_MIDNIGHT:
        offset = int(moment * 600)
    elif where < BEFORE_MIDNIGHT:
        offset = seconds - 1 - int(moment * 600)
    else:
        offset = int((0.3 + 0.6 * moment) * seconds)
    return day_start(day) + timedelta(seconds=offset)
