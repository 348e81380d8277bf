"""Registers the integrations that a credential sees: the function that the DAG of the registration calls."""

from __future__ import annotations

import logging
from io import StringIO
from typing import TYPE_CHECKING, Any

import psycopg
from rich import box
from rich.console import Console
from rich.table import Table

from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError
from meta_insights.failures import rule_for
from meta_insights.graph.budget import Budget
from meta_insights.graph.client import ClientOptions
from meta_insights.graph.errors import GraphError
from meta_insights.graph.token_health import missing_permissions
from meta_insights.hook import FacebookInsightsHook
from meta_insights.read.discovery import finder_of
from meta_insights.run.integrations import register, registry
from meta_insights.run.registration import WRITTEN, Outcome, Registration, Sighting, Wish, refused_by_name, result
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_insights.read.discovery import Finder
    from meta_insights.run.integrations import Registered
    from meta_insights.run.registration import Entry

log = logging.getLogger(__name__)

_WIDTH = 200
"""Characters of a line of the table."""


def register_integrations(params: Mapping[str, Any]) -> dict[str, Any]:
    """Register what the token of a connection sees; return counts and ids by outcome. Never deactivates by itself.

    Raises ConfigurationError when the token sees nothing, when an id that people named will not be read, or is none to
    retire; and the GraphError of a broken token or a throttle. What can be registered is written before.
    """
    wish = Wish.of(params)
    try:
        with Warehouse() as warehouse:
            return _register(warehouse, wish)
    except (GraphError, ConfigurationError) as error:
        log.error("%s", rule_for(error).explain(wish.conn_id, str(error)))  # noqa: TRY400 (it explains itself)
        raise


def _register(warehouse: Warehouse, wish: Wish) -> dict[str, Any]:
    registration = Registration(wish, _rows(warehouse, wish))
    finders, missing = _finders(wish)
    entries = registration.entries(*_look(registration, finders, missing))
    notes = [*_left_out(finders, missing), *(note for finder in finders for note in finder.notes)]
    for note in dict.fromkeys(notes):
        log.warning("%s", note)
    if not entries:
        raise ConfigurationError(
            f"the token of {wish.conn_id!r} sees nothing to register, and the organization has nothing. An empty list "
            f"is no proof that there is nothing: name ids by hand. {'. '.join(dict.fromkeys(notes))}"
        )
    if not wish.is_dry_run:
        ids = {one: [entry.row.id for entry in entries if entry.outcome is one] for one in Outcome}
        written = [entry.row for entry in entries if entry.outcome in WRITTEN]
        register(warehouse, written, ids[Outcome.ACTIVATED], ids[Outcome.RETIRED])
    _report(entries, wish)
    if refused := refused_by_name(wish, entries):
        reasons = "; ".join(f"{entry.row.external_id}: {', '.join(entry.notes)}" for entry in refused)
        raise ConfigurationError(f"{len(refused)} of the ids that were named will not be read: {reasons}")
    return result(entries, is_dry_run=wish.is_dry_run)


def _rows(warehouse: Warehouse, wish: Wish) -> list[Registered]:
    """Return the registry. A dry run makes no tables, so there may be none."""
    if not wish.is_dry_run:
        warehouse.upgrade()
    try:
        return registry(warehouse)
    except psycopg.errors.UndefinedTable:
        return []


def _finders(wish: Wish) -> tuple[list[Finder], list[str]]:
    """Return what looks for each provider, and which permissions the token is known to lack."""
    settings = Settings.from_environment()
    options = ClientOptions(read_timeout=settings.read_timeout, backoff=settings.api_backoff)
    budget = Budget(None, "", stop_at_usage_percent=settings.stop_at_usage_percent)
    hook = FacebookInsightsHook(wish.conn_id, options=options, budget=budget)
    credential, client = hook.credential, hook.get_conn()
    finders = [one for provider in wish.providers if (one := finder_of(client, provider, credential))]
    if not finders:
        labels = " and no ".join(provider.label for provider in wish.providers)
        raise ConfigurationError(
            f"a token of the login {credential.login!r} sees no {labels}: correct the param take, or extra.login of "
            f"{wish.conn_id!r}"
        )
    if not any(finder.discovery.edges for finder in finders):
        return finders, []
    wanted = sorted({one for finder in finders for one in (*finder.provider.scopes, *finder.discovery.hides)})
    missing = missing_permissions(client, credential.app_token, wanted)
    if missing is None:
        log.info("which permissions the token has is not known: give the connection extra.app_id and extra.app_secret")
    return finders, missing or []


def _left_out(finders: Sequence[Finder], missing: Sequence[str]) -> list[str]:
    """Return what the lists do not show, which is no error of Graph."""
    hidden = {name: what for finder in finders if finder.is_users for name, what in finder.discovery.hides.items()}
    return [
        f"the token lacks the permission {name}: without it Graph lists no {what}, and gives no error; name ids by hand"
        for name, what in hidden.items()
        if name in missing
    ]


def _look(
    registration: Registration, finders: Sequence[Finder], missing: Sequence[str]
) -> tuple[list[Sighting], dict[str, str]]:
    """Return what the token sees of what is wished for; and why it does not see an id, by the id at Graph."""
    wish, unseen = registration.wish, dict[str, str]()
    for finder in finders:
        finder.read_lists()
    seen = {shown for finder in finders for one in finder.found.values() for shown in (one.external_id, one.behind)}
    questions: list[tuple[str, Sequence[Finder]]] = [(one, finders) for one in sorted(wish.ids - seen)]
    if not wish.ids:
        read = [(row.external_id, finder) for finder in finders for row in registration.read_of(finder.provider)]
        questions = [(external_id, [finder]) for external_id, finder in read if external_id not in finder.found]
    for external_id, asked in questions:
        reasons = [reason for finder in asked if (reason := finder.ask(external_id))]
        if len(reasons) == len(asked):
            unseen[external_id] = "; ".join(dict.fromkeys(reasons))
    return [
        Sighting(
            finder.provider, one, finder.obstacle(one), [name for name in finder.provider.scopes if name in missing]
        )
        for finder in finders
        for one in finder.found.values()
        if not wish.ids or wish.names(one)
    ], unseen


def _report(entries: Sequence[Entry], wish: Wish) -> None:
    """Log a line per integration, and all of them as a table."""
    prefix = "dry run: " if wish.is_dry_run else ""
    for entry in entries:
        row, why = entry.row, f": {'; '.join(entry.notes)}" if entry.notes else ""
        level = logging.WARNING if entry.notes else logging.INFO
        log.log(level, "%s%s: %s %s (%s)%s", prefix, entry.outcome.value, entry.label, row.name, row.external_id, why)
    table = Table("outcome", "what", "id at Graph", "integration", "name", "to know", box=box.SIMPLE)
    for entry in entries:
        row = entry.row
        table.add_row(entry.outcome.value, entry.label, row.external_id, row.id, row.name, "; ".join(entry.notes))
    text = StringIO()
    Console(file=text, width=_WIDTH, markup=False, highlight=False).print(table)
    written = "dry run: nothing was written" if wish.is_dry_run else "written"
    log.info("organization %s, connection %s, %s\n%s", wish.organization_id, wish.conn_id, written, text.getvalue())
