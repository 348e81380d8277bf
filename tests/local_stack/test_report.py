from datetime import date, timedelta

from local_stack import report
from local_stack.airflow_client import TaskInstance


def task(state: str | None, task_id: str = "integration.content", map_index: int = 0, name: str = "") -> TaskInstance:
    return TaskInstance(task_id, map_index, state, 1, name or task_id)


def test_the_standing_counts_what_is_over_and_names_what_is_not_as_it_should_be() -> None:
    tasks = [
        task("success"),
        task("failed"),
        task("upstream_failed"),  # over, but it is the failed one that is to be told
        task("skipped"),
        task("running"),
        task("up_for_retry"),
        task("queued"),
        task(None),
    ]
    assert report.standing(tasks) == "4 of 8 tasks done, 1 running, 1 waiting to retry, 1 failed"


def test_the_standing_of_a_run_that_goes_well_is_short() -> None:
    assert report.standing([task("success"), task(None)]) == "1 of 2 tasks done"


def test_a_progress_line_begins_with_minutes_and_seconds() -> None:
    assert report.progress_line("1 of 2 tasks done", timedelta(seconds=67.9)) == "  1:07  1 of 2 tasks done"


def row(number: int, name: str, **given: object) -> dict[str, object]:
    counts = {"posts": 25, "snapshots": 24, "api_calls": 11, "http_retries": 0}
    return {"integration_id": f"demo-{number:02}", "name": name, "state": "success", "reason": None, **counts, **given}


def test_the_table_has_a_line_per_page_the_reason_below_a_page_that_has_one_and_totals() -> None:
    table = report.summary([row(1, "Café"), row(2, "Atlas", state="failed", snapshots=None, reason="token revoked")])
    assert table.splitlines() == [
        "id       Page     state    posts  snapshots  API calls  retries",
        "-------  -------  -------  -----  ---------  ---------  -------",
        "demo-01  Café     success     25         24         11        0",
        "demo-02  Atlas    failed      25                    11        0",
        "    token revoked",
        "-------  -------  -------  -----  ---------  ---------  -------",
        "total    2 Pages              50         24         22        0",
    ]


def test_names_in_wide_characters_do_not_shift_the_columns() -> None:
    lines = report.summary([row(1, "東京写真店"), row(2, "ten wide 10")]).splitlines()
    assert lines[2] == "demo-01  東京写真店   success     25         24         11        0"
    assert lines[3] == "demo-02  ten wide 10  success     25         24         11        0"


def test_a_run_without_any_page_has_a_table_of_nothing() -> None:
    assert report.summary([]).splitlines()[-1].split() == ["total", "0", "Pages", "0", "0", "0", "0"]


def test_a_failed_task_is_shown_by_name_with_its_reason_and_its_log() -> None:
    failed = [
        (task("failed", name="integration.content [Phở 24]"), "GraphTokenError: token", "/var/one.log"),
        (task("failed", name="aggregate"), "", "/var/two.log"),
    ]
    assert report.failures(failed).splitlines() == [
        "  integration.content [Phở 24]: GraphTokenError: token",
        "    /var/one.log",
        "  aggregate: see its log",
        "    /var/two.log",
    ]


def test_the_headline_tells_how_it_ended() -> None:
    day, elapsed = date(2026, 11, 22), timedelta(seconds=14.2)
    assert report.headline(day, "success", elapsed) == "The run of 2026-11-22 is complete, after 14 s."
    assert report.headline(day, "failed", elapsed) == "The run of 2026-11-22 FAILED, after 14 s."
