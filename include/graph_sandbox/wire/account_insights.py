"""The insights edge of Instagram accounts: series by Pacific day, and one number for a whole window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from graph_sandbox.control.faults import Fault
from graph_sandbox.wire import errors, instagram_errors
from graph_sandbox.wire.call import graph_time
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.instagram_parameters import (
    DEFAULT,
    TIME_SERIES,
    TOTAL_VALUE,
    breakdowns_of,
    broken_down,
    columns_of,
    metric_type_of,
    metrics_of,
    periods_of,
    with_columns,
)
from graph_sandbox.wire.reading import Reading
from graph_sandbox.wire.when import instant, slid
from graph_sandbox.world.accounts import FOLLOWERS_FOR_GAINS, Account
from graph_sandbox.world.instagram import ACCOUNT_BREAKDOWNS, FOLLOWER_COUNT, FOLLOWS_AND_UNFOLLOWS
from graph_sandbox.world.pacific import day_end, day_start, pacific_day

REACH = "reach"
TOTALS = (
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
    "replies",
    "reposts",
    "views",
    "profile_links_taps",
    FOLLOWS_AND_UNFOLLOWS,
)
# Graph knows these; this world has nothing for them.
WITHOUT_DATA = ("online_followers", "engaged_audience_demographics", "follower_demographics")
METRICS = (REACH, FOLLOWER_COUNT, *TOTALS, *WITHOUT_DATA)
BREAKDOWNS = ("age", "city", "contact_button_type", "country", "follow_type", "gender", "media_product_type")
BROKEN_DOWN: Mapping[str, frozenset[str]] = {
    name: metrics | ({FOLLOWS_AND_UNFOLLOWS} if name == "follow_type" else frozenset())
    for name, (metrics, _) in ACCOUNT_BREAKDOWNS.items()
}
WINDOW_MAX = timedelta(days=30)
HISTORY = timedelta(days=2 * 365)
BREAKDOWN_HISTORY = timedelta(days=366)
DEFAULT_WINDOW = timedelta(days=2)
GAINS_DAYS = 30


@dataclass(frozen=True, slots=True)
class Query:
    """What a call asks for, every parameter checked."""

    metrics: tuple[str, ...]
    is_daily: bool
    is_total: bool
    breakdowns: tuple[str, ...]
    since: datetime
    until: datetime

    @property
    def days(self) -> list[date]:
        """The Pacific days that end in the window: `since < end_time <= until`."""
        day, found = pacific_day(self.since), []
        while day_end(day) <= self.until:
            found.append(day)
            day += timedelta(days=1)
        return found


def account_insights(reading: Reading, account: Account, spec: FieldSpec) -> dict[str, Any]:
    """Return a row per metric that has data; a GraphError for what does not go together."""
    columns, query = columns_of(spec), _query(reading, account, spec)
    rows = [row for name in query.metrics if query.is_daily and (row := _row(reading, account, name, query))]
    return {"data": [with_columns(row, columns) for row in rows], "paging": _paging(reading, account, query, spec)}


def _query(reading: Reading, account: Account, spec: FieldSpec) -> Query:
    asked = metrics_of(spec, METRICS, lambda name: reading.lacks(name, "retired_metrics", (account.id,)))
    periods = periods_of(spec)
    if not periods:
        raise errors.parameter("The parameter period is required")
    breakdowns, metric_type = breakdowns_of(spec, BREAKDOWNS), metric_type_of(spec)
    _check_metric_type(asked, metric_type)
    since, until = _window(reading.at, spec.params)
    if FOLLOWER_COUNT in asked and since < day_start(pacific_day(reading.at) - timedelta(days=GAINS_DAYS)):
        raise instagram_errors.only_recent_gains()
    is_total = metric_type == TOTAL_VALUE
    if breakdowns and not (is_total and all(_has_breakdown(name, breakdowns) for name in asked)):
        raise instagram_errors.unknown_error()
    shown = tuple(name for name in asked if not reading.lacks(name, "missing_metrics", (account.id,)))
    return Query(shown, "day" in periods, is_total, breakdowns, since, until)


def _check_metric_type(asked: tuple[str, ...], metric_type: str) -> None:
    """Raise a GraphError unless every metric can be told in this way; `follower_count` is asked alone, in none."""
    if FOLLOWER_COUNT in asked and (len(asked) > 1 or metric_type != DEFAULT):
        raise instagram_errors.wrong_metric_type(FOLLOWER_COUNT, metric_type)
    totals = [name for name in asked if name in TOTALS]
    if totals and metric_type == DEFAULT:
        raise instagram_errors.total_value_required(totals)
    if totals and metric_type == TIME_SERIES:
        raise instagram_errors.wrong_metric_type(totals[0], metric_type)


def _has_breakdown(metric: str, breakdowns: tuple[str, ...]) -> bool:
    return all(metric in BROKEN_DOWN.get(name, frozenset()) for name in breakdowns)


def _window(at: datetime, params: Mapping[str, str]) -> tuple[datetime, datetime]:
    until = instant(params, "until", at) or at
    since = instant(params, "since", at) or until - DEFAULT_WINDOW
    if since > until:
        raise errors.parameter("since must be before until")
    if since < at - HISTORY:
        raise errors.parameter("since param is not valid. Metrics data is available for the last 2 years")
    # In seconds: 30 Pacific days over the autumn's change of the clocks are an hour too many.
    if until - since > WINDOW_MAX:
        raise errors.parameter("There cannot be more than 30 days between since and until")
    return since, until


def _row(reading: Reading, account: Account, metric: str, query: Query) -> dict[str, Any] | None:
    """Return the row of a metric, or None when there is nothing to tell."""
    if metric in WITHOUT_DATA or not query.days:
        return None
    told = (_total if query.is_total else _series)(reading, account, metric, query)
    if told is None:
        return None
    title = metric.replace("_", " ").capitalize()
    return {
        "name": metric,
        "period": "day",
        **told,
        "title": title,
        "description": f"{title}. Invented by the sandbox.",
        "id": f"{account.id}/insights/{metric}/day",
    }


def _series(reading: Reading, account: Account, metric: str, query: Query) -> dict[str, Any] | None:
    """Return a value per day that is there; an account with few followers has no gains."""
    few = reading.world.followers_count(account.id, reading.at) < FOLLOWERS_FOR_GAINS
    if metric == FOLLOWER_COUNT and few:
        return None
    dated = [(day_end(day), _number(reading, account, metric, [day])) for day in query.days]
    values = [{"value": value, "end_time": graph_time(end)} for end, value in dated if value is not None]
    return {"values": values} if values else None


def _total(reading: Reading, account: Account, metric: str, query: Query) -> dict[str, Any] | None:
    """Return one number for all days of the window, and its parts; some have no number but by their parts."""
    whole, parts = _number(reading, account, metric, query.days), _parts(reading, account, metric, query)
    if whole is None:
        return None
    total = ({} if metric == FOLLOWS_AND_UNFOLLOWS else {"value": whole}) | ({"breakdowns": [parts]} if parts else {})
    return {"total_value": total} if total else {}


def _parts(reading: Reading, account: Account, metric: str, query: Query) -> dict[str, Any] | None:
    """Return the parts by the breakdown that was asked for; of what is older than a year there are none."""
    if not query.breakdowns or reading.at - query.since > BREAKDOWN_HISTORY:
        return None
    first, days = query.days[0], len(query.days)
    found = reading.world.account_parts(account.id, metric, query.breakdowns, first, days, reading.at)
    if _missing(reading, metric, query.days):
        found = dict.fromkeys(found, 0)
    return broken_down(query.breakdowns, found.items())


def _number(reading: Reading, account: Account, metric: str, days: list[date]) -> Any:
    """Return a metric of some days as the caller sees it, None when there is nothing.

    Follows and unfollows have no number of their own: theirs is 0 when they are there.
    """
    if fault := _missing(reading, metric, days):
        return None if fault.form == "absent" else 0
    window = reading.world.account_window(account.id, days[0], len(days), reading.at)
    if not window or metric == FOLLOWS_AND_UNFOLLOWS:
        return 0 if window else None
    return reading.seen(metric, window[metric], (account.id,))


def _missing(reading: Reading, metric: str, days: list[date]) -> Fault | None:
    """Return the fault `missing_days` if it takes these days away."""
    age = reading.at - day_end(days[-1])
    return reading.faults.find("missing_days", applies=lambda one: one.concerns(metric) and one.covers(age))


def _paging(reading: Reading, account: Account, query: Query, spec: FieldSpec) -> dict[str, str]:
    links = {}
    for name, step in (("previous", -1), ("next", 1)):
        since, until = (str(int(moment.timestamp())) for moment in slid(query.since, query.until, step))
        links[name] = reading.url(f"{account.id}/insights", {**spec.kept(), "since": since, "until": until})
    return links
