import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.settings import CHECKOUT
from meta_insights import ingest

PATHS = [str(CHECKOUT / "include"), str(CHECKOUT / "plugins")]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(PATHS)}
    call = [sys.executable, "-m", "local_stack", *arguments]
    return subprocess.run(call, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "2999-01-01"])
def test_a_date_that_cannot_be_run_is_refused_in_one_line_before_anything_starts(date: str) -> None:
    refused = command("run", "--date", date)
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"DATE={date} ")
    assert len(refused.stdout.splitlines()) == 1
    assert not refused.stderr


def test_an_unknown_argument_is_refused() -> None:
    refused = command("up", "--port", "1")
    assert refused.returncode == 2
    assert "No such option: --port" in refused.stderr


def test_asking_without_a_question_lists_them_all_with_what_they_answer() -> None:
    listed = command("ask")
    assert listed.returncode == 0
    questions = {file.stem for file in (CHECKOUT / "include" / "sql" / "question").glob("*.sql")}
    assert {line.split()[0] for line in listed.stdout.splitlines() if line.split()} >= questions
    assert "Which content drew the most engagement" in listed.stdout


@pytest.mark.long
def test_a_breakpoint_in_a_task_is_reached_when_the_dag_runs_in_one_process(tmp_path: Path) -> None:
    """As an editor does it, by pdb: stop in the first task that reads a Page, look at a variable, go on to the end."""
    code = ingest.ingest_content.__code__
    line = min(line for *_, line in code.co_lines() if line and line > code.co_firstlineno)
    debugger = [sys.executable, "-m", "pdb", "-c", f"tbreak {ingest.__file__}:{line}", "-m", "local_stack", "debug"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(PATHS)}
    debugged = subprocess.run(
        [*debugger, "--home", str(tmp_path / "debug")],
        input="continue\np [one['id'] for one in integrations]\ncontinue\nquit\n",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"\(Pdb\) \['facebook-\d+'\]", debugged.stdout)
    assert re.search(r"DagRun Finished: .*state=success", debugged.stdout + debugged.stderr)
    assert not (tmp_path / "debug" / "stack.json").exists()  # nothing is left running


def test_make_help_lists_every_target() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    command = ["make", "--no-print-directory", "help"]  # `make test` runs this below a make of its own
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in listed.stdout.splitlines()] == targets


def test_the_example_environment_sets_nothing_until_a_line_is_uncommented() -> None:
    lines = (CHECKOUT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert all(not line or line.startswith("#") for line in lines)
