"""The sandbox's own page: each route of the control surface with one curl to copy, and each kind of fault.

It loads nothing from anywhere, so that it works without a network.
"""

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from graph_sandbox.control.kinds import FORMS, KINDS, REQUIRED
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.world.pacific import day_start

# What the examples of routes with a body send; `{page_id}`, `{object_id}` and `{fault_id}` are filled in.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "/_sandbox/clock"): {"offset_seconds": 86_400},
    ("PATCH", "/_sandbox/settings"): {"latency_ms": 200},
    ("POST", "/_sandbox/pages"): {"name": "New Page", "audience": 5000},
    ("PATCH", "/_sandbox/pages/{page_id}"): {"name": "Another Name", "tasks": ["ANALYZE"]},
    ("POST", "/_sandbox/businesses"): {"name": "New Portfolio"},
    ("POST", "/_sandbox/posts"): {"page_id": "{page_id}", "created_time": "2026-11-20T12:00:00Z", "kind": "photo"},
    ("POST", "/_sandbox/accounts"): {"username": "new.account", "audience": 5000},
    ("POST", "/_sandbox/media"): {"account_id": "{account_id}", "created_time": "2026-11-20T12:00:00Z", "kind": "reel"},
    ("PATCH", "/_sandbox/media/{media_id}"): {"archived": True},
    ("POST", "/_sandbox/accounts/{account_id}/conversions"): {"at": "2026-10-01T00:00:00Z"},
    ("POST", "/_sandbox/corrections"): {"object_id": "{object_id}", "counter": "comments", "by": -1},
    ("POST", "/_sandbox/faults"): {"kind": "revoked_token", "page": "{page_id}"},
    ("POST", "/_sandbox/shapes"): {"page": "{page_id}"},
    ("PUT", "/_sandbox/usage"): {"owner": "{page_id}", "percent": 95},
}
QUERIES = {
    ("GET", path): "?since=2026-11-01&until=2026-11-20"
    for path in ("/_sandbox/pages/{page_id}/content", "/_sandbox/accounts/{account_id}/media")
}
UNFILLED = re.compile(r"\{\w+\}")
STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "pre{background:#f4f4f4;padding:.5em;white-space:pre-wrap}td{vertical-align:top;padding:.1em .8em .1em 0}"
)


def add_index(router: APIRouter, sandbox: Sandbox) -> None:
    """Serve the page at the root of the control surface."""
    routes = [route for route in router.routes if isinstance(route, APIRoute)]

    @router.get("/", include_in_schema=False)
    async def index(request: Request) -> HTMLResponse:
        base_url = str(request.base_url).rstrip("/")
        return HTMLResponse(_page(base_url, list(curls(routes, base_url, _ids(sandbox)))))


def curls(routes: list[APIRoute], base_url: str, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what each route does, and a curl that does it; a route about what this world lacks is left out."""
    for route in routes:
        for method in sorted(route.methods):
            url = f"{base_url}{route.path}{QUERIES.get((method, route.path), '')}"
            body = BODIES.get((method, route.path))
            parts = ["curl"] + ([] if method == "GET" else ["-X", method]) + [f"'{url}'"]
            if body is not None:
                parts += ["-H 'content-type: application/json'", f"-d '{json.dumps(body)}'"]
            command = " ".join(parts)
            for name, value in ids.items():
                command = command.replace(f"{{{name}}}", value)
            if not UNFILLED.search(command):
                yield route.description.partition("\n")[0], command


def _ids(sandbox: Sandbox) -> dict[str, str]:
    """Return ids that the examples can use: a Page, a post of it, an account, a media of it, and the latest fault."""
    now, pages = sandbox.clock.now(), sandbox.world.pages
    page_id = pages[0].id if pages else "1"
    posts = sandbox.world.timeline(page_id, day_start(sandbox.world.epoch), now, now) if pages else iter(())
    post = next(posts, None)
    account = next(iter(sandbox.world.accounts), None)
    listed = sandbox.world.listed_media(account.id, day_start(sandbox.world.epoch), now, now) if account else iter(())
    media = next(listed, None)
    ordered = sandbox.faults.ordered
    ids = {
        "page_id": page_id,
        "object_id": post.full_id if post else "1_1",
        "fault_id": str(ordered[-1].id if ordered else 1),
    }
    return ids | ({"account_id": account.id} if account else {}) | ({"media_id": media.id} if media else {})


def _page(base_url: str, commands: list[tuple[str, str]]) -> str:
    routes = "".join(f"<dt>{escape(does)}</dt><dd><pre>{escape(command)}</pre></dd>" for does, command in commands)
    kinds = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind.does)}</td><td>{escape(_parameters(name))}</td></tr>"
        for name, kind in KINDS.items()
    )
    return (
        f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Graph sandbox</title><style>{STYLE}</style>"
        f"<h1>Graph sandbox</h1><p>Graph answers under <code>{escape(base_url)}/v26.0/</code>. "
        "What stands here controls it; tokens and ids are in the state.</p>"
        f"<dl>{routes}</dl><h2>Kinds of fault</h2><p>Each takes <code>page</code> (an id, or * for all), and may be "
        "limited by <code>edge</code>, <code>object_id</code> and <code>times</code>.</p>"
        f"<table><tr><th>kind<th>what happens<th>its parameters</tr>{kinds}</table></html>"
    )


def _parameters(kind: str) -> str:
    """Return the parameters of a kind with their defaults."""
    shown = []
    for name, default in KINDS[kind].parameters.items():
        if name == "form":
            shown.append(f"form ({', '.join(FORMS[kind])})")
        else:
            shown.append(name if default is None or default is REQUIRED else f"{name}={default}")
    return ", ".join(shown)
