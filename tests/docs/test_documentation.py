"""The documentation is true: its links lead somewhere, its SQL runs, and what it names exists."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest
import requests
from airflow.dag_processing.dagbag import DagBag
from psycopg import sql

from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from graph_sandbox.server import Served
    from series import Series

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", TEXTS[page], re.MULTILINE | re.DOTALL)


def statement(page: str, beginning: str) -> str:
    """Return the one block of SQL of a page that begins so."""
    (found,) = [block for block in blocks(page, "sql") if block.startswith(beginning)]
    return found


@pytest.fixture
def dashboards(database: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The test's warehouse, in which the documented role may be created; a role outlives the database."""
    yield database
    database.execute("reset role")
    database.execute("drop owned by dashboards")
    database.execute("drop role dashboards")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_the_checkout_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        linked = (page.parent / path).resolve() if path else page
        assert linked.is_file(), target
        assert not anchor or anchor in anchors(linked), target


def test_every_test_that_is_named_exists() -> None:
    written = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    tests = {name for text in written.values() for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)}
    files = {path.stem for path in written}
    named = {name for text in TEXTS.values() for name in re.findall(r"\btest_\w+", text)}
    assert len(named) > 10
    assert named - tests - files == set()


def test_every_task_that_is_to_be_cleared_is_one_of_the_dag() -> None:
    named = {task for text in TEXTS.values() for task in re.findall(r'"task_ids": \[\["([^"]+)"', text)}
    assert named
    assert named <= set(DagBag(ROOT / "dags").dags["meta_insights_daily"].task_ids)


def test_architecture_names_every_module_once() -> None:
    package = ROOT / "plugins" / "meta_insights"
    modules = [path.relative_to(package).with_suffix("") for path in package.rglob("*.py") if path.stem != "__init__"]
    rows = re.findall(r"^\| (`.*?) \|", TEXTS["docs/architecture.md"], re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([\w/]+)`", row)]
    assert sorted(named) == sorted(map(str, modules))


def test_the_layers_of_architecture_are_those_of_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    (drawn,) = re.findall(r"^```\n( __main__\n.*?)^```$", TEXTS["docs/architecture.md"], re.MULTILINE | re.DOTALL)
    assert [line.replace("/", "").split() for line in drawn.splitlines()] == [layer.split(" | ") for layer in layers]


def test_data_names_every_table_and_view_that_people_read(database: psycopg.Connection) -> None:
    sections = re.findall(r"^## (?:Tables|Views)\n(.*?)^## ", TEXTS["docs/data.md"], re.MULTILINE | re.DOTALL)
    named = [name for section in sections for name in re.findall(r"^\| `(\w+)`", section, re.MULTILINE)]
    relations = database.execute(
        "select relname from pg_class where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v') "
        "and obj_description(oid) not like 'Internal:%'"
    ).fetchall()
    assert sorted(named) == sorted(name for (name,) in relations)


def test_the_params_of_every_dag_are_documented() -> None:
    pages = TEXTS["docs/operations.md"] + TEXTS["docs/export.md"]
    tables = re.findall(r"^\| param of `(\w+)`.*\n((?:\|.*\n)+)", pages, re.MULTILINE)
    documented = {dag_id: sorted(re.findall(r"^\| `([a-z_]+)`", rows, re.MULTILINE)) for dag_id, rows in tables}
    dags = DagBag(ROOT / "dags").dags
    assert documented == {dag_id: sorted(dag.params) for dag_id, dag in dags.items() if dag.params}


def test_the_readme_is_short() -> None:
    assert TEXTS["README.md"].count("\n") <= 110


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md", "docs/data.md"])
def test_the_queries_run(page: str, database: psycopg.Connection) -> None:
    read = [block for block in blocks(page, "sql") if "create role" not in block]
    assert read
    for block in read:
        database.execute(block.encode())


def test_the_fault_of_the_tutorial_is_one_that_the_local_graph_api_takes(graph: Served) -> None:
    (body,) = re.findall(r"-d '(\{.*\})'", TEXTS["docs/tutorial.md"])
    url = f"{graph.base_url}/_sandbox/faults"
    assert requests.post(url, json=json.loads(body), timeout=5).ok
    assert requests.delete(url, timeout=5).json() == {"removed": 1}


def test_the_statement_that_deletes_a_page_leaves_no_row(series: Series, database: psycopg.Connection) -> None:
    series.publish("1_1", on=date(2026, 11, 20))
    series.ran(date(2026, 11, 20))
    erase = statement("docs/data.md", "select * from analytics.erase")
    database.execute(erase.replace("'acme'", "'org'").replace("'acme-fb'", f"'{series.page}'").encode())
    for table in ("integration", "content", "stage_result"):
        assert series.rows(f"select * from analytics.{table}") == []


def test_the_text_of_a_post_is_removed_and_its_numbers_stay(series: Series, database: psycopg.Connection) -> None:
    series.publish("100200300400500_1", on=date(2026, 11, 20))
    series.snapshot("100200300400500_1", date(2026, 11, 20), impressions=5)
    for caption in ("Hello #their", "Hello #there"):
        database.execute("update analytics.content set caption = %s, hashtags = '{there}'", (caption,))
    assert series.rows("select caption from analytics.earlier_caption") == [{"caption": "Hello #their"}]
    database.execute(statement("docs/data.md", "update analytics.content").encode())
    assert series.rows("select caption, hashtags from analytics.content") == [{"caption": None, "hashtags": []}]
    assert series.rows("select * from analytics.earlier_caption") == []
    assert series.rows("select impressions from analytics.content_daily_metric") == [{"impressions": 5}]


def test_the_role_for_dashboards_reads_everything_and_writes_nothing(dashboards: psycopg.Connection) -> None:
    dashboards.execute(statement("docs/data.md", "create role").encode())
    dashboards.execute("create view analytics.later as select * from analytics.integration")
    readable = dashboards.execute(
        "select relname from pg_class where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v')"
    ).fetchall()
    dashboards.execute("set role dashboards")
    for (name,) in readable:
        dashboards.execute(sql.SQL("select * from analytics.{} limit 1").format(sql.Identifier(name)))
    assert ("later",) in readable
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        dashboards.execute("delete from analytics.integration")
