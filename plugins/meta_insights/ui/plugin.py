"""What Airflow loads in every process: names and addresses. The API server builds the pages at the first request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from meta_insights import preload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

NAME = "Insights"
PREFIX = "meta_insights"
"""Where the pages are, below the address of Airflow."""


async def application(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer one request (ASGI). What the pages need is imported at the first one."""
    from meta_insights.ui.app import pages  # noqa: PLC0415 - no task process should import FastAPI

    await pages()(scope, receive, send)


class InsightsPlugin(AirflowPlugin):
    """An entry in the navigation, a tab of each DAG and one of each DAG run."""

    name = "meta_insights"
    listeners = [preload]  # noqa: RUF012 - as Airflow has it
    fastapi_apps = [{"app": application, "url_prefix": f"/{PREFIX}", "name": NAME}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {"name": NAME, "href": f"{PREFIX}/", "destination": "nav", "url_route": PREFIX},
        {"name": NAME, "href": f"{PREFIX}/dag?dag_id={{DAG_ID}}", "destination": "dag", "url_route": f"{PREFIX}_dag"},
        {
            "name": NAME,
            "href": f"{PREFIX}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": f"{PREFIX}_run",
        },
    ]
