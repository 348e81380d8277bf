"""What a provider declares: its metrics, where they are read, and which columns they fill. Pure data.

A provider is a value (`Provider`) made of resources, and a resource is made of metrics. Requests, rows, columns,
what is pending, the permissions to check and the metric dictionary are all derived from these declarations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
    from datetime import datetime, timedelta

    from meta_insights.issues import Issues

UNKNOWN = object()
"""What an absent field means unless its metric says otherwise: nothing is known, the column is NULL."""


class Nature(Enum):
    """What may be done with the values of a metric."""

    COUNTER = "lifetime count: its daily changes are stored, and may be summed"
    STATE = "level or average: neither differenced nor summed"
    DAILY = "gain of one day: may be summed, is never differenced"


@dataclass(frozen=True)
class Metric:
    """One value that Graph gives, and the one column that it fills.

    ``source`` is the name of an insights metric or, with ``field``, the path of a plain field in the answer
    (``comments.summary.total_count``). ``column`` is a column of the resource's table or a key of its JSON column
    ``breakdowns`` (``breakdowns.clicks_by_type``). ``kinds`` are the content types that it has a meaning for; None: all
    of its resource. ``if_absent`` is what an absent plain field means: Graph leaves out ``shares`` at 0.
    ``is_hidden_in_listings``: a listing may leave the plain field out, and the object itself gives it all the same.
    ``is_blank_doubtful``: an empty map is zero only if Graph fills it for another object of the same reading. A series
    that crosses ``since`` (a month) mixes two definitions, of this metric and of ``replaces``.
    """

    source: str
    column: str
    parse: Callable[[Any], Any]
    nature: Nature = Nature.COUNTER
    kinds: frozenset[str] | None = None
    field: str | None = None
    if_absent: Any = UNKNOWN
    is_hidden_in_listings: bool = False
    is_blank_doubtful: bool = False
    since: str = ""
    replaces: str = ""

    def concerns(self, kind: str | None) -> bool:
        """Return whether the metric has a meaning for content of that type; None: for the integration itself."""
        return self.kinds is None or kind is None or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Stored:
    """What a reader has to know of a stored content. An integration may have very many: no text of it is kept.

    ``post_id`` and ``video_id`` are the Graph objects that carry its insights; a content may have one or both.
    """

    content_type: str
    published_at: datetime
    post_id: str | None = None
    video_id: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """One content as Graph lists it; instants in UTC.

    ``is_partial``: seen only as the video of a post that is stored, so its text and time are the stored ones.
    """

    external_content_id: str
    content_type: str
    published_at: datetime
    post_id: str | None
    video_id: str | None
    caption: str | None = None
    hashtags: tuple[str, ...] = ()
    permalink_url: str | None = None
    is_partial: bool = False


@dataclass(frozen=True)
class Resource:
    """One kind of object that is measured: whom it concerns, where it is listed, what is asked, which table it fills.

    ``name`` stands in the ledger, in logs and before the names of its metrics. ``applies_to`` returns the id of the
    object that measures a stored content, or None when the resource does not concern it; without ``applies_to`` the
    resource measures the integration itself. ``listing`` is the edge that lists the objects with their insights nested;
    None: they are read singly. ``window_days`` is the longest history that one request may ask for; None: lifetime
    values. ``keeps`` is how long Graph answers for a day of it, when not as long as the provider. ``options`` are
    further parameters of its insights.

    ``is_strict``: an object refuses a metric that its kind does not have, and so does a listing that shows it; the
    requests for the integration itself go out together. ``is_addition``: something else gives its content a row.
    ``settles`` is how long after its end a day may still change: a day that was observed after that is read for its own
    date alone; None: with the days after it, too. ``is_total``: the answer is one value for all of its window, to the
    second. ``is_stock``: plain fields of the integration, which are those of a date only when they are seen on time.
    """

    name: str
    table: str
    metrics: tuple[Metric, ...]
    applies_to: Callable[[str, Stored], str | None] | None = None
    listing: str | None = None
    insights: str = "insights"
    period: str = "lifetime"
    window_days: int | None = None
    keeps: timedelta | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    is_strict: bool = False
    is_addition: bool = False
    settles: timedelta | None = None
    is_total: bool = False
    is_stock: bool = False

    def asked(self, kind: str | None) -> tuple[Metric, ...]:
        """Return the metrics that have a meaning for a content type; with None all of them."""
        return tuple(metric for metric in self.metrics if metric.concerns(kind))

    def key(self, source: str) -> str:
        """Return the name under which a metric is reported: ``posts.post_clicks``."""
        return f"{self.name}.{source}"

    def fields(self, sources: Iterable[str], history: str = "", beside: str = "id") -> str:
        """Return the Graph parameter ``fields``: plain fields, then one nested insights edge with its period pinned.

        Without a period all of them would come, three rows for one metric. ``history`` is ``.since(…).until(…)``;
        ``beside`` are the fields that are no metrics.

        Example:
            >>> POSTS.fields(["shares.count", "post_clicks"])
            'id,shares,insights.metric(post_clicks).period(lifetime){name,period,values}'
        """
        wanted = set(sources)
        metrics = [metric for metric in self.metrics if metric.source in wanted]
        plain = dict.fromkeys(metric.field for metric in metrics if metric.field)
        has_insights = any(not metric.field for metric in metrics)
        return ",".join([beside, *plain, *([self.nested(wanted, history)] if has_insights else [])])

    def nested(self, sources: Collection[str], history: str = "", label: str = "") -> str:
        """Return the nested insights edge of some metrics; with a ``label`` it has that name in the answer."""
        metrics = [metric for metric in self.metrics if metric.source in sources and not metric.field]
        names = ",".join(dict.fromkeys(metric.source for metric in metrics))
        options = "".join(f".{name}({value})" for name, value in self.options.items())
        shown = "name,period,total_value" if self.options else "name,period,values"
        named = f".as({label})" if label else ""
        return f"{self.insights}.metric({names}).period({self.period}){options}{history}{named}{{{shown}}}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One integration that Graph shows to a token.

    ``name`` None: Graph gives none. ``behind`` is the id of the object that names it, when that is another one.
    ``tasks`` is what the token's user may do with it; None: Graph does not say.
    """

    external_id: str
    name: str | None
    behind: str | None = None
    tasks: frozenset[str] | None = None


@dataclass(frozen=True)
class Lookup:
    """Which fields of an object show an integration, and how: ``read`` returns it, or None when there is none."""

    fields: str
    read: Callable[[Mapping[str, Any]], Listed | None]


@dataclass(frozen=True)
class Discovery:
    """How the integrations are found that a token sees.

    ``alone`` are ways to read one object, by its id or, with the token of one integration, as ``me``. The others are
    for a user's token: ``edges`` of ``me`` that list integrations, and those of each object on its edge ``groups``.
    ``task`` is what the user must be allowed to do. ``hides`` says what the lists do not show, without an error, when a
    permission is missing.
    """

    alone: tuple[Lookup, ...]
    edges: Mapping[str, Lookup] = field(default_factory=dict)
    groups: str | None = None
    group_edges: Mapping[str, Lookup] = field(default_factory=dict)
    task: str | None = None
    hides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Provider:
    """A platform: how its content is listed and joined, and the resources that measure it.

    ``keeps`` is how long Graph answers for a day. ``usage_type`` is the type of the integration's own row in Graph's
    usage header. ``listings`` maps each edge that lists content to the fields to ask for; an integration may lack those
    in ``optional``. ``newest_first`` is the field that holds the time of a listed object, when the edges list the
    newest first: they are read no further than the span that is asked for. ``has_own_token``: a user's token is
    exchanged for that of the integration. ``discovery`` is how integrations are found, by the login that gave a token.
    ``join`` turns the listed nodes of all edges into content; ``shows`` returns whether an edge lists a stored content,
    and ``home`` the edge whose silence makes one doubt that it still exists. ``stories`` declares what is listed for a
    day only, as if it were all that there is: one edge, ``join`` with the photos and videos that they show, and
    resources that this edge lists; None: the platform has none that can be read.
    """

    name: str
    label: str
    id_pattern: str
    keeps: timedelta
    usage_type: str
    scopes: tuple[str, ...]
    listings: Mapping[str, str]
    optional: frozenset[str]
    join: Callable[[str, Mapping[str, Iterable[Any]], Mapping[str, Stored], Issues, MutableMapping[str, Content]], None]
    shows: Callable[[str, str, Stored], bool]
    home: Callable[[str, Stored], str]
    resources: tuple[Resource, ...]
    discovery: Mapping[str, Discovery]
    newest_first: str = ""
    has_own_token: bool = True
    stories: Provider | None = None

    def sources(self) -> Collection[str]:
        """Return the names of all metrics, as they are reported."""
        return sorted({one.key(metric.source) for one in self.resources for metric in one.metrics})
