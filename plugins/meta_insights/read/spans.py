"""Reading several things at once: spans of time that are listed in parallel, and errors that stay apart."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from meta_insights.graph.errors import GraphError
from meta_insights.graph.paging import MAX_PAGE_SIZE
from meta_insights.provider.rows import at_path, parse_time
from meta_insights.threads import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from meta_insights.graph.transport import Answer

Span = tuple["datetime", "datetime"]
"""A time of publication: from one instant on, and before another."""


def in_parallel(reads: Sequence[Callable[[], None]], workers: int) -> list[GraphError]:
    """Run reads that do not depend on one another, several at once; return the GraphErrors that they raised."""
    errors = []
    for future in at_once(reads, workers):
        try:
            future.result()
        except GraphError as error:
            errors.append(error)
    return errors


def split_by_time(listed: Iterable[datetime], since: datetime, until: datetime, workers: int) -> list[Span]:
    """Cut [since, until) into spans to list at once, each of whole pages of what is expected there.

    ``listed`` are the times of publication that are expected. All spans together take as many calls as one listing
    after the other would, or nearly so when something else is there. A span begins a second before the first that is
    expected in it: no edge says whether ``since`` is part of what it lists.
    """
    times = sorted(listed)
    size = max(1, ceil(ceil(len(times) / MAX_PAGE_SIZE) / workers)) * MAX_PAGE_SIZE
    starts = sorted({since, *(max(since, first - timedelta(seconds=1)) for first in times[size::size])})
    return list(zip(starts, [*starts[1:], until], strict=True))


def span_params(span: Span) -> dict[str, int]:
    """Return the Graph parameters of a span: unix seconds."""
    since, until = span
    return {"since": int(since.timestamp()), "until": int(until.timestamp())}


def cut_at(spans: Iterable[Span], instant: datetime) -> list[Span]:
    """Cut the span in which an instant lies, if one is, in two."""
    cut: list[Span] = []
    for since, until in spans:
        cut += [(since, instant), (instant, until)] if since < instant < until else [(since, until)]
    return cut


def until_older(answers: Iterable[Answer], newest_first: str, since: datetime) -> Iterator[Answer]:
    """Yield the pages of a listing until one shows nothing but objects from before ``since``.

    ``newest_first`` is the field that holds the time of an object; without it nothing is known of their order, and all
    pages are yielded.
    """
    for answer in answers:
        yield answer
        if newest_first and answer.nodes and all(_is_before(node, newest_first, since) for node in answer.nodes):
            return


def _is_before(node: Any, name: str, since: datetime) -> bool:
    try:
        return parse_time(at_path(node, name)) < since
    except ValueError:
        return False
