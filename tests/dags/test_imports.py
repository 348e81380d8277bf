"""The dag-processor reads the files of the DAGs every few seconds: what that loads is small."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted((ROOT / "dags").glob("*.py"))
LOADED = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*sys.modules)"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_loads_no_heavy_package_and_nothing_of_development(file: Path) -> None:
    command = [sys.executable, "-c", LOADED, str(file)]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
    loaded = {name.split(".")[0] for name in modules}
    assert "meta_insights" in loaded
    assert {"celery", "fastapi", "numpy", "pandas", "pyarrow", "graph_sandbox", "local_stack"}.isdisjoint(loaded)
    assert "airflow.models.asset" not in modules  # the URI of an asset loads it: as much CPU as our own modules


def modules_of_a_task(services: str, *folders: Path) -> set[str]:
    """Return what the process of a task imports to have its DAG, below a scheduler that has run `services`."""
    code = (
        "import runpy, sys; import airflow.settings as settings; settings.initialize(); "
        f"import airflow.jobs.scheduler_job_runner; {services}; "
        "before = set(sys.modules); runpy.run_path(sys.argv[1]); print(*(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code, str(ROOT / "dags" / "meta_insights_daily.py")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([*map(str, folders), *sys.path])}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split()) - sys.stdlib_module_names


def test_a_task_imports_the_package_alone_where_a_service_of_airflow_has_begun() -> None:
    loaded = modules_of_a_task("from airflow.jobs.job import Job; Job()")  # the scheduler makes it, then forks workers
    assert "meta_insights.ingest" in loaded
    assert {name.partition(".")[0] for name in loaded} <= {"airflow", "meta_insights"}


def test_a_task_imports_nothing_but_the_dag_file_where_the_services_of_airflow_have_imported_the_rest() -> None:
    folder = ROOT / "include" / "docker"
    loaded = modules_of_a_task(
        f"assert sys.modules['airflow_local_settings'].__file__.startswith({str(folder)!r})", folder
    )
    assert {name.partition(".")[0] for name in loaded} <= {"airflow"}


def test_a_task_of_another_dag_imports_nothing_for_ours() -> None:
    code = (
        "import sys; from meta_insights import preload; before = set(sys.modules); preload.on_starting(object()); "
        "print(*(set(sys.modules) - before))"
    )
    assert not subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
