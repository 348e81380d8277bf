"""The four criteria by which the worker before this one was accepted, each on a real Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scene import Scene


def sample_values(scene: Scene, one: Any) -> dict[str, Any]:
    """The columns of one content as the world has them at the moment of observation."""
    post = scene.world.post_metrics(one.full_id, scene.seen_at)
    counts = scene.world.counts(one.full_id, scene.seen_at)
    reactions = counts["reactions"]
    assert isinstance(reactions, dict)
    values = {
        "impressions": post["post_media_view"],
        "reach": post["post_total_media_view_unique"],
        "clicks": post["post_clicks"],
        "reactions": sum(reactions.values()),
        "comments": counts["comments"],
        "shares": counts["shares"],
    }
    if one.kind == "video":
        values["video_views"] = post["post_video_views"]
    if one.kind == "reel":
        values["video_views"] = scene.world.video_metrics(one.video_id, scene.seen_at)["fb_reels_total_plays"]
    return values


def silent_reels(scene: Scene, truth: dict[str, Any]) -> set[str]:
    """The reels of Pages none of whose reels has a comment or a share: then Graph's empty maps say nothing."""
    of_page: dict[str, dict[str, int]] = {}
    for content_id, one in truth.items():
        if one.kind == "reel":
            counts: dict[str, Any] = dict(scene.world.counts(content_id, scene.seen_at))
            of_page.setdefault(content_id.partition("_")[0], {})[content_id] = counts["comments"] + counts["shares"]
    return {content_id for reels in of_page.values() if not any(reels.values()) for content_id in reels}


def test_acceptance_1_a_daily_time_series_of_every_post_and_video(scene: Scene) -> None:
    _, state = scene.run()
    assert state == "success"
    truth, stored = scene.truth(), scene.snapshots()
    assert stored.keys() == truth.keys()
    assert len(stored) > 200
    silent = silent_reels(scene, truth)
    for content_id, one in truth.items():
        expected = sample_values(scene, one)
        if content_id in silent:
            expected |= {"comments": None, "shares": None}
        assert {name: stored[content_id][name] for name in expected} == expected
    assert {row["organization_id"] for row in stored.values()} == {"demo"}
    per_page = scene.rows(
        "select external_id, count(*) as snapshots from analytics.content_daily_metric as metric "
        "join analytics.integration on integration.id = integration_id where date = %s group by 1",
        scene.day.date,
    )
    assert {row["external_id"]: row["snapshots"] for row in per_page} == {
        page.id: sum(content_id.startswith(f"{page.id}_") for content_id in truth) for page in scene.world.pages
    }


def test_acceptance_2_a_second_run_changes_no_row(scene: Scene) -> None:
    tables = ("content", "content_daily_metric", "page_daily_metric", "daily_aggregate", "integration")
    assert scene.run()[1] == "success"
    before = [scene.rows(f"select xmin::text, * from analytics.{table} order by 1, 2, 3, 4, 5") for table in tables]
    calls = scene.stack.sandbox.requests()["calls"]
    assert scene.run()[1] == "success"
    assert scene.stack.sandbox.requests()["calls"] > calls
    after = [scene.rows(f"select xmin::text, * from analytics.{table} order by 1, 2, 3, 4, 5") for table in tables]
    assert after == before


def test_acceptance_3_partial_data_is_stored_as_null_and_reported(scene: Scene) -> None:
    page, other = scene.world.pages[0], scene.world.pages[1]
    scene.stack.sandbox.fault("missing_metrics", page.id, metrics=["post_clicks"])
    scene.stack.sandbox.fault("wrong_types", other.id, metrics=["post_media_view"], value="string")
    run_id, state = scene.run()
    assert state == "success"
    stored = scene.snapshots()
    for page_id, missing in ((page.id, "clicks"), (other.id, "impressions")):
        of_page = {key: row for key, row in stored.items() if key.startswith(f"{page_id}_")}
        assert of_page
        assert {row[missing] for row in of_page.values()} == {None}
        assert None not in {row["reach"] for row in of_page.values()}
    ledger = scene.rows(
        "select external_id, issue ->> 'about' as about, issue ->> 'reason' as reason from analytics.ingestion_run "
        "join analytics.integration on id = integration_id cross join jsonb_array_elements(issues) as issue "
        "where run_id = %s and stage = 'metrics'",
        run_id,
    )
    assert {(row["external_id"], row["about"], row["reason"]) for row in ledger} >= {
        (page.id, "posts.post_clicks", "absent from the answer"),
        (other.id, "posts.post_media_view", "str is no count"),
    }


def test_acceptance_4_one_pages_failure_stops_no_other_page(scene: Scene) -> None:
    broken = scene.world.pages[4]
    scene.stack.sandbox.fault("revoked_token", broken.id)
    run_id, state = scene.run()
    assert state == "failed"
    expected = {key for key in scene.truth() if not key.startswith(f"{broken.id}_")}
    assert scene.snapshots().keys() == expected
    states = {key: task.state for key, task in scene.tasks(run_id).items()}
    assert [key for key, state in states.items() if state != "success"] == [
        ("aggregate", -1),
        ("check", -1),
        ("integration.content", 4),
        ("integration.metrics", 4),
    ]
    aggregated = scene.rows(
        "select distinct external_id from analytics.daily_aggregate join analytics.integration on id = integration_id "
        "where date = %s and content_measured > 0",
        scene.day.date,
    )
    assert len(aggregated) == 19
