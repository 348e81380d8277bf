"""Runs the sandbox: in a thread of a test, or as the whole of a process."""

import asyncio
import gc
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from graph_sandbox.control.client import SandboxControl
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.wire.app import create_app
from graph_sandbox.world import World

START_SECONDS = 10.0


class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's HTTP protocol that lets the application close its connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Show the transport to the application as `request.state.transport`."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}  # type: ignore[has-type]


@dataclass(frozen=True, slots=True)
class Served:
    """A running sandbox: where it listens, its control client, and the truth it tells."""

    base_url: str
    control: SandboxControl
    world: World


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a listening socket; port 0 takes a free one."""
    return socket.create_server((host, port), backlog=512)


def build(sandbox: Sandbox) -> uvicorn.Server:
    """Return a server that is quiet (URLs can carry tokens) and leaves the `Date` header to the sandbox's clock."""
    config = uvicorn.Config(
        create_app(sandbox),
        http=Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level=logging.ERROR,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def run(sandbox: Sandbox, listener: socket.socket) -> None:
    """Serve as the whole of a process, until SIGTERM or Ctrl-C."""
    gc.collect()
    gc.freeze()  # what is there now stays: looking it over again took most of the time of a large listing
    build(sandbox).run([listener])


@contextmanager
def serve(world: World | None = None, *, clock: datetime | None = None, **settings: Any) -> Iterator[Served]:
    """Run a sandbox on a free port of 127.0.0.1 until the block ends.

    `clock` fixes the instant (None: real time). `settings` are those of `sandbox.Settings`, such as `latency_ms`, and
    `harsh`, which makes every Page of the world as hard to read as its seed has it.
    """
    sandbox = Sandbox(world or World(), clock, **settings)
    server = build(sandbox)
    with listen() as listener:
        thread = threading.Thread(target=server.run, args=([listener],), name="graph-sandbox", daemon=True)
        thread.start()
        _await_start(server, thread)
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with SandboxControl(base_url) as control:
                yield Served(base_url, control, sandbox.world)
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the Graph sandbox did not start")
        time.sleep(0.005)
