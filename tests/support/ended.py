"""A task that is ended from outside, as Airflow's execution_timeout ends it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def times_out(seconds: float) -> Iterator[None]:
    """Expect that Airflow's time-out ends the block, soon after its time."""
    started = time.monotonic()
    with pytest.raises(AirflowTaskTimeout), timeout(seconds):  # type: ignore[no-untyped-call]
        yield
    assert time.monotonic() - started < seconds + 4
