"""The ASGI application: HTTP in, Graph calls answered, HTTP out, with latency and broken connections if ordered."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from graph_sandbox.control.control import control_routes
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.wire.batch import answer_batch
from graph_sandbox.wire.call import Call, Reply
from graph_sandbox.wire.graph import answer

MEGABYTE = b" " * 1_000_000
DRIP_BYTES = 8
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def create_app(sandbox: Sandbox) -> FastAPI:
    """Return the service over one sandbox: `/_sandbox/` controls it, every other path is Graph's."""
    app = FastAPI(
        title="Graph sandbox",
        docs_url=None,  # it would load from a CDN; the control surface has a page of its own
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(control_routes(sandbox))

    @app.api_route("/{path:path}", methods=METHODS, include_in_schema=False)
    async def graph(request: Request) -> Response:
        if sandbox.settings.latency_ms:
            await asyncio.sleep(sandbox.settings.latency_ms / 1000)
        call = await _read(request)
        at = sandbox.clock.now()
        is_batch = call.method == "POST" and not call.path and "batch" in call.params
        return await _send(request, (answer_batch if is_batch else answer)(sandbox, call, at))

    return app


async def _read(request: Request) -> Call:
    """Return the call a request makes; a form's fields count as parameters, as on Graph."""
    params = dict(request.query_params)
    if request.method == "POST":
        params |= await _form(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() in {"bearer", "oauth"} else None
    base_url = str(request.base_url).rstrip("/")
    return Call.of(request.method, request.url.path, params, bearer or None, base_url)


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        return {name: value for name, value in form.items() if isinstance(value, str)}
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


async def _send(request: Request, reply: Reply) -> Response:
    if reply.hang:
        await asyncio.sleep(reply.hang)
    if reply.dropped:
        request.state.transport.abort()
        await asyncio.sleep(0)
    if reply.drip or reply.padding:
        return StreamingResponse(_pieces(reply), reply.status, reply.headers, reply.content_type)
    return Response(reply.body, reply.status, reply.headers, reply.content_type)


async def _pieces(reply: Reply) -> AsyncIterator[bytes]:
    for _ in range(reply.padding):
        yield MEGABYTE
    body = reply.body.encode()
    size = DRIP_BYTES if reply.drip else len(body)
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(reply.drip)
