"""`make cases`: what happens when things go wrong. One line per case, measured now: rows, calls, tries, task states.

The rule that the table shows: every row that Graph would give is stored and exact, or a task is red and says why.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench.table import Table
from bench.workbench import Workbench, workbench
from meta_insights import ingest

if TYPE_CHECKING:
    from datetime import timedelta

    from meta_insights.run.integrations import Integration

KINDS = ("photo", "status", "link", "video", "reel") * 24  # 120 contents in 25 days

Upset = Callable[[Workbench, "Integration"], Any]


@dataclass(frozen=True)
class Case:
    """One trouble: ``upset`` orders it after the content is known, or before anything when ``early``.

    ``lost`` rows cannot be had from Graph at all; ``red`` names the stage that must end red, and ``repair`` is what a
    person then does before clearing it.
    """

    name: str
    upset: Upset
    early: bool = False
    lost: int = 0
    red: str = ""
    nulls: tuple[str, ...] = ()
    repair: Upset | None = None


@dataclass(frozen=True)
class Result:
    """What a case ended with."""

    case: Case
    expected: int
    stored: int
    wrong: int
    nulls: tuple[str, ...]
    calls: int
    states: str
    tries: str
    waited: timedelta
    error: str
    after_repair: str

    @property
    def holds(self) -> bool:
        """Whether no row is lost or wrong, and no hole is green."""
        whole = self.stored == self.expected and not self.wrong and self.nulls == self.case.nulls
        if not self.case.red:
            return whole and self.states == "success/success"
        return not self.wrong and "failed" in self.states and self.after_repair in {"", "success/success, whole"}


def fault(kind: str, **given: Any) -> Upset:
    """Order a fault for the case's Page."""
    return lambda bench, page: bench.served.control.fault(kind, page.external_id, **given)


def clear(bench: Workbench, page: Integration) -> None:
    """Mend what was wrong with the Page."""
    bench.served.control.clear_faults(page.external_id)
    bench.served.control.set_usage(page.external_id, 0)


def delete_a_post(bench: Workbench, page: Integration) -> None:
    """Delete one photo between the two stages."""
    one = next(one for one in bench.truth(page).values() if one.kind == "photo")
    bench.served.control.delete(one.full_id)


def throttle_twice(bench: Workbench, page: Integration) -> None:
    """Throttle the Page for an hour, and once more after it was let in again."""
    for _ in range(2):
        bench.served.control.fault("throttled", page.external_id, edge="published_posts", times=1, minutes=60)


CASES = (
    Case("nothing wrong", lambda _, __: None),
    Case("one metric retired by Meta", fault("retired_metrics", metrics=["post_clicks"]), nulls=("clicks",)),
    Case("a metric absent from good answers", fault("missing_metrics", metrics=["post_clicks"]), nulls=("clicks",)),
    Case("values of the wrong type", fault("wrong_types", metrics=["post_clicks"], value="string"), nulls=("clicks",)),
    Case("'reduce the amount of data' above 30", fault("reduce_data", above=30)),
    Case("'reduce the amount of data' above 1", fault("reduce_data", above=1)),
    Case("one throttle error (#32) mid-run", fault("throttled", code=32, times=1, edge="video_insights", minutes=5)),
    Case("throttled for an hour, twice (#80001)", throttle_twice),
    Case("the app throttled once (#4)", fault("throttled", code=4, times=1)),
    Case("throttled for ever", fault("throttled", minutes=60), red="metrics", repair=clear),
    Case("one post deleted between the stages", delete_a_post, lost=1),
    Case("500 twice", fault("server_error", times=2)),
    Case("500 for longer than a task's calls", fault("server_error", times=6, edge="published_posts")),
    Case("500 on the insights of reels for one task", fault("server_error", times=5, edge="video_insights")),
    Case("500 for ever", fault("server_error"), red="metrics", repair=clear),
    Case("a listing that can never be had", fault("not_transient", edge="published_posts"), red="c", repair=clear),
    Case("a listing of reels that can never be had", fault("not_transient", edge="video_reels"), red="c", repair=clear),
    Case("HTML with 502", fault("html_error", times=3)),
    Case("HTML with 200", fault("html_ok", times=3)),
    Case("truncated JSON", fault("truncated_json", times=3)),
    Case("dropped connections", fault("drop_connection", times=3)),
    Case("batch entries that time out (null)", fault("null_entry", times=30)),
    Case("an empty page with a next", fault("empty_page", edge="published_posts", times=1)),
    Case("a cursor that repeats, once", fault("repeated_cursor", edge="published_posts", times=1)),
    Case("an error with HTTP 200", fault("server_error", status=200, times=2)),
    Case("an expired API version", fault("expired_version", version="v26.0")),
    Case("a revoked token", fault("revoked_token"), early=True, red="content", repair=clear),
    Case("an expired token", fault("expired_token"), red="metrics", repair=clear),
    Case("a permission missing for reels", fault("missing_permission", edge="video_insights"), red="m", repair=clear),
    Case("the listing of reels down for a task", fault("server_error", times=5, edge="video_reels"), early=True),
)


def run_case(bench: Workbench, case: Case) -> Result:
    """Run both stages of a fresh Page through a trouble, and then repair and clear what is red."""
    bench.served.control.clear_faults()
    bench.hold_clock()
    page = bench.page(*KINDS)
    run = bench.run(f"case {page.id}")
    bench.served.control.clear_requests()
    if case.early:
        case.upset(bench, page)
        content, metrics = bench.both(page, run)
    else:
        ingest.ingest_content([asdict(page)], bench.run(f"before {page.id}"))
        bench.served.control.clear_requests()
        case.upset(bench, page)
        content, metrics = bench.both(page, run)
    calls = bench.served.control.requests()["calls"]
    expected = len(bench.truth(page))
    stored, wrong, nulls = len(bench.stored(page)), len(bench.wrong(page)), tuple(sorted(bench.null(page)))
    return Result(
        case=case,
        expected=expected,
        stored=stored,
        wrong=wrong,
        nulls=nulls,
        calls=calls,
        states=f"{content.state}/{metrics.state}",
        tries=f"{content.tries}+{metrics.tries}",
        waited=content.waited + metrics.waited,
        error=content.error or metrics.error,
        after_repair=_repaired(bench, case, page),
    )


def _repaired(bench: Workbench, case: Case, page: Integration) -> str:
    """Repair, clear the red tasks (they run again in the same run), and say what came of it."""
    if not case.repair:
        return ""
    case.repair(bench, page)
    content, metrics = bench.both(page, bench.run(f"case {page.id}", series="cleared"))
    whole = bench.stored(page).keys() == bench.truth(page).keys() and not bench.null(page) and not bench.wrong(page)
    return f"{content.state}/{metrics.state}, {'whole' if whole else 'with holes'}"


HEADER = ("case", "expected", "stored", "wrong", "null", "calls", "tries", "waited", "content/metrics", "cleared")


def row(result: Result) -> tuple[str | float, ...]:
    """Return a line of the table."""
    minutes = round(result.waited.total_seconds() / 60)
    return (
        result.case.name,
        result.expected,
        result.stored,
        result.wrong,
        ",".join(result.nulls) or "-",
        result.calls,
        result.tries,
        f"{minutes} min" if minutes else "-",
        result.states,
        result.after_repair or "-",
    )


def main() -> int:
    """Print the table; 1 when a case loses a row, stores a wrong one, or is green with a hole."""
    with workbench() as bench:
        results = [run_case(bench, case) for case in CASES]
    sys.stdout.write(f"{Table('cases', 'one trouble each, and what came of it', HEADER, list(map(row, results)))}\n")
    broken = [result.case.name for result in results if not result.holds]
    if broken:
        sys.stdout.write(f"\nBROKEN: {', '.join(broken)}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
