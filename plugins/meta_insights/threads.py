"""Calls that run at once, on threads that nobody waits for when the task is ended from outside."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, wait
from contextvars import copy_context
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def at_once(calls: Iterable[Callable[[], T]], workers: int) -> list[Future[T]]:
    """Run calls, up to ``workers`` at once; return their futures in order, all of them done.

    Each has the context variables of the caller, so that its log lines have the same fields. When the caller is ended
    from outside (a time-out of Airflow, Ctrl-C), calls that have not begun do not begin, and those that have are left
    behind. A ThreadPoolExecutor would wait for them, here and again at the process's end.
    """
    waiting = deque((Future[T](), copy_context(), call) for call in calls)
    futures = [future for future, _, _ in waiting]

    def work() -> None:
        while waiting:
            try:
                future, context, call = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                future.set_result(context.run(call))
            except BaseException as error:  # noqa: BLE001 (the caller's, as with any future)
                future.set_exception(error)

    try:
        for _ in range(min(workers, len(futures))):
            Thread(target=work, daemon=True).start()
        wait(futures)
    finally:
        waiting.clear()
    return futures
