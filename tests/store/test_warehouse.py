"""The warehouse's one connection and its transactions, and what they take from nobody's defaults."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from airflow.providers.postgres.hooks.postgres import PostgresHook

from meta_insights.days import Day
from meta_insights.provider.model import Content
from meta_insights.run.integrations import Integration, register
from meta_insights.store.warehouse import _BEGIN, LOCK_TIMEOUT, Warehouse
from series import Series

if TYPE_CHECKING:
    from local_stack.postgres import EmbeddedPostgres

PAGE = Integration("org", "page-9", "facebook", "900", "Page Nine")
ALL = {"integration_ids": None, "organization_id": None}
MINE = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[PostgresHook]:
    """The hooks that opened a connection, one entry per connection."""
    hooks: list[PostgresHook] = []
    open_one = PostgresHook.get_conn

    def counted(hook: PostgresHook) -> object:
        hooks.append(hook)
        return open_one(hook)

    monkeypatch.setattr(PostgresHook, "get_conn", counted)
    return hooks


def test_one_connection_serves_all_transactions_and_all_threads(warehouse_dsn: str, opened: list[PostgresHook]) -> None:
    with Warehouse() as warehouse, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: warehouse.select("integrations", ALL), range(40)))
    assert found == [[]] * 40
    assert len(opened) == 1


def test_leaving_it_closes_the_connection(warehouse_dsn: str, database: psycopg.Connection) -> None:
    with Warehouse() as warehouse:
        warehouse.select("integrations", ALL)
        assert len(database.execute(MINE).fetchall()) == 1
    for _ in range(100):  # the server ends the session a moment later
        if not (left := database.execute(MINE).fetchall()):
            break
        time.sleep(0.05)
    assert left == []


def test_a_connection_that_was_cut_meanwhile_is_opened_anew(
    warehouse_dsn: str, database: psycopg.Connection, opened: list[PostgresHook]
) -> None:
    with Warehouse() as warehouse:
        warehouse.select("integrations", ALL)
        database.execute(f"select pg_terminate_backend(pid, 5000) from ({MINE}) as mine")
        assert warehouse.select("integrations", ALL) == []
    assert len(opened) == 2


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(warehouse: Warehouse) -> None:
    def fail_after_a_write() -> None:
        with warehouse.transaction() as transaction:
            transaction.write("integration", [asdict(PAGE)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_write()
    assert warehouse.select("integrations", ALL) == []
    register(warehouse, [PAGE])
    assert len(warehouse.select("integrations", ALL)) == 1


def test_nothing_is_written_without_rows(warehouse: Warehouse) -> None:
    with warehouse.transaction() as transaction:
        assert transaction.write("integration", []) == 0
        assert transaction.write("page_daily_metric", []) == 0


def test_a_name_that_is_no_column_is_refused(series: Series) -> None:
    rows = [{"date": "2026-11-20", "observed_at": "2026-11-21 09:00Z", "raech": 7}]
    with pytest.raises(psycopg.errors.UndefinedColumn, match="raech"), series.warehouse.transaction() as transaction:
        transaction.write("page_daily_metric", rows, series.key | {"run_id": "run"})


def test_more_rows_than_one_statement_takes_are_all_written(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meta_insights.store.warehouse.CHUNK", 3)
    days = [date(2026, 11, 1) + timedelta(days=back) for back in range(8)]
    rows = [{"date": day, "observed_at": "2026-11-21 09:00Z", "reach": day.day} for day in days]
    with series.warehouse.transaction() as transaction:
        assert transaction.write("page_daily_metric", iter(rows), series.key | {"run_id": "run"}) == 8
    stored = series.rows("select date, reach from analytics.page_daily_metric order by date")
    assert stored == [{"date": day, "reach": day.day} for day in days]


def test_rows_need_not_name_the_same_columns(series: Series) -> None:
    rows: list[dict[str, Any]] = [{"date": date(2026, 11, 1), "reach": 5}, {"date": date(2026, 11, 2), "followers": 7}]
    common = series.key | {"run_id": "run", "observed_at": datetime(2026, 11, 3, tzinfo=UTC)}
    with series.warehouse.transaction() as transaction:
        assert transaction.write("page_daily_metric", rows, common) == 2
    assert series.rows("select reach, followers from analytics.page_daily_metric order by date") == [
        {"reach": 5, "followers": None},
        {"reach": None, "followers": 7},
    ]


def test_a_row_may_have_its_own_value_of_a_common_column(series: Series) -> None:
    common = series.key | {
        "run_id": "run",
        "date": date(2026, 11, 9),
        "observed_at": datetime(2026, 11, 10, tzinfo=UTC),
    }
    for reach in (3, 3, 5):  # the second time both are known, and the third time changed
        with series.warehouse.transaction() as transaction:
            transaction.write(
                "page_daily_metric", [{"reach": reach}, {"reach": reach, "date": date(2026, 11, 8)}], common
            )
        assert series.rows("select date, reach from analytics.page_daily_metric order by date") == [
            {"date": date(2026, 11, 8), "reach": reach},
            {"date": date(2026, 11, 9), "reach": reach},
        ]


def test_a_counter_that_is_added_is_stored_merged_and_differenced_and_old_code_goes_on(
    series: Series, database: psycopg.Connection
) -> None:
    """One `alter table`, and no list anywhere: the promise of the schema."""
    monday, tuesday = date(2026, 11, 16), date(2026, 11, 17)
    series.publish("1_1", monday)
    database.execute(
        "alter table analytics.content_daily_metric add column link_clicks bigint, "
        "add column source text not null default 'graph'"
    )
    series.snapshot("1_1", monday, reach=50)  # as code writes that does not know the column
    for day, after, link_clicks in ((monday, 6, 3), (monday, 9, 5), (tuesday, 4, 8)):
        row = {"external_content_id": "1_1", "observed_at": Day(day).end + timedelta(hours=after)}
        rule = {"day_end": Day(day).end, "on_time_until": Day(day).end + timedelta(hours=24), "refresh": False}
        with series.warehouse.transaction() as transaction:
            rows = [row | {"link_clicks": link_clicks}]
            transaction.write("content_daily_metric", rows, series.key | {"run_id": "run", "date": day}, **rule)
    stored = "select reach, link_clicks, metric_observed_at, source from analytics.content_daily_metric order by date"
    assert series.rows(stored) == [
        {
            "reach": 50,
            "link_clicks": 3,
            "metric_observed_at": {"link_clicks": "2026-11-17T14:00:00"},
            "source": "graph",
        },
        {"reach": None, "link_clicks": 8, "metric_observed_at": {}, "source": "graph"},
    ]
    changes = "select date, change from analytics.content_metric_change where metric = 'link_clicks' order by date"
    assert series.rows(changes) == [{"date": monday, "change": 3}, {"date": tuesday, "change": 5}]


# Nobody's defaults

HOSTILE = (
    "set datestyle = 'SQL, DMY'",
    "set timezone = 'Asia/Kolkata'",
    "set search_path = 'pg_temp'",
    "set client_encoding = 'LATIN1'",
    "set default_transaction_isolation = 'serializable'",
    "set default_transaction_read_only = on",
    "set jit = on",
    "set statement_timeout = 1",
)


def test_a_role_with_other_defaults_stores_and_reads_the_same(
    postgres: EmbeddedPostgres, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen() -> tuple[Any, ...]:
        with Warehouse() as warehouse:
            series = Series(warehouse, database)
            series.content["1_1"] = Content(
                "1_1", "post", datetime(2026, 11, 2, 9, tzinfo=UTC), "1_1", None, "Zażółć 🙂", ("a",)
            )
            series.see("1_1", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
            series.snapshot("1_1", date(2026, 11, 3), reach=5, breakdowns={"é": 1})
            series.snapshot("1_1", date(2026, 11, 3), after=9, reach=6, clicks=7)
            window: dict[str, Any] = {
                "since": datetime(2026, 11, 1, tzinfo=UTC),
                "until": datetime(2026, 11, 9, tzinfo=UTC),
            }
            window |= {"date": date(2026, 11, 3), "is_late": False}
            read = warehouse.select("live_content", series.key | window)
        stored = series.rows(
            "select to_jsonb(kept) - '{created_at,updated_at}'::text[] as row "
            "from analytics.content_daily_metric as kept"
        )
        for table in ("content_daily_metric", "content"):
            database.execute(f"delete from analytics.{table}".encode())
        return read, stored, [row["published_at"].tzinfo for row in read]

    expected = seen()
    database.execute("drop role if exists stranger")
    database.execute("create role stranger superuser login password 'stranger'")
    for setting in HOSTILE:
        database.execute(f"alter role stranger {setting}".encode())
    hostile = postgres.dsn("warehouse_test").replace("postgres:secret-of-the-tests@", "stranger:stranger@")
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", hostile)
    assert seen() == expected
    assert expected[1][0]["row"]["metric_observed_at"] == {"clicks": "2026-11-04T17:00:00"}
    database.execute("drop role stranger")


def test_no_setting_outlives_its_transaction_and_nothing_is_prepared_by_name(warehouse: Warehouse) -> None:
    """Behind a pooler in transaction mode, what a session keeps belongs to somebody else's next transaction."""
    for _ in range(20):
        warehouse.select("integrations", ALL)
    connection = warehouse._connection
    assert connection is not None
    assert connection.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
    assert connection.execute("show search_path").fetchone() == ('"$user", public',)
    assert connection.execute("show lock_timeout").fetchone() == ("0",)


def test_a_lock_that_is_held_too_long_ends_in_an_error_that_is_tried_again(
    series: Series, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meta_insights.store.warehouse._BEGIN", _BEGIN.replace(LOCK_TIMEOUT.encode(), b"50ms"))
    with database.transaction():
        database.execute("lock table analytics.integration")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            register(series.warehouse, [PAGE])
    assert issubclass(psycopg.errors.LockNotAvailable, psycopg.OperationalError)
    register(series.warehouse, [PAGE])
