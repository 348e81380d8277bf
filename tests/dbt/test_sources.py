"""The sources of dbt are those of the schema: what is committed is what is derived, and dbt takes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]
from psycopg.conninfo import conninfo_to_dict

from local_stack.dbt import DASHBOARDS, SOURCES
from meta_insights import __main__ as command_line
from support import ROOT
from support.tables import DAYS

if TYPE_CHECKING:
    from series import Series

PACKAGE = ROOT / "include" / "dbt"


@pytest.fixture
def printed(series: Series, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints for a warehouse of this version."""
    dashboards = [argument for file in sorted(DASHBOARDS.glob("*.json")) for argument in ("--dashboard", str(file))]
    assert command_line.main(["dbt", *dashboards]) == 0
    return capsys.readouterr().out


@pytest.fixture
def properties(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(printed)
    return found


def tables(properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (source,) = properties["sources"]
    return {table["name"]: table for table in source["tables"]}


def column(table: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in table["columns"] if one["name"] == name]
    return dict(found)


def test_the_file_in_the_repository_is_the_one_that_is_derived(printed: str) -> None:
    assert SOURCES.read_text(encoding="utf-8") == printed, "make dbt"


def test_keys_are_tests_and_a_key_of_live_rows_is_one_of_live_rows(properties: dict[str, Any]) -> None:
    snapshots = tables(properties)["content_daily_metric"]
    (together,) = snapshots["data_tests"]
    assert together["unique_together"] == {
        "arguments": {"columns": ["organization_id", "integration_id", "external_content_id", "date"]},
        "config": {"where": "(deleted_at IS NULL)"},
    }
    assert column(snapshots, "date")["data_tests"] == ["not_null"]
    assert "data_tests" not in column(snapshots, "reach")
    assert column(tables(properties)["integration"], "id")["data_tests"] == ["not_null", "unique"]


def test_columns_have_their_type_and_the_comment_of_the_schema(properties: dict[str, Any]) -> None:
    assert column(tables(properties)["integration_daily"], "followers") == {
        "name": "followers",
        "description": "People who follow it, at the end of the date.",
        "data_type": "bigint",
    }


def test_what_each_run_writes_has_a_freshness(properties: dict[str, Any]) -> None:
    fresh = {name for name, table in tables(properties).items() if "config" in table}
    assert fresh == {"content_daily_metric", "content_daily_video", "page_daily_metric", "daily_aggregate"}
    assert tables(properties)["page_daily_metric"]["config"]["loaded_at_field"] == "updated_at"


def test_whoever_reads_the_sources_is_an_exposure_of_what_it_reads(properties: dict[str, Any]) -> None:
    found = {one["name"]: one for one in properties["exposures"]}
    files = [f"question_{path.stem}" for path in (ROOT / "include" / "sql" / "question").glob("*.sql")]
    boards = [f"dashboard_{path.stem}" for path in DASHBOARDS.glob("*.json")]
    assert sorted(found) == sorted([*files, *boards, "meta_insights_export"])
    top = found["question_top_content"]
    assert top["description"] == "Which content drew the most engagement in a period?"
    assert top["depends_on"] == [
        "source('meta_insights', 'content_daily_change')",
        "source('meta_insights', 'integration')",
    ]
    assert all(one["depends_on"] for one in found.values())


def test_a_view_of_ones_own_is_a_source_too(series: Series, capsys: pytest.CaptureFixture[str]) -> None:
    series.database.execute("create view analytics.my_posts as select date from analytics.daily_change")
    command_line.main(["dbt"])
    assert tables(yaml.safe_load(capsys.readouterr().out))["my_posts"]["columns"] == [
        {"name": "date", "description": "The Meta day: a calendar day in America/Los_Angeles.", "data_type": "date"}
    ]


def test_without_a_schema_the_command_says_what_makes_it(
    series: Series, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_INSIGHTS_SCHEMA", "elsewhere")
    assert command_line.main(["dbt"]) == 1
    assert capsys.readouterr().err == "there is no schema elsewhere: the first run of the DAG makes it\n"


# dbt itself, in an environment of its own: what it needs and what Airflow needs do not go together


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, pins = tmp_path_factory.mktemp("dbt"), Path(__file__).with_name("requirements.txt")
    uv = [sys.executable, "-m", "uv", "--quiet", "--no-cache"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    install = ["pip", "install", "--only-binary", ":all:", "--python", str(folder), "--requirement", str(pins)]
    subprocess.run([*uv, *install], check=True)
    return folder / "bin" / "dbt"


class Dbt:
    """dbt as a person runs it on the package, with a warehouse."""

    def __init__(self, program: Path, folder: Path, dsn: str) -> None:
        self.program, self.folder, self.target = program, folder, folder / "target"
        place = conninfo_to_dict(dsn)
        output = {"type": "postgres", "schema": "public", "threads": 4, "dbname": place["dbname"]}
        output |= {"host": place["host"], "port": int(str(place["port"]))}
        output |= {"user": place["user"], "pass": place["password"]}
        profile = {"meta_insights": {"target": "test", "outputs": {"test": output}}}
        (folder / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        options = ["--project-dir", PACKAGE, "--profiles-dir", self.folder, "--target-path", self.target]
        command = [self.program, "--log-path", self.folder, "--warn-error", *arguments, *options]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        return subprocess.run(list(map(str, command)), env=env, capture_output=True, text=True, check=False)

    def results(self, *arguments: str) -> dict[str, str]:
        """Return the status of each test, or of each source."""
        file = self.target / ("sources.json" if "freshness" in arguments else "run_results.json")
        file.unlink(missing_ok=True)
        done = self(*arguments)
        assert file.exists(), done.stdout
        return {one["unique_id"]: one["status"] for one in json.loads(file.read_text(encoding="utf-8"))["results"]}


@pytest.mark.long
def test_dbt_tests_the_warehouse_and_finds_what_is_wrong(
    program: Path, series: Series, warehouse_dsn: str, tmp_path: Path
) -> None:
    series.publish("1_1", DAYS["Mon"])
    series.snapshot("1_1", DAYS["Mon"], reach=10, reactions=3, comments=1, shares=0)
    series.ran(DAYS["Mon"])
    series.aggregate(DAYS["Mon"])
    dbt = Dbt(program, tmp_path, warehouse_dsn)
    parsed = dbt("parse")
    assert parsed.returncode == 0, parsed.stdout
    results = dbt.results("test")
    assert set(results.values()) == {"pass"}
    assert len(results) > 100

    daily = "source.meta_insights.meta_insights.content_daily_metric"
    assert dbt.results("source", "freshness")[daily] == "pass"
    series.database.execute("update analytics.content_daily_metric set updated_at = now() - interval '2 days'")
    assert dbt.results("source", "freshness")[daily] == "warn"

    series.database.execute("drop index analytics.content_daily_metric_key")
    series.database.execute("insert into analytics.content_daily_metric table analytics.content_daily_metric")
    broken = {name.split(".")[2] for name, status in dbt.results("test").items() if status != "pass"}
    assert len(broken) == 1
    assert broken.pop().startswith("source_unique_together_meta_insights_content_daily_metric")
