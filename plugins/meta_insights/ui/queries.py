"""Runs statements of ``include/sql``: each page in one transaction that cannot write and does not last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from meta_insights.store.files import SQL_FOLDER
from meta_insights.store.warehouse import Warehouse

Rows = list[dict[str, Any]]
Query = Callable[..., Rows]
"""Runs a file by its name with bound parameters: ``query("coverage", first=…)``."""

STATEMENT_TIMEOUT = "3s"
"""A page waits no longer for one statement. Set in the transaction: behind a pooler a session has no settings."""

STATEMENTS = {
    path.stem: f"{folder}/{path.stem}" for folder in ("question", "ui") for path in (SQL_FOLDER / folder).glob("*.sql")
}
"""What a page may ask, by name: the questions of `make ask`, and files of its own."""
_READ_ONLY = f"set transaction read only; set local statement_timeout = '{STATEMENT_TIMEOUT}'".encode()


@contextmanager
def reading() -> Iterator[Query]:
    """Give what runs the files in one transaction."""
    with Warehouse() as warehouse, warehouse.transaction() as transaction:
        transaction.connection.execute(_READ_ONLY)
        yield lambda name, **params: transaction.select(STATEMENTS[name], params)
