"""Names that several tests share. Imports nothing of Airflow: its environment is set after this."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from meta_insights.config import GRAPH_CONN_ID
from meta_insights.days import Day

if TYPE_CHECKING:
    import pytest

    from graph_sandbox.server import Served

ROOT = Path(__file__).resolve().parents[2]
DAY = Day(date(2026, 11, 20))
"""The date of most tests; its numbers are looked at four hours after it ended."""
SEEN_AT = DAY.end + timedelta(hours=4)


def connect(
    patch: pytest.MonkeyPatch,
    served: Served,
    *,
    token: str | None = None,
    host: str = "",
    conn_id: str = GRAPH_CONN_ID,
    **extra: str,
) -> None:
    """Point a connection to the sandbox, by default with the system user's token."""
    connection = {
        "conn_type": "facebook_insights",
        "host": host or served.base_url,
        "password": served.control.state()["system_user_token"] if token is None else token,
        "extra": {"access_kind": "user", **extra},
    }
    patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
