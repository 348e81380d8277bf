"""The table of imports: Airflow beside the DAG file and the package, each in a fresh interpreter."""

from __future__ import annotations

from bench.imports import AIRFLOW, OWN, measure


def test_every_import_is_measured_and_takes_some_time() -> None:
    (table,) = measure(repeats=1)
    assert [row[0] for row in table.rows] == [AIRFLOW, *OWN]
    assert all(float(figure) > 0 for row in table.rows for figure in row[1:])
