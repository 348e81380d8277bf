"""Each rule of a date holds on a good series, and names the rows that break it on a bad one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights.days import Day
from meta_insights.store.checks import RULES, WARNINGS, broken_rules, warn_of_rules
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from series import Series

MON, TUE = date(2026, 11, 16), date(2026, 11, 17)
SNAPSHOT = "analytics.content_daily_metric"
PAGE_DAY = (
    "insert into analytics.page_daily_metric "
    "(organization_id, integration_id, date, impressions, observed_at, run_id) "
    "values ('org', 'page-1', '{date}', {impressions}, analytics.day_end('{date}') + interval '4 hours', 'run')"
)


@pytest.fixture(autouse=True)
def _two_good_days(series: Series) -> None:
    for content_id in ("1_1", "1_2"):
        series.publish(content_id, MON)
        for on, views in ((MON, 200), (TUE, 320)):
            series.snapshot(content_id, on, impressions=views, reach=90, reactions=4, comments=1, shares=0)
    for on in (MON, TUE):
        series.ran(on)
        series.aggregate(on)
        series.database.execute(PAGE_DAY.format(date=on, impressions=900).encode())


def verdict(rule: str, day: date = TUE, integration: str = "page-1") -> str:
    """Return what one check says of an integration, or nothing when the rule holds."""
    of_run = {"run_id": f"run-{day}", "date": day, "organization_ids": ["org"], "integration_ids": [integration]}
    with Warehouse() as warehouse:
        return (broken_rules(warehouse, of_run) | warn_of_rules(warehouse, of_run)).get(rule, "")


@pytest.mark.parametrize("rule", [*RULES, *WARNINGS])
def test_a_good_series_keeps_every_rule(rule: str) -> None:
    assert verdict(rule) == ""


@pytest.mark.parametrize("rule", [*RULES, *WARNINGS])
def test_a_date_without_rows_breaks_no_rule(rule: str) -> None:
    assert verdict(rule, date(2026, 1, 1)) == ""


BROKEN: dict[str, tuple[list[str], str]] = {
    "one_live_row_per_key": (
        [
            "drop index analytics.content_daily_metric_key",
            f"alter table {SNAPSHOT} disable trigger user",
            f"insert into {SNAPSHOT} select * from {SNAPSHOT} where external_content_id = '1_2'",
        ],
        "org/page-1/1_2: 2 rows",
    ),
    "keys_are_not_null": (
        [
            f"alter table {SNAPSHOT} alter column run_id drop not null",
            f"update {SNAPSHOT} set run_id = null where external_content_id = '1_2'",
        ],
        "org/page-1/1_2",
    ),
    "no_lifetime_value_is_negative": (
        [f"update {SNAPSHOT} set clicks = -1 where external_content_id = '1_2'"],
        "page-1/1_2 clicks: -1",
    ),
    "nothing_is_seen_before_its_date_ended": (
        [f"update {SNAPSHOT} set observed_at = '2026-11-18 07:59:59Z' where external_content_id = '1_2'"],
        "page-1/1_2 seen at 2026-11-18 07:59:59 UTC",
    ),
    "no_snapshot_is_an_orphan": (
        ["update analytics.content set published_at = '2026-11-18 08:00Z' where external_content_id = '1_2'"],
        "page-1/1_2",
    ),
    "changes_are_current": (
        ["update analytics.daily_change set reach_change = 7 where external_content_id = '1_2'"],
        "page-1/1_2",
    ),
    "coverage_is_current": (["update analytics.daily_coverage set content_late = 1"], "page-1/post"),
    "aggregate_holds_the_changes": (
        [f"update {SNAPSHOT} set reach = 91 where external_content_id = '1_2' and date = '2026-11-17'"],
        "page-1/post",
    ),
    "data_is_fresh": (
        ["delete from analytics.page_daily_metric", PAGE_DAY.format(date=TUE - timedelta(days=4), impressions=5)],
        "org/page-1: no day of its own since 2026-11-13 (4 days)",
    ),
    "follows_are_the_gain": (
        [
            "update analytics.page_daily_metric set follows = 7, new_followers = 7 where date = '2026-11-17'",
            "update analytics.page_daily_metric set follows = 7, new_followers = 9 where date = '2026-11-16'",
        ],
        "org/page-1: follows 7, follower_count 9 on 2026-11-16",
    ),
    "page_impressions_cover_its_posts": (
        ["update analytics.page_daily_metric set impressions = 79"],
        "org/page-1: Page 79 (seen 4 hours after the date), posts 240",
    ),
}


@pytest.mark.parametrize(("rule", "changes", "offending"), [(rule, *broken) for rule, broken in BROKEN.items()])
def test_a_broken_rule_is_named_with_the_rows_that_break_it(
    series: Series, rule: str, changes: list[str], offending: str
) -> None:
    for change in changes:
        series.database.execute(change.encode())
    assert verdict(rule) == offending


@pytest.mark.parametrize(("rule", "changes"), [(rule, broken[0]) for rule, broken in BROKEN.items()])
def test_another_integrations_rows_break_no_rule_of_a_run_and_are_not_shown(
    series: Series, rule: str, changes: list[str]
) -> None:
    for change in changes:
        series.database.execute(change.encode())
    assert verdict(rule, integration="page-2") == ""


def test_each_rule_and_its_result_is_logged(series: Series, caplog: pytest.LogCaptureFixture) -> None:
    series.database.execute(f"update {SNAPSHOT} set reach = -1 where external_content_id = '1_2'".encode())
    caplog.set_level("INFO")
    verdict("no_lifetime_value_is_negative")
    lines = [record.getMessage() for record in caplog.records if record.name == "meta_insights.store.checks"]
    assert [line.partition(":")[0] for line in lines] == [*RULES, *WARNINGS]
    assert "one_live_row_per_key: holds" in lines
    assert "no_lifetime_value_is_negative: broken by page-1/1_2 reach: -1" in lines


def test_every_rule_has_a_series_that_breaks_it() -> None:
    assert BROKEN.keys() == {*RULES, *WARNINGS}


def test_a_page_with_content_and_no_snapshot_is_warned_of_with_an_age(series: Series) -> None:
    series.database.execute(f"delete from {SNAPSHOT} where date = '2026-11-17'".encode())
    assert verdict("data_is_fresh") == "org/page-1: no snapshot since 2026-11-16 (1 days)"
    series.database.execute(f"delete from {SNAPSHOT}".encode())
    assert verdict("data_is_fresh") == "org/page-1: no snapshot up to now"


def test_an_aggregate_is_not_stale_while_another_run_of_the_date_has_written_since(series: Series) -> None:
    series.database.execute("update analytics.ingestion_run set finished_at = '2026-11-18 12:00Z'")
    series.database.execute(f"update {SNAPSHOT} set reach = 95 where date = '2026-11-17'".encode())
    for state, finished, offending in [
        ("running", None, ""),
        ("success", "2026-11-18 12:05Z", ""),
        ("success", "2026-11-18 11:00Z", "page-1/post"),
    ]:
        series.database.execute("delete from analytics.ingestion_run where run_id ~ 'other'")
        series.ran(TUE, run_id="other", metrics={"state": state, "finished_at": finished})
        assert verdict("aggregate_holds_the_changes") == offending, (state, finished)


def test_a_warning_fails_no_run(series: Series) -> None:
    series.database.execute(f"delete from {SNAPSHOT}".encode())
    of_run = {"run_id": f"run-{TUE}", "date": TUE, "organization_ids": ["org"], "integration_ids": ["page-1"]}
    with Warehouse() as warehouse:
        assert "data_is_fresh" not in broken_rules(warehouse, of_run)


def test_a_page_whose_only_content_graph_skipped_is_fresh(series: Series) -> None:
    """What was first listed after the date was measured could not be measured then."""
    wednesday = TUE + timedelta(days=1)
    series.database.execute("update analytics.content set deleted_at = published_at, last_seen_at = published_at")
    series.publish("1_3", wednesday)
    series.ran(wednesday, metrics={"state": "success", "asked": 1, "skipped": 1})
    assert verdict("data_is_fresh", wednesday) == ""
    series.publish("1_4", wednesday, hours=13)
    late = "update analytics.content set first_seen_at = '2026-11-25 00:00Z' where external_content_id = '1_4'"
    series.database.execute(late)
    assert verdict("data_is_fresh", wednesday) == ""
    series.database.execute("update analytics.content set first_seen_at = published_at")
    assert verdict("data_is_fresh", wednesday) == "org/page-1: no snapshot since 2026-11-17 (1 days)"


def test_content_that_is_found_gone_later_does_not_make_a_page_stale(series: Series) -> None:
    """Graph skipped it in the first run; the next one, after the date's window, knew that it is gone."""
    wednesday = TUE + timedelta(days=1)
    series.database.execute("update analytics.content set deleted_at = published_at, last_seen_at = published_at")
    series.publish("1_3", wednesday)
    series.ran(wednesday, metrics={"state": "success", "asked": 1, "skipped": 1})
    series.lose("1_3", Day(wednesday).end + timedelta(hours=40))
    series.ran(wednesday, run_id="again")
    assert verdict("data_is_fresh", wednesday) == ""


def test_ten_offenders_are_named_at_most(series: Series) -> None:
    for number in range(10, 30):
        series.publish(f"1_{number}", MON)
        series.snapshot(f"1_{number}", TUE, reach=1)
    series.database.execute(f"update {SNAPSHOT} set reach = -1 where date = '2026-11-17'".encode())
    assert verdict("no_lifetime_value_is_negative").count("; ") == 9


def test_a_look_of_longer_hours_is_scaled_before_it_is_compared(series: Series) -> None:
    thursday = TUE + timedelta(days=2)
    series.snapshot("1_1", thursday, impressions=860)  # 540 more in 48 hours are 270 in 24
    series.database.execute(PAGE_DAY.format(date=thursday, impressions=90).encode())
    assert verdict("page_impressions_cover_its_posts", thursday) == ""


def test_follows_and_a_gain_of_two_looks_are_not_compared(series: Series) -> None:
    series.database.execute(
        "update analytics.page_daily_metric set follows = 7, new_followers = 9, "
        """metric_observed_at = '{"follows": "2026-11-18T09:00:00"}' """
    )
    assert verdict("follows_are_the_gain") == ""
