"""What a started stack leaves on disk, so that another command finds it: ports and processes."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local_stack import processes
from local_stack.credentials import write_private
from local_stack.processes import ProcessRecord
from local_stack.settings import Ports


class StackBusyError(Exception):
    """Another command is at work on the same stack."""


@dataclass(slots=True)
class StackState:
    """A stack that was started.

    `follows_schedule` tells one that `make up` left running from one that ends with its command.
    """

    ports: Ports
    follows_schedule: bool
    processes: list[ProcessRecord] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> "StackState | None":
        """Return the recorded state, None if no stack was started or it was stopped in order."""
        with suppress(FileNotFoundError):
            body = json.loads(path.read_text(encoding="utf-8"))
            records = [ProcessRecord(**record) for record in body["processes"]]
            return cls(ports=Ports(**body["ports"]), follows_schedule=body["follows_schedule"], processes=records)
        return None

    def save(self, path: Path) -> None:
        """Write the state; done after every process that is started, so that none can be lost."""
        write_private(path, json.dumps(asdict(self), indent=2))

    def record(self, name: str) -> ProcessRecord | None:
        """Return the process of that name, None if it was not started or was stopped."""
        return next((record for record in self.processes if record.name == name), None)

    def is_whole(self) -> bool:
        """Whether this is a stack to be used by other commands, with every process of it alive."""
        return self.follows_schedule and all(processes.is_running(record) for record in self.processes)


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Be the only command at work on a stack; StackBusyError if there is one. Freed by the system if we die."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StackBusyError(
                f"another command (pid {file.read().strip()}) is at work on this stack: wait for it, or stop it"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
