"""What Graph gave of the objects of a part: rows, and what is left to read of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_insights.days import pacific_date
from meta_insights.graph.transport import Answer
from meta_insights.provider.rows import at_path, blank_maps, daily_rows, lifetime_row
from meta_insights.read.parts import TOO_LATE
from meta_insights.read.spool import Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from meta_insights.issues import Issues
    from meta_insights.provider.model import Metric, Resource, Stored
    from meta_insights.read.parts import Part


@dataclass
class Answers:
    """Takes the answers about the objects of one integration. ``stored`` is its live content by id."""

    external_id: str
    stored: Mapping[str, Stored]
    issues: Issues
    rows: Rows = field(default_factory=Rows)

    def take_nodes(self, part: Part, answer: Answer, sources: Collection[str]) -> None:
        """Take what a listing gave for some metrics of the objects that are left of a part."""
        for node in answer.nodes:
            object_id = node.get("id") if isinstance(node, dict) else None
            if isinstance(object_id, str) and part.left.get(object_id, frozenset()) & set(sources):
                shown = [source for source in sources if source not in _hidden(part.resource, node)]
                self.take(part, object_id, shown, Answer(node, answer.observed_at))

    def take(self, part: Part, object_id: str, sources: Collection[str], answer: Answer) -> None:
        """Take what one object gave for some of its metrics."""
        content_id = part.content[object_id]
        metrics = [m for m in part.resource.asked(part.kinds[object_id]) if m.source in sources]
        if part.window:
            self._take_days(part, part.window, content_id, metrics, answer)
        else:
            self._take_lifetime(part, content_id, metrics, answer)
        part.answered.add(object_id)
        part.given |= {(part.kinds[object_id], source) for source in sources}
        if left := part.left.get(object_id, frozenset()) - set(sources):
            part.left[object_id] = left
        else:
            part.left.pop(object_id, None)

    def take_blanks(self, part: Part) -> None:
        """Take empty maps as zero where Graph has filled the same metric of another object; else they say nothing."""
        for content_id, observed_at, metric in part.blanks:
            if metric.source in part.filled:
                row = {"external_content_id": content_id, metric.column: metric.parse({})}
                self._add(part, content_id, observed_at, row, {})
            else:
                self.issues.note(content_id, part.resource.key(metric.source), "an empty map, as of all others")

    def _take_lifetime(self, part: Part, content_id: str, metrics: Sequence[Metric], answer: Answer) -> None:
        """Take the lifetime values of an object. A map that is empty waits until all objects are read."""
        blank = blank_maps(part.resource, answer.body, metrics)
        part.blanks += [(content_id, answer.observed_at, metric) for metric in blank]
        given = [metric for metric in metrics if metric not in blank]
        row = lifetime_row(part.resource, answer.body, given, self.issues)
        part.filled |= {metric.source for metric in given if metric.column in row}
        self._add(part, content_id, answer.observed_at, {"external_content_id": content_id}, row)

    def _take_days(
        self, part: Part, window: tuple[date, date], content_id: str, metrics: Sequence[Metric], answer: Answer
    ) -> None:
        """Take the days of an object, none of which lies before a content's own first day."""
        stored = self.stored.get(content_id)
        first, last = window
        if stored:
            first = max(first, pacific_date(stored.published_at))
        dates = {first + timedelta(days=after) for after in range((last - first).days + 1)}
        if part.resource.is_total or part.resource.is_stock:
            self._take_window(part, first, metrics, answer)
            return
        key = {"external_content_id": content_id} if stored else {}
        data = at_path(answer.body, f"{part.resource.insights}.data")
        for day, row in daily_rows(part.resource, data, metrics, dates, content_id, self.issues).items():
            self._add(part, (content_id, day), answer.observed_at, key | {"date": day}, row)

    def _take_window(self, part: Part, day: date, metrics: Sequence[Metric], answer: Answer) -> None:
        """Take the values of the integration that are those of one whole window, unless they were seen too late."""
        if part.until and answer.observed_at >= part.until:
            self.issues.note(day.isoformat(), part.resource.name, TOO_LATE)
        elif row := lifetime_row(part.resource, {**answer.body, "id": day.isoformat()}, metrics, self.issues):
            self._add(part, (self.external_id, day), answer.observed_at, {"date": day}, row)

    def _add(self, part: Part, key: Any, observed_at: datetime, columns: dict[str, Any], row: dict[str, Any]) -> None:
        self.rows.add(part.resource.table, key, columns | {"observed_at": observed_at} | row)


def _hidden(resource: Resource, node: Mapping[str, Any]) -> set[str]:
    """Return the metrics that a listing hides of one of its nodes."""
    return {one.source for one in resource.metrics if one.is_hidden_in_listings and one.source not in node}
