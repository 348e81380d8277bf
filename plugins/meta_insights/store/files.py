"""Where the package's SQL is, and the text of each statement."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from meta_insights.config import SCHEMA, schema_name
from meta_insights.errors import ConfigurationError


def sql_folder(package: Path) -> Path:
    """Return the folder of the SQL files: ``sql`` in an installed package, ``include/sql`` beside it in a checkout."""
    places = (package / "sql", package.parents[1] / "include" / "sql")
    for place in places:
        if place.is_dir():
            return place
    raise ConfigurationError(
        f"the SQL files are neither in {places[0]} nor in {places[1]}: install the wheel, or keep plugins/ and "
        "include/ side by side, as they are in the repository"
    )


SQL_FOLDER = sql_folder(Path(__file__).resolve().parents[1])


def read_sql(name: str) -> bytes:
    """Return the statement of ``{name}.sql``."""
    return in_schema(_text(name))


def in_schema(text: str) -> bytes:
    """Return a statement in which the schema of the warehouse has the name that the settings give it."""
    return re.sub(rf"\b{SCHEMA}\b", schema_name(), text).encode()


@cache
def _text(name: str) -> str:
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
