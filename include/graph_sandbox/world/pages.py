"""Pages, and what is counted on a Page per Pacific day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from graph_sandbox.world.draws import uniforms
from graph_sandbox.world.pacific import day_end

FOLLOWS = "page_follows"
UNIQUE = frozenset(
    {"page_total_media_view_unique", "page_daily_follows_unique", "page_daily_unfollows_unique"},
)
# How much of a day's final value Graph shows, by the hours since the day ended.
PROVISIONAL = ((24, 0.80), (48, 0.95))
NAMES = ("Harbour Bakery", "Café Lumière", "Phở 24", "東京写真店", "Northside Cycling", "Студия Заря", "Atlas Museum")


@dataclass(frozen=True, slots=True)
class Page:
    """One Page. `audience` scales every counter; `posts_per_day` is the mean of its generated content."""

    id: str
    name: str
    index: int
    audience: int
    posts_per_day: float


def generate_page(seed: int, index: int, posts_per_day: float) -> Page:
    """Return the seeded Page at `index`: a few are large, most are small, some post often."""
    size, rate, *_ = uniforms(seed, "page", index)
    return Page(
        id=str(101_000_000_000_000 + seed % 997 * 10_000 + index),
        name=f"{NAMES[index % len(NAMES)]} {index + 1}",
        index=index,
        audience=int(300 * 1000**size),
        posts_per_day=posts_per_day * (0.4 + 1.2 * rate),
    )


def page_day(seed: int, page: Page, day: date, at: datetime) -> dict[str, int]:
    """Return the day's metrics by Graph name as they stood at `at`; empty until the Pacific day has ended."""
    age = at - day_end(day)
    if age < timedelta(0):
        return {}
    final = _final(seed, page, day)
    share = shown_share(age)
    return {name: value if name == FOLLOWS else int(value * share) for name, value in final.items()}


def shown_share(age: timedelta) -> float:
    """Return how much of a day's final value Graph shows that long after the day's end."""
    return next((share for hours, share in PROVISIONAL if age < timedelta(hours=hours)), 1.0)


def page_window(seed: int, page: Page, day: date, days: int, at: datetime) -> dict[str, int]:
    """Return the metrics of the `days` days that end with `day`; people are counted once, so they add up to less."""
    window = [page_day(seed, page, day - timedelta(days=back), at) for back in range(days)]
    return {name: _combined(name, [past.get(name, 0) for past in window]) for name in window[0]}


def _combined(name: str, values: list[int]) -> int:
    if name in UNIQUE:
        return max(*values, int(sum(values) * 0.55))
    return sum(values)


@lru_cache(maxsize=65_536)
def _final(seed: int, page: Page, day: date) -> dict[str, int]:
    busy, unique, engaged, visits, actions, watched, length, left, *_ = uniforms(seed, "day", page.index, day)
    views = int(page.audience * (0.2 + 0.9 * busy))
    follows, unfollows = _follows(seed, page, day), int(left * (3 + page.audience / 2000))
    joined = follows - _follows(seed, page, day - timedelta(days=1)) + unfollows + _wobble_range(page)
    unfollows += _wobble_range(page)
    video_views = int(views * 0.3 * watched)
    return {
        FOLLOWS: follows,
        "page_daily_follows": joined,
        "page_daily_follows_unique": joined,
        "page_daily_unfollows_unique": unfollows,
        "page_media_view": views,
        "page_total_media_view_unique": int(views * (0.4 + 0.5 * unique)),
        "page_post_engagements": int(views * 0.08 * engaged),
        "page_views_total": int(views * 0.05 * visits),
        "page_total_actions": int(views * 0.01 * actions),
        "page_video_views": video_views,
        "page_video_view_time": int(video_views * (2000 + 9000 * length)),
    }


def _follows(seed: int, page: Page, day: date) -> int:
    """Return the level of followers at the end of `day`: a steady rise with a small wobble."""
    wobble = int(uniforms(seed, "follows", page.index, day)[0] * _wobble_range(page))
    return page.audience * 3 // 5 + (day.toordinal() - 738_000) * max(1, page.audience // 4000) + wobble


def _wobble_range(page: Page) -> int:
    return 2 + page.audience // 3000
