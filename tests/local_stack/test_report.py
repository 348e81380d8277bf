from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from local_stack import report
from local_stack.airflow_client import TaskInstance


def task(state: str | None) -> TaskInstance:
    return TaskInstance("integration.content", 0, state, 1, "integration.content")


def drawn(table: Table) -> list[list[str]]:
    """Return the cells of a table's lines, without the rules between them."""
    console = Console(file=StringIO(), width=120)
    console.print(table)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    return [cells for line in lines if (cells := [cell for cell in line.strip().split("  ") if cell.strip(" ─")])]


def test_the_standing_counts_what_is_over_and_names_what_is_not_as_it_should_be() -> None:
    tasks = [
        task("success"),
        task("failed"),
        task("upstream_failed"),  # over, but it is the failed one that matters
        task("skipped"),
        task("running"),
        task("up_for_retry"),
        task("queued"),
        task(None),
    ]
    assert report.standing(tasks) == "4 of 8 tasks done, 1 running, 1 waiting to retry, 1 failed"


def test_the_standing_of_a_run_that_goes_well_is_short() -> None:
    assert report.standing([task("success"), task(None)]) == "1 of 2 tasks done"
    assert report.standing([task(None)]) == "0 of 1 task done"


def test_a_task_that_waits_for_its_retry_says_when_it_comes_and_why() -> None:
    at = datetime(2026, 11, 24, 12, 3, 10, tzinfo=UTC)
    waiting: list[dict[str, object]] = [
        {"name": "integration.content [Phở 24]", "retry_at": at, "reason": "code 4: limit reached"},
        {"name": "aggregate", "retry_at": None, "reason": "its process was lost"},
    ]
    assert report.standing([task("up_for_retry")] * 2, waiting).splitlines() == [
        "0 of 2 tasks done, 2 waiting to retry",
        "        integration.content [Phở 24] retries at 12:03:10 UTC: code 4: limit reached",
        "        aggregate retries soon: its process was lost",
    ]


def row(number: int, name: str, **given: object) -> dict[str, object]:
    counts = {"posts": 25, "snapshots": 24, "api_calls": 1100, "http_retries": 0}
    return {
        "integration_id": f"facebook-10{number}",
        "name": name,
        "state": "success",
        "reason": None,
        **counts,
        **given,
    }


def test_the_table_has_a_line_per_page_its_reason_and_totals() -> None:
    table = report.summary([row(1, "Café"), row(2, "Atlas", state="failed", snapshots=None, reason="token revoked")])
    assert [[cell.strip() for cell in line] for line in drawn(table)] == [
        ["id", "name", "state", "posts", "snapshots", "API calls", "retries", "reason"],
        ["facebook-101", "Café", "success", "25", "24", "1,100", "0"],
        ["facebook-102", "Atlas", "failed", "25", "1,100", "0", "token revoked"],
        ["2 integrations", "50", "24", "2,200", "0"],
    ]


def test_one_page_is_not_written_as_many_and_no_page_is_a_table_of_nothing() -> None:
    assert drawn(report.summary([row(1, "Café")]))[-1][0].strip() == "1 integration"
    assert [cell.strip() for cell in drawn(report.summary([]))[-1]] == ["0 integrations", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.01234567890123456789"), "0.0123"),
        (Decimal(1234), "1,234"),
        (1234, "1,234"),
        (True, "True"),
        (None, ""),
        ("[not markup]", "[not markup]"),
    ],
)
def test_a_cell_is_written_to_be_read(value: object, text: str) -> None:
    assert report.answer(["value"], [[value]]).columns[0]._cells == [text]
