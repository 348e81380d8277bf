"""The tables and views as sources of dbt with their tests, and who reads them as exposures: derived, never written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]

from meta_insights.config import SCHEMA
from meta_insights.export import DEFAULT
from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from meta_insights.store.relations import Column, Key, Relation

NAME = "meta_insights"
OWNER = {"name": "data-team"}
"""Who owns what reads the sources: as the DAGs say."""
HEADER = f"# Written by `python -m {NAME} dbt` from the schema: do not edit.\n"
FRESHNESS = {
    "warn_after": {"count": 36, "period": "hour"},
    "error_after": {"count": 72, "period": "hour"},
}
"""Of tables that each run writes, once a day: one date missed is a warning, two are an error."""


def project(relations: Mapping[str, Relation], dashboards: Iterable[Path] = ()) -> str:
    """Return the properties file of a dbt project: sources, their tests and freshness, and exposures, as YAML.

    ``dashboards`` are files of Grafana; the ready questions and the export are exposures too.
    """
    source = {
        "name": NAME,
        "description": "Content and daily insights of Facebook Pages and Instagram accounts.",
        "schema": f"{{{{ var('{NAME}_schema', '{SCHEMA}') }}}}",
        "tables": [_table(relation) for relation in relations.values()],
    }
    exposures = [*_questions(relations), *map(_dashboard(relations), dashboards), _export(relations)]
    properties = {"version": 2, "sources": [source], "exposures": exposures}
    return HEADER + str(yaml.safe_dump(properties, sort_keys=False, allow_unicode=True, width=120))


def _table(relation: Relation) -> dict[str, Any]:
    single = {key.columns[0]: key for key in relation.keys if len(key.columns) == 1}
    together = [key for key in relation.keys if len(key.columns) > 1]
    is_daily = {"date", "updated_at"} <= relation.columns.keys()
    table = {
        "name": relation.name,
        "description": relation.description,
        "config": {"loaded_at_field": "updated_at", "freshness": FRESHNESS} if is_daily else None,
        "data_tests": [_unique_together(key) for key in together],
        "columns": [_column(column, single.get(column.name)) for column in relation.columns.values()],
    }
    return {name: value for name, value in table.items() if value}


def _unique_together(key: Key) -> dict[str, Any]:
    test: dict[str, Any] = {"arguments": {"columns": list(key.columns)}}
    return {"unique_together": test | _where(key)}


def _where(key: Key) -> dict[str, Any]:
    return {"config": {"where": key.condition}} if key.condition else {}


def _column(column: Column, key: Key | None) -> dict[str, Any]:
    tests: list[Any] = ["not_null"] if column.is_required else []
    if key:
        tests.append({"unique": _where(key)} if key.condition else "unique")
    described = {
        "name": column.name,
        "description": column.description,
        "data_type": column.type,
        "data_tests": tests,
    }
    return {name: value for name, value in described.items() if value}


def _exposure(name: str, kind: str, description: str, reads: Iterable[str]) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "description": description,
        "owner": dict(OWNER),
        "depends_on": [f"source('{NAME}', '{relation}')" for relation in reads],
    }


def _read(statement: str, relations: Mapping[str, Relation]) -> set[str]:
    """Return the tables and views that a statement names."""
    return set(re.findall(rf"\b{SCHEMA}\.(\w+)", re.sub("--.*", "", statement))) & relations.keys()


def _questions(relations: Mapping[str, Relation]) -> Iterator[dict[str, Any]]:
    for file in sorted((SQL_FOLDER / "question").glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        question = text.partition("\n")[0].removeprefix("-- ").partition("?")[0] + "?"
        yield _exposure(f"question_{file.stem}", "analysis", question, sorted(_read(text, relations)))


def _dashboard(relations: Mapping[str, Relation]) -> Any:
    def exposure(file: Path) -> dict[str, Any]:
        board = json.loads(file.read_text(encoding="utf-8"))
        statements = [target["rawSql"] for panel in board["panels"] for target in panel.get("targets", ())]
        reads = sorted(_read("\n".join(statements), relations))
        return _exposure(f"dashboard_{file.stem}", "dashboard", board["description"], reads)

    return exposure


def _export(relations: Mapping[str, Relation]) -> dict[str, Any]:
    reads = [name for name in DEFAULT if name in relations]
    return _exposure(f"{NAME}_export", "application", "Complete dates as Parquet files.", reads)
