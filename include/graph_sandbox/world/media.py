"""What an Instagram account publishes, generated one Pacific day at a time from nothing but the seed."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

from graph_sandbox.world.accounts import Account
from graph_sandbox.world.content import CAPTIONS, moment_of_day
from graph_sandbox.world.counters import counts_at
from graph_sandbox.world.draws import poisson, uniforms
from graph_sandbox.world.media_counters import ceilings

MediaKind = Literal["image", "video", "carousel", "reel", "story", "story_video"]
MEDIA_KINDS: tuple[MediaKind, ...] = get_args(MediaKind)
# Graph's media_product_type and media_type of each kind.
TYPES: dict[MediaKind, tuple[str, str]] = {
    "image": ("FEED", "IMAGE"),
    "video": ("FEED", "VIDEO"),
    "carousel": ("FEED", "CAROUSEL_ALBUM"),
    "reel": ("REELS", "VIDEO"),
    "story": ("STORY", "IMAGE"),
    "story_video": ("STORY", "VIDEO"),
}
KIND_WEIGHTS = (
    ("image", 0.28),
    ("video", 0.36),
    ("carousel", 0.52),
    ("reel", 0.76),
    ("story", 0.92),
    ("story_video", 1.0),
)
STORY_LIFE = timedelta(hours=24)
SHARED_SHARE, HIDDEN_SHARE, ARCHIVED_SHARE, BACK_SHARE = 0.7, 0.08, 0.05, 0.5

SITE = "https://www.instagram.com"
ID_DIGITS = 17
GENERATED, ADDED = "179", "180"
# What the ids of children begin with, by what the carousel's begins with.
CHILDREN = {GENERATED: "178", ADDED: "181"}
CHILDREN_MAX = 10


@dataclass(frozen=True, slots=True)
class Media:
    """One published object. `archived` is when it is out of the listing: from an instant, to another or for ever.

    A child of a carousel has its `parent_id`, and no counters.
    """

    id: str
    account_id: str
    kind: MediaKind
    created_time: datetime
    caption: str | None = None
    child_kinds: tuple[MediaKind, ...] = ()
    shared_to_facebook: bool = True
    likes_hidden: bool = False
    archived: tuple[datetime, datetime | None] | None = None
    length: float = 0.0
    parent_id: str | None = None
    tau: float = 50_000.0
    ceilings: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def product_type(self) -> str:
        """Graph's media_product_type."""
        return TYPES[self.kind][0]

    @property
    def media_type(self) -> str:
        """Graph's media_type."""
        return TYPES[self.kind][1]

    @property
    def is_story(self) -> bool:
        """Whether it is gone from sight after a day."""
        return self.product_type == "STORY"

    @property
    def shortcode(self) -> str:
        """The part of the permalink that names it."""
        return f"C{int(self.id):x}"

    @property
    def permalink(self) -> str:
        """The address of the media."""
        path = {"REELS": "reel", "STORY": "stories"}.get(self.product_type, "p")
        return f"{SITE}/{path}/{self.shortcode}/"

    def counts(self, at: datetime) -> dict[str, int]:
        """Return every counter as it stands at the whole second of `at`."""
        return counts_at(self.ceilings, max(0, int((at - self.created_time).total_seconds())), self.tau)


@lru_cache(maxsize=131_072)
def media_of_day(seed: int, account: Account, day: date) -> tuple[Media, ...]:
    """Return what an account published during a Pacific day, newest first, stories included."""
    many, *_ = uniforms(seed, "media count", account.index, day)
    found = [_generated(seed, account, day, n) for n in range(min(999, poisson(account.media_per_day, many)))]
    return tuple(sorted(found, key=lambda one: (one.created_time, one.id), reverse=True))


def day_of_media_id(media_id: str) -> tuple[int, date] | None:
    """Return the account index and the day that a generated media id was made from."""
    if len(media_id) != ID_DIGITS or not media_id.isdecimal() or not media_id.startswith(GENERATED):
        return None
    ordinal = int(media_id[7:13])
    return (int(media_id[3:7]), date.fromordinal(ordinal)) if 0 < ordinal <= date.max.toordinal() else None


def child_of(media: Media, place: int) -> Media:
    """Return a child of a carousel: a media of its own, without caption and counters."""
    child_id = f"{CHILDREN[media.id[:3]]}{media.id[3:13]}{media.id[14:]}{place}"
    return Media(child_id, media.account_id, media.child_kinds[place], media.created_time, parent_id=media.id)


def parent_of_id(child_id: str) -> tuple[str, int] | None:
    """Return the id of the carousel that an id belongs to, and the place in it."""
    parents = {child: parent for parent, child in CHILDREN.items()}
    if len(child_id) != ID_DIGITS or not child_id.isdecimal() or child_id[:3] not in parents:
        return None
    return f"{parents[child_id[:3]]}{child_id[3:13]}0{child_id[13:16]}", int(child_id[16])


def make_media(  # noqa: PLR0913 - the whole of what can be told about a media
    account: Account,
    media_id: str,
    created_time: datetime,
    *,
    kind: MediaKind = "image",
    caption: str | None = None,
    children: int = 0,
    shared_to_facebook: bool = True,
    likes_hidden: bool = False,
    archived: tuple[datetime, datetime | None] | None = None,
    audience: int | None = None,
    seed: int = 0,
) -> Media:
    """Return one media with counters to suit its account (or an `audience` of its own) and kind."""
    speed, duration, *_ = uniforms(seed, "media", media_id)
    is_video = TYPES[kind][1] == "VIDEO"
    size = account.audience if audience is None else audience
    length = round(5 + 80 * duration, 3) if is_video else 0.0
    return Media(
        id=media_id,
        account_id=account.id,
        kind=kind,
        created_time=created_time,
        caption=caption,
        child_kinds=tuple("video" if place % 3 == 1 else "image" for place in range(children)),
        shared_to_facebook=shared_to_facebook,
        likes_hidden=likes_hidden,
        archived=archived,
        length=length,
        tau=8_000 + 15_000 * speed if kind.startswith("story") else 20_000 + 110_000 * speed,
        ceilings=ceilings(TYPES[kind][0], size, length, seed, media_id),
    )


def _generated(seed: int, account: Account, day: date, number: int) -> Media:
    draws = uniforms(seed, "media of day", account.index, day, number)
    where, moment, kind_draw, caption, size, shared, hidden, archived, when, back, *_ = draws
    kind: MediaKind = next(kind for kind in MEDIA_KINDS if kind_draw < dict(KIND_WEIGHTS)[kind])
    created_time = moment_of_day(day, where, moment)
    is_story = TYPES[kind][0] == "STORY"
    since = created_time + timedelta(days=1 + int(when * 90))
    until = since + timedelta(days=1 + int(back * 40)) if back < BACK_SHARE else None
    return make_media(
        account,
        f"{GENERATED}{account.index:04d}{day.toordinal():06d}{number:04d}",
        created_time,
        kind=kind,
        caption=None if is_story else CAPTIONS[int(caption * len(CAPTIONS))],
        children=2 + int(size * 8) if kind == "carousel" else 0,
        shared_to_facebook=shared < SHARED_SHARE,
        likes_hidden=hidden < HIDDEN_SHARE,
        archived=(since, until) if archived < ARCHIVED_SHARE and not is_story else None,
        seed=seed,
    )
