"""An account whose listings are refused because of one media in them: what each kind has is learned, and kept apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from meta_insights.days import Day
from meta_insights.graph.errors import GraphError, GraphPermissionError, GraphTransientError, classify
from meta_insights.graph.paging import PageSize
from meta_insights.graph.transport import Answer
from meta_insights.issues import Issues
from meta_insights.provider.instagram.resources import PROVIDER
from meta_insights.provider.model import Stored
from meta_insights.read.parts import TOO_LATE, Dates, plan
from meta_insights.read.refused import Refused
from meta_insights.read.resources import ResourceReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

DAY = Day(date(2026, 11, 20))
NOW = DAY.end + timedelta(hours=4)
ACCOUNT_ID = "178414"
OF_REELS = ("ig_reels_video_view_total_time", "ig_reels_avg_watch_time", "reels_skip_rate")
OF_FEED = ("follows", "profile_visits", "profile_activity")
AS_DOCUMENTED = {"photo": OF_REELS, "carousel": OF_REELS, "video": OF_REELS, "reel": OF_FEED}
TEXTS = {
    "all names": "(#100) The Media Insights API does not support the {all} metric for this media product type.",
    "a place": "(#100) metric[{place}] must be one of the following values: views, reach, follows",
    "a name": "(#100) The metric {first} is not supported for this media type",
    "nothing": "(#100) The value must be a valid insights metric",
}
OLD = {"message": "Media posted before business account conversion", "code": 100, "error_subcode": 2108006}
FEW_VIEWERS = {"message": "(#10) Not enough viewers for the media to show insights", "code": 10}
NO_PERMISSION = {"message": "(#10) Application does not have permission for this action", "code": 10}
GAINS = {"FOLLOWER": 8, "NON_FOLLOWER": 3}


@dataclass
class Account:
    """Answers as Graph does: one media that lacks one metric, and the whole listing is refused."""

    media: dict[str, Stored]
    lacks: Mapping[str, Collection[str]] = field(default_factory=lambda: AS_DOCUMENTED)
    text: str = TEXTS["all names"]
    errors: dict[str, dict[str, Any]] = field(default_factory=dict)
    ignores_span: bool = False
    aliases: str = "served"
    most: int = 100
    slow: bool = False
    nothing: set[str] = field(default_factory=set)
    fails_alone: bool = False
    at: datetime = NOW
    connections: int = 1
    calls: int = 0
    requests: int = 0
    listings: int = 0

    def paginate(self, path: str, params: Mapping[str, Any], size: PageSize) -> Iterator[Answer]:
        assert path == f"{ACCOUNT_ID}/media"
        newest = sorted(self.media, key=lambda one: self.media[one].published_at, reverse=True)
        shown = [one for one in newest if self.ignores_span or self._is_within(one, params)]
        for start in range(0, max(1, len(shown)), size.value):
            self.calls, self.requests = self.calls + 1, self.requests + 1
            nodes = [self._node(one, params["fields"]) for one in shown[start : start + size.value]]
            yield Answer({"data": nodes}, self.at)

    def batch(self, paths: Sequence[str]) -> list[Answer | GraphError]:
        self.calls, self.requests = self.calls + len(paths), self.requests + -(-len(paths) // 50)
        return [self._entry(path) for path in paths]

    def _is_within(self, media_id: str, params: Mapping[str, Any]) -> bool:
        return bool(params["since"] <= self.media[media_id].published_at.timestamp() < params["until"])

    def _entry(self, path: str) -> Answer | GraphError:
        url = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            if url.path == ACCOUNT_ID:
                return Answer({"id": ACCOUNT_ID, "followers_count": 5_000}, self.at)
            if url.path == f"{ACCOUNT_ID}/media":
                span = {name: int(query[name]) for name in ("since", "until")}
                shown = [one for one in self.media if self.ignores_span or self._is_within(one, span)]
                shown, self.listings = shown[: int(query["limit"])], self.listings + 1
                if self.slow:
                    raise GraphTransientError("this request of the batch was not answered in time")
                if int(query["limit"]) > self.most:
                    text = "Please reduce the amount of data you're asking for, then retry your request"
                    raise classify({"message": text, "code": 1}, status=500, path=url.path)
                return Answer({"data": [self._node(one, query["fields"]) for one in shown]}, self.at)
            if url.path == f"{ACCOUNT_ID}/insights":
                return Answer({"data": [self._day(name, query) for name in query["metric"].split(",")]}, self.at)
            return Answer(self._node(url.path, query["fields"]), self.at)
        except GraphError as error:
            return error

    def _day(self, name: str, query: Mapping[str, str]) -> dict[str, Any]:
        self._refuse([name], query["metric"].split(","), self.lacks.get("account", ()))
        since, until = (datetime.fromtimestamp(int(query[key]), UTC) for key in ("since", "until"))
        row: dict[str, Any] = {"name": name, "period": query["period"]}
        if name in {"reach", "follower_count"}:
            assert query.get("metric_type") == {"reach": "time_series"}.get(name)
            days = [Day(since.date() + timedelta(days=n)) for n in range((until - since).days)]
            values = [{"value": day.date.day, "end_time": f"{day.end:%Y-%m-%dT%H:%M:%S+0000}"} for day in days]
            return row | {"values": values}
        assert query["metric_type"] == "total_value"
        assert until - since == timedelta(days=1)
        if name == "follows_and_unfollows":
            assert query["breakdown"] == "follow_type"
            results = [{"dimension_values": [key], "value": value} for key, value in GAINS.items()]
            return row | {"total_value": {"breakdowns": [{"dimension_keys": ["follow_type"], "results": results}]}}
        return row | {"total_value": {"value": value_of(name, str(since.date().day))}}

    def _node(self, media_id: str, fields: str) -> dict[str, Any]:
        stored = self.media[media_id]
        if media_id in self.nothing:
            raise classify(FEW_VIEWERS, status=400, path=media_id)
        node: dict[str, Any] = {"id": media_id, "timestamp": f"{stored.published_at:%Y-%m-%dT%H:%M:%S+0000}"}
        node |= {name: value_of(name, media_id) for name in ("like_count", "comments_count") if name in fields}
        for asked, _, label in re.findall(r"insights\.metric\(([\w,]+)\)([^{]*?)(?:\.as\((\w+)\))?{", fields):
            if label and self.aliases == "refused":
                raise classify({"message": f"(#100) Unknown fields: {label}.", "code": 100}, status=400, path="")
            if label and self.aliases == "ignored":
                continue
            names = asked.split(",")
            if self.fails_alone and len(names) == 1 and names[0] != "profile_activity":
                raise classify({"message": "Service unavailable", "code": 2}, status=500, path=media_id)
            if media_id in self.errors:
                raise classify(self.errors[media_id], status=400, path=media_id)
            self._refuse(names, names, self.lacks.get(media_id, self.lacks.get(stored.content_type, ())))
            node[label or "insights"] = {"data": [insight(name, media_id) for name in names]}
        return node

    def _refuse(self, names: Sequence[str], asked: Sequence[str], lacking: Collection[str]) -> None:
        if bad := [name for name in names if name in lacking]:
            text = self.text.format(all=", ".join(sorted(bad)), place=asked.index(bad[0]), first=bad[0])
            raise classify({"message": text, "code": 100}, status=400, path="")


def value_of(name: str, media_id: str) -> int:
    return len(name) * 1_000 + int(media_id)


def insight(name: str, media_id: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "period": "lifetime"}
    if name == "profile_activity":
        results = [{"dimension_values": ["call"], "value": value_of(name, media_id)}]
        return row | {"total_value": {"breakdowns": [{"dimension_keys": ["action_type"], "results": results}]}}
    value = 33.5 if name == "reels_skip_rate" else value_of(name, media_id)
    return row | {"values": [{"value": value}]}


def media(*kinds: str) -> dict[str, Stored]:
    """Media of these kinds, the newest first, an hour apart; their ids count from 1."""
    return {
        str(number): Stored(kind, DAY.end - timedelta(hours=number), str(number))
        for number, kind in enumerate(kinds, start=1)
    }


def expected(account: Account, *, without: Mapping[str, Collection[str]] | None = None) -> dict[str, dict[str, Any]]:
    """What each media gives: all that its kind has, by column."""
    rows = {}
    for media_id, stored in account.media.items():
        row: dict[str, Any] = {}
        lacking = {
            *account.lacks.get(media_id, account.lacks.get(stored.content_type, ())),
            *(without or {}).get(media_id, ()),
        }
        for resource in PROVIDER.resources[:2]:
            for metric in resource.asked(stored.content_type):
                if metric.source not in lacking:
                    value: Any = value_of(metric.source, media_id)
                    value = {"profile_activity": {"call": value}, "reels_skip_rate": 33.5}.get(metric.source, value)
                    row[metric.column] = value
        rows[media_id] = row
    return rows


def read(account: Account, known: Refused | None = None) -> tuple[ResourceReader, Refused]:
    refused = known or Refused({}, NOW)
    dates = Dates(
        [DAY.date - timedelta(days=back) for back in range(4)], account.at, DAY.on_time_until(timedelta(hours=24))
    )
    parts = plan(PROVIDER, ACCOUNT_ID, account.media, dates, None, ())
    sizes = {one.name: PageSize() for one in PROVIDER.resources}
    reader = ResourceReader(account, PROVIDER, ACCOUNT_ID, account.media, parts, refused, sizes, Issues())  # type: ignore[arg-type]
    reader.read()
    return reader, refused


def snapshots(reader: ResourceReader) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for layer in reader.rows.by_table().get("content_daily_metric", []):
        for row in layer:
            columns = {name: value for name, value in row.items() if name not in {"external_content_id", "observed_at"}}
            columns |= {f"breakdowns.{key}": value for key, value in columns.pop("breakdowns", {}).items()}
            found.setdefault(row["external_content_id"], {}).update(columns)
    return found


def days(reader: ResourceReader) -> dict[date, dict[str, Any]]:
    found: dict[date, dict[str, Any]] = {}
    for layer in reader.rows.by_table()["page_daily_metric"]:
        for row in layer:
            columns = {name: value for name, value in row.items() if name not in {"date", "observed_at"}}
            found.setdefault(row["date"], {}).update(columns)
    return found


MIXED = media("photo", "reel", "carousel", "video", "reel", "photo", "carousel", "video", "reel", "photo")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize(
    "kinds",
    [["photo"] * 12, ["reel"] * 12, [one.content_type for one in MIXED.values()], ["photo", "carousel"] * 6],
    ids=["photos", "reels", "mixed", "feed"],
)
def test_every_kind_gives_all_that_it_has_whatever_a_refusal_says(kinds: list[str], text: str) -> None:
    account = Account(media(*kinds), text=text)
    reader, _ = read(account)
    assert snapshots(reader) == expected(account)
    assert (reader.errors, reader.failed, reader.skipped) == ([], set(), set())


def test_a_kind_that_has_more_than_is_documented_gives_it() -> None:
    account = Account(media("reel", "photo", "reel", "photo"), lacks={"reel": ("profile_visits",), "photo": OF_REELS})
    reader, refused = read(account)
    assert snapshots(reader) == expected(account)
    assert refused.entries.keys() == {"media.profile_visits/reel"}


@pytest.mark.parametrize(
    ("kinds", "requests", "calls"),
    [
        (["photo"] * 100, 1, 1 + 9),
        (["reel"] * 100, 1, 1 + 9),
        (["photo", "carousel", "video"] * 33, 1, 1 + 9),
        (["photo", "reel"] * 50, 3, 100 + 9),
        (["photo", "photo", "reel", "photo"] * 25, 2, 51 + 9),
        (["photo"] * 90 + ["reel"] * 10, 1, 2 + 9),
    ],
    ids=["photos", "reels", "feed", "alternating", "some reels", "reels long ago"],
)
def test_what_is_known_of_the_kinds_makes_the_next_day_cheap(kinds: list[str], requests: int, calls: int) -> None:
    account = Account(media(*kinds))
    _, refused = read(account)
    account.calls = account.requests = 0
    reader, _ = read(account, refused)
    assert snapshots(reader) == expected(account)
    assert (account.requests, account.calls) == (requests, calls)


@pytest.mark.parametrize("aliases", ["refused", "ignored"])
@pytest.mark.parametrize(
    ("kinds", "requests", "calls"),
    [(["photo"] * 100, 1, 1 + 1 + 9), (["photo", "reel"] * 50, 4, 100 + 50 + 9)],
    ids=["photos", "alternating"],
)
def test_where_two_insights_of_an_object_are_not_served_at_once_they_are_read_apart_and_for_a_week(
    kinds: list[str], requests: int, calls: int, aliases: str
) -> None:
    account = Account(media(*kinds), aliases=aliases)
    _, refused = read(account)
    reader, _ = read(account, refused)
    assert snapshots(reader) == expected(account)
    account.calls = account.requests = 0
    reader, _ = read(account, refused)
    assert snapshots(reader) == expected(account)
    assert (account.requests, account.calls) == (requests, calls)
    later = Refused(refused.entries, NOW + timedelta(days=8))
    account.aliases = "served"
    read(account, later)
    account.calls = 0
    reader, _ = read(account, later)
    assert snapshots(reader) == expected(account)
    assert account.calls < calls


def test_a_listing_that_is_too_much_at_once_is_asked_for_in_halves_and_the_size_is_kept() -> None:
    account = Account(media(*["photo"] * 100), most=30)
    reader, _ = read(account)
    assert snapshots(reader) == expected(account)
    assert {reader.sizes[name].next_run for name in ("media", "media_activity")} == {25}
    assert account.calls == 1 + 2 + 4 + 9


def test_what_is_not_answered_in_time_is_read_singly_and_says_nothing_of_two_insights_at_once() -> None:
    account = Account(media(*["photo"] * 10), slow=True)
    reader, refused = read(account)
    assert snapshots(reader) == expected(account)
    assert (reader.errors, refused.entries) == ([], {})


def test_a_metric_that_is_refused_while_two_insights_are_read_at_once_speaks_for_itself_alone() -> None:
    account = Account(media(*["photo"] * 10))
    _, refused = read(account)
    account.lacks = {"photo": (*OF_REELS, "shares")}
    reader, _ = read(account, refused)
    assert snapshots(reader) == expected(account)
    assert refused.entries.keys() == {"media.shares/photo"}


def test_runs_in_a_listing_that_ignores_the_span_are_read_singly() -> None:
    account = Account(media(*["photo", "photo", "photo", "reel"] * 5), ignores_span=True)
    reader, refused = read(account)
    assert snapshots(reader) == expected(account)
    reader, _ = read(account, refused)
    assert snapshots(reader) == expected(account)


def test_one_media_that_lacks_what_its_kind_has_costs_no_other_media_anything() -> None:
    account = Account(media(*["photo"] * 10), lacks={"photo": OF_REELS, "4": ("shares", "views", *OF_REELS)})
    reader, refused = read(account)
    assert snapshots(reader) == expected(account)
    assert refused.entries == {}
    assert {about for about, _ in reader.issues.items} >= {"media.shares", "media.views"}


@pytest.mark.parametrize("odd", ["1", "10"], ids=["the newest", "the oldest"])
def test_an_odd_media_at_either_end_does_not_speak_for_its_kind(odd: str) -> None:
    account = Account(media(*["photo"] * 10), lacks={"photo": OF_REELS, odd: ("shares", *OF_REELS)})
    reader, refused = read(account)
    assert snapshots(reader) == expected(account)
    assert refused.entries == {}


@pytest.mark.parametrize("first", [1, 2, 6, 9, 10, 11])
def test_media_before_the_conversion_are_found_by_their_time_and_never_asked_again(first: int) -> None:
    account = Account(media(*["photo"] * 10))
    account.errors = {str(number): OLD for number in range(first, 11)}
    insights = {source for one in PROVIDER.resources[:2] for source in (m.source for m in one.metrics if not m.field)}
    without = dict.fromkeys(account.errors, insights)
    reader, refused = read(account)
    assert snapshots(reader) == expected(account, without=without)
    assert reader.errors == []
    account.calls = account.requests = 0
    reader, _ = read(account, refused)
    assert snapshots(reader) == expected(account, without=without)
    listings = {1: 1, 11: 1}.get(first, 2)  # without insights, and with them
    assert account.listings
    assert account.calls == listings + 9


def test_a_later_conversion_is_found_and_an_earlier_one_is_not_forgotten() -> None:
    account = Account(media(*["photo"] * 10))
    account.errors = {"9": OLD, "10": OLD}
    _, refused = read(account)
    account.errors |= {"7": OLD, "8": OLD}
    reader, refused = read(account, refused)
    assert refused.insights_since == account.media["7"].published_at + timedelta(seconds=1)
    assert {key: row.get("reach") is None for key, row in snapshots(reader).items() if int(key) > 5} == {
        "6": False,
        "7": True,
        "8": True,
        "9": True,
        "10": True,
    }


def test_too_few_viewers_are_no_data_of_that_media_and_cost_no_other() -> None:
    account = Account(media(*["photo"] * 5), errors={"3": FEW_VIEWERS})
    reader, refused = read(account)
    rows = snapshots(reader)
    assert rows["3"].keys() == {"reactions", "comments"}
    del rows["3"], account.media["3"]
    assert rows == expected(account)
    assert (reader.errors, refused.entries) == ([], {})


def test_a_media_without_data_of_any_kind_is_skipped_and_asked_for_twice() -> None:
    account = Account(media(*["photo"] * 5), nothing={"3"})
    reader, _ = read(account)
    assert snapshots(reader).keys() == account.media.keys() - {"3"}
    assert (reader.errors, reader.skipped, reader.failed) == ([], {"3"}, set())
    assert account.calls < 40


def test_metrics_that_fail_for_a_passing_reason_are_pending_and_not_asked_for_without_end() -> None:
    account = Account(media(*["photo"] * 5), text=TEXTS["nothing"], fails_alone=True)
    account.lacks = {"photo": ("shares", *OF_REELS)}
    reader, refused = read(account)
    assert {type(error) for error in reader.errors} == {GraphTransientError}
    assert reader.failed == account.media.keys()
    assert refused.entries == {}
    assert account.calls < 200


def test_a_missing_permission_is_an_error_though_its_code_is_that_of_too_few_viewers() -> None:
    account = Account(media(*["photo"] * 5))
    account.errors = dict.fromkeys(account.media, NO_PERMISSION)
    reader, _ = read(account)
    assert {type(error) for error in reader.errors} == {GraphPermissionError}
    assert "does not have permission" in str(reader.errors[0])
    assert reader.failed == account.media.keys()
    assert {frozenset(row) for row in snapshots(reader).values()} == {frozenset({"reactions", "comments"})}
    assert account.calls < 40


def test_a_listing_that_ignores_the_span_gives_the_same_and_is_not_read_to_its_end() -> None:
    account = Account(media(*["photo"] * 12), ignores_span=True)
    account.media |= {
        str(number): Stored("photo", DAY.end - timedelta(days=number), str(number)) for number in range(100, 900)
    }
    window = {key: row for key, row in account.media.items() if int(key) < 100}
    reader = Account(window)
    wanted = expected(reader)
    dates = Dates([DAY.date], NOW, DAY.on_time_until(timedelta(hours=24)))
    sizes = {one.name: PageSize() for one in PROVIDER.resources}
    parts = plan(PROVIDER, ACCOUNT_ID, window, dates, None, ())
    found = ResourceReader(account, PROVIDER, ACCOUNT_ID, window, parts, Refused({}, NOW), sizes, Issues())  # type: ignore[arg-type]
    found.read()
    assert snapshots(found) == wanted
    assert account.listings == 1  # both kinds of insights in one


# The account's own days


def test_the_days_of_an_account_come_in_one_batch_and_only_those_that_may_still_change() -> None:
    account = Account({})
    reader, _ = read(account)
    found = days(reader)
    assert list(found) == [DAY.date - timedelta(days=back) for back in (2, 1, 0)]
    assert found[DAY.date] == {
        "impressions": value_of("views", "20"),
        "engagements": value_of("total_interactions", "20"),
        "engaged_accounts": value_of("accounts_engaged", "20"),
        "actions": value_of("profile_links_taps", "20"),
        "follows": 8,
        "unfollows": 3,
        "reach": 20,
        "new_followers": 20,
        "followers": 5_000,
    }
    assert [row.get("followers") for row in found.values()] == [None, None, 5_000]
    assert (account.requests, account.calls) == (1, 3 * 2 + 1 + 1 + 1)


@pytest.mark.parametrize(("hours", "is_read"), [(28, True), (47.9, True), (48, False), (52, False)])
def test_a_day_is_read_again_until_it_was_observed_two_days_after_its_end(*, hours: float, is_read: bool) -> None:
    before = Day(DAY.date - timedelta(days=2))
    dates = Dates([DAY.date, before.date], NOW, NOW, {before.date: before.end + timedelta(hours=hours)})
    parts = plan(PROVIDER, ACCOUNT_ID, {}, dates, None, ())
    windows = {part.window for part in parts if part.resource.name == "account_follows"}
    assert ((before.date, before.date) in windows) == is_read


def test_a_backfill_asks_for_its_own_date_alone_and_says_that_followers_have_no_history() -> None:
    account = Account({}, at=NOW + timedelta(days=40))
    reader, _ = read(account)
    assert days(reader).keys() == {DAY.date}
    assert "followers" not in days(reader)[DAY.date]
    assert account.calls == 2 + 1
    assert [part.resource.name for part in reader.parts if part.is_too_late] == ["account"]


def test_followers_seen_after_the_date_was_on_time_are_not_those_of_the_date() -> None:
    account = Account({})
    dates = Dates([DAY.date], NOW, NOW)
    dates = Dates([DAY.date], NOW - timedelta(seconds=1), NOW)
    parts = plan(PROVIDER, ACCOUNT_ID, {}, dates, None, ())
    reader = ResourceReader(account, PROVIDER, ACCOUNT_ID, {}, parts, Refused({}, NOW), {}, Issues())  # type: ignore[arg-type]
    reader.read()
    assert "followers" not in days(reader)[DAY.date]
    assert ("account", TOO_LATE) in reader.issues.items


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_metric_that_the_account_does_not_have_is_left_out_and_the_others_are_read(text: str) -> None:
    account = Account({}, lacks={"account": ("profile_links_taps", "views")}, text=text)
    reader, refused = read(account)
    assert days(reader)[DAY.date].keys() == {
        "engagements",
        "engaged_accounts",
        "follows",
        "unfollows",
        "reach",
        "new_followers",
        "followers",
    }
    assert refused.entries.keys() == {"account_days.profile_links_taps", "account_days.views"}
    assert reader.errors == []
    account.calls = account.requests = 0
    read(account, refused)
    assert account.requests == 1


@pytest.mark.parametrize("of", ["summer", "winter"])
def test_a_window_is_a_whole_pacific_day_to_the_second_across_both_changes_of_the_clocks(of: str) -> None:
    day = Day({"summer": date(2026, 3, 8), "winter": date(2026, 11, 1)}[of])
    dates = Dates([day.date], day.end + timedelta(hours=1), day.end + timedelta(hours=23))
    parts = {part.resource.name: part for part in plan(PROVIDER, ACCOUNT_ID, {}, dates, None, ())}
    window = {"since": str(int(day.start.timestamp())), "until": str(int(day.end.timestamp()))}
    assert parts["account_days"].history == parts["account_reach"].history == window
    assert int(window["until"]) - int(window["since"]) == {"summer": 23, "winter": 25}[of] * 3_600
