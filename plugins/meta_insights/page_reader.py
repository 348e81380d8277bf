"""What to ask the Graph API about one Page: edges, fields and metrics, in as few calls as it takes.

Content and its insights come by expanded listings, up to 100 objects a call; what a listing does not carry goes by
batch. A metric that Graph refuses is found and set aside, and the reading goes on without it.
https://developers.facebook.com/docs/graph-api/reference/page/published_posts
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_insights import clock
from meta_insights.graph.errors import MetricRefusedError, ObjectGoneError
from meta_insights.graph.paging import MAX_PAGE_SIZE, PageSize
from meta_insights.metrics import Edge, metrics_about, metrics_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from meta_insights.graph.errors import GraphError
    from meta_insights.graph.transport import Answer
    from meta_insights.hook import FacebookInsightsHook
    from meta_insights.metrics import Metric

log = logging.getLogger(__name__)

CONTENT_EDGES = {
    "published_posts": "id,message,created_time,permalink_url,attachments{media_type,target{id}}",
    "videos": "id,post_id,description,created_time,permalink_url",
    "video_reels": "id,post_id,description,created_time,permalink_url",
}
Days = tuple["date", "date"]
"""The first and the last Pacific date of a history; None: lifetime values."""
LISTINGS = {
    Edge.POST: "published_posts",
    Edge.VIDEO_DAY: "published_posts",
    Edge.REEL: "video_reels",
    Edge.VIDEO: "videos",
}
COUNTS = {Edge.POST: "id,shares,comments.limit(0).summary(true)"}
INSIGHTS = {
    Edge.POST: "insights",
    Edge.VIDEO_DAY: "insights",
    Edge.REEL: "video_insights",
    Edge.VIDEO: "video_insights",
}


class PageReader:
    """Reads one Page.

    ``dead`` maps the metrics that Graph refuses to since when (ISO text), ``sizes`` each listing to the page size that
    works for it; both grow.
    """

    def __init__(
        self, hook: FacebookInsightsHook, page_id: str, *, dead: dict[str, str], sizes: Mapping[str, int]
    ) -> None:
        self.hook = hook
        self.page_id = page_id
        self.dead = dead
        self.sizes = {
            name: PageSize(sizes.get(name, MAX_PAGE_SIZE))
            for name in (*CONTENT_EDGES, *(edge.value for edge in LISTINGS))
        }
        self._turn = threading.Lock()

    def metrics(self, edge: Edge, content_type: str | None = None) -> list[Metric]:
        """Return the metrics of an edge that are asked for now; all of them, or those that speak of a content type."""
        metrics = metrics_of(edge).values() if content_type is None else metrics_about(edge, content_type)
        return [metric for metric in metrics if metric.key not in self.dead]

    def content(self, edge: str, since: datetime, until: datetime) -> Iterator[Answer]:
        """Read the content published in [since, until) of one edge of CONTENT_EDGES."""
        params = {"fields": CONTENT_EDGES[edge], **_span(since, until)}
        return self.hook.get_conn().paginate(f"{self.page_id}/{edge}", params, self.sizes[edge])

    def gone(self, content_ids: Sequence[str]) -> list[str]:
        """Return those of the objects of which Graph says, each asked alone, that they do not exist any more.

        Raises the first error that says anything else: a doubt is no proof.
        """
        answers = self.hook.get_conn().batch([f"{content_id}?fields=id" for content_id in content_ids])
        for answer in answers:
            if isinstance(answer, Exception) and not isinstance(answer, ObjectGoneError):
                raise answer
        return [i for i, answer in zip(content_ids, answers, strict=True) if isinstance(answer, ObjectGoneError)]

    def listed_insights(
        self, edge: Edge, since: datetime, until: datetime, days: Days | None = None
    ) -> Iterator[Answer]:
        """Read the counters of the objects of an edge published in [since, until), by listing.

        A page may come twice when a metric died in between; its objects are the same.
        """
        path = f"{self.page_id}/{LISTINGS[edge]}"

        def params(metrics: Sequence[Metric]) -> dict[str, Any]:
            return {"fields": _fields(edge, metrics, days), **_span(since, until)}

        while True:
            metrics = self.metrics(edge)
            try:
                yield from self.hook.get_conn().paginate(path, params(metrics), self.sizes[edge.value])
            except MetricRefusedError as error:
                self._set_aside(metrics, error, lambda metric: f"{path}?{urlencode({**params([metric]), 'limit': 1})}")
            else:
                return

    def insights(
        self, edge: Edge, object_ids: Sequence[str], days: Days | None = None
    ) -> dict[str, Answer | GraphError]:
        """Read the same of single objects, by batch: what the listing did not carry."""

        def path(object_id: str, metrics: Sequence[Metric]) -> str:
            return f"{object_id}?{urlencode({'fields': _fields(edge, metrics, days)})}"

        results: dict[str, Answer | GraphError] = {}
        waiting = list(object_ids)
        while waiting:
            metrics = self.metrics(edge)
            results.update(zip(waiting, self.hook.get_conn().batch([path(i, metrics) for i in waiting]), strict=True))
            refused = {i: result for i in waiting if isinstance(result := results[i], MetricRefusedError)}
            for object_id, error in list(refused.items())[:1]:
                self._set_aside(metrics, error, lambda metric, one=object_id: path(one, [metric]))  # type: ignore[misc]
            waiting = list(refused)
        return results

    def page_days(self, first: date, last: date) -> Answer | None:
        """Read the Page's daily insights from one Pacific date to another. None when every metric is dead."""
        path = f"{self.page_id}/insights"

        def params(metrics: Sequence[Metric]) -> dict[str, str]:
            since, until = _history((first, last))
            return {"metric": _names(metrics), "period": "day", "since": since, "until": until}

        while metrics := self.metrics(Edge.PAGE):
            try:
                return self.hook.get_conn().get(path, **params(metrics))
            except MetricRefusedError as error:
                self._set_aside(metrics, error, lambda metric: f"{path}?{urlencode(params([metric]))}")
        return None

    def _set_aside(self, metrics: Sequence[Metric], error: MetricRefusedError, path: Callable[[Metric], str]) -> None:
        """Find those of the metrics that Graph refuses, each asked for alone in one batch, and ask for them no more.

        One round trip and one call per metric; halving would spend as many calls and several round trips. Of several
        threads that were refused, one looks. Raises ``error`` when each is accepted alone: then the refusal has
        another reason.
        """
        with self._turn:
            if any(metric.key in self.dead for metric in metrics):
                return
            answers = self.hook.get_conn().batch([path(metric) for metric in metrics])
            refused = [m for m, answer in zip(metrics, answers, strict=True) if isinstance(answer, MetricRefusedError)]
            if not refused:
                raise error
            for metric in refused:
                log.warning("Graph refuses the metric %s: it stays NULL until it is asked for again", metric.key)
                self.dead[metric.key] = clock.now().isoformat(timespec="seconds")


def _span(since: datetime, until: datetime) -> dict[str, int]:
    return {"since": int(since.timestamp()), "until": int(until.timestamp())}


def _names(metrics: Iterable[Metric]) -> str:
    return ",".join(metric.name for metric in metrics)


def _history(days: Days) -> tuple[str, str]:
    """Return since and until: Graph gives since < end_time <= until, and a day's end_time lies in the next day."""
    first, last = days
    return str(first), str(last + timedelta(days=1))


def _fields(edge: Edge, metrics: Sequence[Metric], days: Days | None) -> str:
    """Return the fields of an object with its insights nested; the period is pinned, or all of them would come."""
    period = "period(lifetime)"
    if days:
        since, until = _history(days)
        period = f"period(day).since({since}).until({until})"
    nested = f"{INSIGHTS[edge]}.metric({_names(metrics)}).{period}{{name,period,values}}"
    return ",".join([COUNTS.get(edge, "id"), *([nested] if metrics else [])])
