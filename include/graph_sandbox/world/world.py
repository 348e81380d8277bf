"""The truth the sandbox tells: Pages, content and counters at any instant, with no storage and no clock.

Everything is a function of the seed and an instant. What tests change (added Pages and posts, deletions,
corrections) is a thin overlay. Every datetime is aware UTC.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from graph_sandbox.world import catalogue, pages
from graph_sandbox.world.access import Access, Business
from graph_sandbox.world.accounts import generate_account
from graph_sandbox.world.catalogue import Metric, Value
from graph_sandbox.world.content import VIDEO_KINDS, Content, Kind, content_of_day, day_of_id, make_content
from graph_sandbox.world.instagram import YOUNG, InstagramWorld
from graph_sandbox.world.media import Media
from graph_sandbox.world.pacific import day_end, day_start, pacific_day
from graph_sandbox.world.pages import Page, generate_page

DISTANT_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)


class World(InstagramWorld):
    """Seeded Pages and Instagram accounts with an endless timeline from `epoch` on, and whatever is added by hand.

    `posts_per_day` is the mean over the Pages, `media_per_day` that over the accounts. The first account belongs to the
    first Page, and so on; an account more than there are Pages has none. Unknown ids raise KeyError.
    """

    def __init__(
        self,
        seed: int = 7,
        pages: int = 20,
        posts_per_day: float = 0.7,
        epoch: date = date(2024, 6, 1),
        *,
        accounts: int = 0,
        media_per_day: float = 0.7,
    ) -> None:
        self._generated = tuple(generate_page(seed, index, posts_per_day) for index in range(pages))
        owners = [page.id for page in self._generated] + [None] * accounts
        made = (generate_account(seed, index, owners[index], media_per_day, epoch) for index in range(accounts))
        super().__init__(seed, epoch, tuple(made))

    def reset(self) -> None:
        """Forget everything added, deleted and corrected."""
        super().reset()
        self._pages = {page.id: page for page in self._generated}
        self._by_index = {page.index: page for page in self._generated}
        self._access: dict[str, Access] = {}
        self._businesses: dict[str, Business] = {}
        self._added: dict[str, list[Content]] = {}
        self._by_id: dict[str, Content] = {}

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every Page, in the order of `/me/accounts`."""
        return tuple(self._pages.values())

    @property
    def businesses(self) -> tuple[Business, ...]:
        """Every business portfolio, in the order of `/me/businesses`."""
        return tuple(self._businesses.values())

    def page(self, page_id: str) -> Page:
        """Return a Page by id."""
        return self._pages[page_id]

    def add_page(
        self,
        name: str = "Added Page",
        *,
        page_id: str | None = None,
        audience: int = 20_000,
        posts_per_day: float = 0.0,
    ) -> Page:
        """Add a Page. By default it publishes nothing of its own, so that a test places each post."""
        index = max(self._by_index, default=-1) + 1
        new_id = page_id or str(202_000_000_000_000 + index)
        if new_id in self._pages:
            raise ValueError(f"Page {new_id} exists already")
        page = Page(new_id, name, index, audience, posts_per_day)
        self._pages[new_id] = self._by_index[index] = page
        return page

    def rename_page(self, page_id: str, name: str) -> None:
        """Give a Page another name."""
        page = replace(self.page(page_id), name=name)
        self._pages[page_id] = self._by_index[page.index] = page

    def access(self, page_id: str) -> Access:
        """Return what the system user may do with a Page: everything, unless it was changed."""
        return self._access.get(page_id, Access())

    def change_access(self, page_id: str, **changes: Any) -> None:
        """Change the `tasks`, `business_id` or `is_client` of a Page."""
        access = replace(self.access(self.page(page_id).id), **changes)
        if access.business_id is not None:
            self.business(access.business_id)
        self._access[page_id] = access

    def business(self, business_id: str) -> Business:
        """Return a business portfolio by id."""
        return self._businesses[business_id]

    def add_business(self, name: str = "Added Portfolio") -> Business:
        """Add a business portfolio, in which there is no Page yet."""
        business = Business(str(404_000_000_000_000 + len(self._businesses)), name)
        self._businesses[business.id] = business
        return business

    def add_post(
        self,
        page_id: str,
        created_time: datetime,
        *,
        kind: Kind = "status",
        message: str | None = None,
        in_posts_edge: bool | None = None,
        by_visitor: bool = False,
        appears: datetime | None = None,
    ) -> Content:
        """Publish one post at a whole second; a reel stays out of the posts edges unless told otherwise.

        With `appears` it is there, and counted, from a later instant than its `created_time`.
        """
        digits = f"{self.page(page_id).index:04d}{len(self._by_id):010d}"
        content = make_content(
            self.page(page_id),
            f"5{digits}",
            created_time.astimezone(UTC).replace(microsecond=0),
            kind=kind,
            message=message,
            video_id=f"6{digits}" if kind in VIDEO_KINDS else None,
            in_posts_edge=kind != "reel" if in_posts_edge is None else in_posts_edge,
            by_visitor=by_visitor,
            appears=appears.astimezone(UTC) if appears else None,
            seed=self.seed,
        )
        insort(self._added.setdefault(page_id, []), content, key=_recency)
        self._by_id[content.id] = content
        if content.video_id:
            self._by_id[content.video_id] = content
        return content

    def delete(self, object_id: str, at: datetime) -> None:
        """Make a post (and its video), or a media, vanish from `at` on."""
        self._deleted[self._published(object_id).id] = at

    def restore(self, object_id: str) -> None:
        """Undo a deletion."""
        self._deleted.pop(self._published(object_id).id, None)

    def correct(self, object_id: str, counter: str, by: int, at: datetime) -> None:
        """Change a counter (`comments`, `reaction.like`, `views`, ...) by a mostly negative number from `at` on."""
        content = self._published(object_id)
        if counter not in content.ceilings:
            raise KeyError(counter)
        self._corrections.setdefault(content.id, []).append((at, counter, by))

    def find(self, object_id: str) -> Content:
        """Return content by full post id, bare post id or video id, whether or not it exists at some instant."""
        bare_id = object_id.rpartition("_")[2]
        if (added := self._by_id.get(bare_id)) is not None:
            return added
        index, day = day_of_id(bare_id) or (-1, self.epoch)
        if (page := self._by_index.get(index)) is not None and day >= self.epoch:
            for content in content_of_day(self.seed, page, day):
                if bare_id in {content.id, content.video_id}:
                    return content
        raise KeyError(object_id)

    def exists(self, content: Content, at: datetime) -> bool:
        """Tell whether content is published, and not deleted, at an instant."""
        return content.visible_from <= at < self._deleted.get(content.id, DISTANT_FUTURE)

    def timeline(self, page_id: str, since: datetime, until: datetime, at: datetime) -> Iterator[Content]:
        """Yield all content in [since, until) that exists at `at`, newest first, visitors' posts included."""
        page, until = self.page(page_id), min(until, at + timedelta(seconds=1))
        generated = (one for one in self._generate(page, since, until) if since <= one.created_time < until)
        added = self._added_between(page_id, since, until)
        for one in heapq.merge(generated, added, key=_recency, reverse=True):
            if self.exists(one, at):
                yield one

    def content(self, page_id: str, since: datetime, until: datetime, at: datetime) -> tuple[Content, ...]:
        """Return the Page's own content published in [since, until) and existing at `at`, newest first."""
        return tuple(one for one in self.timeline(page_id, since, until, at) if not one.by_visitor)

    def counters(self, content: Content, at: datetime) -> dict[str, int]:
        """Return the raw counters of content at the whole second of `at`, corrections applied."""
        counts = content.counts(at)
        for since, counter, by in self._corrections.get(content.id, ()):
            if at >= since:
                counts[counter] = max(0, counts[counter] + by)
        counts["viewers"] = min(counts["viewers"], counts["views"])
        return counts

    def counts(self, post_id: str, at: datetime) -> dict[str, Value]:
        """Return `reactions` (by type, zeros left out), `comments` and `shares` of a post."""
        counters = self.counters(self.find(post_id), at)
        return {
            "reactions": catalogue.reactions(counters),
            "comments": counters["comments"],
            "shares": counters["shares"],
        }

    def post_metrics(self, object_id: str, at: datetime) -> dict[str, Value]:
        """Return every lifetime insights metric of a post by Graph name."""
        return self._metrics(catalogue.POST_METRICS, self.find(object_id), at)

    def video_metrics(self, video_id: str, at: datetime) -> dict[str, Value]:
        """Return every `video_insights` metric of a video or a reel by Graph name."""
        content = self.find(video_id)
        return self._metrics(catalogue.video_metrics(content.kind), content, at)

    def page_metrics(self, page_id: str, day: date, at: datetime) -> dict[str, int]:
        """Return the Page's `day` metrics as they stood at `at`: low for 48 h, empty before the day's end."""
        return self.page_window(page_id, day, 1, at)

    def page_window(self, page_id: str, day: date, days: int, at: datetime) -> dict[str, int]:
        """Return the Page's metrics of the `days` days that end with `day`; empty before the world's epoch.

        A Page's views hold those that its content gained.
        """
        if day < self.epoch:
            return {}
        found = pages.page_window(self.seed, self.page(page_id), day, days, at)
        if found:
            window = (day - timedelta(days=back) for back in range(days))
            found["page_media_view"] += sum(self._views_gained(page_id, one, at) for one in window)
        return found

    def _published(self, object_id: str) -> Content | Media:
        return self.find_media(object_id) if self.is_media(object_id) else self.find(object_id)

    def _views_gained(self, page_id: str, day: date, at: datetime) -> int:
        """Return the views that the Page's younger content gained on a day, as far as Graph shows them at `at`."""
        start, end = day_start(day), day_end(day)
        gained = sum(
            self.counters(one, end)["views"] - self.counters(one, start)["views"]
            for one in self.content(page_id, start - YOUNG, end, end)
        )
        return int(max(0, gained) * pages.shown_share(at - end))

    def _metrics(self, metrics: dict[str, Metric], content: Content, at: datetime) -> dict[str, Value]:
        counters = self.counters(content, at)
        return {name: metric.value(counters) for name, metric in metrics.items()}

    def _added_between(self, page_id: str, since: datetime, until: datetime) -> Iterator[Content]:
        """Yield what was added by hand in [since, until), newest first: a cursor far back costs no walk to it."""
        added = self._added.get(page_id, [])
        first, end = (bisect_left(added, instant, key=_published) for instant in (since, until))
        return (added[place] for place in range(end - 1, first - 1, -1))

    def _generate(self, page: Page, since: datetime, until: datetime) -> Iterator[Content]:
        first = pacific_day(max(since, day_start(self.epoch)))
        day = pacific_day(until) if page.posts_per_day else date.min
        while day >= first:
            yield from content_of_day(self.seed, page, day)
            day -= timedelta(days=1)


def _published(content: Content) -> datetime:
    return content.created_time


def _recency(content: Content) -> tuple[datetime, str]:
    return content.created_time, content.id
