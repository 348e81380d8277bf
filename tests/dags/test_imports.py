"""The dag-processor reads the DAG's file every few seconds: what that loads is small."""

from __future__ import annotations

import subprocess
import sys

from support import ROOT

LOADED = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*{name.split('.')[0] for name in sys.modules})"


def test_the_dag_file_loads_no_heavy_package_and_nothing_of_development() -> None:
    command = [sys.executable, "-c", LOADED, str(ROOT / "dags" / "meta_insights_daily.py")]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
    assert "meta_insights" in loaded
    assert {"celery", "fastapi", "numpy", "pandas", "graph_sandbox", "local_stack"}.isdisjoint(loaded)
