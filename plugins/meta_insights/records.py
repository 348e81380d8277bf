"""Graph JSON to typed rows. Pure: no clock, no network, no database.

Nothing here raises on a strange body: a value of the wrong type becomes NULL and is noted in ``Problems``, an object
without an id or a time is noted and left out. Shapes: https://developers.facebook.com/docs/graph-api/reference/post
and https://developers.facebook.com/docs/graph-api/reference/insights
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from meta_insights.metrics import count
from meta_insights.text import clean_text, hashtags
from meta_insights.windows import measured_date

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, MutableMapping
    from datetime import date

    from _typeshed import DataclassInstance

    from meta_insights.metrics import Metric

CONTENT_TYPES = ("post", "photo", "link", "video", "reel")
_BY_MEDIA_TYPE = {"photo": "photo", "album": "photo", "link": "link", "video": "video"}
_EXAMPLES = 5
ABSENT = "absent from the answer"
_ID = re.compile(r"\d+(_\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)", re.ASCII)


@dataclass
class Problems:
    """What could not be had, told once per field and reason, with how often and a few examples."""

    counts: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def never_seen(self) -> set[str]:
        """Return what was absent from every good answer: unavailable, though Graph refused nothing."""
        return {about for about, reason in self.counts if reason == ABSENT} - self.seen

    def note(self, item: str, about: str, reason: str) -> None:
        """Note that ``about`` of ``item`` is missing, and why."""
        self.counts.setdefault((about, reason), []).append(item)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def as_json(self) -> list[dict[str, Any]]:
        """Return ``[{"about", "reason", "items", "examples"}]``, most frequent first."""
        rows = [
            {"about": about, "reason": reason, "items": len(items), "examples": items[:_EXAMPLES]}
            for (about, reason), items in self.counts.items()
        ]
        return sorted(rows, key=lambda row: -int(row["items"]))


@dataclass(frozen=True, slots=True)
class Content:
    """A post, photo, link, video or reel as Graph shows it. ``video_id`` is the object that has video insights."""

    external_content_id: str
    content_type: str
    caption: str | None
    hashtags: list[str]
    permalink_url: str | None
    published_at: datetime
    video_id: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What reading the counters of a stored content asks of it. A Page may have very many: no text of it is kept."""

    content_type: str
    published_at: datetime
    video_id: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the lifetime counters of one content showed at ``observed_at``. None: not available."""

    external_content_id: str
    observed_at: datetime
    impressions: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    video_views: int | None = None
    clicks: int | None = None
    saves: int | None = None
    profile_visits: int | None = None
    breakdowns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageDay:
    """The Page's own values for one Pacific day, as Graph told them at ``observed_at``."""

    date: date
    observed_at: datetime
    followers: int | None = None
    follows: int | None = None
    unfollows: int | None = None
    impressions: int | None = None
    reach: int | None = None
    engagements: int | None = None
    page_views: int | None = None
    video_views: int | None = None
    actions: int | None = None


@dataclass(frozen=True, slots=True)
class VideoDay:
    """What Meta counted of one video post on one Pacific day, as Graph told it at ``observed_at``."""

    external_content_id: str
    date: date
    observed_at: datetime
    video_views: int | None = None
    watch_time_ms: int | None = None


def as_row(record: DataclassInstance) -> dict[str, Any]:
    """Return a record as ``{column: value}``."""
    return {one.name: getattr(record, one.name) for one in fields(record)}


SNAPSHOT_METRICS = tuple(f.name for f in fields(Snapshot))[2:-1]


# Content


def parse_time(value: Any) -> datetime:
    """Return Graph's ``2026-04-06T17:50:09+0000`` as an instant in UTC; ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} is no time")  # noqa: TRY004 (one error for all bad values)
    if not _TIME.fullmatch(value):
        raise ValueError("no time as Graph writes it")
    return datetime.fromisoformat(value).astimezone(UTC)


def full_post_id(page_id: str, post_id: Any) -> str | None:
    """Return ``{page}_{post}``: reels tell the bare post id."""
    if not isinstance(post_id, str) or not _ID.fullmatch(post_id):
        return None
    return post_id if "_" in post_id else f"{page_id}_{post_id}"


def parse_content(
    page_id: str,
    nodes: Mapping[str, Iterable[Any]],
    problems: Problems,
    known: Iterable[Content] = (),
    content: MutableMapping[str, Content] | None = None,
) -> MutableMapping[str, Content]:
    """Join three edges of a Page (published_posts, videos, video_reels) into one row per listed content, by id.

    A video or reel that belongs to a post that is listed, or ``known`` from before, is that post; one that belongs to
    none is a content of its own, under its post's id when it tells one. The rows go to ``content``, if it is given.
    """
    content = {} if content is None else content
    before = {row.external_content_id: row for row in known}
    by_video = {row.video_id: key for key, row in before.items() if row.video_id}
    for node in _whole(nodes["published_posts"], "post", problems):
        post = _post(node, before.get(node["id"]))
        content[post.external_content_id] = post
        if post.video_id:
            by_video[post.video_id] = post.external_content_id
    for kind, edge in (("video", "videos"), ("reel", "video_reels")):
        for node in _whole(nodes[edge], kind, problems):
            key = by_video.get(node["id"]) or full_post_id(page_id, node.get("post_id")) or node["id"]
            content[key] = _film(key, kind, node, content.get(key) or before.get(key))
            by_video[node["id"]] = key
    return content


def _whole(nodes: Iterable[Any], kind: str, problems: Problems) -> Iterator[dict[str, Any]]:
    for node in nodes:
        node_id = node.get("id") if isinstance(node, dict) else None
        if not isinstance(node_id, str) or not _ID.fullmatch(node_id):
            problems.note("?", kind, "an object without a proper id")
            continue
        try:
            created = parse_time(node.get("created_time"))
        except ValueError:
            problems.note(node_id, f"{kind}.created_time", "missing or no time")
            continue
        yield {**node, "created_time": created}


def _post(node: dict[str, Any], known: Content | None) -> Content:
    attachments = node.get("attachments")
    rows = attachments.get("data") if isinstance(attachments, dict) else None
    attachment = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    target = attachment.get("target")
    content_type = _BY_MEDIA_TYPE.get(str(attachment.get("media_type")), "post")
    video_id = target.get("id") if content_type == "video" and isinstance(target, dict) else None
    if known and known.content_type == "reel":
        content_type, video_id = "reel", known.video_id  # no listing of posts tells a reel from another video
    return _content(
        node["id"], content_type, node, node.get("message"), video_id if isinstance(video_id, str) else None
    )


def _film(key: str, kind: str, node: dict[str, Any], known: Content | None) -> Content:
    """Return the row of a video or reel; what the post's own listing told about its text and time stays."""
    is_reel = (
        kind == "reel" or "/reel/" in str(node.get("permalink_url")) or bool(known and known.content_type == "reel")
    )
    content_type = "reel" if is_reel else "video"
    if known is None:
        return _content(key, content_type, node, node.get("description"), node["id"])
    return Content(
        key, content_type, known.caption, known.hashtags, known.permalink_url, known.published_at, node["id"]
    )


def _content(key: str, content_type: str, node: dict[str, Any], text: Any, video_id: str | None) -> Content:
    caption = clean_text(text)
    permalink = clean_text(node.get("permalink_url"))
    if permalink and permalink.startswith("/"):
        permalink = f"https://www.facebook.com{permalink}"
    return Content(key, content_type, caption, hashtags(caption), permalink, node["created_time"], video_id)


# Insights


def insight_values(data: Any, period: str) -> dict[str, Any]:
    """Return ``{metric: value}`` of insights rows of one value, such as lifetime ones; other periods drop out."""
    return {
        row["name"]: row["values"][0].get("value")
        for row in _insight_rows(data, period)
        if isinstance(row["values"][0], dict) and "value" in row["values"][0]
    }


def _insight_rows(data: Any, period: str) -> Iterator[dict[str, Any]]:
    for row in data if isinstance(data, list) else ():
        if isinstance(row, dict) and row.get("period") == period and isinstance(row.get("name"), str):
            values = row.get("values")
            if isinstance(values, list) and values:
                yield row


def filled(item: str, values: Mapping[str, Any], metrics: Iterable[Metric], problems: Problems) -> dict[str, Any]:
    """Return ``{column or breakdown: value}`` for the metrics that were asked for, noting each that is not there."""
    row: dict[str, Any] = {}
    for metric in metrics:
        if metric.name not in values:
            problems.note(item, metric.key, ABSENT)
            continue
        problems.seen.add(metric.key)
        for column, parse in metric.fills.items():
            try:
                row[column] = parse(values[metric.name])
            except ValueError as error:
                problems.note(item, metric.key, str(error))
    return row


def snapshot(content_id: str, row: Mapping[str, Any], observed_at: datetime) -> Snapshot:
    """Return the snapshot of ``{column or breakdowns.key: value}``."""
    prefix = "breakdowns."
    columns = {name: value for name, value in row.items() if not name.startswith(prefix)}
    breakdowns = {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}
    return Snapshot(content_id, observed_at, **columns, breakdowns=breakdowns)


def film_row(node: Mapping[str, Any], metrics: Iterable[Metric], problems: Problems) -> dict[str, Any]:
    """Return the counters of a video or reel node: its nested video insights."""
    return _nested(node, "video_insights", metrics, problems)


def _nested(node: Mapping[str, Any], name: str, metrics: Iterable[Metric], problems: Problems) -> dict[str, Any]:
    insights = node.get(name)
    values = insight_values(insights.get("data") if isinstance(insights, dict) else None, "lifetime")
    return filled(str(node.get("id")), values, metrics, problems)


def post_row(
    node: Mapping[str, Any], content_type: str, metrics: Iterable[Metric], problems: Problems
) -> dict[str, Any]:
    """Return the counters of a post node: its nested insights, comments and shares.

    ``shares`` is absent when there are none. A reel's comments and shares come from its own insights.
    """
    item = str(node.get("id"))
    row = _nested(node, "insights", metrics, problems)
    if content_type != "reel":
        for column, edge, key in (
            ("comments", "comments", "summary.total_count"),
            ("shares", "shares", "count"),
        ):
            try:
                row[column] = count(_at(node.get(edge), key)) if edge in node or column != "shares" else 0
            except ValueError as error:
                problems.note(item, f"post.{column}", str(error))
    return row


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def parse_page_days(
    data: Any, metrics: Iterable[Metric], dates: Container[date], observed_at: datetime, problems: Problems
) -> list[PageDay]:
    """Return one row per Pacific date from the ``day`` insights of a Page, for the dates asked for."""
    days = _days("page", data, metrics, dates, problems)
    return [PageDay(day, observed_at, **row) for day, row in days]


def parse_video_days(
    content_id: str,
    node: Mapping[str, Any],
    metrics: Iterable[Metric],
    dates: Container[date],
    observed_at: datetime,
    problems: Problems,
) -> list[VideoDay]:
    """Return one row per Pacific date from the nested ``day`` insights of a video post, for the dates asked for."""
    insights = node.get("insights")
    days = _days(content_id, insights.get("data") if isinstance(insights, dict) else None, metrics, dates, problems)
    return [VideoDay(content_id, day, observed_at, **row) for day, row in days]


def _days(
    item: str, data: Any, metrics: Iterable[Metric], dates: Container[date], problems: Problems
) -> list[tuple[date, dict[str, Any]]]:
    """Return (date, columns) for the dates asked for, in order; metrics that are not told are noted."""
    by_name = {metric.name: metric for metric in metrics}
    rows: dict[date, dict[str, Any]] = {}
    told: set[str] = set()
    for insight in _insight_rows(data, "day"):
        if (metric := by_name.get(insight["name"])) is None:
            continue
        for point in insight["values"]:
            day = _point_date(point, problems, item, f"{metric.key}.end_time")
            if day and day in dates:
                told.add(metric.name)
                values = {metric.name: point.get("value")}
                rows.setdefault(day, {}).update(filled(day.isoformat(), values, [metric], problems))
    for name in by_name.keys() - told:
        problems.note(item, by_name[name].key, ABSENT)
    return sorted(rows.items())


def _point_date(point: Any, problems: Problems, item: str, about: str) -> date | None:
    try:
        return measured_date(parse_time(point.get("end_time") if isinstance(point, dict) else None))
    except ValueError as error:
        problems.note(item, about, str(error))
        return None
