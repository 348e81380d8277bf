import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local_stack.services import Services
from local_stack.settings import choose_port
from support import processes
from support import services as one_service

PARENT_OF_A_SLEEPER = "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
PRINTS = "import os, time; print('50%', os.environ['WORD'], flush=True); time.sleep(60)"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A supervisord in a folder whose name has spaces and a sign that its configuration gives a meaning."""
    folder = tmp_path / "a 100% folder"
    folder.mkdir()
    services = Services(folder, choose_port(), "secret")
    yield services
    services.stop()


def start(services: Services, **programs: str) -> None:
    commands = {name: [sys.executable, "-c", program] for name, program in programs.items()}
    services.start(commands, {"PATH": os.environ["PATH"], "WORD": "of the stack"}, services.folder)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_service_has_the_environment_it_is_given_and_writes_to_its_log(services: Services) -> None:
    start(services, one=PRINTS)
    log = services.folder / "one.log"
    wait_until(lambda: log.exists() and log.read_text() == "50% of the stack\n")


def test_stopping_takes_all_services_and_their_children(services: Services) -> None:
    start(services, one=PARENT_OF_A_SLEEPER, two=PARENT_OF_A_SLEEPER)
    wait_until(lambda: len(family(services)) == 4)
    started = family(services)
    services.stop()
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in started)
    assert services.pids() == {}
    services.stop()  # again: nothing happens


def family(services: Services) -> list[psutil.Process]:
    return [process for pid in services.pids().values() for process in processes.family(pid)]


def test_a_service_that_has_died_is_seen_and_can_be_started_again(services: Services) -> None:
    start(services, one=PARENT_OF_A_SLEEPER)
    first = services.pids()["one"]
    processes.kill(first)
    wait_until(lambda: services.pids() == {"one": 0})
    one_service.start(services, "one")
    assert services.pids()["one"] not in {0, first}


def test_what_a_service_that_was_killed_has_left_is_stopped_too(services: Services) -> None:
    start(services, one=PARENT_OF_A_SLEEPER)
    wait_until(lambda: len(family(services)) == 2)
    leader, child = family(services)
    leader.kill()
    wait_until(lambda: services.pids() == {"one": 0})
    assert child.is_running()
    services.stop()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_one_service_is_stopped_while_the_others_run_on(services: Services) -> None:
    start(services, one=PARENT_OF_A_SLEEPER, two=PARENT_OF_A_SLEEPER)
    one_service.stop(services, "one")
    one_service.stop(services, "one")  # again: nothing happens
    assert services.pids()["one"] == 0
    assert services.pids()["two"]


def test_nobody_commands_the_services_without_the_password(services: Services) -> None:
    start(services, one=PARENT_OF_A_SLEEPER)
    stranger = Services(services.folder, services.port, "guess")
    assert stranger.pids() == {}
    stranger.stop()
    assert services.pids()["one"]
    assert (services.folder / "supervisord.conf").stat().st_mode & 0o777 == 0o600
