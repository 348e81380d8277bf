"""What a stack is given: its environment, the checkout it serves, its place on disk and its ports."""

import fcntl
import json
import os
import re
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dotenv import dotenv_values

CHECKOUT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
ORGANIZATION = "demo"
GRAPH_CONNECTION = "meta_graph_default"
GRAPH_VARIABLE = f"AIRFLOW_CONN_{GRAPH_CONNECTION.upper()}"
WAREHOUSE_VARIABLE = "AIRFLOW_CONN_INSIGHTS_WAREHOUSE"

# Another Airflow, Python or PostgreSQL of the shell, which would lead the stack's processes astray.
_FOREIGN = re.compile("AIRFLOW_(?!CONN_|VAR_)|PYTHON|PG|VIRTUAL_ENV")


def read_environment(dotenv: Path = CHECKOUT / ".env", environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of `.env` under those of the environment, which win; empty ones count as not set."""
    given = {**dotenv_values(dotenv, interpolate=False), **environ}
    return {name: value for name, value in given.items() if value and not _FOREIGN.match(name)}


class Layout:
    """Where a stack keeps what it writes: all of it below one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.secrets = home / "secrets.env"
        self.state = home / "stack.json"
        self.lock = home / "stack.lock"
        self.postgres = home / "postgres"
        self.airflow = home / "airflow"
        self.passwords = self.airflow / "simple_auth_manager_passwords.json"
        self.logs = home / "logs"
        self.task_logs = self.logs / "tasks"

    def create(self) -> None:
        """Make the folders, and begin the processes' logs anew; those of the tasks stay."""
        for folder in (self.airflow, self.task_logs):
            folder.mkdir(parents=True, exist_ok=True)
        for file in self.logs.glob("*.log"):
            file.unlink()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers of a stack listen, 0 for no sandbox; on disk, so that other commands find one that stays."""

    api: int
    postgres: int
    sandbox: int
    services: int
    stays: bool = False

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return those of a started stack, None if none was started or it was stopped in order."""
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def choose_port(preferred: str | None = None) -> int:
    """Return the preferred port if it is free, else any free one; ValueError if it is no port number."""
    if preferred and not (preferred.isdecimal() and 0 < int(preferred) < 2**16):
        raise ValueError(f"{preferred!r} is no port: write a number from 1 to 65535")
    # Below the range of outgoing connections, one of which could take a port before its server has started.
    port = int(preferred or 20_000 + secrets.randbelow(12_000))
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return choose_port()
    return port


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner could read at any moment; a half-written one is never seen."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


class StackError(Exception):
    """The stack, or a part of it, cannot be started or used; the text says why, and what to do."""


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Be the only command at work on a stack; StackError if there is one. Freed by the system if we die."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = lock.read_text(encoding="utf-8").strip()
            raise StackError(f"another command (pid {pid}) is at work on this stack: wait for it, or stop it") from None
        file.truncate(0)
        print(os.getpid(), file=file, flush=True)
        yield
