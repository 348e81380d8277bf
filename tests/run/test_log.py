"""The log of a task: each line says what it is about, and the last one why the task failed and what to do."""

from __future__ import annotations

import logging
from contextvars import Context
from dataclasses import asdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError, IncompleteRunError
from meta_insights.failures import RULES, rule_for, rule_named
from meta_insights.graph.errors import GraphThrottledError, GraphTokenError, MetricRefusedError
from meta_insights.run.context import Run, run_of
from meta_insights.run.groups import for_each_integration, grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import Outcome, StageError
from meta_insights.tasks import LEAVE_GROUP, MAX_LINE, defaults, say_why, say_why_again
from support import DAY
from support.log_fields import LogFields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_insights.graph.budget import Budget
    from meta_insights.run.context import Task
    from meta_insights.run.ledger import Opened
    from meta_insights.store.warehouse import Warehouse

ABOUT = {"organization_id": "org", "integration_id": "page-1", "attempt": 3}
DEAD = "the token is dead or blocked, or gives no access"
DATE = {"date": "2026-11-20"}
OF_RUN = DATE | {"run_id": "run-1"}


@pytest.fixture
def log() -> Iterator[LogFields]:
    kept, logger = LogFields(), logging.getLogger("meta_insights")
    before = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    yield kept
    logger.setLevel(before)
    logger.removeHandler(kept)


@pytest.fixture
def pages(warehouse: Warehouse) -> list[Integration]:
    listed = [Integration("org", f"page-{n}", "facebook", str(100 + n), f"Page {n}", f"graph_{n}") for n in range(3)]
    register(warehouse, listed)
    return listed


def context(**values: Any) -> Any:
    instance = SimpleNamespace(try_number=1, map_index=0, max_tries=17)
    params = values.pop("params", {"date": "2026-11-20", "lookback_days": 28, "refresh": False})
    return {"dag_run": SimpleNamespace(run_id="run-1", run_type="manual"), "ti": instance, "params": params, **values}


def failed(cause: BaseException, conn_id: str = "acme") -> StageError:
    page = Integration("org", "page-1", "facebook", "101", "Page 1", conn_id)
    return StageError("content", page, cause, waits=0, on_time_until=DAY.end, yields=False, attempt=3)


def ending(log: LogFields, error: object, callback: Any = say_why, **values: Any) -> list[tuple[str, dict[str, Any]]]:
    Context().run(callback, context(exception=error, **values))
    first, *lines = log.lines
    assert first[0] == LEAVE_GROUP
    return lines


def test_each_line_of_an_attempt_has_its_run_date_integration_and_attempt(
    pages: list[Integration], log: LogFields
) -> None:
    def stage(_task: Task, opened: Opened, _budget: Budget) -> Outcome:
        logging.getLogger("meta_insights.graph.paging").info("from within %s", opened.integration.id)
        return Outcome(asked=3, stored=2, failed=1)

    def task() -> None:
        run = run_of(context())
        for _ in range(2):
            for_each_integration("content", stage, [asdict(page) for page in pages[:2]], run)
        for_each_integration("metrics", stage, [asdict(pages[2])], run)

    Context().run(task)
    assert sorted((text, *sorted(fields.items())) for text, fields in log.lines) == sorted(
        (
            text.format(n=n),
            *sorted({"organization_id": "org", "integration_id": f"page-{n}", "attempt": a, **OF_RUN}.items()),
        )
        for n, a, stage_name in [(0, 1, "content"), (1, 1, "content"), (2, 1, "metrics")]
        for text in ("from within page-{n}", stage_name + " of Page {n}: 3 asked, 2 stored, 0 skipped, 1 failed")
    )


def test_a_task_of_all_integrations_says_one_line_per_incomplete_one_with_its_connection(
    pages: list[Integration], log: LogFields
) -> None:
    def stage(_task: Task, opened: Opened, _budget: Budget) -> Outcome:
        error = GraphTokenError("it has ended", code=190) if opened.integration.id == "page-1" else None
        return Outcome(pending={}, error=error)

    run = Run("run-1", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment({}))
    for page in pages[:2]:
        for name in ("content", "metrics"):
            try:
                for_each_integration(name, stage, [asdict(page)], run)
            except StageError:
                assert page.id == "page-1"
    log.lines.clear()
    with pytest.raises(IncompleteRunError):
        ingest.aggregate(run, grouped(pages, 1))
    what_to_do = "write a new token to the connection graph_1, then clear (docs/operations.md#token)"
    of_integration = {fields["integration_id"]: text for text, fields in log.lines if "integration_id" in fields}
    assert of_integration == {
        "page-1": f"Page 1 (page-1): {DEAD}; {what_to_do}: it has ended [code 190]",
        "page-2": "Page 2 (page-2): the content task did not finish",
    }


def test_the_last_line_names_the_reason_the_connection_to_repair_and_what_to_do(log: LogFields) -> None:
    what_to_do = "write a new token to the connection acme, then clear (docs/operations.md#token)"
    ((text, fields),) = ending(log, failed(GraphTokenError("The session\nhas ended", code=190)))
    assert (
        text == f"content of Page 1 (page-1): {DEAD}; {what_to_do}: GraphTokenError: The session has ended [code 190]"
    )
    assert fields == ABOUT | DATE


def test_a_try_that_is_repeated_says_so(log: LogFields) -> None:
    ((text, fields),) = ending(log, failed(GraphThrottledError("slow")), say_why_again)
    assert text.startswith("it is tried again. If it fails for good: content of Page 1 (page-1): the rate limit is")
    assert fields == ABOUT | DATE


def test_a_group_ends_with_a_line_for_each_integration_that_failed(log: LogFields) -> None:
    group = BaseExceptionGroup("2 of 9", [failed(GraphTokenError("a")), failed(GraphTokenError("b"), "other")])
    assert ["the connection acme" in text for text, _ in ending(log, group)] == [True, False]


def test_a_warehouse_that_is_away_is_explained_in_one_line(log: LogFields) -> None:
    ((text, fields),) = ending(log, psycopg.OperationalError("connection failed:\n\tIs the server running?"))
    assert text.endswith("(docs/operations.md#transient): OperationalError: connection failed: Is the server running?")
    assert fields == DATE


def test_a_wrong_date_is_explained_though_the_lines_can_have_none(log: LogFields) -> None:
    error = ConfigurationError("the param `date` must look like 2026-11-22, not 'soon'")
    ((text, fields),) = ending(log, error, params={"date": "soon"})
    assert "correct it, then clear (docs/operations.md#configuration): ConfigurationError: the param `date`" in text
    assert fields == {}


def test_a_dag_without_a_date_names_the_connection_that_it_was_given(log: LogFields) -> None:
    ((text, fields),) = ending(log, GraphTokenError("it has ended"), params={"conn_id": "acme"})
    assert "write a new token to the connection acme, then clear" in text
    assert fields == {}


def test_a_line_has_an_end_however_many_integrations_are_incomplete(log: LogFields) -> None:
    ((text, _),) = ending(log, IncompleteRunError("9 of 9 integrations are incomplete: " + "x" * 2 * MAX_LINE))
    assert len(text) == MAX_LINE
    assert "repair each, then clear (docs/operations.md#incomplete): IncompleteRunError: 9 of 9" in text


def test_a_process_that_was_killed_is_reported_by_another_one_and_that_adds_no_line(log: LogFields) -> None:
    Context().run(say_why, context(exception="killed"))
    Context().run(say_why, context())
    assert log.lines == []


def test_both_kinds_of_failure_end_with_the_reason() -> None:
    given = defaults(Settings.from_environment({}))
    assert (given["on_failure_callback"], given["on_retry_callback"]) == (say_why, say_why_again)


def test_the_ledgers_name_of_an_error_leads_to_the_rule_of_the_error() -> None:
    errors = [one for rule in RULES for one in rule.errors]
    errors += [
        psycopg.errors.UndefinedTable,
        psycopg.errors.UniqueViolation,
        psycopg.OperationalError,
        MetricRefusedError,
    ]
    for error in errors:
        one = error("x") if issubclass(error, Exception) else error()
        assert rule_named(error.__name__) is rule_for(one)
    assert rule_named("AirflowTaskTimeout") is RULES[-1]
