"""What benchmarks share: a warehouse and a sandbox that each has for itself, and where their figures are printed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from graph_sandbox.control.client import SandboxControl
from graph_sandbox.server import Served
from graph_sandbox.world import World
from support import DAY, connect
from support.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def postgres(postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """The server as it is in use: what is committed is on the disk."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute("alter system reset all")
        admin.execute("select pg_reload_conf()")
    return postgres


@pytest.fixture
def figures(capsys: pytest.CaptureFixture[str]) -> Figures:
    return Figures(capsys)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxControl]:
    """A Graph sandbox without Pages, in a process of its own so that it does not share this interpreter.

    Its clock stands still, so that whoever reads it reads the same values.
    """
    command = [
        sys.executable,
        "-m",
        "graph_sandbox",
        "--pages",
        "0",
        "--now",
        (DAY.end + timedelta(hours=4)).isoformat(),
    ]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        base_url = process.stdout.readline().split()[2]
        with SandboxControl(base_url) as control:
            control.set_usage("app", 0)
            connect(monkeypatch, Served(base_url, control, World(seed=0, pages=0)))
            yield control
        process.terminate()
