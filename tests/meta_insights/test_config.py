"""Settings have defaults, and a wrong one is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"META_INSIGHTS_RETRY_DELAY_SECONDS": ""})
    assert settings == Settings(
        timedelta(hours=24), timedelta(seconds=60), timedelta(seconds=60), timedelta(seconds=1), 4, 85, 4
    )


@pytest.mark.parametrize("text", ["soon", "0", "-1"])
def test_a_value_that_is_no_positive_number_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="META_INSIGHTS_ON_TIME_GRACE_HOURS must be a positive number"):
        Settings.from_environment({"META_INSIGHTS_ON_TIME_GRACE_HOURS": text})
