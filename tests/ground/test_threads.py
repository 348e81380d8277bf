"""Calls at once, and threads that are left behind when a task is ended from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from contextvars import ContextVar
from functools import partial
from threading import Barrier, Event, Lock

from meta_insights.threads import at_once
from support import ROOT
from support.ended import times_out


def test_results_and_errors_come_in_the_order_of_the_calls() -> None:
    def fail() -> int:
        raise KeyError("two")

    first, second, third = at_once([lambda: 1, fail, lambda: 3], workers=2)
    assert (first.result(), third.result()) == (1, 3)
    assert isinstance(second.exception(), KeyError)
    assert at_once([], workers=2) == []


def test_a_call_has_the_context_variables_of_its_caller_and_shares_none() -> None:
    about = ContextVar[str]("about")

    def call(number: int) -> str:
        before = about.get()
        about.set(f"{before}, call {number}")
        return about.get()

    about.set("caller")
    futures = at_once([partial(call, number) for number in range(3)], workers=1)
    assert [future.result() for future in futures] == ["caller, call 0", "caller, call 1", "caller, call 2"]
    assert about.get() == "caller"


def test_as_many_run_at_once_as_there_are_workers_and_no_more() -> None:
    met, lock, running, most = Barrier(3), Lock(), 0, 0

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        met.wait(timeout=10)
        with lock:
            running -= 1

    assert [future.exception() for future in at_once([call] * 6, workers=3)] == [None] * 6
    assert most == 3


def test_a_timeout_of_airflow_ends_the_wait_and_what_has_not_begun_does_not_begin() -> None:
    begun: list[int] = []
    free = Event()

    def call(number: int) -> None:
        begun.append(number)
        free.wait(timeout=30)

    with times_out(0.2):
        at_once([partial(call, number) for number in range(9)], workers=2)
    free.set()
    time.sleep(0.1)
    assert sorted(begun) == [0, 1]


def test_a_process_ends_though_a_thread_was_left_behind() -> None:
    program = (
        "import signal, time; from meta_insights.threads import at_once\n"
        "def stop(*_): raise SystemExit(7)\n"
        "signal.signal(signal.SIGALRM, stop); signal.setitimer(signal.ITIMER_REAL, 0.2)\n"
        "at_once([lambda: time.sleep(60)], workers=1)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "plugins", timeout=20, check=False)
    assert ended.returncode == 7
