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


def test_a_task_imports_nothing_but_the_dag_file_where_the_services_of_airflow_have_imported_the_rest() -> None:
    folder = ROOT / "include" / "docker"
    code = (  # the scheduler forks the workers of LocalExecutor
        "import runpy, sys; import airflow.settings as settings; settings.initialize(); "
        "import airflow.jobs.scheduler_job_runner; "
        f"assert sys.modules['airflow_local_settings'].__file__.startswith({str(folder)!r}); "
        "before = set(sys.modules); runpy.run_path(sys.argv[1]); print(*(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code, str(ROOT / "dags" / "meta_insights_daily.py")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.splitlines()[-1].split()}
    assert loaded - sys.stdlib_module_names <= {"airflow"}
