"""The command line of the package: ``python -m meta_insights doctor --page 100200300400500``, ``erase``, ``dbt``."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from meta_insights import dbt
from meta_insights.config import GRAPH_CONN_ID, WAREHOUSE_CONN_ID, schema_name
from meta_insights.doctor import examine
from meta_insights.errors import ConfigurationError
from meta_insights.provider import PROVIDERS
from meta_insights.store.erasure import erase
from meta_insights.store.relations import described
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_insights.doctor import Report

DOCTOR = """Try on a real Page every request that a run makes, and print what Graph answers and the way out that a run
would take. Takes some 20 calls, and up to 60 where Graph refuses metrics. Stores nothing and prints no secret.
Exit code 0: each request is served or has a way out. 1: some have none."""


ERASE = """Print how many rows of an organization, or of one of its integrations, each table holds. With --yes delete
all of them, in one transaction, and the integration too: no run reads it again. There is no way back but a backup."""


SOURCES = """Print the properties file of a dbt project: each table and view of the warehouse, your own too, as a source
with its columns, tests and freshness; and who reads them as exposures: the ready questions, the export, dashboards."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m meta_insights")
    commands = parser.add_subparsers(required=True)
    doctor = commands.add_parser("doctor", help="try every request on a real Page", description=DOCTOR)
    doctor.set_defaults(run=lambda given: _doctor(doctor, given))
    doctor.add_argument("--conn-id", default=GRAPH_CONN_ID, help="the Airflow connection (default: %(default)s)")
    doctor.add_argument("--provider", choices=PROVIDERS, default=next(iter(PROVIDERS)), help="default: %(default)s")
    doctor.add_argument("--page", "--account", dest="page", required=True, help="the id of the Page or account")
    eraser = commands.add_parser("erase", help="delete an organization or an integration", description=ERASE)
    eraser.set_defaults(run=_erase)
    eraser.add_argument("--conn-id", default=WAREHOUSE_CONN_ID, help="the Airflow connection (default: %(default)s)")
    eraser.add_argument("--organization", required=True, help="its id")
    eraser.add_argument("--integration", help="its id; without it, all of the organization")
    eraser.add_argument("--yes", action="store_true", help="delete; without it, only print")
    sources = commands.add_parser("dbt", help="print the tables and views as sources of dbt", description=SOURCES)
    sources.set_defaults(run=_dbt)
    sources.add_argument("--conn-id", default=WAREHOUSE_CONN_ID, help="the Airflow connection (default: %(default)s)")
    sources.add_argument("--dashboard", type=Path, action="append", default=[], help="a dashboard of Grafana, as JSON")
    given = parser.parse_args(arguments)
    try:
        code: int = given.run(given)
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 (a command line)
        return 1
    return code


def _doctor(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    provider = PROVIDERS[given.provider]
    if not re.fullmatch(provider.id_pattern, given.page):
        parser.error(f"the id of {provider.label}s is a number such as 100200300400500")
    report = examine(given.conn_id, given.page, provider)
    show(report, Console(markup=False, highlight=False))
    return 0 if report.is_healthy else 1


def _erase(given: argparse.Namespace) -> int:
    with Warehouse(given.conn_id) as warehouse:
        rows = erase(warehouse, given.organization, given.integration, really=given.yes)
    whose = f"{given.organization} / {given.integration}" if given.integration else given.organization
    if not rows:
        raise ConfigurationError(f"nothing is stored of {whose}: look at {schema_name()}.integration for the ids")
    found = Table("table", "rows", title=f"{'Deleted' if given.yes else 'Stored'} of {whose}")
    for table, number in rows.items():
        found.add_row(table, f"{number:,}")
    console = Console(markup=False, highlight=False)
    console.print(found)
    if not given.yes:
        console.print("Nothing was deleted. The same command with --yes deletes it all.")
    return 0


def _dbt(given: argparse.Namespace) -> int:
    with Warehouse(given.conn_id) as warehouse, warehouse.transaction() as transaction:
        relations = described(transaction)
    if not relations:
        raise ConfigurationError(f"there is no schema {schema_name()}: the first run of the DAG makes it")
    print(dbt.project(relations, given.dashboard), end="")  # noqa: T201 (a command line)
    return 0


def show(report: Report, console: Console) -> None:
    """Print a report as tables."""
    shapes = Table("shape", "answer", "way out")
    for one in report.findings:
        shapes.add_row(one.shape, one.answer, "NONE" if one.is_lost else one.way_out)
    notes = Table(show_header=False)
    for topic, note in report.notes.items():
        notes.add_row(topic, note)
    for table in (shapes, notes):
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
