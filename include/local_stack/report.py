"""What a run looks like in a terminal: one line while it works, a table when it is over. Pure text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from unicodedata import combining, east_asian_width

from local_stack.airflow_client import TaskInstance

ENDED = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})

_COLUMNS = {
    "integration_id": "id",
    "name": "Page",
    "state": "state",
    "posts": "posts",
    "snapshots": "snapshots",
    "api_calls": "API calls",
    "http_retries": "retries",
}
_COUNTS = ("posts", "snapshots", "api_calls", "http_retries")


def standing(instances: Sequence[TaskInstance]) -> str:
    """Say how far a run is: `12 of 43 tasks done, 8 running`, and what waits for a retry or has failed."""
    states = Counter(instance.state for instance in instances)
    parts = [f"{sum(states[state] for state in ENDED)} of {len(instances)} tasks done"]
    for state, words in (("running", "running"), ("up_for_retry", "waiting to retry"), ("failed", "failed")):
        if states[state]:
            parts.append(f"{states[state]} {words}")
    return ", ".join(parts)


def progress_line(standing: str, elapsed: timedelta) -> str:
    """Put the time before it: `  0:07  12 of 43 tasks done`."""
    minutes, seconds = divmod(int(elapsed.total_seconds()), 60)
    return f"  {minutes}:{seconds:02}  {standing}"


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """Draw a line per integration and one of totals; the reason stands below an integration that has one."""
    cells = [[_text(row[column]) for column in _COLUMNS] for row in rows]
    totals = ["total", f"{len(rows)} Pages", "", *(str(sum(row[name] or 0 for row in rows)) for name in _COUNTS)]
    table = [list(_COLUMNS.values()), *cells, totals]
    widths = [max(_width(line[index]) for line in table) for index in range(len(_COLUMNS))]
    lines = [_line(line, widths) for line in table]
    rule = "  ".join("-" * width for width in widths)
    body = [part for line, row in zip(lines[1:-1], rows, strict=True) for part in _with_reason(line, row)]
    return "\n".join([lines[0], rule, *body, rule, lines[-1]])


def failures(failed: Iterable[tuple[TaskInstance, str, str]]) -> str:
    """List the failed tasks, each with its reason and where its log is."""
    return "\n".join(f"  {task.name}: {reason or 'see its log'}\n    {log}" for task, reason, log in failed)


def headline(day: date, state: str, elapsed: timedelta) -> str:
    """Write the last line: what ran, how it ended, how long it took."""
    words = {"success": "is complete", "failed": "FAILED"}.get(state, f"is {state}")
    return f"The run of {day} {words}, after {elapsed.total_seconds():.0f} s."


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line, words to the left and counts to the right."""
    first_count = len(_COLUMNS) - len(_COUNTS)
    padding = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    left = [cell + space for cell, space in zip(cells, padding, strict=True)][:first_count]
    right = [space + cell for cell, space in zip(cells, padding, strict=True)][first_count:]
    return "  ".join(left + right).rstrip()


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese and Japanese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else not combining(character) for character in text)


def _with_reason(line: str, row: Mapping[str, Any]) -> list[str]:
    return [line, f"    {row['reason']}"] if row.get("reason") else [line]


def _text(value: object) -> str:
    return "" if value is None else str(value)
