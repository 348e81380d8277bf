"""What the runbook tells people to do by mouse, done by mouse, in Airflow's own UI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local_stack.stack import DAG_ID

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from scene import Scene


def of_page(index: int) -> set[tuple[str, int]]:
    """Return the task instances of one Page, and those that follow the Pages."""
    return {("integration.content", index), ("integration.metrics", index), ("aggregate", -1), ("check", -1)}


def affected(dialog: Locator, count: int) -> set[tuple[str, int]]:
    """Return the task instances that a dialog is about to clear, once it lists so many."""
    dialog.get_by_text(f"Affected Tasks: {count}", exact=True).wait_for()
    rows = [row.get_by_role("cell").all_inner_texts()[-4:] for row in dialog.get_by_role("row").all()]
    return {(task_id, int(map_index)) for task_id, _, map_index, _ in filter(None, rows)}


def confirm(dialog: Locator) -> None:
    """Press *Confirm*, and wait until Airflow has cleared: the dialog closes before that."""
    with dialog.page.expect_response(lambda answer: '"dry_run":false' in (answer.request.post_data or "")) as cleared:
        dialog.get_by_role("button", name="Confirm").click()
    assert cleared.value.ok


def test_a_page_is_cleared_by_mouse_and_only_it_and_what_follows_runs_again(scene: Scene, ui: Page) -> None:
    _, broken, other = scene.world.pages[:3]
    for page in (broken, other):
        scene.stack.sandbox.fault("revoked_token", page.id)
    run_id, state = scene.run(integration_ids=scene.ids(0, 1, 2))
    assert state == "failed"
    tasks, stored = scene.tasks(run_id), scene.stored_versions()
    dialog, clear = ui.get_by_role("dialog"), ui.get_by_role("button", name="Press shift+c to clear")

    # The clear button on the page of the task, or of the group, takes all Pages.
    for view in ("integration.content/mapped", "group/integration"):
        ui.goto(f"/dags/{DAG_ID}/runs/{run_id}/tasks/{view}")
        clear.click()
        assert affected(dialog, 8) == of_page(0) | of_page(1) | of_page(2)

    # That in the row of one Page takes this Page and what follows.
    scene.stack.sandbox.clear_faults(broken.id)
    ui.goto(f"/dags/{DAG_ID}/runs/{run_id}")
    row = ui.get_by_role("row").filter(has=ui.get_by_role("link", name="integration.content"))
    row = row.filter(has=ui.get_by_role("link", name=broken.name, exact=True))
    row.get_by_role("button", name="Clear Task Instance").click()
    assert affected(dialog, 4) == of_page(1)
    confirm(dialog)
    assert scene.airflow.wait(run_id) == "failed"  # the other one is still broken
    again = {key: task.state for key, task in scene.tasks(run_id).items() if task != tasks[key]}
    assert again == {key: "success" if key[1] == 1 else "failed" for key in of_page(1) - {("check", -1)}}
    assert {
        key[1]
        for table, rows in scene.stored_versions().items()
        for key, version in rows.items()
        if version != stored[table].get(key)
    } == set(scene.ids(1))

    # That of the run takes everything, unless it is told to clear only what failed.
    scene.stack.sandbox.clear_faults(other.id)
    clear.click()
    assert affected(dialog, 9) == tasks.keys()
    dialog.get_by_role("button", name="Clear only failed tasks").click()
    assert affected(dialog, 4) == of_page(2)
    confirm(dialog)
    assert scene.airflow.wait(run_id) == "success"


def test_the_log_of_a_failed_task_ends_with_what_to_do_outside_of_any_folded_group(scene: Scene, ui: Page) -> None:
    scene.stack.sandbox.fault("revoked_token", scene.world.pages[1].id)
    ids = scene.ids(0, 1)
    run_id, state = scene.run(integration_ids=ids)
    assert state == "failed"
    what_to_do = "write a new token to the connection meta_graph_default, then clear (docs/operations.md#token)"
    for (task_id, index), task in scene.tasks(run_id).items():
        if task.state == "upstream_failed":
            continue
        lines = scene.airflow.task_log(run_id, task, task.try_number)
        ours = [line for line in lines if str(line.get("logger")).startswith("meta_insights.")]
        assert {(line["run_id"], line["date"]) for line in ours} == {(run_id, str(scene.day.date))}
        of_page = {(line["organization_id"], line["integration_id"]) for line in ours if "attempt" in line}
        assert of_page == ({("demo", ids[index])} if index >= 0 else set())
        if task.state == "failed":
            assert ours[-1]["level"] == "error"
            assert what_to_do in ours[-1]["event"]
            ui.goto(f"/dags/{DAG_ID}/runs/{run_id}/tasks/{task_id}" + (f"/mapped/{index}" if index >= 0 else ""))
            ui.locator("span.event", has_text=ours[-1]["event"]).last.wait_for()
            assert ui.get_by_text("Post Execute").is_visible()
            assert not ui.get_by_text("Retry policy decision").is_visible()  # it is within


def test_a_connection_is_made_by_its_form_and_the_test_button_says_what_its_token_sees(scene: Scene, ui: Page) -> None:
    state, conn_id = scene.stack.sandbox.state(), "by_the_form"
    ui.goto("/connections")
    ui.get_by_role("button", name="Add Connection").click()
    form = ui.get_by_role("dialog")
    form.get_by_label("Connection ID").fill(conn_id)
    form.get_by_role("combobox", name="Connection Type").fill("Meta Graph API")
    ui.keyboard.press("Enter")
    form.get_by_label("Address").fill(scene.stack.sandbox.base_url)
    form.get_by_label("Access token").fill(state["system_user_token"])
    form.get_by_label("Port (443; not used)").fill("443")
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    form.get_by_role("combobox", name="Kind of token").click()
    ui.get_by_role("option", name="user").click()
    for help_text, key in {"With the app secret, each run": "app_id", "Signs every request": "app_secret"}.items():
        form.get_by_role("group").filter(has_text=help_text).get_by_role("textbox").fill(state[key])
    form.get_by_role("button", name="Save").click()
    row = ui.get_by_role("row").filter(has_text=conn_id)
    button = row.get_by_role("button", name="Test Connection")
    try:
        button.click()
        ui.get_by_text("Test Connection Successful").wait_for()
        said = ui.get_by_text("20 Facebook Pages seen: ").inner_text()
        assert "and 15 more" in said
        assert "For Facebook Pages it lacks business_management" in said
        assert "It has no date of expiry" in said

        scene.stack.sandbox.fault("revoked_token")
        button.click()
        ui.get_by_text("Test Connection Failed").wait_for()
        ui.get_by_text("The session has been invalidated because the user changed their password").wait_for()

        # A choice that was not touched is stored as it was shown, and not as what hides a secret.
        extra = json.loads(scene.airflow.request("get", f"connections/{conn_id}")["extra"])
        assert (extra["access_kind"], extra["login"], extra["app_id"]) == ("user", "facebook", state["app_id"])
    finally:
        ui.request.delete(f"/api/v2/connections/{conn_id}")
