"""What must hold after a scenario: each rule returns what differs between the warehouse and the oracle."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from graph_sandbox.world.pacific import day_end
from meta_insights.store.checks import broken_rules, warn_of_rules
from meta_insights.store.warehouse import Warehouse
from simulation import facebook
from simulation.facebook import PageWatch
from simulation.instagram import AccountWatch
from simulation.life import DAYS, FIRST
from simulation.oracle import COUNTED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping

    from simulation.life import Lived

COLUMNS = tuple(name for name in COUNTED if name != "actions")  # which has no daily change
OF_DAYS = (*facebook.OF_DAYS, "engaged_accounts", "new_followers")
INSTANTS = 12
"""At how many instants it is asked what was known then."""


def snapshots(lived: Lived) -> Iterator[Any]:
    """Every snapshot is exact for the instant at which it was observed; of an account, whatever it holds."""
    stored = {
        (row["external_content_id"], row["date"]): {name: row[name] for name in ("observed_at", "is_on_time", *COLUMNS)}
        | (_breakdowns(row) if lived.is_account(row["integration_id"]) else {})
        for row in lived.rows("select * from analytics.content_daily_metric")
    }
    expected = {
        (oracle.stored_id(content_id), day): {"observed_at": row.observed_at, "is_on_time": row.is_on_time}
        | dict.fromkeys(COLUMNS)
        | {name: value for name, (value, _) in row.values.items() if name != "actions"}
        for oracle in lived.oracles
        for (content_id, day), row in oracle.snapshots().items()
    }
    return different(stored, expected)


def _breakdowns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"breakdowns.{name}": value for name, value in row["breakdowns"].items()}


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
        (oracle.stored_id(content_id), day, metric): (
            change.value,
            change.change,
            change.since,
            change.days,
            change.change < 0,
            round(change.hours, 3),
        )
        for oracle in lived.oracles
        for (content_id, day, metric), change in oracle.changes().items()
    }
    return different(stored, expected)


def stored_changes(lived: Lived) -> Iterator[Any]:
    """The stored daily changes are the oracle's."""
    stored = {
        (row["external_content_id"], row["date"], metric): row[f"{metric}_change"]
        for row in lived.rows("select * from analytics.daily_change")
        for metric in COLUMNS
        if row[f"{metric}_change"] is not None
    }
    expected = {
        (oracle.stored_id(content_id), day, metric): change.change
        for oracle in lived.oracles
        for (content_id, day, metric), change in oracle.changes().items()
        if metric in COLUMNS
    }
    return different(stored, expected)


def coverage(lived: Lived) -> Iterator[Any]:
    """What is counted of each date is the oracle's, stored as defined, and so is what the view makes of it."""
    counted = {
        (row.pop("integration_id"), row.pop("content_type"), row.pop("date")): row
        for row in lived.rows("table analytics.daily_coverage")
        if row.pop("organization_id")
    }
    expected = {
        (integration.id, content_type, day): counts
        for integration, oracle in lived.followed()
        for (content_type, day), counts in oracle.coverage().items()
    }
    yield from different(counted, expected)
    for one, other in (("daily_coverage", "computed_daily_coverage"), ("computed_daily_coverage", "daily_coverage")):
        yield from lived.rows(f"table analytics.{one} except table analytics.{other}")
    names = ("is_success", "expected", "stored", "late", "is_complete")
    view = {
        (row["integration_id"], row["stage"], row["date"]): {name: row[name] for name in names}
        for row in lived.rows("select *, state is not distinct from 'success' as is_success from analytics.coverage")
    }
    staged = _stages(lived)
    yield from different({key: view.get(key) for key in staged}, staged)
    yield from (key for key in view.keys() - staged.keys() if view[key]["is_success"])


def _stages(lived: Lived) -> dict[Any, Any]:
    """Return what each stage of each requested date of an integration must come to."""
    found = {}
    for integration, oracle in lived.followed():
        rows, counts = oracle.snapshots(), list(oracle.coverage().items())
        first = min((one.content.created_time for one in oracle.known.values()), default=None)
        for day, stages in oracle.asked.items():
            of_day = [counted for (_, on), counted in counts if on == day]
            total = {name: sum(one[f"content_{name}"] for one in of_day) for name in ("expected", "measured", "late")}
            is_too_early = not of_day and first is not None and first >= day_end(day)
            lacking = max(0, total["expected"] - total["measured"] - oracle.skipped[day])
            for stage in ("content", "metrics"):
                is_metrics = stage == "metrics"
                found[integration.id, stage, day] = {
                    "is_success": stage in stages,
                    "expected": total["expected"],
                    "stored": total["measured" if is_metrics else "expected"],
                    "late": total["late"] if is_metrics else 0,
                    "is_complete": stage in stages and not is_too_early and not (is_metrics and lacking),
                }
            if of_day and found[integration.id, "metrics", day]["is_complete"]:
                assert oracle.is_complete(day, rows) == found[integration.id, "content", day]["is_complete"]
    return found


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
    expected = {
        (integration.id, *key): row
        for integration, oracle in lived.followed()
        for key, row in oracle.aggregates().items()
    }
    names = {name for row in expected.values() for name in row}
    stored = {
        (row["integration_id"], row["content_type"], row["date"]): {name: row[name] for name in names}
        for row in lived.rows("select * from analytics.daily_aggregate")
    }
    return different(stored, expected)


def history(lived: Lived) -> Iterator[Any]:
    """History is exact whenever it was read."""
    stored = {
        (row["integration_id"], row["date"]): {name: row[name] for name in ("observed_at", *OF_DAYS)}
        for row in lived.rows("select * from analytics.page_daily_metric")
    }
    expected = {
        (integration.id, day): dict.fromkeys(OF_DAYS) | values | {"observed_at": at}
        for integration, oracle in lived.followed()
        for day, (at, values) in oracle.own_days().items()
    }
    yield from different(stored, expected)
    videos = lived.rows("select external_content_id, date, video_views from analytics.content_daily_video")
    days = {(row["external_content_id"], row["date"]): row["video_views"] for row in videos}
    yield from different(days, {key: views for oracle in lived.oracles for key, views in oracle.video_days.items()})


def earlier_values(lived: Lived) -> Iterator[Any]:
    """What the days of an integration were known as at an instant is what had been seen by then, and stood."""
    instants = sorted({at for oracle in lived.oracles for found in oracle.days.values() for at, _ in found})
    for instant in instants[:: max(1, len(instants) // INSTANTS)]:
        stored = {
            (row["integration_id"], row["date"]): {name: row[name] for name in OF_DAYS}
            for row in lived.rows("select * from analytics.page_daily_as_known(%s)", instant)
        }
        expected = {
            (integration.id, day): dict.fromkeys(OF_DAYS) | values
            for integration, oracle in lived.followed()
            for day, values in oracle.days_as_known(instant).items()
        }
        for key, found in different(stored, expected):
            yield instant, key, found


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
    rule.__name__: rule
    for rule in (
        snapshots,
        changes,
        stored_changes,
        coverage,
        late_numbers,
        aggregates,
        history,
        earlier_values,
        checks,
    )
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
    "earlier value": "select count(*) from analytics.earlier_value",
    "late or gone media": (
        "select count(*) from analytics.content_coverage where integration_id like 'a-%%' and state in ('late', 'gone')"
    ),
    "incomplete date of an account": (
        "select count(*) from analytics.coverage where integration_id like 'a-%%' and not is_complete"
    ),
}
JOINED, MEANWHILE = "video joined to its post", "video joined while it was measured"
REQUIRED = (
    *STATES,
    JOINED,
    MEANWHILE,
    "late replaced by on time",
    "killed before the commit",
    PageWatch.met,
    "page size shrunk to 1",
    AccountWatch.met,
    "hidden likes are known",
    "archived media measured",
    "media from before the conversion",
    "media not shared to Facebook",
    "metric refused by a kind of media",
    "too few viewers",
    "day that was not there yet",
    "day that was late and came",
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
