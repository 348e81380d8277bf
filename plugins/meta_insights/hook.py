"""FacebookInsightsHook: one authenticated, pooled, bounded way to ask the Graph API.

The credential comes only from the Airflow connection and travels only in the Authorization header (and, for a batch,
in the form body). No URL, log line or error text of this module holds it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests
import tenacity
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret
from requests.adapters import HTTPAdapter

from meta_insights import clock
from meta_insights.config import GRAPH_CONN_ID
from meta_insights.errors import (
    ConfigurationError,
    GraphError,
    GraphRetryError,
    GraphShrinkError,
    GraphStopError,
    GraphWaitError,
    classify,
)
from meta_insights.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from airflow.sdk import Connection

DEFAULT_HOST = "https://graph.facebook.com"
DEFAULT_VERSION = "v26.0"
CONNECT_TIMEOUT_SECONDS = 5.0
ATTEMPTS = 4
MAX_PAGE_SIZE = 100
MAX_BATCH = 50
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
    shrunk: bool = False

    def shrink(self) -> None:
        """Halve, down to 1."""
        self.value = max(1, self.value // 2)
        self.shrunk = True

    @property
    def next_run(self) -> int:
        """The size to start the next run with: twice as much after a run without trouble."""
        return self.value if self.shrunk else min(MAX_PAGE_SIZE, self.value * 2)


class FacebookInsightsHook(BaseHook):
    """Read the Graph API with the credential of an Airflow connection.

    Connection: ``password`` the token; ``host`` the base URL (empty: graph.facebook.com); ``extra``: ``api_version``,
    ``app_id``, ``app_secret`` (adds ``appsecret_proof``), ``token_type`` ``page`` or ``user``. A user or system-user
    token is traded once per hook for the token of ``page_id``, which is masked in logs.

    Every call raises a GraphError by what to do next (``errors``), after transient ones were repeated with backoff.
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
        max_calls: int = 10_000,
    ) -> None:
        super().__init__()
        self.graph_conn_id = graph_conn_id
        self.page_id = page_id
        self.usage = usage or Usage()
        self.read_timeout = read_timeout
        self.backoff = backoff
        self.max_calls = max_calls
        self._secrets: set[str] = set()

    # Connection

    @cached_property
    def connection(self) -> Connection:
        """The Airflow connection; ConfigurationError says how to make it when it is missing or has no token."""
        try:
            connection = self.get_connection(self.graph_conn_id)
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"there is no Airflow connection {self.graph_conn_id!r}: create it with the Graph token as its "
                f"password, or set AIRFLOW_CONN_{self.graph_conn_id.upper()}"
            ) from None
        if not connection.password:
            raise ConfigurationError(
                f"the connection {self.graph_conn_id!r} has no password: put the Graph token there"
            )
        self._secrets.add(connection.password)
        return connection

    @cached_property
    def _extra(self) -> dict[str, Any]:
        return dict(self.connection.extra_dejson)

    @cached_property
    def version(self) -> str:
        """The pinned Graph version, such as ``v26.0``."""
        version = str(self._extra.get("api_version") or DEFAULT_VERSION)
        if not re.fullmatch(r"v\d+\.\d+", version):
            raise ConfigurationError(
                f"extra.api_version of the connection {self.graph_conn_id!r} must look like v26.0, not {version!r}"
            )
        return version

    @cached_property
    def _base_url(self) -> str:
        host = (self.connection.host or DEFAULT_HOST).rstrip("/")
        return host if "://" in host else f"https://{host}"

    def get_conn(self) -> requests.Session:
        """Return the pooled session, made once."""
        return self._session

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=8)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        session.trust_env = False  # a .netrc would replace the Authorization header
        return session

    @cached_property
    def _token(self) -> str:
        """The token that reads ``page_id``: the connection's own, or traded for it."""
        own = str(self.connection.password)
        token_type = self._extra.get("token_type", "page")
        if token_type not in {"page", "user"}:
            raise ConfigurationError(
                f"extra.token_type of the connection {self.graph_conn_id!r} must be page or user, not {token_type!r}"
            )
        if token_type == "page" or self.page_id is None:  # noqa: S105
            return own
        answer = self._call("GET", self.page_id, {"fields": "access_token"}, token=own)
        token = answer.body.get("access_token")
        if not isinstance(token, str):
            raise GraphStopError(
                "the token gives no access to this Page: its owner needs a role on the Page",
                path=self.page_id,
            )
        self._secrets.add(token)
        mask_secret(token)
        return token

    def test_connection(self) -> tuple[bool, str]:
        """Ask who the token is. Used by the Test button of the connection form."""
        try:
            who = self._call("GET", "me", {"fields": "id,name"}, token=str(self.connection.password)).body
        except (GraphError, ConfigurationError) as error:
            return False, str(error)
        return True, f"{self.version} answers as {who.get('name', who.get('id'))}"

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
        while True:
            try:
                return self.get(path, **params, limit=size.value)
            except GraphShrinkError:
                if size.value == 1:
                    raise
                size.shrink()
                self.log.info("%s: too much data at once, asking for %s objects from here on", path, size.value)

    def batch(self, paths: Sequence[str]) -> list[Answer | GraphError]:
        """Read many paths (with their query) in few round trips; one answer or error per path, in order.

        Up to 50 go in one request, and each counts as a call. Entries that timed out (``null``) or failed for a
        passing reason are asked again, a bounded number of times. Raises only when a request as a whole fails.
        """
        results: dict[int, Answer | GraphError] = {}
        waiting = list(range(len(paths)))
        for attempt in range(ATTEMPTS):
            if attempt:
                self.usage.retried()
            for start in range(0, len(waiting), MAX_BATCH):
                chunk = waiting[start : start + MAX_BATCH]
                results.update(zip(chunk, self._batch_once([paths[i] for i in chunk]), strict=True))
            waiting = [i for i in waiting if isinstance(results[i], GraphRetryError)]
            if not waiting:
                break
        return [results[i] for i in range(len(paths))]

    def _batch_once(self, paths: Sequence[str]) -> list[Answer | GraphError]:
        requests_ = [{"method": "GET", "relative_url": f"{self.version}/{path}"} for path in paths]
        form = {"access_token": self._token, "include_headers": "false", "batch": json.dumps(requests_)}
        answer = self._call("POST", "", form, token=self._token, calls=len(paths))
        entries = answer.nodes
        if len(entries) != len(paths):
            raise GraphRetryError(f"a batch of {len(paths)} requests got {len(entries)} answers", path="batch")
        return [
            self._entry(entry, path.partition("?")[0], answer.observed_at)
            for entry, path in zip(entries, paths, strict=True)
        ]

    def _entry(self, entry: Any, path: str, observed_at: datetime) -> Answer | GraphError:
        if not isinstance(entry, dict):
            return GraphRetryError("this request of the batch was not answered in time", path=path)
        try:
            status = entry["code"] if isinstance(entry.get("code"), int) else 200
            return Answer(self._body(str(entry.get("body")), status, path), observed_at)
        except GraphError as error:
            return error

    # One request

    def _call(self, method: str, path: str, params: Mapping[str, Any], *, token: str, calls: int = 1) -> Answer:
        def repeated(_: tenacity.RetryCallState) -> None:
            self.usage.retried()

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(GraphRetryError),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_random_exponential(self.backoff.total_seconds(), max=30),
            before_sleep=repeated,
            reraise=True,
        )
        return retrying(self._once, method, path, params, token, calls)

    def _once(self, method: str, path: str, params: Mapping[str, Any], token: str, calls: int) -> Answer:
        if self.usage.calls + calls > self.max_calls:
            raise GraphStopError(
                f"more than {self.max_calls} calls in one task: something goes round in circles", path=path
            )
        self.usage.spend(calls)
        response = self._send(method, path, params, token)
        self.usage.read(response.headers)
        body = self._body(response.text, response.status_code, path or "batch")
        self.log.debug("%s %s: %s objects", method, path or "batch", len(body.get("data", ())))
        return Answer(body, _observed_at(response.headers.get("Date")))

    def _send(self, method: str, path: str, params: Mapping[str, Any], token: str) -> requests.Response:
        signed = {**params, **self._proof(token)}
        failure: str
        try:
            return self._session.request(
                method,
                f"{self._base_url}/{self.version}/{path}" if path else f"{self._base_url}/",
                headers={"Authorization": f"Bearer {token}"},
                timeout=(CONNECT_TIMEOUT_SECONDS, self.read_timeout.total_seconds()),
                allow_redirects=False,
                params=signed if method == "GET" else None,
                data=signed if method == "POST" else None,
            )
        except requests.RequestException as error:
            failure = type(error).__name__
        # Raised outside the handler: the original holds the URL, and with it the proof, in its text.
        raise GraphRetryError(f"no answer from {self._base_url} ({failure})", path=path or "batch")

    def _proof(self, token: str) -> dict[str, str]:
        secret = self._extra.get("app_secret")
        if not secret:
            return {}
        proof = hmac.new(str(secret).encode(), token.encode(), hashlib.sha256).hexdigest()
        mask_secret(proof)
        return {"appsecret_proof": proof}

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
        error.message = _TOKEN.sub("***", error.message)
        for secret in self._secrets:
            error.message = error.message.replace(secret, "***")
        if isinstance(error, GraphWaitError):
            error.delay = self.usage.regain_access
        return error


def _observed_at(date_header: str | None) -> datetime:
    """Return Graph's own clock, so that a worker's wrong clock cannot mark a late snapshot as on time."""
    try:
        observed = parsedate_to_datetime(date_header or "")
    except ValueError:
        return clock.now()
    return observed.replace(tzinfo=observed.tzinfo or UTC).astimezone(UTC)
