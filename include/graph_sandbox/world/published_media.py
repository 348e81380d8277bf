"""The truth about Instagram's accounts and media: what there is and what it counts, at any instant.

As on Pages, everything is a function of the seed and an instant, and what tests change is a thin overlay.
"""

import heapq
from bisect import insort
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from graph_sandbox.world import media_catalogue
from graph_sandbox.world.accounts import Account
from graph_sandbox.world.media import (
    ADDED,
    CHILDREN_MAX,
    STORY_LIFE,
    Media,
    MediaKind,
    child_of,
    day_of_media_id,
    make_media,
    media_of_day,
    parent_of_id,
)
from graph_sandbox.world.media_catalogue import MediaValue
from graph_sandbox.world.pacific import day_start, pacific_day

LISTED_MAX = 10_000


class MediaWorld:
    """Seeded accounts whose media have an endless timeline from `epoch` on, and whatever is added by hand.

    Unknown ids raise KeyError. A media id is that of a child of a carousel too.
    """

    def __init__(self, seed: int, epoch: date, generated: tuple[Account, ...]) -> None:
        self.seed = seed
        self.epoch = epoch
        self._generated_accounts = generated
        self.reset()

    def reset(self) -> None:
        """Forget everything added and changed."""
        self._accounts = {account.id: account for account in self._generated_accounts}
        self._account_by_index = {account.index: account for account in self._generated_accounts}
        self._added_media: dict[str, list[Media]] = {}
        self._media_by_id: dict[str, Media] = {}
        self._deleted: dict[str, datetime] = {}
        self._corrections: dict[str, list[tuple[datetime, str, int]]] = {}
        self._archivings: dict[str, list[tuple[datetime, bool]]] = {}
        self._likes_hidden: dict[str, bool] = {}
        self._ended: dict[str, datetime] = {}
        self._conversions: dict[str, list[datetime]] = {}

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account."""
        return tuple(self._accounts.values())

    def account(self, account_id: str) -> Account:
        """Return an account by id."""
        return self._accounts[account_id]

    def account_of_page(self, page_id: str) -> Account | None:
        """Return the account that belongs to a Page."""
        return next((account for account in self._accounts.values() if account.page_id == page_id), None)

    def add_account(
        self,
        username: str = "added.account",
        *,
        account_id: str | None = None,
        page_id: str | None = None,
        audience: int = 20_000,
        media_per_day: float = 0.0,
        converted_at: datetime | None = None,
    ) -> Account:
        """Add an account, of a Page or of none. By default it publishes nothing of its own."""
        index = max(self._account_by_index, default=-1) + 1
        new_id = account_id or str(17_841_500_000_000_000 + index)
        if new_id in self._accounts:
            raise ValueError(f"account {new_id} exists already")
        if page_id is not None and self.account_of_page(page_id):
            raise ValueError(f"Page {page_id} has an account already")
        name = username.replace(".", " ").title()
        account = Account(new_id, username, name, index, audience, media_per_day, page_id, converted_at)
        self._accounts[new_id] = self._account_by_index[index] = account
        return account

    def add_media(  # noqa: PLR0913 - the whole of what can be told about a media
        self,
        account_id: str,
        created_time: datetime,
        *,
        kind: MediaKind = "image",
        caption: str | None = None,
        children: int = 0,
        shared_to_facebook: bool = True,
        likes_hidden: bool = False,
        audience: int | None = None,
    ) -> Media:
        """Publish one media at a whole second; with an `audience` of its own it is seen by more or fewer people."""
        if children and (kind != "carousel" or children > CHILDREN_MAX):
            raise ValueError(f"only a carousel has children, at most {CHILDREN_MAX}")
        account = self.account(account_id)
        media = make_media(
            account,
            f"{ADDED}{account.index:04d}{len(self._media_by_id):06d}0000",
            created_time.astimezone(UTC).replace(microsecond=0),
            kind=kind,
            caption=caption,
            children=children,
            shared_to_facebook=shared_to_facebook,
            likes_hidden=likes_hidden,
            audience=audience,
            seed=self.seed,
        )
        insort(self._added_media.setdefault(account_id, []), media, key=_recency)
        self._media_by_id[media.id] = media
        return media

    def find_media(self, media_id: str) -> Media:
        """Return a media, or a child of one, by id, whether or not it exists at some instant."""
        if (added := self._media_by_id.get(media_id)) is not None:
            return added
        if (parent := parent_of_id(media_id)) is not None:
            carousel, place = self.find_media(parent[0]), parent[1]
            if place < len(carousel.child_kinds):
                return child_of(carousel, place)
        index, day = day_of_media_id(media_id) or (-1, self.epoch)
        if (account := self._account_by_index.get(index)) is not None and day >= self.epoch:
            for media in media_of_day(self.seed, account, day):
                if media.id == media_id:
                    return media
        raise KeyError(media_id)

    def is_media(self, object_id: str) -> bool:
        """Tell whether an id is that of a media, or of a child of one."""
        try:
            self.find_media(object_id)
        except KeyError:
            return False
        return True

    def children(self, media_id: str) -> tuple[Media, ...]:
        """Return the children of a carousel in their order."""
        media = self.find_media(media_id)
        return tuple(child_of(media, place) for place in range(len(media.child_kinds)))

    def archive(self, media_id: str, at: datetime) -> None:
        """Take a media out of the listing from `at` on."""
        self._archivings.setdefault(self.find_media(media_id).id, []).append((at, True))

    def unarchive(self, media_id: str, at: datetime) -> None:
        """Bring a media back into the listing from `at` on."""
        self._archivings.setdefault(self.find_media(media_id).id, []).append((at, False))

    def hide_likes(self, media_id: str, *, hidden: bool = True) -> None:
        """Hide the number of likes, or show it again."""
        self._likes_hidden[self.find_media(media_id).id] = hidden

    def end_story(self, media_id: str, at: datetime) -> None:
        """End a story before its day is over."""
        media = self.find_media(media_id)
        if not media.is_story:
            raise ValueError(f"{media_id} is no story")
        self._ended[media.id] = at

    def convert(self, account_id: str, at: datetime) -> None:
        """Make the account a business account (again) at an instant; only the latest conversion counts."""
        self._conversions.setdefault(self.account(account_id).id, []).append(at)

    def converted_at(self, account_id: str, at: datetime) -> datetime | None:
        """Return the latest conversion to a business account up to `at`: what is older has no insights."""
        account = self.account(account_id)
        all_of_them = [
            *self._conversions.get(account_id, ()),
            *([account.converted_at] if account.converted_at else []),
        ]
        return max((moment for moment in all_of_them if moment <= at), default=None)

    def has_insights(self, media: Media, at: datetime) -> bool:
        """Tell whether a media is younger than the latest conversion."""
        converted = self.converted_at(media.account_id, at)
        return converted is None or media.created_time >= converted

    def media_exists(self, media: Media, at: datetime) -> bool:
        """Tell whether a media, or the carousel it is in, is published and not deleted at an instant."""
        deleted = self._deleted.get(media.parent_id or media.id)
        return media.created_time <= at and (deleted is None or at < deleted)

    def is_archived(self, media: Media, at: datetime) -> bool:
        """Tell whether a media is out of the listing."""
        ordered = [archived for moment, archived in self._archivings.get(media.id, ()) if moment <= at]
        if ordered or media.archived is None:
            return bool(ordered) and ordered[-1]
        since, until = media.archived
        return since <= at and (until is None or at < until)

    def are_likes_hidden(self, media: Media) -> bool:
        """Tell whether a listing leaves out the number of likes."""
        return self._likes_hidden.get(media.id, media.likes_hidden)

    def is_over(self, media: Media, at: datetime) -> bool:
        """Tell whether a story has had its day."""
        return media.is_story and at >= self._story_end(media)

    def media_timeline(self, account_id: str, since: datetime, until: datetime, at: datetime) -> Iterator[Media]:
        """Yield all media in [since, until) that exist at `at`, newest first, stories and archived ones included."""
        account, until = self.account(account_id), min(until, at + timedelta(seconds=1))
        generated = (one for one in self._generate_media(account, since, until) if since <= one.created_time < until)
        added = (one for one in reversed(self._added_media.get(account_id, ())) if since <= one.created_time < until)
        for one in heapq.merge(generated, added, key=_recency, reverse=True):
            if self.media_exists(one, at):
                yield one

    def listed_media(self, account_id: str, since: datetime, until: datetime, at: datetime) -> Iterator[Media]:
        """Yield what the edge `media` holds of [since, until) at `at`, newest first: of the newest 10,000."""
        if since < (oldest := self._oldest_listed(account_id, at)):
            since = oldest
        return self._unarchived(account_id, since, until, at)

    def media(self, account_id: str, since: datetime, until: datetime, at: datetime) -> tuple[Media, ...]:
        """Return the listed media published in [since, until) at `at`, newest first."""
        return tuple(self.listed_media(account_id, since, until, at))

    def stories(self, account_id: str, at: datetime) -> tuple[Media, ...]:
        """Return the stories that can be seen at `at`, newest first."""
        day = self.media_timeline(account_id, at - STORY_LIFE, at + timedelta(seconds=1), at)
        return tuple(one for one in day if one.is_story and not self.is_over(one, at))

    def media_counters(self, media: Media, at: datetime) -> dict[str, int]:
        """Return the raw counters of a media at the whole second of `at`, corrected; a story's stop at its end."""
        counts = media.counts(min(at, self._story_end(media)) if media.is_story else at)
        for since, counter, by in self._corrections.get(media.id, ()):
            if at >= since:
                counts[counter] = max(0, counts[counter] + by)
        if counts:
            counts["reach"] = min(counts["reach"], counts["views"])
        return counts

    def media_metrics(self, media_id: str, at: datetime) -> dict[str, MediaValue]:
        """Return every insights metric of a media by Graph name, whatever keeps a caller from reading it."""
        media = self.find_media(media_id)
        return media_catalogue.metrics(media, self.media_counters(media, at))

    def media_breakdown(self, media_id: str, metric: str, at: datetime) -> dict[str, int]:
        """Return `profile_activity` by action type, or `navigation` by the way a story was left."""
        return media_catalogue.breakdown(metric, self.media_counters(self.find_media(media_id), at))

    def _unarchived(self, account_id: str, since: datetime, until: datetime, at: datetime) -> Iterator[Media]:
        timeline = self.media_timeline(account_id, since, until, at)
        return (one for one in timeline if not one.is_story and not self.is_archived(one, at))

    def _oldest_listed(self, account_id: str, at: datetime) -> datetime:
        """Return from when on media are listed; most accounts cannot have published too much, and are not counted."""
        account, start = self.account(account_id), datetime.min.replace(tzinfo=UTC)
        published = len(self._added_media.get(account_id, ())) + account.media_per_day * (at.date() - self.epoch).days
        if published < LISTED_MAX / 2:
            return start
        listed = self._unarchived(account_id, start, at + timedelta(seconds=1), at)
        last = next(islice(listed, LISTED_MAX - 1, None), None)
        return last.created_time if last else start

    def _story_end(self, media: Media) -> datetime:
        end = media.created_time + STORY_LIFE
        return min(end, self._ended.get(media.id, end))

    def _generate_media(self, account: Account, since: datetime, until: datetime) -> Iterator[Media]:
        first = pacific_day(max(since, day_start(self.epoch)))
        day = pacific_day(until) if account.media_per_day else date.min
        while day >= first:
            yield from media_of_day(self.seed, account, day)
            day -= timedelta(days=1)


def _recency(media: Media) -> tuple[datetime, str]:
    return media.created_time, media.id
