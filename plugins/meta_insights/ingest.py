"""The verbs that the DAG calls, one per task. Each stores what it could get before it raises what it could not."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_insights import clock, registry
from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError, IncompleteRunError
from meta_insights.gather import Listing, Snapshots
from meta_insights.hook import FacebookInsightsHook, PageSize
from meta_insights.ledger import Run, Stage
from meta_insights.page_reader import PageReader
from meta_insights.registry import Integration
from meta_insights.warehouse import Warehouse
from meta_insights.windows import run_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_insights.warehouse import Transaction

log = logging.getLogger(__name__)

DEAD_METRIC_REST = timedelta(days=7)


def current_run(context: Mapping[str, Any]) -> Run:
    """Return what the task's DAG run asks for. ConfigurationError for params that make no sense."""
    params, settings = context["params"], Settings.from_environment()
    return Run(
        run_id=context["dag_run"].run_id,
        try_number=context["ti"].try_number,
        day=run_day(context, clock.now()),
        lookback_days=int(params["lookback_days"]),
        refresh=bool(params["refresh"]),
        settings=settings,
    )


def list_integrations(run: Run, params: Mapping[str, Any]) -> list[dict[str, str]]:
    """Bring the schema up to date and return the integrations of this run, as ids and names."""
    warehouse = Warehouse()
    warehouse.migrate()
    integrations = registry.list_integrations(warehouse, params)
    log.info("%s: %s integrations", run.day.date, len(integrations))
    return [integration.as_dict() for integration in integrations]


def ingest_content(integration: Mapping[str, str], run: Run) -> dict[str, int]:
    """List the content published in the look-back, store it, and mark what is gone. Return counts of items.

    Raises the gravest GraphError when an edge could not be read to its end; what was read is stored all the same.
    """
    with _stage(integration, run, "content") as (stage, reader):
        listing = Listing(reader, run.since, run.until, stage.problems)
        content = listing.gather()
        stage.asked = sum(map(len, listing.nodes.values()))
        stage.stored = len(content)
        with _writing(stage) as transaction:
            transaction.merge("content", content, stage.integration_key | {"seen_at": listing.observed_at})
        listing.raise_gravest()
        _mark_gone(stage, reader, {row.external_content_id for row in content}, listing.observed_at)
    return stage.counts()


def _mark_gone(stage: Stage, reader: PageReader, listed: set[str], seen_at: datetime) -> None:
    """Mark content that is not listed any more, once Graph has said of each that it does not exist."""
    unlisted = [content_id for content_id in _live_content(stage) if content_id not in listed]
    if gone := reader.gone(unlisted):
        log.info("%s contents are gone from Graph", len(gone))
        with _writing(stage) as transaction:
            transaction.execute(
                "upsert/content_deleted", stage.integration_key | {"external_content_ids": gone, "gone_at": seen_at}
            )


def _live_content(stage: Stage) -> dict[str, dict[str, Any]]:
    window = {"since": stage.run.since, "until": stage.run.until}
    rows = stage.warehouse.select("live_content", stage.integration_key | window)
    return {row["external_content_id"]: row for row in rows}


def ingest_metrics(integration: Mapping[str, str], run: Run) -> dict[str, int]:
    """Snapshot all live content of the look-back, read the Page's own days, and store both. Return counts of items.

    Raises the gravest GraphError when something could not be had that a retry or a repair can still give.
    """
    with _stage(integration, run, "metrics") as (stage, reader):
        snapshots = Snapshots(reader, run.since, run.until, stage.problems, live=_live_content(stage))
        snapshots.gather(run.history_dates)
        _store(stage, snapshots)
        stage.asked, stage.stored = len(snapshots.live), len(snapshots.stored)
        stage.skipped = len(snapshots.skipped - snapshots.stored)
        stage.failed = stage.asked - stage.stored - stage.skipped
        snapshots.raise_gravest()
    return stage.counts()


def _store(stage: Stage, snapshots: Snapshots) -> None:
    run = stage.run
    of_run: dict[str, Any] = stage.integration_key | {"run_id": run.run_id}
    of_date = of_run | {"date": run.day.date, "day_end": run.day.end, "on_time_until": run.on_time_until}
    of_date["refresh"] = run.refresh
    with _writing(stage) as transaction:
        for rows in (snapshots.of_posts, snapshots.of_videos):
            transaction.merge("content_daily_metric", list(rows.values()), of_date)
        transaction.merge("content_daily_video", snapshots.video_days, of_run)
        transaction.merge("page_daily_metric", snapshots.page_days, of_run)


@contextmanager
def _writing(stage: Stage) -> Iterator[Transaction]:
    """Open a transaction in which no other task writes what belongs to the integration.

    Rows come sorted, but one task writes several tables in turn: without the lock two tasks of one Page, in parallel
    runs, could wait for each other.
    """
    with stage.warehouse.transaction() as transaction:
        transaction.select("select/lock_integration", stage.integration_key)
        yield transaction


@contextmanager
def _stage(integration: Mapping[str, str], run: Run, name: str) -> Iterator[tuple[Stage, PageReader]]:
    """Open the ledger, check who owns the integration, and only then make the reader of its Page."""
    with Stage(Warehouse(), Integration(**integration), run, name) as stage:
        current = registry.owned(stage.warehouse, stage.integration)
        known = stage.warehouse.select("integration_health", stage.integration_key)
        stage.dead_metrics, size = _remembered(known[0] if known else {})
        hook = FacebookInsightsHook(
            current.conn_id,
            current.external_id,
            usage=stage.usage,
            read_timeout=run.settings.read_timeout,
            backoff=run.settings.api_backoff,
        )
        yield stage, PageReader(hook, current.external_id, dead=stage.dead_metrics, size=size)
        stage.page_size = size.next_run
        log.info("%s of %s for %s: %s", name, current.name, run.day.date, stage.counts())


def _remembered(health: Mapping[str, Any]) -> tuple[dict[str, str], PageSize]:
    """Return the metrics that are dead for now, and the page size that worked."""
    youngest = clock.now() - DEAD_METRIC_REST
    dead = {key: at for key, at in health.get("dead_metrics", {}).items() if datetime.fromisoformat(at) > youngest}
    return dead, PageSize(health.get("page_size", 100))


def aggregate(run: Run, integrations: Sequence[Mapping[str, str]] | None) -> str:
    """Compute the date's aggregate from what is stored, commit it, and then name the integrations that miss something.

    Returns the date. Raises IncompleteRunError: the run is red, and clearing what failed runs this task again.
    """
    if not integrations:
        raise ConfigurationError("list_integrations gave nothing: repair that task and clear it with its downstream")
    warehouse = Warehouse()
    params = {"date": run.day.date, "lookback_days": run.lookback_days}
    with warehouse.transaction() as transaction:
        transaction.select("select/lock_aggregate")
        written = transaction.execute("transform/daily_aggregate", params)
    log.info("%s: %s aggregate rows changed", run.day.date, written)
    expected = {
        "run_id": run.run_id,
        "organization_ids": [integration["organization_id"] for integration in integrations],
        "integration_ids": [integration["id"] for integration in integrations],
    }
    if unfinished := warehouse.select("unfinished_integrations", expected):
        reasons = "; ".join(f"{row['name']} ({row['integration_id']}): {row['reason']}" for row in unfinished)
        raise IncompleteRunError(
            f"{len(unfinished)} of {len(integrations)} integrations are incomplete for {run.day.date}: {reasons}"
        )
    return str(run.day.date)


def completed(run: Run, integrations: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return what the asset event tells: the date that is complete, and for which integrations."""
    return {"date": str(run.day.date), "integration_ids": [integration["id"] for integration in integrations]}
