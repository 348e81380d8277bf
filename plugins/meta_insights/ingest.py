"""What the DAG calls, one function per task. Available data is committed before a task fails."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bound_contextvars

from meta_insights import clock
from meta_insights.config import schema_name
from meta_insights.days import Day, pacific_date
from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError
from meta_insights.graph.client import ClientOptions
from meta_insights.graph.errors import GraphError, most_severe
from meta_insights.graph.paging import MAX_PAGE_SIZE, PageSize
from meta_insights.graph.token_health import TokenHealth, debug_token
from meta_insights.hook import FacebookInsightsHook
from meta_insights.issues import Issues
from meta_insights.provider import PROVIDERS
from meta_insights.provider.model import Stored
from meta_insights.read.listing import ContentReader, Listing
from meta_insights.read.parts import TOO_LATE, Dates, plan
from meta_insights.read.refused import Refused
from meta_insights.read.resources import ResourceReader
from meta_insights.read.stories import read_stories
from meta_insights.run.events import event_of
from meta_insights.run.groups import flatten, for_each_integration, grouped
from meta_insights.run.integrations import list_integrations as registered
from meta_insights.run.ledger import Learned, Outcome, why_unfinished
from meta_insights.run.stats import count_date
from meta_insights.store import content
from meta_insights.store.checks import broken_rules, warn_of_rules
from meta_insights.store.erasure import erase
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from meta_insights.graph.budget import Budget
    from meta_insights.provider.model import Content, Provider
    from meta_insights.read.spool import Rows
    from meta_insights.run.context import Run, Task
    from meta_insights.run.events import Event
    from meta_insights.run.groups import Group
    from meta_insights.run.integrations import Integration
    from meta_insights.run.ledger import Opened

log = logging.getLogger(__name__)

EDGES = "edges"
"""The part of the content stage that is pending, by edge."""
MAX_NAMED = 50
"""How many incomplete integrations the error of a run names."""
CALLS_PER_INTEGRATION = 10
"""About how many calls one date of an integration with up to 100 posts takes: see docs/architecture.md."""


def list_integrations(run: Run, params: Mapping[str, Any]) -> list[Group]:
    """Bring the schema up to date and return the integrations of this run, as ids and names, by mapped task.

    Deletes what is too old in the ledger, and of these integrations what is older than the settings keep. Raises
    ConfigurationError for a date that would be deleted.
    """
    oldest = pacific_date(clock.now() - run.settings.keep) if run.settings.keep else None
    if oldest and run.day.date < oldest:
        raise ConfigurationError(
            f"{run.day.date} is not kept: by META_INSIGHTS_KEEP_DAYS the first date that is kept is {oldest}. Raise "
            "that, or choose a later date"
        )
    with Warehouse() as warehouse:
        warehouse.upgrade()
        with warehouse.transaction() as transaction:
            before = clock.now() - run.settings.ledger_age
            if pruned := transaction.execute("transform/ledger_pruned", {"before": before}):
                log.info("deleted %s attempts that began before %s", pruned, f"{before:%Y-%m-%d}")
        integrations = registered(warehouse, params)
        for one in integrations if oldest else ():
            if rows := erase(warehouse, *one.key.values(), before=oldest, really=True):
                log.info("%s: deleted what is older than %s: %s", one.name, oldest, rows)
    groups = grouped(integrations, params.get("integrations_per_task"))
    log.info("%s integrations in %s groups", len(integrations), len(groups))
    if run.is_scheduled and clock.now() >= run.on_time_until:
        _say_what_will_come(run, len(integrations))
    return groups


def _say_what_will_come(run: Run, integrations: int) -> None:
    newest = Day(pacific_date(clock.now()) - timedelta(days=1))
    dates = (newest.date - run.day.date).days + 1
    log.warning(
        "catching up: %s and the dates after it, %s in all, oldest first, with some %s calls to Graph. Counters are "
        "late for all of them but %s, which is on time until %s. To read fewer dates, set META_INSIGHTS_START_DATE "
        "before the first run of the schedule",
        run.day.date,
        dates,
        dates * integrations * CALLS_PER_INTEGRATION,
        newest.date,
        f"{newest.on_time_until(run.settings.on_time_grace):%Y-%m-%d %H:%M} UTC",
    )


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
    stored, *_ = _live(task, integration)
    hook = _hook(opened, task, budget)
    sizes = {edge: _page_size(f"content.{edge}", opened) for edge in provider.listings}
    span = (run.since, run.until)
    refused = Refused(dict(opened.refused_metrics), clock.now())
    reader = ContentReader(hook.get_conn(), provider, integration.external_id, span, stored, sizes, refused, issues)
    listing = reader.read(edges)
    whole = (_columns(row) for row in listing.content.values() if not row.is_partial)
    in_part = (_columns(row) for row in listing.content.values() if row.is_partial)
    content.save_listing(task.warehouse, integration.key, whole, in_part, listing.observed_at, run.day.date)
    error = _delete_vanished(task, opened, reader, listing)
    token = _token_health(hook, provider.scopes, listing, issues)
    return Outcome(
        asked=listing.listed,
        stored=len(listing.content),
        pending={EDGES: sorted(listing.pending)},
        issues=issues,
        warnings=[
            *_warnings(hook, budget, token),
            *(() if stored else _too_early(task, integration)),
        ],
        learned=Learned(refused_metrics=refused.entries, page_sizes=_learned(sizes, "content."), token=token),
        error=error,
    )


def _kept(provider: Provider, dates: Iterable[date]) -> list[date]:
    """Return the dates that Graph keeps whole."""
    oldest = clock.now() - provider.keeps
    return [day for day in dates if Day(day).start >= oldest]


def _not_kept(run: Run, provider: Provider) -> Outcome:
    """Return the outcome of a date for which nothing is requested: it is never complete."""
    warning = f"Graph keeps {provider.keeps.days // 365} years: nothing was asked for {run.day.date}"
    log.warning("%s", warning)
    return Outcome(pending={}, warnings=[warning])


def _too_early(task: Task, integration: Integration) -> list[str]:
    """Warn of a date before the first content that any run has listed: such a date is not complete."""
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


def _live(task: Task, integration: Integration) -> tuple[dict[str, Stored], set[str], set[str]]:
    """Return the live content of the look-back by id, and two sets of ids: the unmeasured ones and the final ones.

    Unmeasured is what has no snapshot of the date; a late one does not count while an on-time one is possible. Final
    is what has an on-time snapshot when it is too late for another: a late one could not replace any of its values.
    """
    run = task.run
    is_late = clock.now() >= run.on_time_until
    rows = content.live(task.warehouse, integration.key, run.since, run.until, run.day.date)
    is_on_time = {row["external_content_id"]: row.pop("is_on_time") for row in rows}
    unmeasured = {one for one, on_time in is_on_time.items() if on_time is None or not (on_time or is_late)}
    final = {one for one, on_time in is_on_time.items() if on_time and is_late}
    return {row.pop("external_content_id"): Stored(**row) for row in rows}, unmeasured, final


def _delete_vanished(task: Task, opened: Opened, reader: ContentReader, listing: Listing) -> Exception | None:
    """Mark stored content that Graph says is gone; return the most severe error of the stage.

    When Graph did not answer this question, the next attempt lists the same edges again, to know what is missing.
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
    stored, unmeasured, final = _live(task, integration)
    dates = _dates(task, integration)
    parts = plan(provider, integration.external_id, stored, dates, opened.pending, unmeasured, final)
    for part in parts:
        if part.is_too_late:
            issues.note(str(run.day.date), part.resource.name, TOO_LATE)
    if not any(part.left for part in parts):
        return Outcome(pending={})
    hook = _hook(opened, task, budget)
    sizes = {resource.name: _page_size(resource.name, opened) for resource in provider.resources}
    refused = Refused(dict(opened.refused_metrics), clock.now())
    reader = ResourceReader(hook.get_conn(), provider, integration.external_id, stored, parts, refused, sizes, issues)
    reader.read()
    _save_measured(task, integration, reader.rows)
    pending = {part.name: part.pending for part in reader.parts if part.left}
    return replace(_measured(reader, hook, budget), pending=pending)


def _measured(reader: ResourceReader, hook: FacebookInsightsHook, budget: Budget) -> Outcome:
    """Return the outcome of a reader whose rows are stored."""
    asked, failed, skipped = reader.asked, reader.failed, reader.skipped
    return Outcome(
        asked=len(asked),
        stored=len(asked - failed - skipped),
        skipped=len(skipped),
        failed=len(failed),
        issues=reader.issues,
        warnings=_warnings(hook, budget, None),
        unavailable=reader.unavailable(),
        learned=Learned(refused_metrics=reader.refused.entries, page_sizes=_learned(reader.sizes)),
        error=most_severe(reader.errors) if reader.errors else None,
    )


def _dates(task: Task, integration: Integration) -> Dates:
    """Return the dates of the run's history, and when they were observed, if the provider needs to know it."""
    run, provider, observed = task.run, integration.declared, dict[date, datetime]()
    dates = _kept(provider, run.history_dates)
    if any(resource.settles for resource in provider.resources):
        rows = task.warehouse.select("observed_days", {**integration.key, "dates": dates})
        observed = {row["date"]: row["observed_at"] for row in rows}
    return Dates(dates, clock.now(), run.on_time_until, observed)


def _save_measured(task: Task, integration: Integration, rows: Rows) -> None:
    run = task.run
    of_run = {"run_id": run.run_id, "date": run.day.date}
    rule = {"day_end": run.day.end, "on_time_until": run.on_time_until, "refresh": run.refresh}
    content.save_measured(task.warehouse, integration.key, rows.by_table(), of_run, rule)


def list_story_integrations(params: Mapping[str, Any]) -> list[Group]:
    """Bring the schema up to date and return the integrations whose stories can be read, by mapped task.

    Raises ConfigurationError for one that the params name and that has none.
    """
    with Warehouse() as warehouse:
        warehouse.upgrade()
        integrations = registered(warehouse, params)
    found = [one for one in integrations if one.provider in PROVIDERS and PROVIDERS[one.provider].stories]
    if params.get("integration_ids") and (others := [one.id for one in integrations if one not in found]):
        raise ConfigurationError(f"no stories can be read of {', '.join(others)}: correct the param integration_ids")
    log.info("%s of %s integrations may have stories", len(found), len(integrations))
    return grouped(found, None)


def ingest_stories(integrations: Sequence[Mapping[str, str]], run: Run) -> dict[str, int]:
    """List the stories that there are now, and store what is seen of them for the last time. Return counts of stories.

    A retry looks anew. Raises as ``ingest_content`` does when something is missing.
    """
    return for_each_integration("stories", _stories, integrations, run)


def _stories(task: Task, opened: Opened, budget: Budget) -> Outcome:
    integration = opened.integration
    stories, issues = integration.declared.stories, Issues()
    if stories is None:
        raise ConfigurationError(f"no stories can be read of a {integration.declared.label}")
    hook = _hook(opened, task, budget)
    sizes = {resource.name: _page_size(resource.name, opened) for resource in stories.resources}
    refused = Refused(dict(opened.refused_metrics), clock.now())
    listed, reader = read_stories(hook.get_conn(), stories, integration.external_id, refused, sizes, issues)
    facts = [
        {
            "external_content_id": one.external_content_id,
            "media_type": one.content_type,
            "caption": one.caption,
            "permalink_url": one.permalink_url,
            "published_at": one.published_at,
        }
        for one in listed.values()
    ]
    content.save_stories(task.warehouse, integration.key, facts, reader.rows.by_table(), task.run.run_id)
    return _measured(reader, hook, budget)


def _hook(opened: Opened, task: Task, budget: Budget) -> FacebookInsightsHook:
    settings, integration = task.run.settings, opened.integration
    credential = task.credential_of(integration.conn_id, lambda: FacebookInsightsHook(integration.conn_id).credential)
    options = ClientOptions(
        read_timeout=settings.read_timeout,
        backoff=settings.api_backoff,
        connections=settings.connections,
        not_before=task.run.not_before,
    )
    page_id = integration.external_id if integration.declared.has_own_token else None
    return FacebookInsightsHook(integration.conn_id, page_id, options=options, budget=budget, credential=credential)


def _page_size(name: str, opened: Opened) -> PageSize:
    return PageSize(opened.page_sizes.get(name, MAX_PAGE_SIZE))


def _learned(sizes: Mapping[str, PageSize], prefix: str = "") -> dict[str, int]:
    return {prefix + name: size.next_run for name, size in sizes.items() if size.used}


def _token_health(
    hook: FacebookInsightsHook, scopes: Sequence[str], listing: Listing, issues: Issues
) -> TokenHealth | None:
    """Return the health of the token, which has just listed something; None, and an issue, when Graph does not give it.

    The listing has shown that the token is valid, so this is not taken from what Graph answers to the app.
    """
    app_token, ends = hook.credential.app_token, hook.credential.token_ends
    if listing.finished and ends:
        return TokenHealth(is_valid=True, expires_at=ends)
    if not listing.finished or app_token is None:
        return None
    try:
        return replace(debug_token(hook.get_conn(), app_token, scopes), is_valid=True)
    except GraphError as error:
        issues.note("token", "debug_token", error.message)
        return None


def _warnings(hook: FacebookInsightsHook, budget: Budget, token: TokenHealth | None) -> list[str]:
    """Return what a person should know in time, and log it."""
    warnings = list(token.warnings(clock.now(), hook.credential.renewal)) if token else []
    served, pinned = budget.spent().served_api_version, hook.credential.version
    if served and served != pinned:
        warnings.append(f"Graph answers as {served}, not as {pinned}: set extra.api_version of {hook.graph_conn_id!r}")
    for warning in warnings:
        log.warning("%s", warning)
    return warnings


def aggregate(
    run: Run, groups: Sequence[Group] | None, not_successful: Mapping[str, Collection[int]] | None = None
) -> None:
    """Compute the date's aggregate from what is stored, commit it, and then name the integrations that miss something.

    ``not_successful`` are the map indexes of the mapped tasks that Airflow does not call successful, by stage: one that
    was killed before it could open an attempt has left nothing in the ledger. Raises IncompleteRunError: the run is
    red, and clearing what failed runs this task again.
    """
    if not groups:
        raise ConfigurationError("list_integrations gave nothing: repair that task and clear it with its downstream")
    with Warehouse() as warehouse:
        with warehouse.transaction() as transaction:
            transaction.select("select/lock_aggregate")
            params = {"date": run.day.date, "lookback_days": run.lookback_days}
            written = transaction.execute("transform/daily_aggregate", params)
        log.info("%s aggregate rows changed", written)
        unfinished = warehouse.select("unfinished_integrations", {"run_id": run.run_id, **_of_run(run, groups)})
        unfinished += _unknown_to_the_ledger(
            groups, not_successful or {}, {row["integration_id"] for row in unfinished}
        )
        _completeness(warehouse, run, groups, {row["integration_id"] for row in unfinished})
    if unfinished:
        reasons = [_say(logging.ERROR, row, why_unfinished(row)) for row in unfinished]
        raise IncompleteRunError(
            f"{len(unfinished)} of {len(flatten(groups))} integrations are incomplete for {run.day.date}: "
            f"{'; '.join(_first(reasons, schema_name() + '.ingestion_run'))}"
        )


def _say(level: int, row: Mapping[str, Any], text: str) -> str:
    """Log a line about an integration, which has it as fields; return the line."""
    line = f"{row['name']} ({row['integration_id']}): {text}"
    with bound_contextvars(organization_id=row["organization_id"], integration_id=row["integration_id"]):
        log.log(level, "%s", line)
    return line


def _of_run(run: Run, groups: Sequence[Group]) -> dict[str, Any]:
    """Return the parameters that name a run, its date and its integrations."""
    integrations = flatten(groups)
    return {
        "run_id": run.run_id,
        "date": run.day.date,
        "organization_ids": [integration["organization_id"] for integration in integrations],
        "integration_ids": [integration["id"] for integration in integrations],
    }


def _unknown_to_the_ledger(
    groups: Sequence[Group], not_successful: Mapping[str, Collection[int]], named: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield the integrations of a failed mapped task of which the ledger knows no failure, once each."""
    for stage, indexes in not_successful.items():
        for group in (groups[index] for index in sorted(indexes) if index < len(groups)):
            if named.isdisjoint(one["id"] for one in group["integrations"]):
                for one in group["integrations"]:
                    named.add(one["id"])
                    yield one | {"integration_id": one["id"], "stage": stage, "error_class": None}


def _first(texts: list[str], where: str) -> list[str]:
    """Return as many texts as an error or a log should hold, and where the others are."""
    more = [f"and {len(texts) - MAX_NAMED} more, all in {where}"] if len(texts) > MAX_NAMED else []
    return texts[:MAX_NAMED] + more


def _completeness(
    warehouse: Warehouse, run: Run, groups: Sequence[Group], failed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return each integration as complete or late for the date, and why; log it, but for those that ``failed``."""
    rows = warehouse.select("completeness", _of_run(run, groups))
    count_date(run, rows)
    late = [row for row in rows if row["state"] == "late"]
    log.info("%s of %s integrations are complete", len(rows) - len(late), len(rows))
    for row in late:
        if row["integration_id"] not in failed:
            _say(logging.WARNING, row, f"not complete: {row['why']}")
    return rows


def check(run: Run, groups: Sequence[Group]) -> Event:
    """Check the rules for the date and the run's integrations; return what the asset event says of them.

    Changes nothing. Raises FailedCheckError, which names every broken rule and rows that break it.
    """
    with Warehouse() as warehouse:
        of_run = _of_run(run, groups)
        broken = broken_rules(warehouse, of_run)
        warn_of_rules(warehouse, of_run)
        rows = _completeness(warehouse, run, groups)
    if broken:
        rules = "; ".join(f"{rule}: {rows}" for rule, rows in broken.items())
        raise FailedCheckError(f"{len(broken)} rules are broken on {run.day.date}: {rules}")
    return event_of(run.day, rows)
