"""Weeks of runs, late, failed, killed, cleared, doubled, backfilled, against a world that knows every true number."""

from __future__ import annotations

import os
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from meta_insights.run.integrations import register
from meta_insights.store.warehouse import Warehouse
from simulation.life import Lived, Write, lived
from simulation.rules import RULES, different, met
from support import ROOT

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from local_stack.postgres import EmbeddedPostgres

FAILED_ONCE = [int(seed) for seed in (ROOT / "tests/simulation/seeds.txt").read_text(encoding="utf-8").split()]
SEEDS = [int(seed) for seed in os.environ.get("ORACLE_SEED", "").split()] or FAILED_ONCE
TABLES = {
    "content": "organization_id, integration_id, external_content_id",
    "content_daily_metric": "integration_id, external_content_id, date",
    "content_daily_video": "integration_id, external_content_id, date",
    "page_daily_metric": "integration_id, date",
    "daily_aggregate": "integration_id, content_type, date",
    "coverage": "integration_id, date, stage",
}
NOT_COMPARED = {"run_id", "created_at", "updated_at", "first_observed_at"}
"""Which run wrote a row, when, and what was known before depends on the order; what the row says does not."""


@pytest.fixture(scope="module", params=SEEDS)
def life(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[Lived]:
    with warehouse(postgres, f"seed_{request.param}") as dsn, lived(request.param, dsn) as life:
        yield life


@contextmanager
def warehouse(postgres: EmbeddedPostgres, name: str) -> Iterator[str]:
    """Make an empty warehouse of that name, until the block ends."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template warehouse_template".encode())
        try:
            yield postgres.dsn(name)
        finally:
            admin.execute(f"drop database {name} with (force)".encode())


@pytest.mark.parametrize("rule", RULES)
def test_what_is_stored_is_what_the_world_says(life: Lived, rule: str) -> None:
    assert list(RULES[rule](life)) == []


def test_a_scenario_meets_trouble(life: Lived) -> None:
    """What all seeds together must meet is required by `make campaign`."""
    found: Counter[str] = met(life)
    assert {"on time", "late", "gap of two dates and more", "failed", "complete", "incomplete"} <= (+found).keys()


def test_a_wrong_number_is_found(life: Lived) -> None:
    """The rules are no formality: each number that is changed by one breaks one of them."""
    numbers = [
        ("content_daily_metric", "reach"),
        ("page_daily_metric", "followers"),
        ("daily_aggregate", "content_measured"),
        ("daily_coverage", "content_late"),  # which the first one counts again
    ]
    with psycopg.connect(life.dsn) as connection:
        for table, number in numbers:
            connection.execute(f"update analytics.{table} set {number} = {number} + 1".encode())
        connection.commit()
        try:
            broken = {rule for rule, differences in RULES.items() if any(differences(life))}
        finally:
            for table, number in reversed(numbers):
                connection.execute(f"update analytics.{table} set {number} = {number} - 1".encode())
            connection.commit()
    assert {"snapshots", "history", "earlier_values", "aggregates", "coverage"} <= broken


@pytest.mark.long
def test_the_last_state_is_the_same_for_every_order_of_the_same_runs(
    life: Lived, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content as it was seen; then what each run has written, run by run in any order, each with its aggregate."""
    with warehouse(postgres, "warehouse_shuffled") as dsn:
        monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", dsn)
        register(Warehouse(), life.integrations)
        by_run: dict[str, list[Write]] = {}
        for write in life.writes:
            by_run.setdefault(run_of(write), []).append(write)
        repeat(by_run.pop(""), {})
        runs = list(by_run.values())
        draw = random.Random(life.seed)  # noqa: S311 (a reproducible order is wanted)
        draw.shuffle(runs)
        for writes in runs:
            draw.shuffle(writes)
            repeat(sorted(writes, key=lambda write: STAGES.get(write[1], 1)), life.joined)
            day = next(write[3]["date"] for write in writes if write[1] == "upsert/ingestion_run_opened")
            with Warehouse().transaction() as transaction:
                transaction.execute("transform/daily_aggregate", {"date": day, "lookback_days": 28})
        shuffled = Lived(dsn, life.seed, life.oracles, life.integrations, [], life.met)
        for table in TABLES:
            assert list(different(state(shuffled, table), state(life, table))) == [], table


STAGES = {"upsert/ingestion_run_opened": 0, "upsert/ingestion_run_closed": 2}


def run_of(write: Write) -> str:
    """Return the run that a write belongs to; content belongs to none."""
    kind, _, _, params = write
    run_id: str = (params["common"] or {}).get("run_id", "") if kind == "write" else params.get("run_id", "")
    return run_id


def repeat(writes: list[Write], joined: dict[str, str]) -> None:
    """Make recorded writes again, in that order; what was measured of a video before it was joined is its post's."""
    with Warehouse().transaction() as transaction:
        for kind, name, rows, params in writes:
            if kind == "write":
                renamed = [
                    row | {"external_content_id": joined.get(row["external_content_id"], row["external_content_id"])}
                    if "external_content_id" in row
                    else row
                    for row in rows
                ]
                transaction.write(name, renamed, params["common"], **params["rule"])
            elif kind == "select":
                transaction.select(name, params)
            else:
                transaction.execute(name, params)


def state(of: Lived, table: str) -> dict[int, dict[str, Any]]:
    """Return all rows of a table or view in order, but for what may depend on the order of the runs."""
    rows = of.rows(f"select * from analytics.{table} order by {TABLES[table]}")
    assert rows
    return {n: {name: value for name, value in row.items() if name not in NOT_COMPARED} for n, row in enumerate(rows)}
