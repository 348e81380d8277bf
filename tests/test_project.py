"""The files around the code agree: each Python version that is declared is tested, by commands that exist."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml  # type: ignore[import-untyped]

from support import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def workflow_jobs() -> dict[str, Any]:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8"))
    jobs: dict[str, Any] = workflow["jobs"]
    return jobs


def test_every_declared_python_version_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = re.findall(r"Python :: (\d\.\d+)", " ".join(project["classifiers"]))
    assert declared == workflow_jobs()["test"]["strategy"]["matrix"]["python"]
    first, last = (tuple(map(int, version.split("."))) for version in (declared[0], declared[-1]))
    assert project["requires-python"] == f">={first[0]}.{first[1]},<{last[0]}.{last[1] + 1}"
    assert f"{first} <= sys.version_info < ({last[0]}, {last[1] + 1})" in MAKEFILE


def test_continuous_integration_calls_the_commands_of_the_makefile() -> None:
    commands = " ".join(step.get("run", "") for job in workflow_jobs().values() for step in job["steps"])
    called = set(re.findall(r"make ([\w-]+)", commands))
    assert called == {"test", "run", "test-e2e"}
    assert called <= set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))


def test_hooks_before_a_commit_run_what_make_test_runs() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    tools = {hook["entry"].removeprefix(".venv/bin/python -m ").split()[0] for hook in repository["hooks"]}
    checked = MAKEFILE.partition("\ntest: ")[2].partition("\n\n")[0]
    assert tools <= set(re.findall(r"\$\(VENV_PYTHON\) -m (\w+)", checked))


def test_every_variable_of_the_makefile_is_set_there_or_named_in_its_help() -> None:
    used = set(re.findall(r"\$\(([A-Z_]+)\)", MAKEFILE))
    assigned = set(re.findall(r"^(?:export )?([A-Z_]+) *[:?]?=", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"\b[A-Z]+\b", " ".join(re.findall(r" ## (.*)", MAKEFILE))))
    assert used - assigned - named == {"CURDIR", "MAKE"}  # make sets these itself


def test_every_test_that_the_makefile_runs_exists() -> None:
    paths = set(re.findall(r"\btests/[\w/.]+", MAKEFILE))
    assert paths
    assert {path for path in paths if not (ROOT / path).exists()} == set()
