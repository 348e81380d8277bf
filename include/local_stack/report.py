"""How a run and an answer look in a terminal."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from local_stack.airflow_client import TaskInstance

ENDED = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})

# A file or a pipe has no width of its own.
console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 160)


def say(text: str) -> None:
    """Print lines as they are, the long ones too."""
    console.print(text, soft_wrap=True)


def plural(count: int, thing: str) -> str:
    """Write `1 Page`, `2 Pages`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def standing(instances: Sequence[TaskInstance], waiting: Sequence[Mapping[str, Any]] = ()) -> str:
    """Say how far a run is: `12 of 43 tasks done, 8 running`, and which tasks wait, given the rows of `waiting.sql`."""
    states = Counter(instance.state for instance in instances)
    parts = [f"{sum(states[state] for state in ENDED)} of {plural(len(instances), 'task')} done"]
    words = {"running": "running", "up_for_retry": "waiting to retry", "failed": "failed"}
    parts += [f"{states[state]} {words[state]}" for state in words if states[state]]
    times = [f"at {row['retry_at']:%H:%M:%S} UTC" if row["retry_at"] else "soon" for row in waiting]
    retries = [
        f"        {row['name']} retries {when}: {row['reason']}" for row, when in zip(waiting, times, strict=True)
    ]
    return "\n".join([", ".join(parts), *retries])


def summary(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One line per integration, given the rows of `run_summary.sql`, and totals."""
    counts = {"posts": "posts", "snapshots": "snapshots", "api_calls": "API calls", "http_retries": "retries"}
    columns = {"integration_id": "id", "name": "name", "state": "state", **counts, "reason": "reason"}
    table = answer(list(columns.values()), [[row[name] for name in columns] for row in rows])
    totals = {name: _text(sum(row[name] or 0 for row in rows)) for name in counts}
    table.show_footer = True
    for column, name in zip(table.columns, columns, strict=True):
        column.footer = totals.get(name, plural(len(rows), "integration") if name == "name" else "")
    return table


def answer(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Draw the rows of a query, numbers to the right."""
    table = Table(box=box.SIMPLE, title_justify="left", caption_justify="left")
    for index, name in enumerate(columns):
        is_number = any(type(row[index]) in {int, Decimal} for row in rows)
        table.add_column(name, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*map(_text, row))
    return table


def _text(value: object) -> str:
    """Write a cell: numbers with their thousands apart, fractions to four places, nothing for NULL."""
    if isinstance(value, Decimal):
        return f"{value:,.4f}" if value % 1 else f"{value:,.0f}"
    return f"{value:,}" if type(value) is int else "" if value is None else str(value)
