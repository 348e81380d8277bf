"""Daily values of the past: true for their dates, whenever they are read."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_insights import ingest
from meta_insights.days import Day
from meta_insights.run.groups import grouped
from support import DAY, SEEN_AT
from truth import both, rows, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content as Truth
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration


def test_days_of_video_posts_are_those_of_the_world(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    for page in pages:
        both(page, run)
    stored = rows(database, "select external_content_id, date, video_views from analytics.content_daily_video")
    videos = {key: one for page in pages for key, one in truth(graph, page, run).items() if one.kind == "video"}
    expected = [
        (key, day, gained(graph, one, Day(day)))
        for key, one in videos.items()
        for day in run.history_dates
        if Day(day).end > one.created_time
    ]
    assert len(expected) > 10
    assert sorted(stored) == sorted(expected)


def gained(graph: Served, one: Truth, day: Day) -> int:
    """The plays of one video post on one day."""
    before, after = (graph.world.post_metrics(one.full_id, at)["post_video_views"] for at in (day.start, day.end))
    assert isinstance(before, int)
    assert isinstance(after, int)
    return after - before


def test_a_backfill_fills_the_days_of_the_past_truly_and_marks_its_snapshots_late(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    past = Day(DAY.date - timedelta(days=40))
    backfill = replace(run, day=past)
    both(page, backfill)
    ingest.aggregate(backfill, grouped([page], 1))
    assert rows(database, "select distinct is_on_time from analytics.content_daily_metric") == [(False,)]
    assert rows(database, "select * from analytics.content_daily_change") == []
    stored = rows(database, f"select impressions from analytics.page_daily_metric where date = '{past.date}'")
    assert stored == [(graph.world.page_metrics(page.external_id, past.date, SEEN_AT)["page_media_view"],)]
    videos = [key for key, one in truth(graph, page, backfill).items() if one.kind == "video"]
    query = "select external_content_id, video_views from analytics.content_daily_video where date = %s"
    days: dict[str, int] = dict(database.execute(query, (past.date,)).fetchall())
    assert videos
    assert days == {key: gained(graph, graph.world.find(key), past) for key in videos}


def test_a_year_of_history_is_read_in_windows_that_graph_answers(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_metrics([asdict(page)], replace(run, settings=replace(run.settings, page_history_days=365)))
    assert rows(database, "select count(*), min(date), max(date) from analytics.page_daily_metric") == [
        (365, DAY.date - timedelta(days=364), DAY.date)
    ]


def test_what_a_day_of_a_page_was_known_as_is_what_the_world_said_then(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    later = SEEN_AT + timedelta(days=1)
    next_run = replace(run, run_id="next", day=Day(DAY.date + timedelta(days=1)))
    both(page, run)
    graph.control.fix_clock(later)
    both(page, next_run)
    kept = rows(database, "select * from analytics.earlier_value order by replaced_at")
    assert kept
    for again in (replace(run, run_id="again"), replace(next_run, run_id="refreshed", refresh=True)):
        both(page, again)
    assert rows(database, "select * from analytics.earlier_value order by replaced_at") == kept
    for at in (SEEN_AT, later):
        known = (
            "select date, impressions, reach from analytics.page_daily_as_known(%s) where date <= %s order by date desc"
        )
        assert database.execute(known, (at, DAY.date)).fetchall() == [
            (day, said["page_media_view"], said["page_total_media_view_unique"])
            for day in run.history_dates
            for said in [graph.world.page_metrics(page.external_id, day, at)]
        ]
