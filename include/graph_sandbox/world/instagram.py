"""The truth about the days of Instagram's accounts: what their media gained, and what happened beside."""

from datetime import date, datetime, timedelta

from graph_sandbox.world import accounts
from graph_sandbox.world.pacific import day_end, day_start, pacific_day
from graph_sandbox.world.published_media import MediaWorld

YOUNG = timedelta(days=28)
# What an account's day holds of what its media gained: the account's metric, the media's counter.
GAINED = {
    "views": "views",
    "reach": "reach",
    "likes": "likes",
    "comments": "comments",
    "saves": "saved",
    "shares": "shares",
    "replies": "replies",
    "reposts": "reposts",
}
INTERACTIONS = ("likes", "comments", "saves", "shares", "replies")
# The parts of an account's day by a breakdown: metrics that have it, and the share of each part but the first.
ACCOUNT_BREAKDOWNS: dict[str, tuple[frozenset[str], dict[str, float]]] = {
    "follow_type": (frozenset({"views", "reach"}), {"FOLLOWER": 0.0, "NON_FOLLOWER": 0.4}),
    "media_product_type": (
        frozenset({"views", "reach", "likes", "comments", "saves", "shares", "total_interactions"}),
        {"POST": 0.0, "REEL": 0.3, "STORY": 0.1},
    ),
    "contact_button_type": (frozenset({"profile_links_taps"}), {"BIO_LINK_CLICKED": 0.0, "CALL": 0.1, "EMAIL": 0.2}),
}
# The names of a part, one for each breakdown.
Parts = tuple[str, ...]
FOLLOWS_AND_UNFOLLOWS = "follows_and_unfollows"
FOLLOWER_COUNT = "follower_count"


class InstagramWorld(MediaWorld):
    """Accounts and their media, with the account's own numbers of each Pacific day."""

    def account_metrics(self, account_id: str, day: date, at: datetime) -> dict[str, int]:
        """Return the account's numbers of a Pacific day by Graph name; empty until Graph has them.

        `follower_count` is the day's gain. `follows_and_unfollows` has no number of its own: see `account_breakdown`.
        """
        account = self.account(account_id)
        if day < self.epoch or not accounts.is_there(self.seed, account, day, at):
            return {}
        beside = accounts.beside_media(self.seed, account, day)
        gained = self._gained_by_media(account_id, day)
        found = {
            name: beside[name] + gained.get(name, 0) for name in (*GAINED, "accounts_engaged", "profile_links_taps")
        }
        found["total_interactions"] = sum(found[name] for name in INTERACTIONS)
        return found | {FOLLOWER_COUNT: beside["gained"]}

    def account_window(self, account_id: str, first: date, days: int, at: datetime) -> dict[str, int]:
        """Return the account's numbers of some days from `first` on; people count once, missing days count nothing."""
        window = [self.account_metrics(account_id, first + timedelta(days=n), at) for n in range(days)]
        there = [of_day for of_day in window if of_day]
        return {
            name: accounts.combined(name, [of_day[name] for of_day in there]) for name in (there[0] if there else ())
        }

    def account_breakdown(
        self,
        account_id: str,
        metric: str,
        breakdown: str,
        first: date,
        days: int,
        at: datetime,
    ) -> dict[str, int]:
        """Return a metric of some days by the parts of one breakdown; empty until Graph has them."""
        parts = self.account_parts(account_id, metric, (breakdown,), first, days, at)
        return {name: value for (name,), value in parts.items()}

    def account_parts(
        self,
        account_id: str,
        metric: str,
        breakdowns: tuple[str, ...],
        first: date,
        days: int,
        at: datetime,
    ) -> dict[Parts, int]:
        """Return a metric of some days by the parts of several breakdowns at once; empty until Graph has them."""
        window = [first + timedelta(days=n) for n in range(days)]
        there = [day for day in window if self.account_metrics(account_id, day, at)]
        if not there:
            return {}
        if metric == FOLLOWS_AND_UNFOLLOWS:
            beside = [accounts.beside_media(self.seed, self.account(account_id), day) for day in there]
            sums = {name: sum(of_day[name] for of_day in beside) for name in ("gained", "lost")}
            return {("FOLLOWER",): sums["gained"], ("NON_FOLLOWER",): sums["lost"]}
        parts: dict[Parts, int] = {(): self.account_window(account_id, first, days, at)[metric]}
        for breakdown in breakdowns:
            shares = ACCOUNT_BREAKDOWNS[breakdown][1]
            parts = {(*names, name): value for names, whole in parts.items() for name, value in _cut(whole, shares)}
        return parts

    def followers_count(self, account_id: str, at: datetime) -> int:
        """Return the number of followers as the account's field shows it: at the end of the last Pacific day."""
        return accounts.followers(self.seed, self.account(account_id), pacific_day(at) - timedelta(days=1))

    def media_count(self, account_id: str, at: datetime) -> int:
        """Return the account's own count of its media, which is some per cent lower than the listing."""
        listed = sum(1 for _ in self.listed_media(account_id, day_start(self.epoch), at, at))
        return listed - listed * 6 // 100

    def impressions(self, account_id: str, at: datetime) -> int:
        """Return the views of the last whole Pacific day, which the account's budget of calls is made from."""
        day = pacific_day(at) - timedelta(days=1)
        beside = accounts.beside_media(self.seed, self.account(account_id), day)
        return beside["views"] + self._gained_by_media(account_id, day)["views"]

    def _gained_by_media(self, account_id: str, day: date) -> dict[str, int]:
        """Return what the account's younger media gained on a day; what was archived meanwhile counts too."""
        start, end = day_start(day), day_end(day)
        gained = dict.fromkeys(GAINED, 0)
        for one in self.media_timeline(account_id, start - YOUNG, end, end):
            before, after = self.media_counters(one, start), self.media_counters(one, end)
            for name, counter in GAINED.items():
                gained[name] += after.get(counter, 0) - before.get(counter, 0)
        return {name: max(0, value) for name, value in gained.items()}


def _cut(whole: int, shares: dict[str, float]) -> list[tuple[str, int]]:
    """Return a number in parts that add up to it: the first part is what the others leave."""
    first, *rest = shares
    cut = {name: int(whole * shares[name]) for name in rest}
    return [(first, whole - sum(cut.values())), *cut.items()]
