"""The picture of the README: a demo of two weeks, and what Airflow's UI shows of one of its Pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from local_stack.airflow_client import AirflowClient
from local_stack.daily_run import clock_held_for
from local_stack.days import last_full_day
from local_stack.settings import CHECKOUT, StackError
from local_stack.stack import LocalStack

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

PICTURE = CHECKOUT / "docs" / "insights.png"
MOST_BYTES = 150_000
_PAGE = "Café Lumière 2"
_WIDTH, _HEIGHT = 1280, 760
_DATES = 14
_MISSED = 6
"""How many dates before the newest one nothing runs, so that the picture shows what a gap looks like."""


def fill(stack: LocalStack) -> None:
    """Run the DAG for two weeks, but for one date; StackError for a run that fails."""
    last = last_full_day()
    for day in (last - timedelta(days=back) for back in reversed(range(_DATES)) if back != _MISSED):
        with clock_held_for(stack, day):
            conf = {"date": day.isoformat(), "integrations_per_task": 100}
            state = stack.run_to_its_end(stack.airflow, conf, run_id := f"picture__{day}")
            if state != "success":
                raise StackError(f"the run {run_id} is {state}: see the logs in {stack.layout.logs}")


@contextmanager
def browser(
    airflow: AirflowClient, *, width: int = _WIDTH, height: int = _HEIGHT, scheme: Literal["light", "dark"] = "light"
) -> Iterator["Page"]:
    """Open a browser whose user has logged in; StackError without chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the development alone

    if not (chromium := shutil.which("chromium")):
        raise StackError("chromium is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = started.new_page(
            base_url=airflow.base_url, locale="en-US", viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page.goto("/")
        page.get_by_label("Username").fill(airflow.user)
        page.get_by_label("Password").fill(airflow.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Dags").wait_for()
        yield page
        started.close()


def wait_for_frames(page: "Page") -> None:
    """Wait until no frame has gone elsewhere for a second.

    Airflow 3.3.2 writes the address of the inner page into its own, and then loads the inner page once more.
    """
    gone: list[str] = []

    def note(frame: "Frame") -> None:
        gone.append(frame.url)

    page.on("framenavigated", note)
    before = -1
    while len(gone) != before:
        before = len(gone)
        page.wait_for_timeout(1000)
    page.remove_listener("framenavigated", note)


def take(airflow: AirflowClient, file: Path, name: str = _PAGE) -> None:
    """Write what the UI shows of the Page of a name; StackError when the file is larger than a README should load."""
    with browser(airflow) as page:
        page.goto("/plugin/meta_insights")
        inside = page.frame_locator("iframe")
        for link in ("Pages and accounts", name):
            wait_for_frames(page)
            inside.get_by_role("link", name=link, exact=True).click()
        wait_for_frames(page)
        newest = date.fromisoformat(inside.get_by_label("Last date").input_value())
        inside.get_by_label("First date").fill(f"{newest - timedelta(days=_DATES - 1)}")
        inside.get_by_role("button", name="Show").click()
        wait_for_frames(page)
        inside.locator("figure[data-state=drawn]").nth(8).wait_for(state="attached")
        file.write_bytes(page.screenshot())
    if (size := file.stat().st_size) > MOST_BYTES:
        raise StackError(f"{file} has {size:,} bytes: make it smaller than {MOST_BYTES:,}")
