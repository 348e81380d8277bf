"""The verbs that the DAG calls, one per task. Each stores what it could get before it raises what it could not."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_insights import clock, registry
from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError, FailedCheckError, GraphError, IncompleteRunError
from meta_insights.gather import Listing, Snapshots, resumed
from meta_insights.groups import each, grouped, ungrouped
from meta_insights.hook import FacebookInsightsHook
from meta_insights.ledger import Run, Stage
from meta_insights.page_reader import PageReader
from meta_insights.records import Content, Known, as_row
from meta_insights.store.checks import broken_rules
from meta_insights.store.warehouse import Warehouse
from meta_insights.token_health import TokenHealth
from meta_insights.usage import Usage
from meta_insights.windows import run_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_insights.groups import Group
    from meta_insights.registry import Integration
    from meta_insights.store.warehouse import Transaction

log = logging.getLogger(__name__)

DEAD_METRIC_REST = timedelta(days=7)
MOST_NAMED = 50
"""How many incomplete integrations the error of a run names."""


def current_run(context: Mapping[str, Any]) -> Run:
    """Return what the task's DAG run asks for. ConfigurationError for params that make no sense."""
    params, settings = context["params"], Settings.from_environment()
    return Run(
        run_id=context["dag_run"].run_id,
        try_number=context["ti"].try_number,
        first_try=context["ti"].max_tries - context["task"].retries + 1,
        day=run_day(context, clock.now()),
        lookback_days=int(params["lookback_days"]),
        refresh=bool(params["refresh"]),
        settings=settings,
    )


def list_integrations(run: Run, params: Mapping[str, Any]) -> list[Group]:
    """Bring the schema up to date and return the integrations of this run, as ids and names, by mapped task."""
    with Warehouse() as warehouse:
        warehouse.upgrade()
        integrations = registry.list_integrations(warehouse, params)
    groups = grouped(integrations, params.get("integrations_per_task"))
    log.info("%s: %s integrations in %s groups", run.day.date, len(integrations), len(groups))
    return groups


def ingest_content(integrations: Sequence[Mapping[str, str]], run: Run) -> dict[str, int]:
    """List the content published in the look-back, store it, and mark what is gone. Return counts of items.

    A later try in the same run reads only the edges that are missing. Raises, as ``groups.each`` says, the gravest
    GraphError when an edge could not be read to its end; what was read is stored all the same.
    """
    return each(_ingest_content, integrations, run, "content")


def _ingest_content(warehouse: Warehouse, integration: Integration, run: Run) -> dict[str, int]:
    with _stage(warehouse, integration, run, "content") as (stage, reader):
        known, _ = _live_content(stage)
        listing = Listing(reader, stage.problems, since=run.since, until=run.until, known=known)
        if (before := stage.left_by_the_try_before()) is not None:
            listing.unread = [edge for edge in listing.unread if edge in before.get("edges", ())]
            listing.earlier = [Content(**row) for row in warehouse.select("live_content_rows", _look_back(stage))]
        listing.gather()
        _check_token(stage, reader.hook)
        stage.asked, stage.stored = listing.listed, len(listing.content)
        with _writing(stage) as transaction:
            rows = map(_content_row, listing.content.values())
            transaction.write("content", rows, stage.integration_key, seen_at=listing.observed_at)
        stage.missing = {"edges": listing.unread}
        listing.raise_gravest()
        _mark_gone(stage, reader, listing)
    return stage.counts()


def _check_token(stage: Stage, hook: FacebookInsightsHook) -> None:
    """Learn what a token that was used is worth, and warn in time. That it cannot be learned is a note, no failure."""
    if stage.usage.halted_by or not stage.usage.calls:
        return
    try:
        answer = hook.debug_token()
    except GraphError as error:
        stage.problems.note("token", "debug_token", error.message)
        return
    if answer:
        stage.token = TokenHealth.of(answer.body)
        stage.warn(stage.token.warnings(clock.now()))


def _mark_gone(stage: Stage, reader: PageReader, listing: Listing) -> None:
    """Mark content that is not listed any more, once Graph has said of each that it does not exist."""
    if gone := reader.gone(listing.vanished()):
        log.info("%s contents are gone from Graph", len(gone))
        with _writing(stage) as transaction:
            transaction.execute(
                "upsert/content_deleted",
                stage.integration_key | {"external_content_ids": gone, "gone_at": listing.observed_at},
            )


def _content_row(content: Content) -> dict[str, Any]:
    key = content.external_content_id
    return as_row(content) | {"post_id": key if "_" in key else None}


def _look_back(stage: Stage) -> dict[str, Any]:
    return stage.integration_key | {"since": stage.run.since, "until": stage.run.until}


def _live_content(stage: Stage) -> tuple[dict[str, Known], set[str]]:
    """Return the live content of the look-back by id, and the ids of which nothing is stored for the date."""
    rows = stage.warehouse.select("live_content", _look_back(stage) | {"date": stage.run.day.date})
    unseen = {row["external_content_id"] for row in rows if not row.pop("is_measured")}
    return {row.pop("external_content_id"): Known(**row) for row in rows}, unseen


def ingest_metrics(integrations: Sequence[Mapping[str, str]], run: Run) -> dict[str, int]:
    """Snapshot all live content of the look-back, read the Page's own days, and store both. Return counts of items.

    A later try in the same run reads only what is missing. Raises, as ``groups.each`` says, the gravest GraphError when
    something could not be had that a retry or a repair can still give.
    """
    return each(_ingest_metrics, integrations, run, "metrics")


def _ingest_metrics(warehouse: Warehouse, integration: Integration, run: Run) -> dict[str, int]:
    with _stage(warehouse, integration, run, "metrics") as (stage, reader):
        live, unseen = _live_content(stage)
        parts = Snapshots.parts(live, run.history_dates)
        unread = resumed(parts, stage.left_by_the_try_before(), unseen)
        asked = set().union(*unread.values()) & live.keys()
        snapshots = Snapshots(reader, stage.problems, live=live, unread=unread)
        snapshots.gather(run.history_dates)
        _store(stage, snapshots)
        stage.missing = {part: sorted(ids) for part, ids in unread.items() if ids}
        failed = set().union(*unread.values()) & asked
        skipped = snapshots.skipped - snapshots.stored - failed
        stage.asked, stage.failed, stage.skipped = len(asked), len(failed), len(skipped)
        stage.stored = stage.asked - stage.failed - stage.skipped
        snapshots.raise_gravest()
    return stage.counts()


def _store(stage: Stage, snapshots: Snapshots) -> None:
    run = stage.run
    of_run: dict[str, Any] = stage.integration_key | {"run_id": run.run_id}
    of_date = of_run | {"date": run.day.date}
    rule = {"day_end": run.day.end, "on_time_until": run.on_time_until, "refresh": run.refresh}
    with _writing(stage) as transaction:
        for rows in (snapshots.of_posts, snapshots.of_videos):
            transaction.write("content_daily_metric", map(as_row, rows.values()), of_date, **rule)
        transaction.write("content_daily_video", map(as_row, snapshots.video_days.values()), of_run)
        transaction.write("page_daily_metric", map(as_row, snapshots.page_days), of_run)


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
def _stage(warehouse: Warehouse, integration: Integration, run: Run, name: str) -> Iterator[tuple[Stage, PageReader]]:
    """Open the ledger, check who owns the integration, and only then make the reader of its Page."""
    usage = Usage(brake_percent=run.settings.brake_percent)
    with Stage(warehouse, integration, run, name, usage) as stage:
        current = registry.owned(warehouse, integration)
        reader = _reader(stage, current)
        try:
            yield stage, reader
        finally:
            stage.page_sizes = {name: size.next_run for name, size in reader.sizes.items() if size.used}
            log.info("%s of %s for %s: %s", name, current.name, run.day.date, stage.counts())
        served, pinned = usage.served_version, reader.hook.credential.version
        if served and served != pinned:
            stage.warn([f"Graph answers as {served}, not as {pinned}: set extra.api_version of {current.conn_id!r}"])


def _reader(stage: Stage, integration: Integration) -> PageReader:
    """Make the reader of a Page, with what earlier runs learned of it."""
    known = stage.warehouse.select("integration_health", stage.integration_key)
    health = known[0] if known else {"dead_metrics": {}, "page_sizes": {}}
    youngest = clock.now() - DEAD_METRIC_REST
    dead = {key: at for key, at in health["dead_metrics"].items() if datetime.fromisoformat(at) > youngest}
    stage.dead_metrics = dead
    settings = stage.run.settings
    hook = FacebookInsightsHook(
        integration.conn_id,
        integration.external_id,
        usage=stage.usage,
        read_timeout=settings.read_timeout,
        backoff=settings.api_backoff,
        connections=settings.connections,
    )
    return PageReader(hook, integration.external_id, dead=dead, sizes=health["page_sizes"])


def aggregate(run: Run, groups: Sequence[Group] | None) -> None:
    """Compute the date's aggregate from what is stored, commit it, and then name the integrations that miss something.

    Raises IncompleteRunError: the run is red, and clearing what failed runs this task again.
    """
    if not groups:
        raise ConfigurationError("list_integrations gave nothing: repair that task and clear it with its downstream")
    integrations = ungrouped(groups)
    params = {"date": run.day.date, "lookback_days": run.lookback_days}
    expected = {
        "run_id": run.run_id,
        "organization_ids": [integration["organization_id"] for integration in integrations],
        "integration_ids": [integration["id"] for integration in integrations],
    }
    with Warehouse() as warehouse:
        with warehouse.transaction() as transaction:
            transaction.select("select/lock_aggregate")
            written = transaction.execute("transform/daily_aggregate", params)
        log.info("%s: %s aggregate rows changed", run.day.date, written)
        unfinished = warehouse.select("unfinished_integrations", expected)
    if unfinished:
        told = [f"{row['name']} ({row['integration_id']}): {row['reason']}" for row in unfinished[:MOST_NAMED]]
        if len(unfinished) > MOST_NAMED:
            told.append(f"and {len(unfinished) - MOST_NAMED} more, all in analytics.ingestion_run")
        reasons = "; ".join(told)
        raise IncompleteRunError(
            f"{len(unfinished)} of {len(integrations)} integrations are incomplete for {run.day.date}: {reasons}"
        )


def check(run: Run, groups: Sequence[Group]) -> dict[str, Any]:
    """Check the rules for the date; return what the asset event tells: which date is complete for which integrations.

    Changes nothing. Raises FailedCheckError, which names every broken rule and rows that break it.
    """
    with Warehouse() as warehouse:
        broken = broken_rules(warehouse, run.day.date)
    if broken:
        told = "; ".join(f"{rule}: {rows}" for rule, rows in broken.items())
        raise FailedCheckError(f"{len(broken)} rules are broken on {run.day.date}: {told}")
    return {"date": str(run.day.date), "integration_ids": [integration["id"] for integration in ungrouped(groups)]}
