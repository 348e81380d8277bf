"""The command line of the package: ``python -m meta_insights doctor --page 100200300400500``."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from meta_insights.config import GRAPH_CONN_ID
from meta_insights.doctor import examine
from meta_insights.errors import ConfigurationError
from meta_insights.provider import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_insights.doctor import Report

DOCTOR = """Try on a real Page every request that a run makes, and print what Graph answers and the way out that a run
would take. Takes some 20 calls, and up to 60 where Graph refuses metrics. Stores nothing and prints no secret.
Exit code 0: each request is served or has a way out. 1: some have none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m meta_insights")
    commands = parser.add_subparsers(required=True)
    doctor = commands.add_parser("doctor", help="try every request on a real Page", description=DOCTOR)
    doctor.add_argument("--conn-id", default=GRAPH_CONN_ID, help="the Airflow connection (default: %(default)s)")
    doctor.add_argument("--provider", choices=PROVIDERS, default=next(iter(PROVIDERS)), help="default: %(default)s")
    doctor.add_argument("--page", "--account", dest="page", required=True, help="the id of the Page or account")
    given = parser.parse_args(arguments)
    provider = PROVIDERS[given.provider]
    if not re.fullmatch(provider.id_pattern, given.page):
        doctor.error(f"the id of {provider.label}s is a number such as 100200300400500")
    try:
        report = examine(given.conn_id, given.page, provider)
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 (a command line)
        return 1
    show(report, Console(markup=False, highlight=False))
    return 0 if report.is_healthy else 1


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
