"""Rows of PostgreSQL as a Parquet file. Needs pyarrow, which is imported with this module: a task imports it late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow.parquet import ParquetWriter  # type: ignore[import-untyped]

from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO


class Form(NamedTuple):
    """How a column is written: its type in the file, and what is selected of it, as an SQL template."""

    type: pa.DataType
    selected: str = "{}"


FORMS = {
    "bigint": Form(pa.int64()),
    "boolean": Form(pa.bool_()),
    "date": Form(pa.date32()),
    "integer": Form(pa.int32()),
    "jsonb": Form(pa.string(), "{}::text"),
    "numeric": Form(pa.decimal128(38, 18), "round({}, 18)"),
    "smallint": Form(pa.int16()),
    "text": Form(pa.string()),
    "text[]": Form(pa.list_(pa.string())),
    "timestamp with time zone": Form(pa.timestamp("us", tz="UTC")),
    "tstzmultirange": Form(pa.string(), "{}::text"),
}
"""By PostgreSQL's type. A numeric has no scale of its own: it is written with 18 decimals, as Spark does."""


def form_of(column: str, of_type: str) -> Form:
    """Return how a column is written; ConfigurationError for a type that has no form."""
    try:
        return FORMS[of_type]
    except KeyError:
        raise ConfigurationError(
            f"the column {column} is of type {of_type}, which is not written to Parquet: export a view that casts it "
            f"to one of {', '.join(FORMS)}"
        ) from None


def write(file: IO[bytes], fields: Sequence[tuple[str, Form, bool]], batches: Iterable[Sequence[Sequence[Any]]]) -> int:
    """Write batches of rows; return how many rows. ``fields``: name, form, and whether NULL is possible.

    The same rows in the same batches are the same bytes.
    """
    schema = pa.schema([pa.field(name, form.type, nullable) for name, form, nullable in fields])
    written = 0
    with ParquetWriter(file, schema) as writer:
        for rows in batches:
            values = (
                pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)
            )
            writer.write_batch(pa.record_batch(list(values), schema))
            written += len(rows)
    return written
