"""One HTTP request to Graph and its answer: URL, headers, time-outs, JSON, and Graph's own clock.

The token travels only in the Authorization header or, for a batch, in the form body. The texts of the errors raised
here are Graph's, unchanged: the client takes secrets out of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from meta_insights import clock
from meta_insights.graph.errors import GraphTransientError, classify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_insights.graph.credential import Token

MAX_POOLED = 64
"""How many idle connections to Graph a process keeps."""


@dataclass(frozen=True)
class Request:
    """``path`` is what stands below the version; empty for a batch. ``calls`` is how many calls Graph counts for it."""

    method: str
    path: str
    params: Mapping[str, Any]
    calls: int = 1

    @property
    def is_batch(self) -> bool:
        """Whether it carries other requests."""
        return not self.path

    @property
    def name(self) -> str:
        """What errors call it: the path without a query."""
        return self.path.partition("?")[0] or "batch"


@dataclass(frozen=True)
class Answer:
    """A body, and the instant at which Graph gave it: its own ``Date`` header, to the second, in UTC."""

    body: dict[str, Any]
    observed_at: datetime

    @property
    def nodes(self) -> list[Any]:
        """The objects of an edge; empty when there is no ``data``, or when it is no list."""
        data = self.body.get("data")
        return data if isinstance(data, list) else []


@dataclass(frozen=True)
class Response:
    """What came back, not yet looked into."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def observed_at(self) -> datetime:
        """Graph's own clock, so that a worker's wrong clock cannot mark a late snapshot as on time."""
        try:
            observed = parsedate_to_datetime(self.headers.get("Date") or "")
        except ValueError:
            return clock.now()
        return observed.replace(tzinfo=observed.tzinfo or UTC).astimezone(UTC)

    def answer(self, request: Request) -> Answer:
        """Return the body; that of a batch has its entries as ``nodes``. Raises the GraphError that it holds."""
        if not request.is_batch:
            return Answer(parsed_object(self.text, self.status, request.name), self.observed_at)
        entries = parsed(self.text, self.status, request.name)
        if not isinstance(entries, list) or len(entries) != request.calls:
            text = f"a batch of {request.calls} requests did not get as many answers"
            raise GraphTransientError(text, request.name, self.status)
        return Answer({"data": entries}, self.observed_at)


def parsed(text: str, status: int, path: str) -> Any:
    """Return the JSON of a response, or raise the GraphError that it holds, whatever the HTTP status.

    A status that is neither success nor error (a redirect) is no answer of Graph.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise GraphTransientError(f"the answer is no JSON ({len(text)} characters)", path, status) from None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        raise classify(error, status=status, path=path)
    if status >= requests.codes.bad_request:
        raise classify({"message": "an error without a body"}, status=status, path=path)
    if error is not None or not requests.codes.ok <= status < requests.codes.multiple_choices:
        raise GraphTransientError("this is no answer of Graph", path, status)
    return body


def parsed_object(text: str, status: int, path: str) -> dict[str, Any]:
    """Return the JSON object of a response. Raises as ``parsed``, and GraphTransientError for any other JSON."""
    body = parsed(text, status, path)
    if not isinstance(body, dict):
        raise GraphTransientError("the answer is no JSON object", path, status)
    return body


@cache
def pool() -> HTTPAdapter:
    """Return the connections of this process. All clients share them: one TLS handshake serves many."""
    return HTTPAdapter(pool_connections=4, pool_maxsize=MAX_POOLED)


def new_session() -> requests.Session:
    """Return a session over the pool. Proxies and certificate authorities belong here; the environment is not read."""
    session = requests.Session()
    session.mount("https://", pool())
    session.mount("http://", pool())
    session.trust_env = False  # a .netrc would replace the Authorization header
    return session


@dataclass(frozen=True)
class Transport:
    """Sends requests to one version of Graph. May be used by several threads."""

    base_url: str
    version: str
    read_timeout: timedelta = timedelta(seconds=60)
    connect_timeout: timedelta = timedelta(seconds=5)
    session: requests.Session = field(default_factory=new_session, repr=False)

    def send(self, request: Request, token: Token) -> Response:
        """Send one request. Raises GraphTransientError when nothing came back."""
        signed = {**request.params, **({"appsecret_proof": token.proof} if token.proof else {})}
        failure: str
        try:
            response = self.session.request(
                request.method,
                f"{self.base_url}/{self.version}/{request.path}",
                headers={"Authorization": f"Bearer {token.value}"},
                timeout=(self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()),
                allow_redirects=False,
                params=signed if request.method == "GET" else None,
                data=signed if request.method == "POST" else None,
            )
        except requests.RequestException as error:
            failure = type(error).__name__
        else:  # Graph's text is UTF-8; without a charset, `.text` would guess for long
            return Response(response.status_code, response.headers, response.content.decode("utf-8", "replace"))
        # Raised outside the handler: the original holds the URL, and with it the proof, in its text.
        raise GraphTransientError(f"no answer from {self.base_url} ({failure})", path=request.name)
