"""The ledger: it numbers its own attempts, resumes only what was asked the same, and is written whatever happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock, ingest
from meta_insights.config import Settings
from meta_insights.errors import IncompleteRunError
from meta_insights.graph.errors import GraphThrottledError, GraphTokenError, GraphTransientError
from meta_insights.graph.token_health import TokenHealth
from meta_insights.run.context import Run, Task
from meta_insights.run.groups import for_each_integration, grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import Learned, Ledger, Opened, Outcome, StageError
from meta_insights.store.warehouse import Warehouse
from support import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from meta_insights.graph.budget import Budget
    from meta_insights.run.ledger import Pending

ALL = None
"""What is pending of an attempt that reads everything."""


@pytest.fixture
def run() -> Run:
    return Run("run-1", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment({}), map_index=0)


@pytest.fixture
def integrations(warehouse: Warehouse) -> list[Integration]:
    listed = [Integration("org", f"page-{n}", "facebook", str(100 + n), f"Page {n}") for n in range(3)]
    register(warehouse, listed)
    return listed


def attempt(integration: Integration, run: Run, outcome: Outcome, stage: str = "content") -> Opened:
    """Make one attempt that ends so; return what it knew at its start."""
    seen: list[Opened] = []

    def read(opened: Opened, _budget: Budget) -> Outcome:
        seen.append(opened)
        return outcome

    expected = pytest.raises(StageError) if outcome.error else nullcontext()
    with Warehouse() as warehouse, expected:
        Ledger(Task(warehouse, run), integration, stage).run(read)
    return seen[0]


DONE = Outcome(stored=5, pending={})


def failed(text: str = "HTTP 502", pending: Pending | None = ALL) -> Outcome:
    return Outcome(pending=pending, error=GraphTransientError(text))


def on(run: Run, map_index: int, max_tries: int, **changes: Any) -> Run:
    """Return the run as a task of that map index and of that many tries sees it."""
    return replace(run, map_index=map_index, series=f"{map_index}/{max_tries}", **changes)


def incomplete(run: Run, integrations: list[Integration]) -> str:
    """Return what the aggregate names."""
    try:
        ingest.aggregate(run, grouped(integrations, 1))
    except IncompleteRunError as error:
        return str(error)
    return ""


def entries(database: psycopg.Connection, columns: str) -> list[tuple[Any, ...]]:
    query = f"select {columns} from analytics.ingestion_run order by integration_id, stage, attempt"
    return database.execute(query.encode()).fetchall()


def both(integration: Integration, run: Run, outcome: Outcome = DONE) -> None:
    for stage in ("content", "metrics"):
        attempt(integration, run, outcome, stage)


# The list changes between clears


def test_a_repaired_run_becomes_green_though_its_map_indexes_moved(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    first, second, third = integrations
    both(second, on(run, 0, 17))
    for try_number in (1, 2, 3):
        both(third, on(run, 1, 17, try_number=try_number), failed())
    assert "HTTP 502" in incomplete(run, [second, third])

    # A Page is added that sorts before; list_integrations is cleared with its downstream.
    both(first, on(run, 0, 18, try_number=2))
    both(second, on(run, 1, 20, try_number=4))
    both(third, on(run, 2, 17, try_number=1))  # a new map index: Airflow counts its tries from one again
    assert incomplete(run, integrations) == ""
    of_third = [
        (n, state) for name, n, state in entries(database, "integration_id, attempt, state") if name == third.id
    ]
    assert of_third == [(1, "failed"), (2, "failed"), (3, "failed"), (4, "success")] * 2


def test_no_earlier_attempt_is_overwritten(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    page = integrations[0]
    for index, outcome in enumerate((failed("first"), DONE, failed("third"))):
        attempt(page, on(run, index, 17), outcome)
    assert entries(database, "attempt, map_index, error_message") == [(1, 0, "first"), (2, 1, None), (3, 2, "third")]


def test_an_index_that_comes_back_is_no_retry_of_what_it_was_before(integrations: list[Integration], run: Run) -> None:
    page, throttled = integrations[0], Outcome(error=GraphThrottledError("slow"))
    attempt(page, on(run, 5, 17), throttled)
    assert attempt(page, on(run, 5, 17), DONE).waits == 1
    attempt(page, on(run, 4, 17), DONE)  # the list had become shorter
    again = attempt(page, on(run, 5, 17), DONE)
    assert (again.waits, again.pending) == (0, ALL)


def test_a_page_of_a_group_that_comes_back_to_an_index_is_read_again(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    group = [asdict(one) for one in integrations]

    def stage(_task: Task, _opened: Opened, _budget: Budget) -> Outcome:
        return DONE

    for index in (5, 4, 5):
        for_each_integration("content", stage, group, on(run, index, 17))
    assert entries(database, "integration_id, attempt") == [(one.id, n) for one in integrations for n in (1, 2, 3)]


def test_a_groups_retry_makes_an_attempt_for_those_alone_that_failed(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    group, broken = [asdict(one) for one in integrations], {"page-1"}

    def stage(_task: Task, opened: Opened, _budget: Budget) -> Outcome:
        return failed() if opened.integration.id in broken else DONE

    with pytest.raises(ExceptionGroup, match="1 of 3 integrations failed"):
        for_each_integration("content", stage, group, on(run, 0, 17))
    broken.clear()
    for_each_integration("content", stage, group, on(run, 0, 17, try_number=2))
    assert entries(database, "integration_id, attempt, state") == [
        ("page-0", 1, "success"),
        ("page-1", 1, "failed"),
        ("page-1", 2, "success"),
        ("page-2", 1, "success"),
    ]


def test_only_what_is_not_repaired_is_named(integrations: list[Integration], run: Run, series_of: Any) -> None:
    for page in integrations:
        both(page, on(run, 0, 17), failed(f"HTTP 502 of {page.id}"))
    both(integrations[0], on(run, 0, 18))
    attempt(integrations[2], on(run, 2, 18), DONE, "metrics")
    named = incomplete(run, integrations)
    assert named.startswith("2 of 3 integrations are incomplete")
    assert "page-0" not in named
    assert "HTTP 502 of page-1" in named
    assert "HTTP 502 of page-2" in named  # its content stage still
    assert series_of() == [("page-0", True, True), ("page-1", False, False), ("page-2", False, True)]


@pytest.fixture
def series_of(database: psycopg.Connection) -> Callable[[], list[tuple[Any, ...]]]:
    """What each integration has achieved for the date, as coverage and completeness read it."""
    query = "select integration_id, has_content, has_metrics from analytics.requested_date order by 1"
    return lambda: database.execute(query.encode()).fetchall()


# Only the same question is resumed


LEFT = {"edges": ["video_reels"]}


def test_a_failure_is_resumed_even_after_a_clear(integrations: list[Integration], run: Run) -> None:
    attempt(integrations[0], on(run, 0, 17), failed(pending=LEFT))
    assert attempt(integrations[0], on(run, 0, 18), DONE).pending == LEFT


def test_a_success_is_resumed_by_a_retry_and_not_after_a_clear(integrations: list[Integration], run: Run) -> None:
    attempt(integrations[0], on(run, 0, 17), DONE)
    assert attempt(integrations[0], on(run, 0, 17, try_number=2), DONE).pending == {}
    assert attempt(integrations[0], on(run, 0, 18, try_number=3), DONE).pending is ALL


@pytest.mark.parametrize(
    "changes",
    [
        {"lookback_days": 90},
        {"lookback_days": 7},
        {"refresh": True},
        {"day": replace(DAY, date=DAY.date - timedelta(days=1))},
        {"settings": Settings.from_environment({"META_INSIGHTS_PAGE_HISTORY_DAYS": "9"})},
    ],
    ids=str,
)
def test_another_question_resumes_nothing(integrations: list[Integration], run: Run, changes: dict[str, Any]) -> None:
    attempt(integrations[0], run, failed(pending=LEFT))
    assert attempt(integrations[0], replace(run, **changes), DONE).pending is ALL


def test_a_corrected_id_resumes_nothing_of_the_wrong_one(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    attempt(integrations[0], run, failed(pending=LEFT))
    database.execute("update analytics.integration set external_id = '999' where id = 'page-0'")
    opened = attempt(integrations[0], run, DONE)
    assert (opened.pending, opened.integration.external_id) == (ALL, "999")


def test_a_metric_that_was_not_asked_for_makes_another_question(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    attempt(integrations[0], run, failed(pending=LEFT))
    database.execute(
        "update analytics.ingestion_run set question = jsonb_set(question, '{metrics}', '[\"post_clicks\"]')"
    )
    assert attempt(integrations[0], run, DONE).pending is ALL


def test_another_stage_or_run_or_integration_resumes_nothing(integrations: list[Integration], run: Run) -> None:
    attempt(integrations[0], run, failed(pending=LEFT))
    assert attempt(integrations[0], run, DONE, "metrics").pending is ALL
    assert attempt(integrations[0], replace(run, run_id="run-2"), DONE).pending is ALL
    assert attempt(integrations[1], run, DONE).pending is ALL


# Attempts that are killed, and attempts at once


def test_an_attempt_that_was_killed_before_it_ended_is_read_again_whole(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    attempt(integrations[0], run, failed(pending=LEFT))
    database.execute("update analytics.ingestion_run set state = 'running', pending = null")
    assert attempt(integrations[0], run, DONE).pending is ALL


def test_two_attempts_that_open_at_once_get_two_numbers(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    opened: list[int] = []

    def begin(_: int) -> None:
        opened.append(attempt(integrations[0], run, DONE).attempt)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(40)))
    assert sorted(opened) == list(range(1, 41))
    assert entries(database, "attempt, state") == [(n, "success") for n in range(1, 41)]


def test_a_task_that_was_taken_for_dead_does_not_worsen_what_its_successor_achieved(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    def stage(_opened: Opened, _budget: Budget) -> Outcome:
        attempt(integrations[0], run, DONE)  # the successor begins later, and ends first
        return failed("too late")

    with Warehouse() as warehouse, pytest.raises(StageError):
        Ledger(Task(warehouse, run), integrations[0], "content").run(stage)
    assert entries(database, "attempt, state") == [(1, "failed"), (2, "success")]
    result = "select state, error_message from analytics.stage_result"
    assert database.execute(result.encode()).fetchall() == [("success", None)]


# What an attempt learned


OLD = Learned({"old": {}}, {"posts": 50, "old": 10}, TokenHealth(is_valid=False))
NEW = Learned({"new": {}}, {"posts": 25, "new": 20}, TokenHealth(is_valid=True))


def health(database: psycopg.Connection) -> tuple[Any, ...]:
    columns = "refused_metrics, page_sizes, token_is_valid, token_checked_at, last_error_message"
    rows = database.execute(f"select {columns} from analytics.integration_health".encode()).fetchall()
    return rows[0]


def test_what_was_learned_is_not_overwritten_by_a_task_that_began_earlier(
    integrations: list[Integration], run: Run, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = DAY.end

    def stage(_opened: Opened, _budget: Budget) -> Outcome:
        monkeypatch.setattr(clock, "now", lambda: at + timedelta(minutes=1))
        attempt(integrations[0], run, replace(DONE, learned=NEW), "metrics")
        monkeypatch.setattr(clock, "now", lambda: at + timedelta(minutes=9))
        return replace(failed("the last error"), learned=OLD)

    monkeypatch.setattr(clock, "now", lambda: at)
    with Warehouse() as warehouse, pytest.raises(StageError):
        Ledger(Task(warehouse, run), integrations[0], "content").run(stage)
    sizes = {"posts": 25, "new": 20, "old": 10}
    assert health(database) == ({"new": {}}, sizes, True, at + timedelta(minutes=1), "the last error")


def test_what_was_learned_is_overwritten_by_a_task_that_began_later(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    attempt(integrations[0], run, replace(DONE, learned=OLD))
    attempt(integrations[0], run, DONE)  # learned nothing: leaves all as it is
    assert health(database)[:3] == ({"old": {}}, {"posts": 50, "old": 10}, False)
    attempt(integrations[0], run, replace(DONE, learned=NEW))
    assert health(database)[:3] == ({"new": {}}, {"posts": 25, "old": 10, "new": 20}, True)


def test_a_dead_token_of_an_earlier_task_does_not_make_the_new_one_dead(
    integrations: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    dead = GraphTokenError("the session was invalidated", code=190, subcode=460)

    def stage(_opened: Opened, _budget: Budget) -> Outcome:
        attempt(integrations[0], replace(run, run_id="run-2"), replace(DONE, learned=NEW))
        return Outcome(error=dead)

    with Warehouse() as warehouse, pytest.raises(StageError):
        Ledger(Task(warehouse, run), integrations[0], "content").run(stage)
    assert health(database)[2] is True
    attempt(integrations[0], run, Outcome(error=dead))
    assert health(database)[2] is False


# Dates that wait behind


NEWEST = DAY.end + timedelta(days=3, hours=4)
"""When DAY is long late, and the newest date is the one three days after it."""


@pytest.mark.parametrize(("scheduled", "newest", "yields"), [(True, 0, True), (True, 1, False), (False, 0, False)])
def test_a_scheduled_run_yields_as_long_as_the_run_of_the_newest_date_has_not_begun(
    integrations: list[Integration],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    newest: int,
    *,
    scheduled: bool,
    yields: bool,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NEWEST)
    of_newest = replace(run, run_id="new", day=replace(DAY, date=DAY.date + timedelta(days=3)))
    attempt(integrations[1], of_newest, DONE)  # another integration's says nothing
    for _ in range(newest):
        attempt(integrations[0], of_newest, failed())
    ledger = Ledger(Task(Warehouse(), replace(run, is_scheduled=scheduled)), integrations[0], "content")
    with pytest.raises(StageError) as caught:
        ledger.run(lambda _opened, _budget: failed())
    assert (caught.value.yields, caught.value.on_time_until) == (yields, run.on_time_until)
