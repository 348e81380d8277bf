"""The processes of a service, to be killed by a test."""

from __future__ import annotations

import psutil


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started, children of children too."""
    leader = psutil.Process(pid)
    return [leader, *leader.children(recursive=True)]


def kill(pid: int) -> None:
    """SIGKILL a process with all that it has started, as the end of its container would, and wait for the end."""
    doomed = family(pid)
    for process in doomed:
        process.kill()
    psutil.wait_procs(doomed, timeout=30)
