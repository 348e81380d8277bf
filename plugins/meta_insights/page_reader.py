"""What to ask the Graph API about one Page: edges, fields and metrics, in as few calls as it takes.

Content and its insights come by expanded listings, up to 100 objects a call; what a listing does not carry goes by
batch. A metric that Graph refuses is found and set aside, and the reading goes on without it.
https://developers.facebook.com/docs/graph-api/reference/page/published_posts
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_insights import clock
from meta_insights.errors import GraphMetricError, GraphSkipError
from meta_insights.metrics import Edge, metrics_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date, datetime

    from meta_insights.errors import GraphError
    from meta_insights.hook import Answer, FacebookInsightsHook, PageSize
    from meta_insights.metrics import Metric

log = logging.getLogger(__name__)

CONTENT_EDGES = {
    "published_posts": "id,message,created_time,permalink_url,attachments{media_type,target{id}}",
    "videos": "id,post_id,description,created_time,permalink_url",
    "video_reels": "id,post_id,description,created_time,permalink_url",
}
COUNT_FIELDS = "id,shares,comments.limit(0).summary(true)"


class PageReader:
    """Reads one Page. ``dead`` maps the metrics that Graph refuses to since when (ISO text), and grows."""

    def __init__(self, hook: FacebookInsightsHook, page_id: str, *, dead: dict[str, str], size: PageSize) -> None:
        self.hook = hook
        self.page_id = page_id
        self.dead = dead
        self.size = size

    def metrics(self, edge: Edge) -> list[Metric]:
        """Return the metrics of an edge that are asked for now."""
        return [metric for metric in metrics_of(edge).values() if metric.key not in self.dead]

    def content(self, edge: str, since: datetime, until: datetime) -> Iterator[Answer]:
        """Read the content published in [since, until) of one edge of CONTENT_EDGES."""
        params = {"fields": CONTENT_EDGES[edge], **_span(since, until)}
        return self.hook.pages(f"{self.page_id}/{edge}", params, self.size)

    def gone(self, content_ids: Sequence[str]) -> list[str]:
        """Return those of the objects that Graph says do not exist (or cannot be read) any more.

        Raises the first error that is no such answer: a doubt is no proof.
        """
        answers = self.hook.batch([f"{content_id}?fields=id" for content_id in content_ids])
        for answer in answers:
            if isinstance(answer, Exception) and not isinstance(answer, GraphSkipError):
                raise answer
        return [i for i, answer in zip(content_ids, answers, strict=True) if isinstance(answer, GraphSkipError)]

    def listed_snapshots(self, since: datetime, until: datetime) -> Iterator[Answer]:
        """Read the counters and insights of the posts published in [since, until), by listing.

        A page may come twice when a metric died in between; its objects are the same.
        """

        def read(metrics: Sequence[Metric], limit: int | None = None) -> dict[str, Any]:
            return {"fields": _fields(metrics), **_span(since, until), **({"limit": limit} if limit else {})}

        path = f"{self.page_id}/published_posts"
        while True:
            try:
                yield from self.hook.pages(path, read(self.metrics(Edge.POST)), self.size)
            except GraphMetricError as error:
                self._set_aside(Edge.POST, error, lambda metric: f"{path}?{urlencode(read([metric], limit=1))}")
            else:
                return

    def post_snapshots(self, post_ids: Sequence[str]) -> dict[str, Answer | GraphError]:
        """Read the same of single posts, by batch: what the listing did not carry."""

        def path(post_id: str, metrics: Sequence[Metric]) -> str:
            return f"{post_id}?{urlencode({'fields': _fields(metrics)})}"

        return self._batch(Edge.POST, post_ids, path)

    def video_snapshots(self, edge: Edge, video_ids: Sequence[str]) -> dict[str, Answer | GraphError]:
        """Read the lifetime insights of videos or reels, by batch."""

        def path(video_id: str, metrics: Sequence[Metric]) -> str:
            query = urlencode({"metric": _names(metrics), "period": "lifetime"})
            return f"{video_id}/video_insights?{query}"

        return self._batch(edge, video_ids, path)

    def video_days(self, post_ids: Sequence[str], first: date, last: date) -> dict[str, Answer | GraphError]:
        """Read the daily insights of video posts from one Pacific date to another, by batch: one call per post."""

        def path(post_id: str, metrics: Sequence[Metric]) -> str:
            return f"{post_id}/insights?{urlencode(_daily(metrics, first, last))}"

        return self._batch(Edge.VIDEO_DAY, post_ids, path)

    def page_days(self, first: date, last: date) -> Answer | None:
        """Read the Page's daily insights from one Pacific date to another. None when every metric is dead."""
        path = f"{self.page_id}/insights"
        while metrics := self.metrics(Edge.PAGE):
            try:
                return self.hook.get(path, **_daily(metrics, first, last))
            except GraphMetricError as error:
                self._set_aside(Edge.PAGE, error, lambda metric: f"{path}?{urlencode(_daily([metric], first, last))}")
        return None

    def _batch(
        self, edge: Edge, ids: Sequence[str], path: Callable[[str, Sequence[Metric]], str]
    ) -> dict[str, Answer | GraphError]:
        results: dict[str, Answer | GraphError] = {}
        waiting = list(ids)
        while waiting and (metrics := self.metrics(edge)):
            results.update(zip(waiting, self.hook.batch([path(i, metrics) for i in waiting]), strict=True))
            refused = {i: result for i in waiting if isinstance(result := results[i], GraphMetricError)}
            for item, error in list(refused.items())[:1]:
                self._set_aside(edge, error, lambda metric, item=item: path(item, [metric]))  # type: ignore[misc]
            waiting = list(refused)
        return results

    def _set_aside(self, edge: Edge, error: GraphMetricError, path: Callable[[Metric], str]) -> None:
        """Find the metrics that Graph refuses, each asked for alone in one batch, and ask for them no more.

        One round trip and one call per metric; halving would spend as many calls and several round trips. Raises
        ``error`` when each is accepted alone: then the refusal has another reason.
        """
        metrics = self.metrics(edge)
        answers = self.hook.batch([path(metric) for metric in metrics])
        refused = [m for m, answer in zip(metrics, answers, strict=True) if isinstance(answer, GraphMetricError)]
        if not refused:
            raise error
        for metric in refused:
            log.warning("Graph refuses the metric %s: it stays NULL until it is asked for again", metric.key)
            self.dead[metric.key] = clock.now().isoformat(timespec="seconds")


def _span(since: datetime, until: datetime) -> dict[str, int]:
    return {"since": int(since.timestamp()), "until": int(until.timestamp())}


def _daily(metrics: Iterable[Metric], first: date, last: date) -> dict[str, str]:
    """Return what asks for the days from first to last.

    Graph gives the rows with since < end_time <= until, and a day's end_time lies in the next day.
    """
    return {"metric": _names(metrics), "period": "day", "since": str(first), "until": str(last + timedelta(days=1))}


def _names(metrics: Iterable[Metric]) -> str:
    return ",".join(metric.name for metric in metrics)


def _fields(metrics: Sequence[Metric]) -> str:
    if not metrics:
        return COUNT_FIELDS
    return f"{COUNT_FIELDS},insights.metric({_names(metrics)}).period(lifetime){{name,period,values}}"
