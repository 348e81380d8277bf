import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local_stack.processes import ProcessRecord
from local_stack.settings import Ports
from local_stack.state import StackBusyError, StackState, exclusive

MYSELF = ProcessRecord("scheduler", os.getpid(), psutil.Process().create_time())
GONE = ProcessRecord("scheduler", os.getpid(), 1.0)


def test_another_command_finds_the_ports_and_processes_of_a_stack(tmp_path: Path) -> None:
    state = StackState(Ports(8080, 5433, None), follows_schedule=True, processes=[MYSELF])
    state.save(tmp_path / "stack.json")
    assert StackState.load(tmp_path / "stack.json") == state


def test_no_state_file_means_that_no_stack_was_started(tmp_path: Path) -> None:
    assert StackState.load(tmp_path / "stack.json") is None


@pytest.mark.parametrize(
    ("follows_schedule", "processes", "is_whole"),
    [
        (True, [MYSELF], True),
        (True, [MYSELF, GONE], False),  # one of its processes has ended: start anew
        (False, [MYSELF], False),  # it belongs to a run that was killed
    ],
)
def test_only_a_complete_stack_that_was_left_running_is_used(
    *, follows_schedule: bool, processes: list[ProcessRecord], is_whole: bool
) -> None:
    assert StackState(Ports(1, 2, 3), follows_schedule, processes).is_whole() is is_whole


def test_two_commands_do_not_work_on_one_stack_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    with (
        exclusive(lock),
        pytest.raises(StackBusyError, match=rf"pid {os.getpid()}\) is at work"),
        exclusive(lock),
    ):
        pass
    with exclusive(lock):
        pass


def test_a_command_that_dies_does_not_lock_out_the_next(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    script = (
        "import os, pathlib, sys\nfrom local_stack.state import exclusive\n"
        "with exclusive(pathlib.Path(sys.argv[1])): os._exit(9)"
    )
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run([sys.executable, "-c", script, str(lock)], env=paths, check=False)
    assert died.returncode == 9
    with exclusive(lock):
        pass
