"""The wheel where it is installed: Airflow knows its connection type and runs a copied DAG; nothing loads twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from support import ROOT, connect

if TYPE_CHECKING:
    from pathlib import Path

    from graph_sandbox.server import Served

pytestmark = pytest.mark.long

FORM = """
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

(form,) = [form for form in HookMetaService.hook_meta_data() if form.connection_type == "facebook_insights"]
print(form.model_dump_json())
"""
"""Print what the UI is given to draw the form of the connection."""

LOADED = """
import json, sys
from collections import defaultdict
from airflow.dag_processing.dagbag import DagBag
from airflow.plugins_manager import get_import_errors

errors = get_import_errors()
bag = DagBag()
modules = defaultdict(list)
for name, module in list(sys.modules.items()):
    modules[getattr(module, "__file__", None) or ""].append(name)
print(json.dumps({"path": sys.path, "errors": errors | bag.import_errors, "dags": list(bag.dags), "modules": modules}))
"""
"""Let Airflow load all plugins and DAGs; print the modules by the file that they come from."""

DAGS = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
"""Each file has one DAG, of its name."""


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    """An Airflow of its own, with the DAGs copied into its DAG folder, and no path into the checkout."""
    dags = shutil.copytree(ROOT / "dags", tmp_path / "dags")
    return {
        "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}",
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }


def run(python: Path, arguments: list[str], environment: dict[str, str], code: int = 0) -> str:
    done = subprocess.run([str(python), *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def airflow(python: Path, command: str, environment: dict[str, str], code: int = 0) -> str:
    return run(python, ["-m", "airflow", *command.split()], environment, code)


def test_airflow_sees_the_dags_that_were_copied(installed: Path, environment: dict[str, str]) -> None:
    airflow(installed, "db migrate", environment)
    airflow(installed, "dags reserialize", environment)
    assert json.loads(airflow(installed, "dags list-import-errors --output json", environment)) == []
    listed = json.loads(airflow(installed, "dags list --output json", environment))
    assert [dag["dag_id"] for dag in listed] == DAGS


def test_airflow_lists_the_provider(installed: Path, environment: dict[str, str]) -> None:
    listed = json.loads(airflow(installed, "providers list --output json", environment))
    assert "meta-insights" in {provider["package_name"] for provider in listed}


def test_the_form_of_the_connection_type_is_the_declared_one(installed: Path, environment: dict[str, str]) -> None:
    form = json.loads(run(installed, ["-c", FORM], environment).splitlines()[-1])
    assert form["hook_name"] == "Meta Graph API"
    assert form["standard_fields"]["password"]["title"] == "Access token"
    assert form["standard_fields"]["port"]["hidden"] is not True
    values = {name: field["value"] for name, field in form["extra_fields"].items()}
    unset = dict.fromkeys(("issued_on", "api_version", "app_id", "app_secret"))
    assert values == {"access_kind": "page", "login": "facebook", **unset}


def test_the_connection_can_be_tested(
    installed: Path, environment: dict[str, str], graph: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment["AIRFLOW__CORE__TEST_CONNECTION"] = "Enabled"
    for token, said, code in ((None, "Connection success!", 0), ("EAAwrong", "Invalid OAuth access token", 1)):
        connect(monkeypatch, graph, token=token)
        environment["AIRFLOW_CONN_META_GRAPH_DEFAULT"] = os.environ["AIRFLOW_CONN_META_GRAPH_DEFAULT"]
        tested = airflow(installed, "connections test meta_graph_default", environment, code=code)
        assert said in tested


def test_beside_a_mounted_plugins_folder_nothing_loads_twice(installed: Path, environment: dict[str, str]) -> None:
    environment["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
    seen = json.loads(run(installed, ["-c", LOADED], environment).splitlines()[-1])
    assert str(ROOT / "plugins") in seen["path"]
    assert seen["errors"] == {}
    assert sorted(seen["dags"]) == DAGS
    (package,) = installed.parents[1].glob("lib/*/site-packages/meta_insights")
    assert seen["modules"][str(package / "hook.py")] == ["meta_insights.hook"]
    assert [path for path in seen["modules"] if path.startswith(str(ROOT / "plugins"))] == []
