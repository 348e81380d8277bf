"""The application of the pages: who may read them, what a browser may do with them, and what is said when one fails."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import psycopg
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse

from meta_insights.config import WAREHOUSE_CONN_ID
from meta_insights.errors import ConfigurationError
from meta_insights.ui import cell, content, coverage, health, integration, organization, runs
from meta_insights.ui.airflow_links import DAG_ID
from meta_insights.ui.render import page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response

PAGES = (coverage, cell, health, runs, integration, content, organization)
"""The modules with a ``router``."""
STATIC = {path.name: path for path in Path(__file__).with_name("static").iterdir()}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

may_read = requires_access_dag("GET", DagAccessEntity.RUN, DAG_ID)
"""Who may read the runs of the DAG may read the pages."""


@cache
def pages() -> FastAPI:
    """Return the application, the same at each call."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(may_read)])
    for module in PAGES:
        app.include_router(module.router)
    app.get("/static/{name}")(_static)
    app.middleware("http")(_headers)
    for status in (401, 403, 404):
        app.exception_handler(status)(_refused)
    app.exception_handler(RequestValidationError)(_wrong_address)
    app.exception_handler(psycopg.Error)(_warehouse_failed)
    app.exception_handler(ConfigurationError)(_wrong_configuration)
    return app


def _static(name: str) -> FileResponse:
    """Return a file of the package. No mount: it would be open to everybody."""
    if name not in STATIC:
        raise HTTPException(404)
    return FileResponse(STATIC[name], headers={"Cache-Control": "private, max-age=300"})


async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    return page(request, "error.html", status=refused.status_code, title="Not shown", reasons=[refused.detail])


def _wrong_address(request: Request, error: Exception) -> Response:
    wrong = [f"{one['loc'][-1]}: {one['msg']}" for one in cast("RequestValidationError", error).errors()]
    return page(request, "error.html", status=422, title="The address is not right", reasons=wrong)


def _warehouse_failed(request: Request, error: Exception) -> Response:
    reasons = [str(error).partition("\n")[0], _what_to_do(error)]
    return page(request, "error.html", status=503, title="The warehouse gave no answer", reasons=reasons)


def _what_to_do(error: Exception) -> str:
    match error:
        case psycopg.errors.UndefinedTable() | psycopg.errors.InvalidSchemaName() | psycopg.errors.UndefinedColumn():
            return "Run the DAG once: its first task brings the tables to this version."
        case psycopg.errors.QueryCanceled():
            return "The question took too long: ask for one organization or fewer dates, and try again."
        case psycopg.errors.InsufficientPrivilege():
            return "Grant the user of the connection to read the schema."
    return f"See whether PostgreSQL runs and what the connection {WAREHOUSE_CONN_ID} says, then load the page again."


def _wrong_configuration(request: Request, error: Exception) -> Response:
    return page(request, "error.html", status=503, title="A setting or a connection is wrong", reasons=[str(error)])
