"""A PostgreSQL of its own for one measurement, with a migrated, empty warehouse in it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.postgres import EmbeddedPostgres
from local_stack.settings import choose_port
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def empty_warehouse() -> Iterator[str]:
    """Start the server, let the package's connection point to it, and yield its dsn; all goes at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "data", choose_port(), "bench", Path(folder) / "log")
        server.start()
        try:
            server.create_database("bench")
            os.environ["AIRFLOW_CONN_INSIGHTS_WAREHOUSE"] = server.dsn("bench")
            Warehouse().upgrade()
            yield server.dsn("bench")
        finally:
            server.stop()
