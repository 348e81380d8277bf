"""Settings have defaults, and a wrong one is named."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError
from support import ROOT


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"META_INSIGHTS_RETRY_DELAY_SECONDS": ""})
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
    )


@pytest.mark.parametrize("text", ["soon", "0", "-1"])
def test_a_value_that_is_no_positive_number_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="META_INSIGHTS_ON_TIME_GRACE_HOURS must be a positive number"):
        Settings.from_environment({"META_INSIGHTS_ON_TIME_GRACE_HOURS": text})


def test_a_start_date_that_is_no_date_is_named() -> None:
    with pytest.raises(ConfigurationError, match="META_INSIGHTS_START_DATE must be a date such as 2026-11-01, not 'x'"):
        Settings.from_environment({"META_INSIGHTS_START_DATE": "x"})


def test_every_setting_is_documented() -> None:
    code = (ROOT / "plugins" / "meta_insights" / "config.py").read_text(encoding="utf-8")
    table = (
        (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("# Settings")[2].partition("\n# ")[0]
    )
    names = set(re.findall(r"META_INSIGHTS_[A-Z_]*[A-Z]", code))
    assert len(names) > 5
    assert set(re.findall(r"^\| `(META_INSIGHTS_\w+)`", table, re.MULTILINE)) == names
