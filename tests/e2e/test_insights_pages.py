"""The pages of a Page, a content and an organization inside a real Airflow: drawn, dark, narrow, by keyboard alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from local_stack.picture import MOST_BYTES, browser, take, wait_for_frames
from local_stack.stack import DAG_ID
from meta_insights.days import Day

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import FrameLocator, Page

    from scene import Scene

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def measured(scene: Scene) -> Scene:
    """Two dates of two Pages, and one between them on which nothing ran; every caption is a script."""
    later = replace(scene, day=Day(scene.day.date + timedelta(days=2)))
    for one in (scene, later):
        scene.stack.sandbox.fix_clock(one.seen_at)
        assert one.run(integration_ids=scene.ids(0, 1))[1] == "success"
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        connection.execute("update analytics.content set caption = '<script>alert(1)</script> & <b>more</b>'")
    return scene


def inside(page: Page, name: str) -> FrameLocator:
    """Open the pages by Airflow's own navigation, and go to the Page of a name, by keyboard alone."""
    page.goto("/plugin/meta_insights")
    frame = page.frame_locator("iframe")
    for link in ("Pages and accounts", name):
        wait_for_frames(page)
        frame.get_by_role("link", name=link, exact=True).press("Enter")
        frame.get_by_role("heading", name=link, level=1).wait_for()
    wait_for_frames(page)
    return frame


def addresses(scene: Scene) -> dict[str, str]:
    """Return an address of each page, as the first Page has it."""
    (one,) = scene.rows("select * from analytics.content where integration_id = %s limit 1", scene.ids(0)[0])
    (ran,) = scene.rows("select run_id from analytics.ingestion_run where date = %s limit 1", scene.day.date)
    key = f"organization=demo&id={one['integration_id']}"
    dates = f"first={scene.day.date - timedelta(days=5)}&last={scene.day.date + timedelta(days=2)}"
    content = f"organization=demo&integration={one['integration_id']}&id={one['external_content_id']}"
    return {
        "coverage": f"?first={scene.day.date}",
        "a cell": f"cell?organization=demo&integration={one['integration_id']}&date={scene.day.date}",
        "health": "health",
        "a run": f"run?{urlencode({'dag_id': DAG_ID, 'run_id': ran['run_id']})}",
        "all Pages": "integration",
        "a Page": f"integration?{key}&{dates}",
        "a content": f"content?{content}",
        "all organizations": "organization",
        "an organization": f"organization?id=demo&{dates}",
    }


def drawn(page: Page | FrameLocator) -> int:
    """Return how many charts there are, once all are drawn."""
    figures = page.locator("figure")
    page.locator("figure[data-state=drawn]").last.wait_for(state="attached")
    states = [figure.get_attribute("data-state") for figure in figures.all()]
    assert set(states) == {"drawn"}
    return len(states)


def test_a_page_is_drawn_within_airflow_and_leads_to_its_content_and_its_file(measured: Scene) -> None:
    wrong = list[str]()
    with browser(measured.stack.airflow) as page:
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        frame = inside(page, measured.world.pages[0].name)
        assert drawn(frame) == 9
        shaded = frame.locator(".unknown_marks path")
        assert shaded.count() > 0

        # Its table, by keyboard alone, and its file.
        summary = frame.get_by_text("Changes of its content by date, as a table")
        summary.focus()
        page.keyboard.press("Enter")
        table = frame.get_by_role("table", name="Changes of its content by date")
        assert table.get_by_role("row").filter(has_text="not asked").count() >= 1
        with page.expect_download() as download:
            table.get_by_role("link", name="CSV").click()
        lines = download.value.path().read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("date,content_published,impressions_change")
        assert len(lines) == 1 + 28

        # Its content: a caption is text, whatever is in it; the network opens in a tab of its own.
        frame.get_by_role("table", name="Content with the most engagement").get_by_role("link").nth(1).focus()
        page.keyboard.press("Enter")
        frame.get_by_role("heading", name="<script>alert(1)</script> & <b>more</b>").wait_for()
        assert drawn(frame) >= 1
        link = frame.locator("a[href^='https://']")
        href = link.get_attribute("href")
        asked = page.context.expect_event("request", lambda request: request.url == href)
        with page.context.expect_page(), asked:
            link.click()
    assert wrong == []


def test_the_charts_have_the_colours_of_airflow_in_light_and_in_dark(measured: Scene) -> None:
    def look(page: Page, frame: FrameLocator) -> tuple[Any, ...]:
        drawn(frame)
        label = frame.locator("figure svg text").first.evaluate("one => getComputedStyle(one).fill")
        theirs = page.evaluate(
            "getComputedStyle(document.documentElement).getPropertyValue('--chakra-colors-bg').trim()"
        )
        ours = frame.locator(":root").evaluate("one => getComputedStyle(one).getPropertyValue('--bg').trim()")
        assert ours == theirs
        return label, ours

    looks = set()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        with browser(measured.stack.airflow, scheme=scheme) as page:
            frame = inside(page, measured.world.pages[0].name)
            looks.add(look(page, frame))
            if scheme == "light":  # and when the theme changes while the page is open
                before = frame.locator("figure svg text").first.evaluate("one => getComputedStyle(one).fill")
                page.emulate_media(color_scheme="dark")
                frame.locator(":root.dark").wait_for(state="attached")
                page.wait_for_timeout(1500)
                assert frame.locator("figure svg text").first.evaluate("one => getComputedStyle(one).fill") != before
    assert len(looks) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility_or_is_wider_than_a_phone(
    measured: Scene, scheme: Literal["light", "dark"]
) -> None:
    with browser(measured.stack.airflow, scheme=scheme, **PHONE) as page:
        for name, address in addresses(measured).items():
            page.goto(f"/meta_insights/{address}")
            if page.locator("figure").count():
                drawn(page)
            for summary in page.locator("summary").all():
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_the_picture_of_the_readme_shows_charts_and_is_small(measured: Scene, tmp_path: Path) -> None:
    take(measured.stack.airflow, tmp_path / "picture.png", measured.world.pages[0].name)
    assert 20_000 < (tmp_path / "picture.png").stat().st_size < MOST_BYTES
