"""Instagram business accounts, and what is counted on an account per Pacific day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from graph_sandbox.world.draws import uniforms
from graph_sandbox.world.pacific import day_end, day_start

USERNAMES = (
    "harbour.bakery",
    "cafe_lumiere",
    "pho24",
    "tokyo.photo",
    "northside_cycling",
    "studio.zarya",
    "atlas.museum",
)
NAMES = ("Harbour Bakery", "Café Lumière", "Phở 24", "東京写真店", "Northside Cycling", "Студия Заря", "Atlas Museum")
# Of people, so that the days of a window add up to less.
UNIQUE = frozenset({"reach", "accounts_engaged"})
# Hours after its end until a day can be read: mostly soon, at worst two days. (Share of days, hours at most.)
DELAYS = ((0.6, 4.0), (0.9, 12.0), (1.0, 47.0))
CONVERTED_SHARE = 0.4
FOLLOWERS_FOR_GAINS = 100


@dataclass(frozen=True, slots=True)
class Account:
    """One business account. `audience` scales every counter; `media_per_day` is the mean of its generated media.

    `page_id` is the Facebook Page it belongs to; an account without one is read by Instagram Login alone.
    `converted_at` is when it became a business account, if that was after its first media.
    """

    id: str
    username: str
    name: str
    index: int
    audience: int
    media_per_day: float
    page_id: str | None = None
    converted_at: datetime | None = None


def generate_account(seed: int, index: int, page_id: str | None, media_per_day: float, epoch: date) -> Account:
    """Return the seeded account at `index`; less than half of them were converted after they had begun to publish."""
    size, rate, converted, when, *_ = uniforms(seed, "account", index)
    moment = day_start(epoch) + timedelta(days=int(when * 300), hours=15)
    return Account(
        id=str(17_841_400_000_000_000 + seed % 997 * 10_000 + index),
        username=f"{USERNAMES[index % len(USERNAMES)]}{index + 1}",
        name=f"{NAMES[index % len(NAMES)]} {index + 1}",
        index=index,
        audience=int(300 * 1000**size),
        media_per_day=media_per_day * (0.4 + 1.2 * rate),
        page_id=page_id,
        converted_at=moment if converted < CONVERTED_SHARE else None,
    )


def delay(seed: int, account: Account, day: date) -> timedelta:
    """Return how long after its end a day can be read."""
    which, drawn, *_ = uniforms(seed, "account delay", account.index, day)
    return timedelta(hours=drawn * next(hours for share, hours in DELAYS if which < share))


def is_there(seed: int, account: Account, day: date, at: datetime) -> bool:
    """Tell whether a day has ended, and can be read."""
    return at >= day_end(day) + delay(seed, account, day)


def followers(seed: int, account: Account, day: date) -> int:
    """Return the level of followers at the end of `day`: a steady rise with a small wobble."""
    wobble = int(uniforms(seed, "followers", account.index, day)[0] * _wobble_range(account))
    risen = (day.toordinal() - 738_000) * account.audience // 200_000
    return account.audience * 3 // 5 + risen + wobble


@lru_cache(maxsize=65_536)
def beside_media(seed: int, account: Account, day: date) -> dict[str, int]:
    """Return what happened on a day beside what younger media gained: to old media, the profile and followers."""
    busy, unique, liked, saved, engaged, tapped, left, *_ = uniforms(seed, "account day", account.index, day)
    views = int(account.audience * (0.1 + 0.4 * busy))
    lost = int(left * (2 + account.audience / 3000)) + _wobble_range(account)
    gained = followers(seed, account, day) - followers(seed, account, day - timedelta(days=1)) + lost
    return {
        "views": views,
        "reach": int(views * (0.4 + 0.4 * unique)),
        "accounts_engaged": int(views * 0.04 * engaged),
        "likes": int(views * 0.02 * liked),
        "comments": int(views * 0.002 * liked),
        "saves": int(views * 0.003 * saved),
        "shares": int(views * 0.002 * saved),
        "replies": int(views * 0.001 * engaged),
        "reposts": int(views * 0.0005 * saved),
        "profile_links_taps": int(views * 0.004 * tapped),
        "gained": gained,
        "lost": lost,
    }


def combined(name: str, values: list[int]) -> int:
    """Return a metric of several days: a sum, or of people, who are counted once, less than that."""
    return max(*values, int(sum(values) * 0.55)) if name in UNIQUE and len(values) > 1 else sum(values)


def _wobble_range(account: Account) -> int:
    return 2 + account.audience // 3000
