"""Reads and writes what belongs to one integration: its content, and what was measured of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg.errors import ForeignKeyViolation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from meta_insights.store.warehouse import Transaction, Warehouse

_ID = "external_content_id"
Key = dict[str, str]
"""The columns that name an integration in every table."""
Rows = Iterable[Mapping[str, Any]]
"""Rows of one table, each ``{column: value}``."""


def live(warehouse: Warehouse, integration: Key, since: datetime, until: datetime, day: date) -> list[dict[str, Any]]:
    """Return the content published in [since, until) that is not known to be deleted, oldest first.

    Columns: external_content_id, content_type, published_at, post_id, video_id, and is_on_time: whether the snapshot
    that is stored for the date is on time; None without one.
    """
    params = {"since": since, "until": until, "date": day}
    return warehouse.select("live_content", {**integration, **params})


def first_published(warehouse: Warehouse, integration: Key) -> datetime | None:
    """Return when the first content that any run has listed was published."""
    (row,) = warehouse.select("first_content", integration)
    first: datetime | None = row["published_at"]
    return first


def save_listing(
    warehouse: Warehouse,
    integration: Key,
    listed: Rows,
    listed_in_part: Rows,
    seen_at: datetime,
    day: date,
) -> None:
    """Store content as it was listed for a date. Of content ``listed_in_part`` text and time of publication stay.

    A video that was stored as a content of its own, and of which the post is known now, becomes that post: one content
    with the snapshots of both.
    """
    with _writing(warehouse, integration) as transaction:
        transaction.write("content", listed, integration, seen_at=seen_at)
        transaction.write("content_in_part", listed_in_part, integration, seen_at=seen_at)
        for pair in transaction.select("select/joined_content", integration):
            transaction.execute("transform/join_snapshots", integration | pair)
            transaction.execute("transform/join_content", integration | pair)
        transaction.execute("transform/daily_coverage", {**integration, "date": day})


def mark_deleted(warehouse: Warehouse, integration: Key, content_ids: Sequence[str], seen_at: datetime) -> None:
    """Mark content of which Graph said at ``seen_at`` that it does not exist any more."""
    if content_ids:
        deleted = {"external_content_ids": content_ids, "gone_at": seen_at}
        with _writing(warehouse, integration) as transaction:
            transaction.execute("upsert/content_deleted", integration | deleted)


def save_measured(
    warehouse: Warehouse,
    integration: Key,
    layers: Mapping[str, Iterable[Rows]],
    of_run: Mapping[str, Any],
    rule: Mapping[str, Any],
) -> None:
    """Store what was measured, by table, in one transaction.

    Within one layer each key has one row. ``of_run`` are columns of every row: the run, and the date of rows that have
    none of their own. ``rule`` says which observation wins: ``day_end``, ``on_time_until`` and ``refresh``. What was
    measured of a video that another run has joined to its post meanwhile is that post's.
    """
    common, joined = {**integration, **of_run}, dict[str, str]()

    def save() -> None:
        with _writing(warehouse, integration) as transaction:
            for table, of_table in layers.items():
                for rows in of_table:
                    transaction.write(table, (row for row in rows if row.get(_ID) not in joined), common, **rule)
                    if joined:
                        renamed = [{**row, _ID: joined[row[_ID]]} for row in rows if row.get(_ID) in joined]
                        transaction.write(table, renamed, common, **rule)

    try:
        save()
    except ForeignKeyViolation:
        ids = {row[_ID] for of_table in layers.values() for rows in of_table for row in rows if _ID in row}
        found = warehouse.select("joined_since", {**integration, "ids": sorted(ids)})
        joined |= {row["formerly"]: row[_ID] for row in found}
        if not joined:
            raise
        save()


def save_stories(
    warehouse: Warehouse, integration: Key, listed: Rows, layers: Mapping[str, Iterable[Rows]], run_id: str
) -> None:
    """Store stories as they were listed, and what was measured of them, in one transaction.

    Within one layer each story has one row. The newest value wins, metric by metric. A row without any is none: it is
    of a story that has ended, or of which Graph gives nothing yet.
    """
    facts, common = {row[_ID]: row for row in listed}, {**integration, "run_id": run_id}
    with _writing(warehouse, integration) as transaction:
        transaction.write("story", facts.values(), common)
        for table, of_table in layers.items():
            for rows in of_table:
                seen = ({**facts[row[_ID]], **row} for row in rows if row.keys() > {_ID, "observed_at"})
                transaction.write(table, seen, common)


@contextmanager
def _writing(warehouse: Warehouse, integration: Key) -> Iterator[Transaction]:
    """Open a transaction in which no other task writes what belongs to the integration.

    Rows come sorted, but one task writes several tables one after the other: without the lock two tasks of one
    integration, in parallel runs, could wait for each other.
    """
    with warehouse.transaction() as transaction:
        transaction.select("select/lock_integration", integration)
        yield transaction
