"""What the DAG calls, one function per task. Available data is committed before a task fails."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from meta_insights import clock
from meta_insights.days import Day, pacific_date
from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError
from meta_insights.graph.client import ClientOptions
from meta_insights.graph.errors import GraphError, most_severe
from meta_insights.graph.paging import MAX_PAGE_SIZE, PageSize
from meta_insights.graph.token_health import TokenHealth, debug_token
from meta_insights.hook import FacebookInsightsHook
from meta_insights.issues import Issues
from meta_insights.provider.model import Stored
from meta_insights.read.listing import ContentReader, Listing
from meta_insights.read.refused import Refused
from meta_insights.read.resources import ResourceReader, plan
from meta_insights.run.groups import flatten, for_each_integration, grouped
from meta_insights.run.integrations import list_integrations as registered
from meta_insights.run.ledger import Learned, Outcome
from meta_insights.store import content
from meta_insights.store.checks import broken_rules, warned_rules
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from meta_insights.graph.budget import Budget
    from meta_insights.provider.model import Content, Provider
    from meta_insights.read.spool import Rows
    from meta_insights.run.context import Run, Task
    from meta_insights.run.groups import Group
    from meta_insights.run.integrations import Integration
    from meta_insights.run.ledger import Opened

log = logging.getLogger(__name__)

EDGES = "edges"
"""The part of the content stage that is pending, by edge."""
MAX_NAMED = 50
"""How many incomplete integrations the error of a run names."""


def list_integrations(run: Run, params: Mapping[str, Any]) -> list[Group]:
    """Bring the schema up to date and return the integrations of this run, as ids and names, by mapped task."""
    with Warehouse() as warehouse:
        warehouse.upgrade()
        integrations = registered(warehouse, params)
    groups = grouped(integrations, params.get("integrations_per_task"))
    log.info("%s: %s integrations in %s groups", run.day.date, len(integrations), len(groups))
    return groups


def ingest_content(integrations: Sequence[Mapping[str, str]], run: Run) -> dict[str, int]:
    """List the content published in the look-back, store it, and mark what is deleted. Return counts of items.

    A retry reads only the edges that are pending. Raises StageError, or for a group an ExceptionGroup of them, when an
    edge could not be read to its end; what was read is stored all the same.
    """
    return for_each_integration("content", _content, integrations, run)


def _content(task: Task, opened: Opened, budget: Budget) -> Outcome:
    run, integration = task.run, opened.integration
    provider, issues = integration.declared, Issues()
    if not _kept(provider, [run.day.date]):
        return _not_kept(run, provider)
    edges = provider.listings if opened.pending is None else opened.pending.get(EDGES, ())
    if not edges:
        return Outcome(pending={})
    stored, _ = _live(task, integration)
    hook = _hook(opened, task, budget)
    sizes = {edge: _page_size(f"content.{edge}", opened) for edge in provider.listings}
    span = (run.since, run.until)
    refused = Refused(dict(opened.refused_metrics), clock.now())
    reader = ContentReader(hook.get_conn(), provider, integration.external_id, span, stored, sizes, refused, issues)
    listing = reader.read(edges)
    whole = (_columns(row) for row in listing.content.values() if not row.is_partial)
    in_part = (_columns(row) for row in listing.content.values() if row.is_partial)
    content.save_listing(task.warehouse, integration.key, whole, in_part, listing.observed_at)
    error = _delete_vanished(task, opened, reader, listing)
    token = _token_health(hook, provider.scopes, listing, issues)
    return Outcome(
        asked=listing.listed,
        stored=len(listing.content),
        pending={EDGES: sorted(listing.pending)},
        issues=issues,
        warnings=[*_warnings(hook, integration.conn_id, budget, token), *_too_early(task, integration)],
        learned=Learned(refused_metrics=refused.entries, page_sizes=_learned(sizes, "content."), token=token),
        error=error,
    )


def _kept(provider: Provider, dates: Iterable[date]) -> list[date]:
    """Return the dates of which Graph has not yet forgotten any part."""
    oldest = clock.now() - provider.keeps
    return [day for day in dates if Day(day).start >= oldest]


def _not_kept(run: Run, provider: Provider) -> Outcome:
    """Ask nothing: the date is never complete any more."""
    warning = f"Graph keeps {provider.keeps.days // 365} years: nothing was asked for {run.day.date}"
    log.warning("%s", warning)
    return Outcome(pending={}, warnings=[warning])


def _too_early(task: Task, integration: Integration) -> list[str]:
    """Warn of a date before the first content that any run has listed: it is not complete with nothing."""
    first = content.first_published(task.warehouse, integration.key)
    if first is None or first < task.run.until:
        return []
    warning = f"the first content is of {pacific_date(first)}: {task.run.day.date} has none"
    log.warning("%s", warning)
    return [warning]


def _columns(row: Content) -> dict[str, Any]:
    columns = asdict(row)
    del columns["is_partial"]
    return columns


def _live(task: Task, integration: Integration) -> tuple[dict[str, Stored], set[str]]:
    """Return the live content of the look-back by id, and the ids of which nothing is stored for the date.

    A late snapshot is nothing while one on time is possible.
    """
    run = task.run
    is_late = clock.now() >= run.on_time_until
    rows = content.live(task.warehouse, integration.key, run.since, run.until, run.day.date, is_late=is_late)
    unmeasured = {row["external_content_id"] for row in rows if not row.pop("is_measured")}
    return {row.pop("external_content_id"): Stored(**row) for row in rows}, unmeasured


def _delete_vanished(task: Task, opened: Opened, reader: ContentReader, listing: Listing) -> Exception | None:
    """Mark stored content that Graph says is gone; return the most severe error of the stage.

    When the question was not answered, the next attempt lists again what it is about: it needs to know what is missing.
    """
    errors: list[GraphError] = list(listing.errors)
    try:
        deleted = reader.deleted(reader.not_listed(listing))
    except GraphError as error:
        listing.pending |= listing.finished
        errors.append(error)
    else:
        content.mark_deleted(task.warehouse, opened.integration.key, deleted, listing.observed_at)
    return most_severe(errors) if errors else None


def ingest_metrics(integrations: Sequence[Mapping[str, str]], run: Run) -> dict[str, int]:
    """Snapshot all live content of the look-back, read the daily values, and store both. Return counts of items.

    A retry reads only what is pending. Raises as ``ingest_content`` does when something is missing that a retry or a
    repair can still give.
    """
    return for_each_integration("metrics", _metrics, integrations, run)


def _metrics(task: Task, opened: Opened, budget: Budget) -> Outcome:
    run, integration = task.run, opened.integration
    provider, issues = integration.declared, Issues()
    if not _kept(provider, [run.day.date]):
        return _not_kept(run, provider)
    stored, unmeasured = _live(task, integration)
    dates = _kept(provider, run.history_dates)
    parts = plan(provider, integration.external_id, stored, dates, opened.pending, unmeasured)
    if not any(part.left for part in parts):
        return Outcome(pending={})
    hook = _hook(opened, task, budget)
    sizes = {resource.name: _page_size(resource.name, opened) for resource in provider.resources}
    refused = Refused(dict(opened.refused_metrics), clock.now())
    reader = ResourceReader(hook.get_conn(), provider, integration.external_id, stored, parts, refused, sizes, issues)
    reader.read()
    _save_measured(task, integration, reader.rows)
    asked, failed, skipped = reader.asked, reader.failed, reader.skipped
    return Outcome(
        asked=len(asked),
        stored=len(asked - failed - skipped),
        skipped=len(skipped),
        failed=len(failed),
        pending={part.name: part.pending for part in reader.parts if part.left},
        issues=issues,
        warnings=_warnings(hook, integration.conn_id, budget, None),
        unavailable=reader.unavailable(),
        learned=Learned(refused_metrics=refused.entries, page_sizes=_learned(sizes)),
        error=most_severe(reader.errors) if reader.errors else None,
    )


def _save_measured(task: Task, integration: Integration, rows: Rows) -> None:
    run = task.run
    of_run = {"run_id": run.run_id, "date": run.day.date}
    rule = {"day_end": run.day.end, "on_time_until": run.on_time_until, "refresh": run.refresh}
    content.save_measured(task.warehouse, integration.key, rows.by_table(), of_run, rule)


def _hook(opened: Opened, task: Task, budget: Budget) -> FacebookInsightsHook:
    settings, integration = task.run.settings, opened.integration
    options = ClientOptions(
        read_timeout=settings.read_timeout,
        backoff=settings.api_backoff,
        connections=settings.connections,
        not_before=task.run.day.end,
    )
    return FacebookInsightsHook(integration.conn_id, integration.external_id, options=options, budget=budget)


def _page_size(name: str, opened: Opened) -> PageSize:
    return PageSize(opened.page_sizes.get(name, MAX_PAGE_SIZE))


def _learned(sizes: Mapping[str, PageSize], prefix: str = "") -> dict[str, int]:
    return {prefix + name: size.next_run for name, size in sizes.items() if size.used}


def _token_health(
    hook: FacebookInsightsHook, scopes: Sequence[str], listing: Listing, issues: Issues
) -> TokenHealth | None:
    """Learn what the token that has just listed something is worth. That it cannot be learned is a note, no failure.

    The listing has shown that the token is valid; what Graph tells the app about it cannot prove the contrary.
    """
    app_token = hook.credential.app_token
    if not listing.finished or app_token is None:
        return None
    try:
        return replace(debug_token(hook.get_conn(), app_token, scopes), is_valid=True)
    except GraphError as error:
        issues.note("token", "debug_token", error.message)
        return None


def _warnings(hook: FacebookInsightsHook, conn_id: str, budget: Budget, token: TokenHealth | None) -> list[str]:
    """Return what a person should know in time, and log it."""
    warnings = list(token.warnings(clock.now())) if token else []
    served, pinned = budget.spent().served_api_version, hook.credential.version
    if served and served != pinned:
        warnings.append(f"Graph answers as {served}, not as {pinned}: set extra.api_version of {conn_id!r}")
    for warning in warnings:
        log.warning("%s", warning)
    return warnings


def aggregate(run: Run, groups: Sequence[Group] | None) -> None:
    """Compute the date's aggregate from what is stored, commit it, and then name the integrations that miss something.

    Raises IncompleteRunError: the run is red, and clearing what failed runs this task again.
    """
    if not groups:
        raise ConfigurationError("list_integrations gave nothing: repair that task and clear it with its downstream")
    integrations = flatten(groups)
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
        reasons = [f"{row['name']} ({row['integration_id']}): {row['reason']}" for row in unfinished]
        for reason in reasons:
            log.error("%s", reason)
        named = reasons[:MAX_NAMED]
        if len(reasons) > MAX_NAMED:
            named.append(f"and {len(reasons) - MAX_NAMED} more, all in analytics.ingestion_run")
        raise IncompleteRunError(
            f"{len(unfinished)} of {len(integrations)} integrations are incomplete for {run.day.date}: "
            f"{'; '.join(named)}"
        )


def check(run: Run, groups: Sequence[Group]) -> dict[str, Any]:
    """Check the rules for the date; return what the asset event says: which date is complete for which integrations.

    Changes nothing. Raises FailedCheckError, which names every broken rule and rows that break it.
    """
    with Warehouse() as warehouse:
        broken = broken_rules(warehouse, run.day.date)
        for rule, rows in warned_rules(warehouse, run.day.date).items():
            log.warning("%s of %s does not hold: %s", rule, run.day.date, rows)
    if broken:
        rules = "; ".join(f"{rule}: {rows}" for rule, rows in broken.items())
        raise FailedCheckError(f"{len(broken)} rules are broken on {run.day.date}: {rules}")
    return {"date": str(run.day.date), "integration_ids": [integration["id"] for integration in flatten(groups)]}
