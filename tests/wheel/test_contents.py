"""What the wheel holds and declares, and that it agrees with the code and with the tested versions."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from email import message_from_bytes
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support import ROOT

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

PACKAGE = ROOT / "plugins" / "meta_insights"
SQL = ROOT / "include" / "sql"
SHOWN = {".css", ".html", ".js", ".svg"}


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def pinned_versions() -> dict[str, str]:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def third_party_imports() -> set[str]:
    roots = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                roots.add(str(node.module).partition(".")[0])
    return roots - sys.stdlib_module_names - {"meta_insights", "_typeshed"}


def test_the_wheel_holds_the_package_with_its_sql_charts_and_pages_and_nothing_else(names: set[str]) -> None:
    code = {f"meta_insights/{path.relative_to(PACKAGE)}" for path in PACKAGE.rglob("*.py")}
    shown = {
        f"meta_insights/{path.relative_to(PACKAGE)}" for path in (PACKAGE / "ui").rglob("*.*") if path.suffix in SHOWN
    }
    sql = {f"meta_insights/sql/{path.relative_to(SQL)}" for path in SQL.rglob("*.sql")}
    charts = {f"meta_insights/sql/{path.relative_to(SQL)}" for path in SQL.rglob("*.vl.json")}
    assert all((len(code) > 10, len(sql) > 10, charts, shown))
    assert {name for name in names if ".dist-info/" not in name} == code | shown | sql | charts | {
        "meta_insights/py.typed"
    }


def test_the_wheel_has_what_draws_charts_written_by_the_pinned_version(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        bundle = archive.read("meta_insights/ui/static/vega.js").decode()
    assert f"by vl-convert-python {pinned_versions()['vl-convert-python']} " in bundle.partition("\n")[0]
    assert bundle.endswith(" as embed};")


def test_the_entry_points_are_the_connection_type_and_the_pages(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        lines = archive.read(name).decode().split("\n")
    assert [line for line in lines if line] == [
        "[airflow.plugins]",
        "meta_insights = meta_insights.ui.plugin:InsightsPlugin",
        "[apache_airflow_provider]",
        "provider_info = meta_insights.provider_info:get_provider_info",
    ]


def test_what_the_code_imports_is_declared_and_nothing_more(metadata: Message) -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in metadata.get_all("Requires-Dist", [])}
    providers = {"apache-airflow-providers-postgres"}  # imported as airflow.providers.postgres
    owners = {"airflow": "apache-airflow"}  # its modules belong to apache-airflow-core, which it pins
    of_module = packages_distributions()
    imported = {canonicalize_name(owners.get(root) or of_module[root][0]) for root in third_party_imports()}
    assert declared == imported | providers


def test_the_pinned_versions_are_among_the_declared_ones(metadata: Message) -> None:
    tested = pinned_versions()
    for requirement in map(Requirement, metadata.get_all("Requires-Dist", [])):
        assert requirement.specifier.contains(tested[canonicalize_name(requirement.name)]), requirement


def test_what_the_build_was_tested_with_is_among_what_it_declares() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    required = [Requirement(text) for text in build["requires"]]
    assert [one.name for one in required] == ["hatchling", "vl-convert-python"]
    assert all(one.specifier.contains(pinned_versions()[one.name]) for one in required)


def test_the_license_and_the_python_versions_are_declared(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
