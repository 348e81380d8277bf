"""A server on loopback that answers what a test has written down, for answers that the sandbox does not give."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from meta_insights.graph.budget import Budget
from meta_insights.graph.client import ClientOptions, GraphClient
from meta_insights.graph.credential import CONN_TYPE, Credential

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUICK = ClientOptions(backoff=timedelta(milliseconds=5))
TOKEN = "EAAscriptedToken0001"
APP_SECRET = "a-secret-of-the-app"
OWN_ID = "100"


@dataclass(frozen=True)
class Reply:
    """One answer: a text as it is, or anything else as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Asked:
    """A request that arrived: its path, its parameters from the URL or the form, and its headers."""

    path: str
    params: dict[str, str]
    headers: Mapping[str, str]


@dataclass
class Scripted:
    """Gives its replies one after the other, the last one for ever."""

    base_url: str
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def reply(self, *replies: Reply) -> None:
        self.replies[:] = replies

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def serve_script() -> Iterator[Scripted]:
    """Serve on a free port until the block ends."""
    scripted = Scripted("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            scripted.asked.append(Asked(url.path, dict(parse_qsl(form or url.query)), dict(self.headers)))
            reply = scripted.next_reply()
            self.send_response_only(reply.status)  # without the Date of this machine
            for name, value in {"Content-Length": str(len(reply.content)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        scripted.base_url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield scripted
        finally:
            server.shutdown()
            thread.join()


def connection(host: str = "", password: str | None = TOKEN, conn_type: str | None = CONN_TYPE, **extra: Any) -> Any:
    """The fields of a connection, as Airflow's has them."""
    return SimpleNamespace(
        conn_id="graph", conn_type=conn_type, host=host, password=password, extra=json.dumps(extra) if extra else None
    )


def client_of(base_url: str, budget: Budget | None = None, **extra: Any) -> GraphClient:
    """A client of a server that pauses only for milliseconds between two attempts."""
    return GraphClient.of(Credential.of(connection(base_url, **extra)), QUICK, budget or Budget(OWN_ID, "pages"))


def refusal(code: int, subcode: int | None = None, message: str = "no") -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "code": code, "error_subcode": subcode}}


def entry(body: Any, code: int = 200) -> dict[str, Any]:
    """One entry of the answer to a batch."""
    return {"code": code, "body": json.dumps(body)}
