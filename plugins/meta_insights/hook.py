"""FacebookInsightsHook: one authenticated, pooled, bounded way to ask the Graph API.

The credential comes only from the Airflow connection and travels only in the Authorization header or, for a batch, in
the form body. No URL, log line or error text of this module holds it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import requests
import tenacity
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret
from requests.adapters import HTTPAdapter

from meta_insights import clock
from meta_insights.config import GRAPH_CONN_ID
from meta_insights.errors import ConfigurationError
from meta_insights.graph.budget import Usage
from meta_insights.graph.credential import Credential
from meta_insights.graph.errors import (
    GraphError,
    GraphRetryError,
    GraphShrinkError,
    GraphStopError,
    GraphWaitError,
    classify,
)
from meta_insights.lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

CONNECT_TIMEOUT_SECONDS = 5.0
ATTEMPTS = 4
MAX_PAGE_SIZE = 100
MAX_BATCH = 50
MAX_POOLED = 64
"""How many idle connections to Graph a process keeps."""
_TOKEN = re.compile(r"EAA[0-9A-Za-z_-]{8,}")


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


@dataclass
class PageSize:
    """How many objects to ask for at once. Halved when Graph finds it too much, and then kept."""

    value: int = MAX_PAGE_SIZE
    used: bool = False
    shrunk: bool = False

    def shrink(self, asked: int) -> None:
        """Halve what was ``asked`` for, down to 1. Of several threads that asked for as much, one halves."""
        if self.value >= asked:
            self.value = max(1, asked // 2)
        self.shrunk = True

    @property
    def next_run(self) -> int:
        """The size to start the next run with: twice as much after a run that used it without trouble."""
        return min(MAX_PAGE_SIZE, self.value * 2) if self.used and not self.shrunk else self.value


class FacebookInsightsHook(BaseHook):
    """Read the Graph API with the credential of an Airflow connection.

    Connection: ``password`` the token; ``host`` the base URL (empty: graph.facebook.com); ``extra``: ``api_version``,
    ``app_id``, ``app_secret`` (adds ``appsecret_proof``), ``token_type`` ``page`` or ``user``. A user or system-user
    token is traded once per hook for the token of ``page_id``, which is masked in logs.

    Every call raises a GraphError by what to do next (``errors``), after transient ones were repeated with backoff.
    Once Graph has said stop or wait, or the rate limit is nearly used up, no further call is made. After
    ``authenticate`` the hook may be used by several threads.
    """

    conn_name_attr = "graph_conn_id"
    default_conn_name = GRAPH_CONN_ID
    conn_type = "facebook_insights"
    hook_name = "Meta Graph API"

    def __init__(
        self,
        graph_conn_id: str = GRAPH_CONN_ID,
        page_id: str | None = None,
        *,
        usage: Usage | None = None,
        read_timeout: timedelta = timedelta(seconds=60),
        backoff: timedelta = timedelta(seconds=1),
        connections: int = 4,
    ) -> None:
        super().__init__()
        self.graph_conn_id = graph_conn_id
        self.page_id = page_id
        self.usage = usage or Usage()
        self.read_timeout = read_timeout
        self.backoff = backoff
        self.connections = connections

    # Connection

    @lazy
    def credential(self) -> Credential:
        """Return what the Airflow connection says. ConfigurationError says how to make it when there is none."""
        try:
            return Credential.of(self.get_connection(self.graph_conn_id))
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"there is no Airflow connection {self.graph_conn_id!r}: create it with the Graph token as its "
                f"password, or set AIRFLOW_CONN_{self.graph_conn_id.upper()}"
            ) from None

    def get_conn(self) -> requests.Session:
        """Return the session, made once. All hooks of a process share one pool of connections."""
        return self._session

    @lazy
    def _session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", _pool())
        session.mount("http://", _pool())
        session.trust_env = False  # a .netrc would replace the Authorization header
        return session

    def authenticate(self) -> None:
        """Read the connection and get the token for ``page_id``, once."""
        self.get_conn()
        self._token  # noqa: B018 (made by being looked at)

    @lazy
    def _token(self) -> str:
        """Return the token that reads ``page_id``: the connection's own, or traded for it."""
        own = self._masked(self.credential.token)
        if self.credential.token_type == "page" or self.page_id is None:  # noqa: S105
            return own
        answer = self._call("GET", self.page_id, {"fields": "access_token"}, token=own)
        token = answer.body.get("access_token")
        if not isinstance(token, str) or not token:
            raise GraphStopError(
                "the token gives no access to this Page: its owner needs a role on the Page", path=self.page_id
            )
        return self._masked(token)

    def _masked(self, token: str) -> str:
        for secret in filter(None, (token, self.credential.proof(token))):
            mask_secret(secret)
        return token

    def test_connection(self) -> tuple[bool, str]:
        """Ask who the token is. Used by the Test button of the connection form."""
        try:
            who = self._call("GET", "me", {"fields": "id,name"}, token=self.credential.token).body
        except (GraphError, ConfigurationError) as error:
            return False, str(error)
        return True, f"{self.credential.version} answers as {who.get('name', who.get('id'))}"

    def debug_token(self) -> Answer | None:
        """Ask what the token is worth (docs: /debug_token). None without app credentials.

        Asked by a batch of one, because its parameter is the token itself, and would stand in the URL.
        """
        app_token = self.credential.app_token
        if not app_token:
            return None
        (result,) = self._batch_once([f"debug_token?input_token={self._token}"], self._masked(app_token))
        if isinstance(result, GraphError):
            raise result
        return result

    # Reading

    def get(self, path: str, **params: Any) -> Answer:
        """Read one object or one edge. ``path`` is what stands below the version."""
        return self._call("GET", path, params, token=self._token)

    def pages(self, path: str, params: Mapping[str, Any], size: PageSize) -> Iterator[Answer]:
        """Read an edge to its end, page by page.

        The end is where ``paging.next`` is absent; that URL holds the token and is never used. When Graph asks for
        less data at once, ``size`` is halved and the same cursor asked again. Raises GraphRetryError when a cursor
        comes back: following it would never end.
        """
        after: str | None = None
        seen: set[str] = set()
        while True:
            answer = self._page(path, {**params, **({"after": after} if after else {})}, size)
            yield answer
            paging = answer.body.get("paging")
            if not isinstance(paging, dict) or not paging.get("next"):
                return
            cursors = paging.get("cursors")
            after = cursors.get("after") if isinstance(cursors, dict) else None
            if not isinstance(after, str) or after in seen:
                raise GraphRetryError("the edge says there is more, but its cursor leads nowhere new", path=path)
            seen.add(after)

    def _page(self, path: str, params: Mapping[str, Any], size: PageSize) -> Answer:
        size.used = True
        while True:
            asked = size.value
            try:
                return self.get(path, **params, limit=asked)
            except GraphShrinkError:
                if asked == 1:
                    raise
                size.shrink(asked)
                self.log.info("%s: too much data at once, asking for %s objects from here on", path, size.value)

    def batch(self, paths: Sequence[str]) -> list[Answer | GraphError]:
        """Read many paths (with their query) in few round trips; one answer or error per path, in order.

        Up to 50 go in one request, and each counts as a call. Entries that timed out (``null``) or failed for a
        passing reason are asked again, a bounded number of times.
        """
        results: dict[int, Answer | GraphError] = {}
        waiting = list(range(len(paths)))
        for attempt in range(ATTEMPTS):
            if attempt:
                self.usage.retried()
            for start in range(0, len(waiting), MAX_BATCH):
                chunk = waiting[start : start + MAX_BATCH]
                results.update(zip(chunk, self._batch_once([paths[i] for i in chunk], self._token), strict=True))
            waiting = [i for i in waiting if isinstance(results[i], GraphRetryError)]
            if not waiting:
                break
        return [results[i] for i in range(len(paths))]

    def _batch_once(self, paths: Sequence[str], token: str) -> list[Answer | GraphError]:
        entries = [{"method": "GET", "relative_url": f"{self.credential.version}/{path}"} for path in paths]
        form = {"access_token": token, "include_headers": "false", "batch": json.dumps(entries)}
        try:
            answer = self._call("POST", "", form, token=token, calls=len(paths))
        except GraphError as error:
            return [error] * len(paths)
        if len(answer.nodes) != len(paths):
            text = f"a batch of {len(paths)} requests got {len(answer.nodes)} answers"
            return [GraphRetryError(text, path="batch")] * len(paths)
        return [
            self._entry(entry, path.partition("?")[0], answer.observed_at)
            for entry, path in zip(answer.nodes, paths, strict=True)
        ]

    def _entry(self, entry: Any, path: str, observed_at: datetime) -> Answer | GraphError:
        if not isinstance(entry, dict) or not isinstance(entry.get("body"), str):
            return GraphRetryError("this request of the batch was not answered in time", path=path)
        try:
            status = entry["code"] if isinstance(entry.get("code"), int) else 200
            return Answer(self._body(entry["body"], status, path), observed_at)
        except GraphError as error:
            return error

    # One request

    def _call(self, method: str, path: str, params: Mapping[str, Any], *, token: str, calls: int = 1) -> Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(GraphRetryError),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_random_exponential(self.backoff.total_seconds(), max=30),
            before_sleep=lambda _: self.usage.retried(),
            reraise=True,
        )
        return retrying(self._once, method, path, params, token, calls)

    def _once(self, method: str, path: str, params: Mapping[str, Any], token: str, calls: int) -> Answer:
        self.usage.spend(calls)
        response = self._send(method, path, params, token)
        self.usage.read(response.headers)
        text = response.content.decode("utf-8", "replace")  # Graph's; without a charset, `.text` would guess for long
        body = self._body(text, response.status_code, path or "batch")
        return Answer(body, _observed_at(response.headers.get("Date")))

    def _send(self, method: str, path: str, params: Mapping[str, Any], token: str) -> requests.Response:
        proof = self.credential.proof(token)
        signed = {**params, **({"appsecret_proof": proof} if proof else {})}
        base_url = self.credential.base_url
        failure: str
        try:
            return self._session.request(
                method,
                f"{base_url}/{self.credential.version}/{path}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=(CONNECT_TIMEOUT_SECONDS, self.read_timeout.total_seconds()),
                allow_redirects=False,
                params=signed if method == "GET" else None,
                data=signed if method == "POST" else None,
            )
        except requests.RequestException as error:
            failure = type(error).__name__
        # Raised outside the handler: the original holds the URL, and with it the proof, in its text.
        raise GraphRetryError(f"no answer from {base_url} ({failure})", path=path or "batch")

    def _body(self, text: str, status: int, path: str) -> dict[str, Any]:
        """Return the JSON object of a response, or raise what its error asks for, whatever the HTTP status."""
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            raise GraphRetryError(f"the answer is no JSON ({len(text)} characters)", path, status) from None
        if isinstance(body, list):
            return {"data": body}
        if not isinstance(body, dict):
            raise GraphRetryError("the answer is no JSON object", path, status)
        error = body.get("error")
        if isinstance(error, dict):
            raise self._explained(classify(error, status=status, path=path))
        if status >= requests.codes.bad_request:
            raise classify({"message": "an error without a body"}, status=status, path=path)
        return body

    def _explained(self, error: GraphError) -> GraphError:
        """Take tokens out of its text, add how long to wait, and remember that nothing more is to be asked."""
        for secret in (self.credential.token, self.__dict__.get("_token")):
            error.message = error.message.replace(secret, "***") if secret else error.message
        error.message = _TOKEN.sub("***", error.message)
        if isinstance(error, GraphWaitError):
            error.delay = self.usage.regain_access
        self.usage.halt(error)
        return error


@cache
def _pool() -> HTTPAdapter:
    """Return the connections of this process: the Pages of a group spare one another the TLS handshakes."""
    return HTTPAdapter(pool_connections=4, pool_maxsize=MAX_POOLED)


def _observed_at(date_header: str | None) -> datetime:
    """Return Graph's own clock, so that a worker's wrong clock cannot mark a late snapshot as on time."""
    try:
        observed = parsedate_to_datetime(date_header or "")
    except ValueError:
        return clock.now()
    return observed.replace(tzinfo=observed.tzinfo or UTC).astimezone(UTC)
