"""The log lines of a test with their fields, as Airflow writes them into the log of a task."""

from __future__ import annotations

import logging
from typing import Any

import structlog


class LogFields(logging.Handler):
    """Keeps the lines of the package, each with the fields that are bound where it was logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append((record.getMessage(), structlog.contextvars.get_contextvars()))
