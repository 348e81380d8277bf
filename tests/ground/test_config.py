"""Settings have defaults, and a wrong one is named."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from meta_insights.config import SCHEMA, Settings, schema_name
from meta_insights.errors import ConfigurationError
from support import ROOT


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"META_INSIGHTS_RETRY_DELAY_SECONDS": "", "AIRFLOW_HOME": "/srv/airflow"})
    assert settings == Settings(
        start_date=datetime(2026, 11, 1),  # noqa: DTZ001 (the timetable gives it its zone)
        task_timeout=timedelta(minutes=30),
        on_time_grace=timedelta(hours=24),
        retry_delay=timedelta(seconds=60),
        read_timeout=timedelta(seconds=60),
        api_backoff=timedelta(seconds=1),
        page_history_days=4,
        stop_at_usage_percent=85,
        connections=4,
        integrations_at_once=8,
        ledger_age=timedelta(days=400),
        keep=None,
        export_path="file:///srv/airflow/meta_insights",
        complete_within=timedelta(hours=12),
        stats_by_integration=True,
    )


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e300"])
@pytest.mark.parametrize("name", ["ON_TIME_GRACE_HOURS", "TASK_TIMEOUT_SECONDS", "RETRY_DELAY_SECONDS"])
def test_a_time_that_is_no_positive_finite_number_is_named(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"META_INSIGHTS_{name} must be a positive number, not '{text}'"):
        Settings.from_environment({f"META_INSIGHTS_{name}": text})


@pytest.mark.parametrize("text", ["some", "0", "-1", "0.5", "2.5", "nan", "inf", "101000"])
@pytest.mark.parametrize(
    ("name", "most"),
    [("CONNECTIONS", 64), ("INTEGRATIONS_AT_ONCE", 64), ("PAGE_HISTORY_DAYS", 730), ("STOP_AT_USAGE_PERCENT", 100)],
)
def test_a_count_that_is_not_whole_or_out_of_its_range_is_named(name: str, most: int, text: str) -> None:
    reason = f"META_INSIGHTS_{name} must be a whole number from 1 to {most}, not '{text}'"
    with pytest.raises(ConfigurationError, match=reason):
        Settings.from_environment({f"META_INSIGHTS_{name}": text})
    assert Settings.from_environment({f"META_INSIGHTS_{name}": str(most)})


def test_a_switch_is_true_or_false() -> None:
    name = "META_INSIGHTS_STATS_BY_INTEGRATION"
    assert [Settings.from_environment({name: text}).stats_by_integration for text in ("True", "false")] == [True, False]
    with pytest.raises(ConfigurationError, match=f"{name} must be true or false, not 'yes'"):
        Settings.from_environment({name: "yes"})


def test_a_start_date_that_is_no_date_is_named() -> None:
    with pytest.raises(ConfigurationError, match="META_INSIGHTS_START_DATE must be a date such as 2026-11-01, not 'x'"):
        Settings.from_environment({"META_INSIGHTS_START_DATE": "x"})


@pytest.mark.parametrize("name", ["Acme", "acme-data", "1st", "pg_acme", 'a"b', "a.b", "a" * 64, "é"])
def test_a_schema_whose_name_would_need_quotes_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="META_INSIGHTS_SCHEMA must be lower-case letters, digits and _"):
        Settings.from_environment({"META_INSIGHTS_SCHEMA": name})
    assert (schema_name({"META_INSIGHTS_SCHEMA": ""}), schema_name({"META_INSIGHTS_SCHEMA": "a_1"})) == (SCHEMA, "a_1")


def test_every_setting_is_documented() -> None:
    code = (ROOT / "plugins" / "meta_insights" / "config.py").read_text(encoding="utf-8")
    table = (
        (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("# Settings")[2].partition("\n# ")[0]
    )
    names = set(re.findall(r"META_INSIGHTS_[A-Z_]*[A-Z]", code))
    assert len(names) > 5
    assert set(re.findall(r"^\| `(META_INSIGHTS_\w+)`", table, re.MULTILINE)) == names
