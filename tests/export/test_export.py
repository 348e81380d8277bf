"""Dates as Parquet files: read back, they are what the warehouse says, types and all."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from psycopg.rows import dict_row
from pyarrow import parquet

from meta_insights import clock, export
from meta_insights.days import Day
from meta_insights.errors import ConfigurationError
from support.tables import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from series import Series

MON, TUE = DAYS["Mon"], DAYS["Tue"]


@pytest.fixture
def stored(series: Series) -> Series:
    """Two contents on Monday and Tuesday, the Page's own Monday, and the aggregate of both dates."""
    for content_id, content_type in (("1_1", "reel"), ("1_2", "photo")):
        series.publish(content_id, MON, content_type=content_type)
        series.snapshot(content_id, MON, impressions=2**40, reach=3, reactions=1, comments=0, shares=0)
    series.snapshot("1_1", TUE, after=5.5, impressions=2**40 - 7, reach=9, reactions=4)
    row = {"date": MON, "observed_at": Day(MON).end, "followers": 700}
    with series.warehouse.transaction() as transaction:
        transaction.write("page_daily_metric", [row], series.key | {"run_id": "run"})
    for on in (MON, TUE):
        series.ran(on)
        series.aggregate(on)
    return series


@pytest.fixture
def memory() -> Iterator[str]:
    """A store that is no folder: the URL of a bucket in memory."""
    file_system = MemoryFileSystem()
    attach("memory", alias="memory", fs=file_system)
    yield "memory://bucket/insights"
    file_system.store.clear()


def exported(series: Series, relation: str, on: date, folder: Path) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Write one date of a relation; return what the file has, and what the warehouse has."""
    export.write_date(str(on), [relation], folder.as_uri())
    query = f"select * from analytics.{relation} where date = %s".encode()
    with series.database.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, (on,)).fetchall()
    return parquet.ParquetFile(folder / relation / f"{on}.parquet").read(), rows


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(list(row.values())[:4]))


@pytest.mark.parametrize("relation", export.DEFAULT)
def test_a_file_holds_the_rows_of_its_date_value_by_value(stored: Series, tmp_path: Path, relation: str) -> None:
    for on in (MON, TUE):
        if relation == "page_daily_metric" and on == TUE:
            continue  # nothing is stored of it
        found, rows = exported(stored, relation, on, tmp_path)
        written = [row | {"breakdowns": {}, "metric_observed_at": {}} for row in found.to_pylist()]
        assert rows
        assert ordered([{name: row[name] for name in rows[0]} for row in written]) == ordered(rows)


def test_each_type_of_the_warehouse_is_a_type_of_the_file(stored: Series, tmp_path: Path) -> None:
    found, _ = exported(stored, "content_daily_change", TUE, tmp_path)
    types = {field.name: str(field.type) for field in found.schema}
    assert {name: types[name] for name in ("date", "published_at", "days_covered", "hours_covered")} == {
        "date": "date32[day]",
        "published_at": "timestamp[us, tz=UTC]",
        "days_covered": "int32",
        "hours_covered": "decimal128(38, 18)",
    }
    assert (types["impressions_change"], types["is_correction"]) == ("int64", "bool")
    assert types["corrected_metrics"] == "list<element: string>"
    (row,) = found.to_pylist()
    published: datetime = row["published_at"]
    assert (published, published.utcoffset()) == (datetime(2026, 11, 16, 20, tzinfo=UTC), timedelta())
    assert (row["impressions_change"], row["corrected_metrics"], row["comments_change"]) == (-7, ["impressions"], None)
    assert row["hours_covered"] == Decimal("25.5")
    found, _ = exported(stored, "content_daily_metric", TUE, tmp_path)
    assert found.schema.field("observed_at").nullable is False
    assert found.schema.field("impressions").nullable is True
    assert found.column("breakdowns").to_pylist() == ["{}"]


def test_a_number_with_more_than_eighteen_decimals_is_rounded(stored: Series, tmp_path: Path) -> None:
    stored.database.execute("update analytics.daily_change set hours_covered = 1 / 3.0::numeric(30, 25)")
    found, _ = exported(stored, "content_daily_change", TUE, tmp_path)
    assert found.column("hours_covered").to_pylist() == [Decimal("0.333333333333333333")]


def test_the_same_rows_are_the_same_bytes_and_other_rows_replace_the_file(stored: Series, tmp_path: Path) -> None:
    file = tmp_path / "daily_aggregate" / f"{MON}.parquet"
    before = []
    for _ in range(2):
        assert export.write_date(str(MON), ["daily_aggregate"], tmp_path.as_uri()) == {"daily_aggregate": 2}
        before.append(file.read_bytes())
    assert before[0] == before[1]
    stored.database.execute("update analytics.daily_aggregate set engagement = 99")
    export.write_date(str(MON), ["daily_aggregate"], tmp_path.as_uri())
    assert parquet.ParquetFile(file).read().column("engagement").to_pylist() == [99, 99]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_write_that_is_cut_short_leaves_the_file_before_it(
    stored: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 1)
    export.write_date(str(MON), ["daily_aggregate"], tmp_path.as_uri())
    file = tmp_path / "daily_aggregate" / f"{MON}.parquet"
    before = file.read_bytes()
    stored.database.execute("update analytics.daily_aggregate set engagement = 99")
    batches = export._batches

    def broken(*arguments: Any) -> Iterator[Any]:
        yield next(batches(*arguments))
        raise psycopg.OperationalError("the server closed the connection")

    monkeypatch.setattr(export, "_batches", broken)
    with pytest.raises(psycopg.OperationalError):
        export.write_date(str(MON), ["daily_aggregate"], tmp_path.as_uri())
    assert file.read_bytes() == before


def test_many_rows_are_written_in_parts(stored: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 1)
    export.write_date(str(MON), ["content_daily_metric"], tmp_path.as_uri())
    file = parquet.ParquetFile(tmp_path / "content_daily_metric" / f"{MON}.parquet")
    assert (file.metadata.num_rows, file.num_row_groups) == (2, 2)
    assert file.read().column("external_content_id").to_pylist() == ["1_1", "1_2"]


def test_a_date_without_rows_writes_nothing_and_keeps_what_was_written(stored: Series, tmp_path: Path) -> None:
    export.write_date(str(MON), ["page_daily_metric"], tmp_path.as_uri())
    file = tmp_path / "page_daily_metric" / f"{MON}.parquet"
    before = file.read_bytes()
    stored.database.execute("delete from analytics.page_daily_metric")
    for on in (MON, TUE):
        assert export.write_date(str(on), ["page_daily_metric"], tmp_path.as_uri()) == {"page_daily_metric": 0}
    assert (file.read_bytes(), list(file.parent.iterdir())) == (before, [file])


def test_a_store_that_is_no_folder_gets_the_same_file(stored: Series, tmp_path: Path, memory: str) -> None:
    for folder in (tmp_path.as_uri(), memory):
        export.write_date(str(MON), ["daily_aggregate"], folder)
    name = f"daily_aggregate/{MON}.parquet"
    kept = ObjectStoragePath(memory) / "daily_aggregate"
    assert [one.name for one in kept.iterdir()] == [f"{MON}.parquet"]
    assert (ObjectStoragePath(memory) / name).read_bytes() == (tmp_path / name).read_bytes()


def test_all_files_of_a_date_are_of_one_state_of_the_warehouse(
    stored: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = export._batches

    def and_a_write_meanwhile(*arguments: Any) -> Iterator[Any]:
        yield from batches(*arguments)
        stored.database.execute("update analytics.daily_aggregate set engagement = engagement + 1")

    monkeypatch.setattr(export, "_batches", and_a_write_meanwhile)
    export.write_date(str(MON), ["daily_aggregate", "organization_daily"], tmp_path.as_uri())
    of_types, of_all = (
        parquet.ParquetFile(tmp_path / name / f"{MON}.parquet").read().column("engagement").to_pylist()
        for name in ("daily_aggregate", "organization_daily")
    )
    assert of_all == [sum(of_types)]


def test_a_view_of_ones_own_is_written_too(stored: Series, tmp_path: Path) -> None:
    stored.database.execute(
        "create view analytics.my_posts as select date, caption from analytics.content_daily_change "
        "inner join analytics.content using (organization_id, integration_id, external_content_id)"
    )
    found, rows = exported(stored, "my_posts", MON, tmp_path)
    assert found.to_pylist() == rows == [{"date": MON, "caption": None}] * 2


# What a person must set right


def test_a_relation_that_cannot_be_written_is_named_with_those_that_can(stored: Series, tmp_path: Path) -> None:
    for name in ("content", "requested_date", "no_such"):
        with pytest.raises(ConfigurationError, match=rf"no table or view with a date: {name}. There are .*coverage"):
            export.write_date(str(MON), ["coverage", name], tmp_path.as_uri())
    assert list(tmp_path.iterdir()) == []


def test_a_column_of_a_type_without_a_form_is_named(stored: Series, tmp_path: Path) -> None:
    stored.database.execute(
        "create view analytics.odd as select date, point(1, 2) as place from analytics.daily_change"
    )
    with pytest.raises(ConfigurationError, match=r"the column odd.place is of type point.*export a view that casts"):
        export.write_date(str(MON), ["odd"], tmp_path.as_uri())


def test_a_file_system_that_is_not_installed_is_named(stored: Series) -> None:
    with pytest.raises(ConfigurationError, match=r"META_INSIGHTS_EXPORT_PATH: .*abfs.*install the Airflow provider"):
        export.write_date(str(MON), ["coverage"], "abfs://bucket/x")


def test_pyarrow_is_loaded_by_the_task_that_writes_alone_and_is_named_where_it_is_missing(
    stored: Series, tmp_path: Path
) -> None:
    code = (
        "import sys; from meta_insights import export, ingest; print('pyarrow' in sys.modules); "
        "sys.modules['pyarrow'] = None; "
        f"export.write_date({str(MON)!r}, ['coverage'], {tmp_path.as_uri()!r})"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "False"
    assert "ConfigurationError: pyarrow is not installed: pip install 'meta-insights[parquet]'" in done.stderr


# Which dates


def context(*events: dict[str, Any] | None, days: int = 1, **params: Any) -> dict[str, Any]:
    run = SimpleNamespace(run_type="asset_triggered" if events else "manual", run_after=clock.now())
    return {
        "params": {"date": None, "days": days, **params},
        "dag_run": run,
        "triggering_asset_events": {"asset": [SimpleNamespace(extra=extra) for extra in events]} if events else {},
    }


def test_a_run_writes_the_dates_of_its_events_and_those_before_that_meta_corrects() -> None:
    events: list[dict[str, Any]] = [{"date": "2026-11-20"}, {"date": "2026-11-19"}, {"date": "2026-10-01"}]
    assert export.dates(context(*events, days=2)) == [
        "2026-09-30",
        "2026-10-01",
        "2026-11-18",
        "2026-11-19",
        "2026-11-20",
    ]


def test_a_run_that_a_person_triggers_writes_the_dates_up_to_its_own() -> None:
    assert export.dates(context(days=2, date="2026-11-18")) == ["2026-11-17", "2026-11-18"]


@pytest.mark.parametrize("extra", [None, {}, {"by": "a person"}])
def test_an_event_without_a_date_is_refused_with_what_to_do(extra: dict[str, Any] | None) -> None:
    with pytest.raises(ConfigurationError, match="trigger a run with the param `date`"):
        export.dates(context({"date": "2026-11-20"}, extra))
