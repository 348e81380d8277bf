import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local_stack import processes
from local_stack.processes import ProcessRecord

PARENT_OF_A_SLEEPER = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print('up', flush=True);"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
WAITS = "import time; time.sleep(60)"


@pytest.fixture
def run_python(tmp_path: Path) -> Iterator[Callable[[str], ProcessRecord]]:
    """Start a Python program that prints `up`, and wait until it has."""
    started: list[ProcessRecord] = []

    def start(code: str) -> ProcessRecord:
        log = tmp_path / f"{len(started)}.log"
        command = [sys.executable, "-c", code]
        started.append(processes.start("program", command, env=os.environ, log=log, cwd=tmp_path))
        wait_until(lambda: "up" in log.read_text())
        return started[-1]

    yield start
    processes.stop(started, first=signal.SIGKILL)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stopped_process_takes_its_children_with_it(run_python: Callable[[str], ProcessRecord]) -> None:
    record = run_python(PARENT_OF_A_SLEEPER + WAITS)
    children = psutil.Process(record.pid).children()
    assert len(children) == 1
    assert processes.is_running(record)
    assert processes.stop([record]) == []
    assert not processes.is_running(record)
    wait_until(lambda: not children[0].is_running() or children[0].status() == psutil.STATUS_ZOMBIE)


def test_children_are_found_when_their_parent_has_died(run_python: Callable[[str], ProcessRecord]) -> None:
    record = run_python(PARENT_OF_A_SLEEPER + WAITS)
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    assert not processes.is_running(record)
    assert [process.name() for process in processes.members(record)] == ["sleep"]
    assert processes.stop([record]) == []
    assert processes.members(record) == []


def test_a_process_that_does_not_listen_is_killed_after_a_while(run_python: Callable[[str], ProcessRecord]) -> None:
    record = run_python(IGNORES_TERM + WAITS)
    assert processes.stop([record], patience=0.3) == ["program"]
    assert not processes.is_running(record)


def test_a_foreign_process_that_got_the_pid_of_one_of_ours_is_left_alone(
    run_python: Callable[[str], ProcessRecord],
) -> None:
    foreign = run_python("print('up', flush=True);" + WAITS)
    ours_of_yesterday = ProcessRecord("scheduler", foreign.pid, foreign.created - 86_400)
    assert not processes.is_running(ours_of_yesterday)
    assert processes.stop([ours_of_yesterday], first=signal.SIGKILL) == []
    assert processes.is_running(foreign)


def test_a_process_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    log = tmp_path / "log"
    record = processes.start("program", ["true"], env=os.environ, log=log, cwd=tmp_path)
    wait_until(lambda: not processes.is_running(record))
    assert processes.stop([record]) == []


def test_a_process_outlives_the_command_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\nfrom local_stack import processes\n"
        "here = pathlib.Path(sys.argv[1])\n"
        "record = processes.start('p', ['sleep', '60'], env=os.environ, log=here / 'log', cwd=here)\n"
        "print(record.pid, record.created)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    pid, created = output.stdout.split()
    record = ProcessRecord("p", int(pid), float(created))
    assert processes.is_running(record)
    assert processes.stop([record]) == []
    assert not processes.is_running(record)
