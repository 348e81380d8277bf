"""Seconds and requests of reading posts with their insights, ours beside other ways.

Every way reads the same Pages of a sandbox in another process, and must read the same values of the same posts. With
several Pages, each way reads one after the other, or eight at once.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from bench.database import empty_warehouse
from bench.sandbox import LOOKBACK_DAYS, sandbox
from bench.table import Table
from bench.workbench import DAY, graph_connection
from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.gather import Listing, Snapshots
from meta_insights.hook import FacebookInsightsHook
from meta_insights.ledger import Run
from meta_insights.page_reader import PageReader
from meta_insights.records import Known, Problems
from meta_insights.registry import Integration, register
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from graph_sandbox.client import SandboxControl

SHAPES = ((1, 200), (20, 10), (20, 100), (1, 2_000))
LATENCIES = (0, 50, 200, 300)
AT_ONCE = 8
LONGEST = 75.0
"""Seconds; what would wait longer for the network alone is left out."""
QUICK = 3.0
"""Seconds; what takes less is read three times, and the fastest counts: whatever disturbs it only adds."""
VERSION = "v26.0"
FIELDS = (
    "id,shares,comments.limit(0).summary(true),insights.metric(post_media_view,post_total_media_view_unique,post_clicks,"
    "post_clicks_by_type,post_reactions_by_type_total,post_video_views,post_video_view_time,post_video_avg_time_watched)"
    ".period(lifetime){name,period,values}"
)
WINDOW = {
    "since": int(DAY.lookback_start(LOOKBACK_DAYS).timestamp()),
    "until": int(DAY.end.timestamp()),
}

T = TypeVar("T")
Result = TypeVar("Result")
Values = dict[str, tuple[int, ...]]
"""By post id: impressions, reach, clicks, reactions, comments, shares."""


@dataclass(frozen=True)
class Page:
    """One Page of the sandbox, and the connection that holds its own token; ``live`` is what is stored of it."""

    base_url: str
    id: str
    token: str
    conn_id: str
    live: Mapping[str, Known]


@dataclass(frozen=True)
class Way:
    """One way of reading a Page. ``waits`` tells how many round trips come one after the other, by posts."""

    name: str
    read: Callable[[Page], Values]
    waits: Callable[[int], float]


@dataclass(frozen=True)
class Reading:
    """What one way took, and what it read."""

    way: str
    seconds: float
    requests: int
    values: Values


# The ways


def read_as_the_metrics_task(page: Page, conn_id: str | None = None) -> Values:
    """Read with the package: hook, reader and gatherer, to typed rows. Nothing is stored."""
    parts = Snapshots.parts(page.live, [DAY.date])
    unread = {part: ids if part == "posts" else set() for part, ids in parts.items()}
    hook = FacebookInsightsHook(conn_id or page.conn_id, page.id)
    snapshots = Snapshots(PageReader(hook, page.id, dead={}, sizes={}), Problems(), live=page.live, unread=unread)
    snapshots.gather([DAY.date])
    snapshots.raise_gravest()
    names = ("impressions", "reach", "clicks", "reactions", "comments", "shares")
    return {key: tuple(getattr(row, name) for name in names) for key, row in snapshots.of_posts.items()}


def read_expanded(page: Page) -> Values:
    """Read by a bare loop over the expanded listing: the fewest requests there can be, and nothing else."""
    with _session(page) as session:
        return {node["id"]: _values(node) for node in _listing(session, page, FIELDS)}


def read_one_by_one(page: Page, threads: int = 1) -> Values:
    """Read as the reviewed worker does: the listing, and then each post by itself."""
    with _session(page) as session, ThreadPoolExecutor(threads) as pool:
        ids = [node["id"] for node in _listing(session, page, "id,created_time")]
        nodes = pool.map(lambda post_id: _get(session, page, post_id, fields=FIELDS), ids)
        return {node["id"]: _values(node) for node in nodes}


def _session(page: Page) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {page.token}"
    return session


def _listing(session: requests.Session, page: Page, fields: str) -> Iterable[dict[str, Any]]:
    params: dict[str, Any] = {"fields": fields, "limit": 100, **WINDOW}
    while True:
        body = _get(session, page, f"{page.id}/published_posts", **params)
        yield from body["data"]
        if "next" not in body.get("paging", {}):
            return
        params["after"] = body["paging"]["cursors"]["after"]


def _get(session: requests.Session, page: Page, path: str, **params: Any) -> dict[str, Any]:
    response = session.get(f"{page.base_url}/{VERSION}/{path}", params=params, timeout=60)
    response.raise_for_status()
    body: dict[str, Any] = response.json()
    return body


def _values(node: Mapping[str, Any]) -> tuple[int, ...]:
    told = {row["name"]: row["values"][0]["value"] for row in node["insights"]["data"]}
    return (
        told["post_media_view"],
        told["post_total_media_view_unique"],
        told["post_clicks"],
        sum(told["post_reactions_by_type_total"].values()),
        node["comments"]["summary"]["total_count"],
        node.get("shares", {"count": 0})["count"],
    )


FLOOR = Way("the floor: a bare loop over the expanded listing", read_expanded, lambda posts: -(-posts // 100))
WAYS = (
    FLOOR,
    Way("ours, as the metrics task reads posts", read_as_the_metrics_task, lambda posts: -(-posts // 100)),
    Way(
        "the same, with a system user's token",
        partial(read_as_the_metrics_task, conn_id="meta_graph_default"),
        lambda posts: 1 - (-posts // 100),
    ),
    Way("the reviewed worker's calls, one after the other", read_one_by_one, lambda posts: posts),
    Way("the same calls in 8 threads", partial(read_one_by_one, threads=8), lambda posts: posts / 8),
)


# Measuring


def measure(
    shapes: Sequence[tuple[int, int]] = SHAPES, latencies: Sequence[int] = LATENCIES, longest: float = LONGEST
) -> list[Table]:
    """Read each shape (Pages, posts each) at each latency (ms) in every way, and run our two whole stages over it.

    Raises ValueError when the ways do not read the same.
    """
    shape_header = ("pages", "posts each", "latency ms")
    reading = Table(
        "reading",
        f"every post with its insights; ways that would wait for more than {longest:.0f} s are left out",
        (*shape_header, "way", "pages at once", "seconds", "requests", "times the floor"),
    )
    stages = Table(
        "stages",
        "seconds of our two whole stages, storing included: tokens traded, edges, counters and days of Page and videos",
        (*shape_header, "pages at once", "content", "metrics", "both", "requests", "calls", "times the floor"),
    )
    with empty_warehouse():
        for pages, posts in shapes:
            with sandbox(DAY, pages, posts) as control:
                known = pages_of(control)
                for latency, at_once in product(latencies, (1, AT_ONCE) if pages > 1 else (1,)):
                    control.configure(latency_ms=latency)
                    shape = (pages, posts, latency)
                    found = read_all(control, known, _affordable(shape, at_once, longest), at_once)
                    reading.rows += [(*shape, *row) for row in _rows(found, at_once)]
                    content, metrics, *asked = _stages(control, known, f"{shape} {at_once}", at_once)
                    both = content + metrics
                    stages.rows.append((*shape, at_once, content, metrics, both, *asked, both / found[0].seconds))
    return [reading, stages]


def _affordable(shape: tuple[int, int, int], at_once: int, longest: float) -> list[Way]:
    pages, posts, latency = shape
    return [way for way in WAYS if pages / at_once * way.waits(posts) * latency / 1000 < longest]


def read_all(control: SandboxControl, pages: Sequence[Page], ways: Iterable[Way], at_once: int = 1) -> list[Reading]:
    """Read the Pages in each way; ValueError when two ways read other posts or other values."""
    found = [_read(control, pages, way, at_once) for way in ways]
    for reading in found:
        if reading.values != found[0].values:
            raise ValueError(f"{reading.way!r} and {found[0].way!r} do not read the same")
    return found


def _read(control: SandboxControl, pages: Sequence[Page], way: Way, at_once: int) -> Reading:
    control.clear_requests()
    seconds, values = _timed(way.read, pages, at_once)
    asked = control.requests()["requests"]
    if seconds < QUICK:
        seconds = min(seconds, *(_timed(way.read, pages, at_once)[0] for _ in range(2)))
    return Reading(way.name, seconds, asked, {key: row for page in values for key, row in page.items()})


def _timed(work: Callable[[T], Result], items: Sequence[T], at_once: int) -> tuple[float, list[Result]]:
    """Do the work of each item, so many at once; return the seconds it took, and what came of it."""
    start = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(work, items))
    return time.perf_counter() - start, results


def _rows(found: Iterable[Reading], at_once: int) -> list[tuple[str | float, ...]]:
    """Return a line for each way, the floor first."""
    readings = list(found)
    floor = readings[0].seconds
    return [(one.way, at_once, one.seconds, one.requests, one.seconds / floor) for one in readings]


def pages_of(control: SandboxControl) -> list[Page]:
    """Make a connection for each Page's own token, and list its content as it would be stored."""
    os.environ["AIRFLOW_CONN_META_GRAPH_DEFAULT"] = graph_connection(control)
    pages = []
    for told in control.state()["pages"]:
        conn_id = f"page_{told['id']}"
        os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = graph_connection(control, told["token"])
        reader = PageReader(FacebookInsightsHook(conn_id, told["id"]), told["id"], dead={}, sizes={})
        listing = Listing(reader, Problems(), since=DAY.lookback_start(LOOKBACK_DAYS), until=DAY.end)
        listing.gather()
        live = {key: Known(row.content_type, row.published_at, row.video_id) for key, row in listing.content.items()}
        pages.append(Page(control.base_url, told["id"], told["token"], conn_id, live))
    return pages


def _stages(control: SandboxControl, pages: Sequence[Page], run_id: str, at_once: int) -> tuple[float, float, int, int]:
    """Run both stages over Pages that are new to the warehouse; return the seconds of each, requests and calls.

    All of a stage in one task, as the DAG runs them when there are more Pages than tasks.
    """
    integrations = [Integration(run_id, f"{run_id} {page.id}", "facebook", page.id, page.id) for page in pages]
    with Warehouse() as warehouse:
        register(warehouse, integrations)
    settings = replace(Settings.from_environment(), integrations_at_once=at_once)
    run = Run(run_id, 1, DAY, LOOKBACK_DAYS, refresh=False, settings=settings)
    told = [integration.as_dict() for integration in integrations]
    control.clear_requests()
    content, _ = _timed(partial(ingest.ingest_content, run=run), [told], 1)
    metrics, _ = _timed(partial(ingest.ingest_metrics, run=run), [told], 1)
    asked = control.requests()
    return content, metrics, asked["requests"], asked["calls"]
