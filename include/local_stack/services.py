"""The services of a stack besides PostgreSQL, run by supervisord: started, watched and stopped with their children."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

import psutil

from local_stack.settings import HOST, write_private

_HERE = Path(__file__).parent
_HEAD, _SERVICE = (Template((_HERE / f"{name}.conf").read_text("utf-8")) for name in ("supervisord", "service"))


@dataclass(frozen=True, slots=True)
class Services:
    """One supervisord, which outlives the command that starts it. `folder` is where it and its services work."""

    folder: Path
    port: int
    password: str = field(repr=False)

    def start(self, commands: Mapping[str, Sequence[str]], env: Mapping[str, str], logs: Path) -> None:
        """Start all services in this environment, each with its output in a file of `logs`."""
        # Relative, and so without any sign of the folder's name that has a meaning in the configuration.
        values = {"logs": os.path.relpath(logs, self.folder), "port": self.port, "password": self.password}
        text = _HEAD.substitute(values)
        for name, command in commands.items():
            text += _SERVICE.substitute(values, name=name, command=shlex.join(command).replace("%", "%%"))
        write_private(self.folder / "supervisord.conf", text)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", "supervisord.conf"]
        subprocess.run(command, cwd=self.folder, env=env, check=True)  # noqa: S603

    def pids(self) -> dict[str, int]:
        """Return the process ids of the services by name, 0 for one that has ended; nothing without supervisord."""
        with suppress(ConnectionError, ProtocolError):
            return {one["name"]: one["pid"] for one in self.call("getAllProcessInfo")}
        return {}

    def stop(self) -> None:
        """Stop all services and supervisord, with what a service that was killed has left; without it, do nothing."""
        session = None
        with suppress(ConnectionError, ProtocolError):
            session = self.call("getPID")
            while True:
                with suppress(Fault):  # it is on its way
                    self.call("shutdown")
                time.sleep(0.05)
        for process in psutil.process_iter() if session else ():
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                if os.getsid(process.pid) == session:
                    process.kill()

    def call(self, name: str, *arguments: str) -> Any:
        """Call a function of supervisord's interface: `startProcess`, `stopProcess` …."""
        with ServerProxy(f"http://stack:{self.password}@{HOST}:{self.port}/RPC2") as server:
            return getattr(server.supervisor, name)(*arguments)
