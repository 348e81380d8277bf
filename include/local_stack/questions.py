"""The ready questions of `include/sql/question`, asked of the warehouse."""

from datetime import date, timedelta
from pathlib import Path

import psycopg
from rich.table import Table

from local_stack import report
from local_stack.days import last_full_day
from local_stack.settings import CHECKOUT

QUESTIONS = CHECKOUT / "include" / "sql" / "question"
_DEFAULTS = Path(__file__).with_name("defaults.sql")


def list_questions() -> Table:
    """Return each question with the first line of its file, which says what it answers."""
    return report.answer(["Q", "question"], [(file.stem, _header(file)) for file in sorted(QUESTIONS.glob("*.sql"))])


def ask(dsn: str, name: str, organization: str, integration: str, first: str, last: str) -> Table:
    """Ask one question; an empty integration is the organization's first, empty dates are its newest 28."""
    file = QUESTIONS / f"{name}.sql"
    if file not in QUESTIONS.glob("*.sql"):
        raise ValueError(f"Q={name} is no question: `make ask` lists them")
    with psycopg.connect(dsn) as connection:
        newest, one = connection.execute(_DEFAULTS.read_bytes(), {"organization_id": organization}).fetchone() or (
            None,
            None,
        )
        until = date.fromisoformat(last) if last else newest or last_full_day()
        since = date.fromisoformat(first) if first else until - timedelta(days=27)
        params = {"organization_id": organization, "integration_id": integration or one, "first": since, "last": until}
        cursor = connection.execute(file.read_bytes(), params)
        table = report.answer([column.name for column in cursor.description or ()], cursor.fetchall())
    table.title = _header(file)
    table.caption = f"{organization}, {since} to {until}: {report.plural(table.row_count, 'row')}"
    return table


def _header(file: Path) -> str:
    return file.read_text(encoding="utf-8").partition("\n")[0].strip("- ")
