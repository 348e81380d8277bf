"""Dates out of the warehouse, as files: what the DAG `meta_insights_export` calls, one function per task."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath, Param
from psycopg import sql

from meta_insights import clock
from meta_insights.config import schema_name
from meta_insights.errors import ConfigurationError
from meta_insights.run.context import run_day
from meta_insights.store.relations import described
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import psycopg

    from meta_insights.config import Settings
    from meta_insights.store.relations import Relation

log = logging.getLogger(__name__)

DEFAULT = (
    "content_daily_change",
    "content_daily_metric",
    "page_daily_metric",
    "integration_daily",
    "organization_provider_daily",
    "organization_daily",
    "format_daily",
)
"""What is written unless the run says otherwise."""
BATCH = 10_000
"""Rows that are in memory at once, and in one row group of a file."""
_ONE_STATE = "set transaction isolation level repeatable read read only"


def params(settings: Settings) -> dict[str, Param]:
    """Return the params of a run, as the UI's form shows them."""
    return {
        "date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Date",
            description="The last date to write, in a run that you trigger. Empty: yesterday",
        ),
        "days": Param(
            settings.page_history_days,
            type="integer",
            minimum=1,
            maximum=366,
            title="Days",
            description="How many dates up to that one: Meta corrects the last days",
        ),
        "path": Param(
            settings.export_path,
            type="string",
            title="Folder",
            description="As a URL, such as `s3://aws_default@bucket/insights`: connection, bucket, path",
        ),
        "relations": Param(
            list(DEFAULT),
            type="array",
            items={"type": "string"},
            title="Tables and views",
            description="Those with a column `date`, one a line",
        ),
    }


def dates(context: Mapping[str, Any]) -> list[str]:
    """Return the dates that a run writes, and before each the days that Meta still corrects: ``days`` in all.

    They are those of the events that started the run, which may be several, or the run's own. Raises ConfigurationError
    for an event without a date, which a person can create.
    """
    events = [event for of_asset in context["triggering_asset_events"].values() for event in of_asset]
    if any("date" not in (event.extra or {}) for event in events):
        raise ConfigurationError("an asset event has no date in its extra: trigger a run with the param `date` instead")
    last = [date.fromisoformat(event.extra["date"]) for event in events] or [run_day(context, clock.now()).date]
    before = range(int(context["params"]["days"]))
    return sorted({str(one - timedelta(days=back)) for one in last for back in before})


def write_date(day: str, relations: Collection[str], folder: str) -> dict[str, int]:
    """Write ``{folder}/{relation}/{day}.parquet`` for each table or view, all of one state of the warehouse.

    Returns the number of rows by relation. A file is replaced as a whole, and stays where the warehouse has no row of
    the date, or none any more. Raises ConfigurationError for a relation that is not there or has no date, for a folder
    whose file system is not installed, and where pyarrow is not.
    """
    target = _folder(folder)
    with Warehouse() as warehouse, warehouse.transaction() as transaction:
        transaction.connection.execute(_ONE_STATE)
        known = {name: one for name, one in described(transaction).items() if "date" in one.columns}
        if unknown := sorted(set(relations) - known.keys()):
            raise ConfigurationError(
                f"no table or view with a date: {', '.join(unknown)}. There are {', '.join(known)}"
            )
        return {name: _write(transaction.connection, known[name], day, target / name) for name in relations}


def _folder(url: str) -> ObjectStoragePath:
    path = ObjectStoragePath(url)
    try:
        path.fs  # noqa: B018 (looked up here, so that what is missing is named)
    except ValueError as error:
        raise ConfigurationError(
            f"META_INSIGHTS_EXPORT_PATH: {error}: install the Airflow provider of that object store"
        ) from error
    return path


def _write(connection: psycopg.Connection[Any], relation: Relation, day: str, folder: ObjectStoragePath) -> int:
    """Write one file beside its place and move it there: whoever reads meanwhile has the one before."""
    try:
        from meta_insights import parquet  # noqa: PLC0415 (pyarrow is large, and only this task needs it)
    except ImportError as error:
        raise ConfigurationError("pyarrow is not installed: pip install 'meta-insights[parquet]'") from error

    fields = [
        (name, parquet.form_of(f"{relation.name}.{name}", column.type), not column.is_required)
        for name, column in relation.columns.items()
    ]
    selected = [sql.SQL(form.selected).format(sql.Identifier(name)) for name, form, _ in fields]
    query = sql.SQL("select {} from {} where date = %s order by {}").format(
        sql.SQL(", ").join(selected),
        sql.Identifier(schema_name(), relation.name),
        sql.SQL(", ").join(map(sql.Literal, range(1, len(fields) + 1))),
    )
    batches = _batches(connection, query, day)
    if not (first := next(batches, None)):
        log.info("%s has no row of %s: nothing is written", relation.name, day)
        return 0
    target, part = folder / f"{day}.parquet", folder / f"{day}.parquet.part"
    folder.mkdir(parents=True, exist_ok=True)
    with part.fs.open(part.path, "wb") as file:
        rows = parquet.write(file, fields, chain([first], batches))
    part.fs.mv(part.path, target.path)
    log.info("%s: %s rows", target, rows)
    return rows


def _batches(connection: psycopg.Connection[Any], query: sql.Composed, day: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    with connection.cursor("export") as cursor:
        cursor.execute(query, (day,))
        while rows := cursor.fetchmany(BATCH):
            yield rows
