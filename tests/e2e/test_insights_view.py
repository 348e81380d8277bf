"""What a team does in the Insights view each morning, done by mouse and by keyboard in a real Airflow."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import requests

from local_stack.picture import wait_for_frames
from local_stack.stack import DAG_ID
from meta_insights.ui.plugin import PREFIX

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

    from scene import Scene

PICTURES = os.environ.get("PICTURES")
"""A folder for pictures of what a test saw, for people to look at."""


def picture(ui: Page, name: str) -> None:
    if PICTURES:
        ui.wait_for_timeout(500)
        ui.screenshot(path=Path(PICTURES) / f"{name}.png")


def insights(ui: Page, scene: Scene) -> FrameLocator:
    """Open the view by the navigation, and ask for the dates from that of the scene on."""
    ui.goto("/")
    ui.get_by_test_id("nav-sidebar").get_by_role("link", name="Insights", exact=True).click()
    frame = ui.frame_locator("iframe")
    wait_for_frames(ui)
    frame.get_by_label("First date").fill(str(scene.day.date))
    frame.get_by_role("button", name="Show").click()
    frame.get_by_role("rowheader", name="complete, of").wait_for()
    wait_for_frames(ui)
    return frame


def cell_name(scene: Scene, index: int, state: str) -> str:
    return f"{scene.world.pages[index].name}, {scene.day.date}: {state}"


def test_a_failed_date_is_cleared_from_its_cell_and_turns_complete(scene: Scene, ui: Page) -> None:
    broken = scene.world.pages[1]
    scene.stack.sandbox.fault("revoked_token", broken.id)
    run_id, state = scene.run(integration_ids=scene.ids(0, 1))
    assert state == "failed"

    frame = insights(ui, scene)
    frame.get_by_role("link", name=cell_name(scene, 0, "complete")).wait_for()
    picture(ui, "coverage_light")
    frame.get_by_role("link", name=cell_name(scene, 1, "failed")).click()
    frame.get_by_text("write a new token to the connection meta_graph_default, then clear").first.wait_for()
    picture(ui, "cell_light")

    # The very task instance, in Airflow's own page around the view.
    frame.get_by_role("link", name=f"content of {broken.name}").click()
    (index,) = [
        key[1] for key, task in scene.tasks(run_id).items() if task.name == f"integration.content [{broken.name}]"
    ]
    ui.wait_for_url(f"**/dags/{DAG_ID}/runs/{run_id}/tasks/integration.content/mapped/{index}")
    ui.locator("span.event", has_text="write a new token").last.wait_for()
    picture(ui, "task")

    scene.stack.sandbox.clear_faults(broken.id)
    ui.get_by_role("button", name="Press shift+c to clear").click()
    dialog = ui.get_by_role("dialog")
    dialog.get_by_text("Affected Tasks: 4", exact=True).wait_for()
    with ui.expect_response(lambda answer: '"dry_run":false' in (answer.request.post_data or "")) as cleared:
        dialog.get_by_role("button", name="Confirm").click()
    assert cleared.value.ok
    assert scene.airflow.wait(run_id) == "success"

    frame = insights(ui, scene)
    frame.get_by_role("link", name=cell_name(scene, 1, "complete")).wait_for()


def test_the_tab_of_a_run_shows_what_each_page_took_and_that_of_another_dag_nothing(scene: Scene, ui: Page) -> None:
    run_id, _ = scene.run(integration_ids=scene.ids(0, 1))
    ui.goto(f"/dags/{DAG_ID}/runs/{run_id}")
    ui.locator(f"a[href$='/plugin/{PREFIX}_run']").click()
    frame = ui.frame_locator("iframe")
    frame.get_by_text("2 integrations, 0 of them with a stage that has not succeeded").wait_for()
    picture(ui, "run_light")
    assert frame.get_by_role("row").count() == 1 + 4
    ui.goto("/dags/meta_insights_register")
    ui.locator(f"a[href$='/plugin/{PREFIX}_dag']").click()
    frame.get_by_text("Nothing of meta_insights_register").wait_for()


def test_the_filters_stand_in_the_address_and_the_file_holds_what_they_leave(scene: Scene, ui: Page) -> None:
    scene.stack.sandbox.fault("revoked_token", scene.world.pages[1].id)
    scene.run(integration_ids=scene.ids(0, 1))
    frame = insights(ui, scene)
    frame.get_by_label("With a date that is").select_option("failed")
    frame.get_by_role("button", name="Show").click()
    wait_for_frames(ui)
    frame.get_by_role("link", name=cell_name(scene, 1, "failed")).wait_for()
    ui.wait_for_url(f"**state=failed**first={scene.day.date}**")
    ui.reload()
    wait_for_frames(ui)
    frame.get_by_role("link", name=cell_name(scene, 1, "failed")).wait_for()
    assert frame.get_by_role("link", name=cell_name(scene, 0, "complete")).count() == 0
    with ui.expect_download() as download:
        frame.get_by_role("link", name="CSV").click()
    with Path(download.value.path()).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row[str(scene.day.date)]) for row in rows] == [(scene.world.pages[1].name, "failed")]


def test_the_keyboard_is_enough_from_the_grid_to_the_task(scene: Scene, ui: Page) -> None:
    scene.stack.sandbox.fault("revoked_token", scene.world.pages[1].id)
    run_id, _ = scene.run(integration_ids=scene.ids(1))
    frame = insights(ui, scene)
    wanted = frame.get_by_role("link", name=cell_name(scene, 1, "failed"))
    frame.get_by_role("button", name="Show").focus()
    for _ in range(100):
        ui.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            break
    ui.keyboard.press("Enter")
    task = frame.get_by_role("link", name=f"content of {scene.world.pages[1].name}")
    task.wait_for()
    wait_for_frames(ui)
    frame.get_by_role("link", name="Health").focus()
    for _ in range(20):
        ui.keyboard.press("Tab")
        if task.evaluate("one => one === document.activeElement"):
            break
    ui.keyboard.press("Enter")
    ui.wait_for_url(f"**/runs/{run_id}/tasks/integration.content/mapped/0")


def test_a_name_that_is_a_script_is_shown_and_not_run(scene: Scene, ui: Page) -> None:
    scene.run(integration_ids=scene.ids(0))
    name = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        old = connection.execute("select name from analytics.integration where id = %s", scene.ids(0)).fetchone()
        connection.execute("update analytics.integration set name = %s where id = %s", (name, *scene.ids(0)))
    try:
        frame = insights(ui, scene)
        frame.get_by_text(name).first.wait_for()
        assert frame.locator("body").evaluate("() => document.title") == "Coverage: Insights"
    finally:
        with psycopg.connect(scene.stack.warehouse_dsn) as connection:
            connection.execute(
                "update analytics.integration set name = %s where id = %s", (*(old or ()), *scene.ids(0))
            )


def test_it_is_dark_when_airflow_is_and_fits_a_phone(scene: Scene, ui: Page) -> None:
    scene.stack.sandbox.fault("revoked_token", scene.world.pages[1].id)
    scene.run(integration_ids=scene.ids(0, 1))
    ui.evaluate("localStorage.setItem('theme', 'dark')")
    frame = insights(ui, scene)
    theirs = ui.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--chakra-colors-bg').trim()")
    ours = frame.locator(":root").evaluate("one => getComputedStyle(one).getPropertyValue('--bg').trim()")
    assert ours == theirs
    assert frame.locator("html").get_attribute("class") == "dark"
    picture(ui, "coverage_dark")
    frame.get_by_role("link", name=cell_name(scene, 1, "failed")).click()
    frame.get_by_role("heading", name="content: failed").wait_for()
    wait_for_frames(ui)
    picture(ui, "cell_dark")
    ui.evaluate("localStorage.setItem('theme', 'light')")
    ui.set_viewport_size({"width": 390, "height": 844})
    frame = insights(ui, scene)
    for page in ("Coverage", "Health"):
        frame.get_by_role("link", name=page, exact=True).click()
        frame.get_by_role("heading", name=page, level=1).wait_for()
        wait_for_frames(ui)
        assert frame.locator("html").evaluate("one => one.scrollWidth <= one.clientWidth")
        picture(ui, f"phone_{page.lower()}")


def test_nobody_sees_anything_without_login_and_none_but_airflow_may_frame_it(scene: Scene) -> None:
    base = f"{scene.stack.airflow.base_url}/{PREFIX}"
    for path in ("/", "/health", "/cell", "/run", "/coverage.csv", "/static/ui.css", "/static/ui.js"):
        answer = requests.get(base + path, timeout=30)
        assert answer.status_code == 401, path
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert requests.post(f"{base}/", timeout=30).status_code in {401, 405}
