"""Each declared metric is asked once per kind; what vanished and what is served again is said and kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights import catalogue, clock, ingest
from meta_insights.graph.errors import GraphTokenError
from meta_insights.graph.versions import DEFAULT_VERSION, USABLE_UNTIL, version_warning
from meta_insights.provider import PROVIDERS
from meta_insights.run.integrations import Integration, register
from support import DAY, connect
from truth import rows

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse
    from support.workbench import Workbench

CLICKS_OF_PHOTOS = (
    "select since, asked_at, answer from analytics.catalogue where metric = 'posts.post_clicks' and kind = 'photo'"
)
ANSWERS = "select metric from analytics.catalogue where is_served = %s"


@pytest.fixture
def page(bench: Workbench, run: Run) -> Integration:
    """A Page with a content of each kind, that was listed once."""
    page = bench.page(["status", "photo", "link", "video", "reel"])
    ingest.ingest_content([asdict(page)], run)
    return page


def ask(caplog: pytest.LogCaptureFixture) -> tuple[dict[str, int], list[str]]:
    """Ask the one integration; return the counts and the warnings."""
    caplog.clear()
    (chosen,) = catalogue.choose_integrations()
    counts = catalogue.ask_catalogue(chosen)
    return counts, [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.usefixtures("page")
def test_every_declared_metric_is_asked_of_one_content_of_each_kind(
    database: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    counts, warnings = ask(caplog)
    provider = PROVIDERS["facebook"]
    declared = {one.key(metric.source) for one in provider.resources for metric in one.metrics}
    served = {metric for (metric,) in rows(database, ANSWERS.replace("%s", "true"))}
    refused = {metric for (metric,) in rows(database, ANSWERS.replace("%s", "false"))}
    assert served | refused == declared
    assert counts["asked"] == counts["served"] + counts["refused"] + counts["not said"]
    assert (counts["vanished"], counts["again"], refused, warnings) == (0, 0, set(), [])


def test_a_metric_that_vanishes_and_comes_back_is_said_once_each(
    page: Integration, graph: Served, database: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ask(caplog)
    before = rows(database, "select count(*) from analytics.catalogue where is_served")
    graph.control.fault("retired_metrics", page.external_id, metrics=["post_clicks"])
    graph.control.fix_clock(graph.control.now() + timedelta(days=7))
    counts, warnings = ask(caplog)
    assert counts["vanished"] == len(warnings) > 1  # of each kind of post
    assert all(text.startswith("posts.post_clicks of ") and " vanished after 2026-11-2" in text for text in warnings)
    (sample,) = rows(database, CLICKS_OF_PHOTOS)
    assert "valid insights metric" in sample[2]
    graph.control.fix_clock(graph.control.now() + timedelta(days=7))
    counts, warnings = ask(caplog)
    assert (counts["vanished"], warnings) == (0, [])
    (later,) = rows(database, CLICKS_OF_PHOTOS)
    assert later[0] == sample[0]
    assert later[1] > sample[1]
    graph.control.clear_faults()
    counts, warnings = ask(caplog)
    assert counts["again"] == len(warnings) > 1
    assert all("is served again" in text for text in warnings)
    assert rows(database, "select count(*) from analytics.catalogue where is_served") == before


def test_a_missing_permission_says_nothing_about_a_metric(
    page: Integration, graph: Served, database: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ask(caplog)
    before = rows(database, "select metric, kind, is_served from analytics.catalogue order by 1, 2")
    graph.control.fault("missing_permission", page.external_id, permission="read_insights", edge="insights")
    counts, warnings = ask(caplog)
    assert counts["not said"] > counts["asked"] / 2  # all insights
    assert counts["refused"] == 0
    assert warnings == []
    assert rows(database, "select metric, kind, is_served from analytics.catalogue order by 1, 2") == before


@pytest.mark.usefixtures("page")
def test_a_dead_token_fails_the_task_and_stores_nothing(
    graph: Served, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, graph, token="EAAdead00000000")
    (chosen,) = catalogue.choose_integrations()
    with pytest.raises(GraphTokenError):
        catalogue.ask_catalogue(chosen)
    assert rows(database, "select * from analytics.catalogue") == []


def test_one_integration_of_each_provider_is_asked_that_with_the_most_kinds(
    page: Integration, bench: Workbench, graph: Served, warehouse: Warehouse, run: Run
) -> None:
    poorer = bench.page(["status"])
    ingest.ingest_content([asdict(poorer)], run)
    account = graph.world.add_account("Account")
    one = Integration("other", "account", "instagram", account.id, "Account")
    register(warehouse, [one])
    assert [chosen["id"] for chosen in catalogue.choose_integrations()] == [page.id, one.id]


def test_an_account_is_asked_too(
    graph: Served, warehouse: Warehouse, database: psycopg.Connection, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    account = graph.world.add_account("Account", page_id=graph.world.pages[0].id, audience=200_000)
    for number, kind in enumerate(("image", "video", "carousel", "reel")):
        graph.control.add_media(account.id, DAY.end - timedelta(hours=number + 1), kind=kind)
    one = Integration("org", "account", "instagram", account.id, "Account")
    register(warehouse, [one])
    ingest.ingest_content([asdict(one)], run)
    counts, _ = ask(caplog)
    declared = {one.key(metric.source) for one in PROVIDERS["instagram"].resources for metric in one.metrics}
    asked = {metric for (metric,) in rows(database, "select distinct metric from analytics.catalogue")}
    assert asked <= declared
    assert counts["served"] > 20


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 9, 22), ""),
        (date(2026, 9, 23), "v21.0 ends on 2027-01-21, in 120 days: use v26.0"),
        (date(2027, 1, 20), "v21.0 ends on 2027-01-21, in 1 days: use v26.0"),
        (date(2027, 1, 21), "v21.0 ended on 2027-01-21: use v26.0"),
    ],
)
def test_a_version_that_ends_within_120_days_is_said(today: date, said: str) -> None:
    assert version_warning("v21.0", today) == said


def test_a_version_that_nobody_knows_is_said_and_the_default_is_known() -> None:
    assert "v27.0 is not a version that this package knows" in version_warning("v27.0", DAY.date)
    assert DEFAULT_VERSION in USABLE_UNTIL


@pytest.mark.usefixtures("page")
def test_the_version_of_the_connection_is_warned_of(
    graph: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(monkeypatch, graph, api_version="v20.0")
    _, warnings = ask(caplog)
    assert any("v20.0 ended on 2026-09-24: use v26.0" in text for text in warnings)
    assert "Graph answers as v21.0, not as v20.0" in warnings
    assert clock.now().date() > USABLE_UNTIL["v20.0"]
