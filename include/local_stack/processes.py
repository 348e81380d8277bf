"""Background processes that can be found again, and stopped without harm to anyone else's.

A pid alone says little: once its process has ended, the system gives the number to another. A process is
ours when pid and create time are those that were recorded. Each one is started as the leader of a new
session, so that its children are found by the session's id and signalled as one group.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_CREATE_TIME_TOLERANCE = 1.0
"""Seconds. Create times are computed from the boot time, which drifts a little as the clock is set."""


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One background process as it was started; `created` is its create time in epoch seconds."""

    name: str
    pid: int
    created: float


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path,
    user: int | None = None,
) -> ProcessRecord:
    """Start a command in a session of its own, detached from the terminal, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 (commands are this package's own)
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,  # type: ignore[call-overload]
        )
    # The child outlives this object on purpose; `stop` reaps it.
    child.returncode = 0
    return ProcessRecord(name, child.pid, psutil.Process(child.pid).create_time())


def is_running(record: ProcessRecord) -> bool:
    """Whether that very process is alive: not a zombie, and not another one that got its pid."""
    process = _leader(record)
    return process is not None and process.status() != psutil.STATUS_ZOMBIE


def stop(
    records: Iterable[ProcessRecord],
    *,
    patience: float = 8.0,
    first: signal.Signals = signal.SIGTERM,
    only_leaders: bool = False,
) -> list[str]:
    """End these processes and all their children: `first`, and SIGKILL for what is left after `patience` seconds.

    `only_leaders` sends the first signal to the recorded processes alone, which then see to their children.
    Nothing else is touched: a record whose pid belongs to another process by now is passed over.
    Returns the names of those that had to be killed.
    """
    ours = [record for record in records if members(record)]
    for record in ours:
        _signal(record, first, only_leader=only_leaders)
    _wait_until_gone(ours, patience)
    killed = [record for record in ours if members(record)]
    for record in killed:
        _signal(record, signal.SIGKILL)
    _wait_until_gone(killed, patience)
    for record in ours:
        _reap(record)
    return [record.name for record in killed]


def members(record: ProcessRecord) -> list[psutil.Process]:
    """Return the live processes of the session that this record's process leads or led.

    While one of them lives, the system gives the session's id to no new process: so they are ours
    if the leader is, and also when the leader is gone and nobody else has its pid.
    """
    if _leader(record) is None and psutil.pid_exists(record.pid):
        return []
    return [process for process in psutil.process_iter() if _lives_in(process, record.pid)]


def _leader(record: ProcessRecord) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(record.pid)
        if abs(process.create_time() - record.created) <= _CREATE_TIME_TOLERANCE:
            return process
    return None


def _lives_in(process: psutil.Process, session: int) -> bool:
    with suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    return False


def _signal(record: ProcessRecord, number: signal.Signals, *, only_leader: bool = False) -> None:
    for process in members(record):
        if not only_leader or process.pid == record.pid:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def _wait_until_gone(records: Sequence[ProcessRecord], patience: float) -> None:
    deadline = time.monotonic() + patience
    while any(members(record) for record in records) and time.monotonic() < deadline:
        time.sleep(0.05)


def _reap(record: ProcessRecord) -> None:
    """Let the system forget a child that has ended; there is nothing to do if it was no child of this process."""
    with suppress(ChildProcessError):
        os.waitpid(record.pid, os.WNOHANG)
