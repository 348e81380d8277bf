import os
import re
import subprocess
import sys

import pytest

from local_stack.settings import CHECKOUT


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT / "include")}
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
    assert "unknown arguments: --port 1" in refused.stderr


def test_make_help_lists_every_target() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    command = ["make", "--no-print-directory", "help"]  # `make test` runs this below a make of its own
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in listed.stdout.splitlines()] == targets


def test_the_example_environment_sets_nothing_until_a_line_is_uncommented() -> None:
    lines = (CHECKOUT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert all(not line or line.startswith("#") for line in lines)
