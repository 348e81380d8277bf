"""The room can be used where Airflow is not installed."""

from __future__ import annotations

import subprocess
import sys

from support import ROOT

IMPORT_ALL = """
import importlib, pkgutil, sys
import meta_insights.graph
names = [module.name for module in pkgutil.iter_modules(meta_insights.graph.__path__, "meta_insights.graph.")]
for name in names:
    importlib.import_module(name)
print(len(names), sorted(name for name in sys.modules if name.partition(".")[0] == "airflow"))
"""


def test_importing_the_room_loads_no_airflow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    count, _, loaded = done.stdout.strip().partition(" ")
    assert int(count) == len(list((ROOT / "plugins/meta_insights/graph").glob("[!_]*.py")))
    assert loaded == "[]"
