"""One HTTP request to Graph and its answer: URL, headers, time-outs, JSON, and Graph's own clock.

The token travels only in the Authorization header or, for a batch, in the form body. The texts of the errors raised
here are Graph's, unchanged: the client takes secrets out of them. Proxies and certificate authorities are those of the
environment: ``HTTPS_PROXY``, ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``, ``SSL_CERT_FILE``.
"""

from __future__ import annotations

import json
import logging
import os
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies

from meta_insights import clock
from meta_insights.errors import ConfigurationError
from meta_insights.graph.errors import GraphTransientError, classify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_insights.graph.credential import Token

MAX_POOLED = 64
"""How many idle connections to Graph a process keeps."""
MAX_BODY = 64_000_000
"""Bytes of one answer. A listing of 100 posts with the longest texts there are has some 40 million."""
MAX_SKEW = timedelta(minutes=5)
"""How far Graph's clock may be ahead of this one before one of them must be wrong."""
SECONDS = "%Y-%m-%d %H:%M:%S"

logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # at DEBUG it logs the query, and with it the proof


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
        """Graph's own clock, so that a worker's wrong clock cannot mark a late snapshot as on time.

        Raises GraphTransientError for a time in the future.
        """
        now = clock.now()
        try:
            observed = parsedate_to_datetime(self.headers.get("Date") or "")
            observed = observed.replace(tzinfo=observed.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            return now
        if observed > now + MAX_SKEW:
            text = f"the answer is dated {observed:{SECONDS}} UTC, and here it is {now:{SECONDS}}: one clock is wrong"
            raise GraphTransientError(text, status=self.status)
        return observed

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


_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Where the environment may name a file with certificate authorities: the first that it has wins."""


@cache
def pool() -> HTTPAdapter:
    """Return the connections of this process. All clients share them: one TLS handshake serves many."""
    return HTTPAdapter(pool_connections=4, pool_maxsize=MAX_POOLED)


def new_session(base_url: str) -> requests.Session:
    """Return a session over the pool, with the proxies and certificate authorities of the environment.

    They are read here, once: a session that trusts the environment reads all of it again for each request.
    """
    session = requests.Session()
    session.trust_env = False
    session.proxies = get_environ_proxies(base_url)
    session.mount("https://", pool())
    session.mount("http://", pool())
    session.verify = next(filter(None, map(os.environ.get, _CA_VARIABLES)), True)
    return session


@dataclass(frozen=True)
class Bearer(AuthBase):
    """Puts the token into its header. Without it, requests would put what a .netrc says there."""

    token: Token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = f"Bearer {self.token.value}"
        return request


@dataclass(frozen=True)
class Transport:
    """Sends requests to one version of Graph. May be used by several threads.

    A request fails when the body of its answer is not complete ``read_timeout`` after it, even if parts arrive.
    """

    base_url: str
    version: str
    read_timeout: timedelta = timedelta(seconds=60)
    connect_timeout: timedelta = timedelta(seconds=5)

    @cached_property
    def session(self) -> requests.Session:
        """What the requests go through."""
        return new_session(self.base_url)

    def send(self, request: Request, token: Token) -> Response:
        """Send one request.

        Raises GraphTransientError when no whole answer came back, and ConfigurationError when none can: a certificate
        that is not trusted, a malformed URL or proxy.
        """
        signed = {**request.params, **({"appsecret_proof": token.proof} if token.proof else {})}
        deadline = time.monotonic() + self.read_timeout.total_seconds()
        failure: Exception
        try:
            with self.session.request(
                request.method,
                f"{self.base_url}/{self.version}/{request.path}",
                auth=Bearer(token),
                timeout=(self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()),
                allow_redirects=False,
                stream=True,
                params=signed if request.method == "GET" else None,
                data=signed if request.method == "POST" else None,
            ) as response:
                body = _body(response.raw, deadline, request.name)
        except (OSError, urllib3.exceptions.HTTPError) as error:  # all that requests raises is an OSError
            failure = self._failure(error, request.name)
        else:  # Graph's text is UTF-8; without a charset, `.text` would guess for long
            return Response(response.status_code, response.headers, body.decode("utf-8", "replace"))
        # Raised outside the handler: the original holds the URL, and with it the proof, in its text.
        raise failure

    def _failure(self, error: Exception, path: str) -> Exception:
        """Return what to raise for an error of requests: nothing of its text, which holds the URL."""
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return ConfigurationError(
                    f"the certificate of {self.base_url} is not trusted ({cause.verify_message}): name the file with "
                    "your company's certificate authority in REQUESTS_CA_BUNDLE"
                )
            if isinstance(cause, ssl.SSLError) and cause.library in {"X509", "PEM"}:
                return ConfigurationError(f"{_CA_FILE} names a file without certificates")
        if isinstance(error, ValueError):
            kind = type(error).__name__
            return ConfigurationError(
                f"no request to {self.base_url} can be made ({kind}): correct the connection's host, or HTTPS_PROXY"
            )
        if isinstance(error, OSError) and error.args and "CA certificate bundle" in str(error.args[0]):
            return ConfigurationError(f"{_CA_FILE} names a file that is not there")
        return GraphTransientError(f"no answer from {self.base_url} ({type(error).__name__})", path=path)


_CA_FILE = "{}, {} or {}".format(*_CA_VARIABLES)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _body(raw: urllib3.HTTPResponse, deadline: float, path: str) -> bytes:
    """Read a body as it arrives, up to a deadline and to MAX_BODY. Raises GraphTransientError for more."""
    body = bytearray()
    while piece := raw.read1(2**16, decode_content=True):
        body += piece
        if len(body) > MAX_BODY:
            raise GraphTransientError(f"the answer has more than {MAX_BODY // 10**6} MB: given up", path)
        if time.monotonic() > deadline:
            raise GraphTransientError(f"the answer was not complete in time: {len(body)} bytes had come", path)
    return bytes(body)
