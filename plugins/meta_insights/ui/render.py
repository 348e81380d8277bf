"""A page as HTML, or one of its tables as a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meta_insights.ui.tables import is_number, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from meta_insights.ui.tables import Table

NAVIGATION = {".": "Coverage", "health": "Health", "integration": "Pages and accounts", "organization": "Organizations"}
"""The pages that need no more than their address, each with its title."""


@cache
def _templates() -> Environment:
    folder = Path(__file__).with_name("templates")
    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"shown": shown}
    templates.tests |= {"number": is_number}
    templates.globals |= {"address": address, "navigation": NAVIGATION}
    return templates


def address(path: str, values: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """Return a relative address with a query; what is None or empty is left out."""
    query = {name: value for name, value in {**(values or {}), **changes}.items() if value not in {None, ""}}
    return f"{path}?{urlencode(query)}" if query else path


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page. Its template has the values, ``query``: the parameters of the address, and ``here``: its path."""
    here = request.url.path.rpartition("/")[2] or "."
    html = _templates().get_template(template).render(query=dict(request.query_params), here=here, **values)
    return HTMLResponse(html, status)


def csv_file(table: Table) -> Response:
    """Return a table as a file to download."""
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.csv"'}
    return Response(table.as_csv(), media_type="text/csv; charset=utf-8", headers=headers)
