"""What must hold after a scenario: each rule returns what differs between the warehouse and the oracle."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_insights.store.checks import broken_rules, warn_of_rules
from meta_insights.store.warehouse import Warehouse
from simulation.life import DAYS, FIRST
from simulation.oracle import COUNTED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping

    from simulation.life import Lived

COLUMNS = ("impressions", "reach", "clicks", "reactions", "comments", "shares", "video_views")


def snapshots(lived: Lived) -> Iterator[Any]:
    """Every snapshot is exact for the instant at which it was observed."""
    stored = {
        (row["external_content_id"], row["date"]): {name: row[name] for name in ("observed_at", "is_on_time", *COLUMNS)}
        for row in lived.rows("select * from analytics.content_daily_metric")
    }
    expected = {
        (lived.oracle.stored_id(content_id), day): {"observed_at": row.observed_at, "is_on_time": row.is_on_time}
        | {name: row.values.get(name, (None,))[0] for name in COLUMNS}
        for (content_id, day), row in lived.oracle.snapshots().items()
    }
    return different(stored, expected)


def changes(lived: Lived) -> Iterator[Any]:
    """Every daily change is exact for the days and hours that it covers."""
    names = ("value", "change", "since_date", "days_covered", "is_correction", "hours_covered")
    stored = {
        (row["external_content_id"], row["date"], row["metric"]): (
            *(row[name] for name in names[:-1]),
            round(float(row["hours_covered"]), 3),
        )
        for row in lived.rows("select * from analytics.content_metric_change where metric = any(%s)", list(COUNTED))
    }
    expected = {
        (lived.oracle.stored_id(content_id), day, metric): (
            change.value,
            change.change,
            change.since,
            change.days,
            change.change < 0,
            round(change.hours, 3),
        )
        for (content_id, day, metric), change in lived.oracle.changes().items()
    }
    return different(stored, expected)


def stored_changes(lived: Lived) -> Iterator[Any]:
    """The stored daily changes are the oracle's, and the stored counts those of their definition."""
    stored = {
        (row["external_content_id"], row["date"], metric): row[f"{metric}_change"]
        for row in lived.rows("select * from analytics.daily_change")
        for metric in COUNTED
        if row.get(f"{metric}_change") is not None
    }
    expected = {
        (lived.oracle.stored_id(content_id), day, metric): change.change
        for (content_id, day, metric), change in lived.oracle.changes().items()
        if metric != "actions"  # which has no daily change
    }
    yield from different(stored, expected)
    for one, other in (("daily_coverage", "computed_daily_coverage"), ("computed_daily_coverage", "daily_coverage")):
        yield from lived.rows(f"table analytics.{one} except table analytics.{other}")


def late_numbers(lived: Lived) -> Iterator[Any]:
    """Late numbers are in no change and in no aggregate."""
    yield from lived.rows("""
        select change.* from analytics.content_metric_change as change
        inner join analytics.content_daily_metric as snapshot using (integration_id, external_content_id)
        where not snapshot.is_on_time and snapshot.date in (change.date, change.since_date)
    """)
    yield from lived.rows("""
        select * from analytics.daily_aggregate
        where content_measured = 0 and num_nonnulls(impressions_change, summed_post_reach, engagement) > 0
    """)


def aggregates(lived: Lived) -> Iterator[Any]:
    """Every aggregate equals an independent computation."""
    expected = lived.oracle.aggregates()
    names = {name for row in expected.values() for name in row}
    stored = {
        (lived.page(row["integration_id"]), row["content_type"], row["date"]): {name: row[name] for name in names}
        for row in lived.rows("select * from analytics.daily_aggregate")
    }
    return different(stored, expected)


def history(lived: Lived) -> Iterator[Any]:
    """History is exact whenever it was read."""
    pages = {
        (lived.page(row["integration_id"]), row["date"]): (row["observed_at"], row["followers"], row["impressions"])
        for row in lived.rows("select * from analytics.page_daily_metric")
    }
    expected = {
        key: (at, values["page_follows"], values["page_media_view"])
        for key, (at, values) in lived.oracle.page_days.items()
    }
    yield from different(pages, expected)
    videos = lived.rows("select external_content_id, date, video_views from analytics.content_daily_video")
    days = {(row["external_content_id"], row["date"]): row["video_views"] for row in videos}
    yield from different(days, lived.oracle.video_days)


def checks(lived: Lived) -> Iterator[Any]:
    """Every check holds for every third date, and nothing is warned of."""
    listed = lived.rows("select organization_id, id from analytics.integration")
    of_all = {"organization_ids": [row["organization_id"] for row in listed]}
    of_all |= {"integration_ids": [row["id"] for row in listed]}
    with Warehouse() as warehouse:
        for offset in range(0, DAYS, 3):
            day = FIRST + timedelta(days=offset)
            of_run = {"run_id": "none of them", "date": day, **of_all}
            for rule, offending in (broken_rules(warehouse, of_run) | warn_of_rules(warehouse, of_run)).items():
                yield rule, day, offending


RULES: dict[str, Callable[[Lived], Iterator[Any]]] = {
    rule.__name__: rule for rule in (snapshots, changes, stored_changes, late_numbers, aggregates, history, checks)
}


def different(stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[Any]:
    """Yield the keys whose rows differ, with what is stored and what is expected."""
    for key in sorted(stored.keys() | expected.keys(), key=str):
        if stored.get(key) != expected.get(key):
            yield key, {"stored": stored.get(key), "expected": expected.get(key)}


STATES = {
    "on time": "select count(*) from analytics.content_daily_metric where is_on_time",
    "late": "select count(*) from analytics.content_daily_metric where not is_on_time",
    "values of two looks": "select count(*) from analytics.content_daily_metric where metric_observed_at <> '{}'",
    "correction": "select count(*) from analytics.content_metric_change where is_correction",
    "gap of two dates and more": "select count(*) from analytics.content_metric_change where days_covered > 2",
    "first day": "select count(*) from analytics.content_metric_change where since_date is null",
    "odd hours": "select count(*) from analytics.content_metric_change where hours_covered not between 20 and 28",
    "gone": "select count(*) from analytics.content where deleted_at is not null",
    "returned": "select count(*) from analytics.content where absent_periods <> '{}'",
    "late post": (
        "select count(*) from analytics.content where published_at >= '2027-02-20' "
        "and first_seen_at > analytics.day_end(analytics.pacific_date(published_at)) + interval '48 hours'"
    ),
    "failed": "select count(*) from analytics.ingestion_run where state = 'failed'",
    "cleared": "select count(*) from analytics.ingestion_run where attempt = 2",
    "skip": "select coalesce(sum(skipped), 0) from analytics.ingestion_run",
    "refused kind": "select count(*) from analytics.integration_health where refused_metrics::text like '%%/%%'",
    "complete": "select count(*) from analytics.daily_aggregate where is_complete",
    "incomplete": "select count(*) from analytics.daily_aggregate where not is_complete",
    "day of a video": "select count(*) from analytics.content_daily_video",
}
JOINED, MEANWHILE = "video joined to its post", "video joined while it was measured"
REQUIRED = (
    *STATES,
    JOINED,
    MEANWHILE,
    "late replaced by on time",
    "killed before the commit",
    "throttled in mid-listing",
    "page size shrunk to 1",
)
"""The states that a campaign must meet: what is never met is not tested."""


def met(lived: Lived) -> Counter[str]:
    """Count the states that a scenario met: one that meets no trouble proves nothing."""
    found = lived.met.copy()
    for state, query in STATES.items():
        (row,) = lived.rows(query)
        (found[state],) = row.values()
    found[JOINED] = len(lived.joined)
    found[MEANWHILE] = sum(name == "select/joined_since" for _, name, _, _ in lived.writes)
    return found
