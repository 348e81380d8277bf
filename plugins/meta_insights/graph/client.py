"""GraphClient: one authenticated, pooled, bounded way to ask Graph as one principal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import tenacity

from meta_insights.graph import batching, paging
from meta_insights.graph.errors import GraphError, GraphTransientError
from meta_insights.graph.transport import SECONDS, Request, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from meta_insights.graph.budget import Budget
    from meta_insights.graph.credential import Credential, Token
    from meta_insights.graph.paging import PageSize
    from meta_insights.graph.transport import Answer

    Check = Callable[[Answer, str], None]

ATTEMPTS = 4


@dataclass(frozen=True)
class ClientOptions:
    """How to talk to Graph. ``backoff`` bounds the first pause; ``connections`` is how many reads may run at once.

    A request is repeated while Graph dates its answers before ``not_before``: then the clock of this machine is ahead.
    """

    read_timeout: timedelta = timedelta(seconds=60)
    connect_timeout: timedelta = timedelta(seconds=5)
    backoff: timedelta = timedelta(seconds=1)
    connections: int = 4
    not_before: datetime | None = None


@dataclass(frozen=True)
class GraphClient:
    """Reads Graph with one token. Knows no Page and no Airflow. May be used by several threads.

    Every call raises a GraphError by what to do next, after transient ones were repeated with backoff. Once Graph said
    stop or wait, or the rate limit is nearly used up, ``budget`` lets no further call out. No error holds a secret.

    Example:
        >>> for page in client.paginate(f"{page_id}/published_posts", {"fields": "id"}, PageSize()):
        ...     print(page.observed_at, len(page.nodes))
    """

    transport: Transport
    token: Token
    budget: Budget
    options: ClientOptions = ClientOptions()

    @classmethod
    def of(cls, credential: Credential, options: ClientOptions, budget: Budget) -> Self:
        """Return the client that asks with the credential's own token."""
        transport = Transport(credential.base_url, credential.version, options.read_timeout, options.connect_timeout)
        return cls(transport, credential.token, budget, options)

    @property
    def connections(self) -> int:
        """How many reads may run at once."""
        return self.options.connections

    def acting_as(self, token: Token) -> Self:
        """Return a client that asks with another token, on the same connections and from the same budget."""
        return replace(self, token=token)

    def get(self, path: str, /, **params: Any) -> Answer:
        """Read one object or one page of an edge. ``path`` is what stands below the version."""
        return self._call(Request("GET", path, params))

    def edge(self, path: str, /, **params: Any) -> Answer:
        """Read one page of an edge. An answer without a list ``data`` is repeated, then an error."""
        return self._call(Request("GET", path, params), paging.checked)

    def paginate(self, path: str, params: Mapping[str, Any], size: PageSize) -> Iterator[Answer]:
        """Read an edge to its end, page by page; see ``paging.paginate``."""
        return paging.paginate(self.edge, path, params, size)

    def batch(self, paths: Sequence[str]) -> list[Answer | GraphError]:
        """Read many paths (with their query), fifty in a request; one answer or error per path, in order.

        Raises what concerns a batch as a whole: that says nothing about its entries.
        """
        repeat = self._repeating(tenacity.retry_if_result(bool), retry_error_callback=lambda _: None)
        return batching.send(self._post, paths, repeat=repeat, observe=self._observe)

    def _post(self, paths: Sequence[str]) -> Answer:
        return self._call(batching.batch_request(paths, self.transport.version, self.token.value))

    def _call(self, request: Request, check: Check | None = None) -> Answer:
        repeat = self._repeating(tenacity.retry_if_exception_type(batching.REPEATED), reraise=True)
        try:
            return repeat(self._once, request, check)
        except GraphError as error:
            self._observe(error)
            raise

    def _once(self, request: Request, check: Check | None) -> Answer:
        self.budget.acquire(request.calls)
        response = self.transport.send(request, self.token)
        self.budget.read(response.headers)
        answer = response.answer(request)
        if request.is_batch:
            self.budget.read(response.headers, *batching.headers(answer))
        not_before = self.options.not_before
        if not_before and answer.observed_at < not_before:
            text = f"too early: Graph's clock says {answer.observed_at:{SECONDS}} UTC, before {not_before:{SECONDS}}"
            raise GraphTransientError(text, request.name)
        if check:
            check(answer, request.path)
        return answer

    def _observe(self, error: GraphError) -> None:
        """Take secrets out of an error's text, and note in the budget what it means for further calls."""
        error.message = self.token.secrets.scrub(error.message)
        self.budget.observe(error)

    def _repeating(self, retry: tenacity.retry_base, **how: Any) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=retry,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_random_exponential(self.options.backoff.total_seconds(), max=30),
            before_sleep=lambda _: self.budget.count_retry(),
            **how,
        )
