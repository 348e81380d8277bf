"""Asks Graph for each declared metric, one object of each kind, and says which vanished and which are served again.

A run learns of a refused metric from its own requests, for each integration and for some days. This looks at all of
them once a week, each in a request of its own, and keeps the answers in ``analytics.catalogue``.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.days import Day, pacific_date
from meta_insights.graph.budget import Budget
from meta_insights.graph.client import ClientOptions
from meta_insights.graph.errors import FieldRefusedError, MetricRefusedError
from meta_insights.graph.transport import Answer
from meta_insights.graph.versions import version_warning
from meta_insights.hook import FacebookInsightsHook
from meta_insights.provider.model import Stored
from meta_insights.read.parts import Dates, plan
from meta_insights.read.samples import ENDING, newest_of_each_kind, one_per_kind, request_of
from meta_insights.run.context import Run
from meta_insights.run.integrations import Integration
from meta_insights.store import content
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_insights.graph.errors import GraphError
    from meta_insights.provider.model import Provider

log = logging.getLogger(__name__)

SEARCHED_DAYS = 366
"""How far back a content of each kind is looked for."""


@dataclass(frozen=True)
class Question:
    """One metric, for content of one kind; for the integration itself the kind is empty. ``path`` asks for it."""

    metric: str
    kind: str
    path: str


def choose_integrations() -> list[dict[str, str]]:
    """Return one integration of each provider, that with the most kinds of content, as ids and names."""
    with Warehouse() as warehouse:
        warehouse.upgrade()
        since = clock.now() - timedelta(days=SEARCHED_DAYS)
        return warehouse.select("richest_integrations", {"since": since})


def ask_catalogue(chosen: Mapping[str, str]) -> dict[str, int]:
    """Ask one integration for each metric of its provider; store the answers, and log what changed. Return counts.

    An answer that says nothing about the metric, such as a missing permission or too few viewers, is not stored. Raises
    the GraphError after which no other request can be made.
    """
    integration = Integration(**chosen)
    provider, settings = integration.declared, Settings.from_environment()
    options = ClientOptions(read_timeout=settings.read_timeout, backoff=settings.api_backoff)
    page_id = integration.external_id if provider.has_own_token else None
    budget = Budget(integration.external_id, provider.usage_type, stop_at_usage_percent=settings.stop_at_usage_percent)
    hook = FacebookInsightsHook(integration.conn_id, page_id, options=options, budget=budget)
    with Warehouse() as warehouse:
        questions = list(_questions(warehouse, integration, provider, settings))
        answers = hook.get_conn().batch([question.path for question in questions])
        rows = list(_rows(questions, answers))
        with warehouse.transaction() as transaction:
            before = transaction.select("select/catalogue", {"provider": provider.name})
            transaction.write("catalogue", rows, {"provider": provider.name, "asked_at": clock.now().isoformat()})
    counts = _tell(integration, rows, {(row["metric"], row["kind"]): row for row in before})
    _warn_of_versions(hook, integration, budget.spent().served_api_version)
    return {"asked": len(questions), "not said": len(questions) - len(rows), **counts}


def _questions(
    warehouse: Warehouse, integration: Integration, provider: Provider, settings: Settings
) -> Iterator[Question]:
    run = Run(
        "catalogue", Day(pacific_date(clock.now()) - timedelta(days=1)), SEARCHED_DAYS, refresh=False, settings=settings
    )
    rows = content.live(warehouse, integration.key, run.since, run.until, run.day.date)
    stored = {row.pop("external_content_id"): row for row in rows}
    fields = ("content_type", "published_at", "post_id", "video_id")
    samples = newest_of_each_kind({key: Stored(*(row[name] for name in fields)) for key, row in stored.items()})
    dates = Dates([run.day.date], clock.now(), run.on_time_until)
    for part in plan(provider, integration.external_id, samples, dates, None, ()):
        for one in one_per_kind(part):
            for source in sorted(part.left[one]):
                yield Question(part.resource.key(source), part.kinds[one] or "", request_of(part, one, [source]))


def _rows(questions: list[Question], answers: list[Answer | GraphError]) -> Iterator[dict[str, Any]]:
    for question, answer in zip(questions, answers, strict=True):
        row = {"metric": question.metric, "kind": question.kind}
        if isinstance(answer, ENDING):
            raise answer
        if isinstance(answer, Answer):
            yield row | {"is_served": True, "answer": None}
        elif isinstance(answer, MetricRefusedError | FieldRefusedError):
            yield row | {"is_served": False, "answer": str(answer)}
        else:
            log.info("%s of %s: nothing is known: %s", question.metric, question.kind or "the integration", answer)


def _tell(
    integration: Integration, rows: list[dict[str, Any]], before: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, int]:
    counts = Counter(served=0, refused=0, vanished=0, again=0)
    for row in rows:
        known, of = before.get((row["metric"], row["kind"])), f" of {row['kind']}" if row["kind"] else ""
        counts["served" if row["is_served"] else "refused"] += 1
        if row["is_served"] and known and not known["is_served"]:
            counts["again"] += 1
            log.warning("%s%s is served again, asked of %s", row["metric"], of, integration.name)
        elif not row["is_served"] and (known is None or known["is_served"]):
            counts["vanished"] += bool(known)
            was = f"vanished after {known['asked_at']:%Y-%m-%d}" if known else "is refused"
            log.warning("%s%s %s, asked of %s: %s", row["metric"], of, was, integration.name, row["answer"])
    log.info("%s: %s", integration.provider, dict(counts))
    return dict(counts)


def _warn_of_versions(hook: FacebookInsightsHook, integration: Integration, served: str | None) -> None:
    pinned = hook.credential.version
    if warning := version_warning(pinned, clock.now().date()):
        log.warning("extra.api_version of %r: %s", integration.conn_id, warning)
    if served and served != pinned:
        log.warning("Graph answers as %s, not as %s", served, pinned)
