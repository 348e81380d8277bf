"""The control surface under `/_sandbox/`: clock, settings, content, faults, usage, journal. No part of Graph."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, Field

from graph_sandbox.control.access import add_access_routes
from graph_sandbox.control.body import Body
from graph_sandbox.control.faults import ANY, Fault
from graph_sandbox.control.index import add_index
from graph_sandbox.control.instagram import account_state, add_instagram_routes
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.wire.usage import Level
from graph_sandbox.world.content import Content, Kind


class ClockBody(Body):
    """A fixed instant, or real time with an offset."""

    fixed: AwareDatetime | None = None
    offset_seconds: float = 0.0


class SettingsBody(Body):
    """Settings to change; those left out stay."""

    latency_ms: Annotated[float, Field(ge=0)] | None = None
    require_appsecret_proof: bool | None = None
    token_expires_at: Annotated[int, Field(ge=0)] | None = None
    data_access_expires_at: Annotated[int, Field(ge=0)] | None = None
    scopes: tuple[str, ...] | None = None
    calls_per_impression: Annotated[int, Field(ge=0)] | None = None
    instagram_scopes: tuple[str, ...] | None = None


class PageBody(Body):
    """A Page to add."""

    name: str = "Added Page"
    page_id: Annotated[str, Field(pattern=r"^\d{1,20}$")] | None = None
    audience: Annotated[int, Field(ge=0)] = 20_000
    posts_per_day: Annotated[float, Field(ge=0)] = 0.0


class PostBody(Body):
    """A post to publish."""

    page_id: str
    created_time: AwareDatetime
    kind: Kind = "status"
    message: str | None = None
    in_posts_edge: bool | None = None
    by_visitor: bool = False
    appears: AwareDatetime | None = None


class CorrectionBody(Body):
    """A change of a raw counter from an instant on (default: now)."""

    object_id: str
    counter: str
    by: int
    at: AwareDatetime | None = None


class ShapesBody(Body):
    """A Page or an account, or `*` for all."""

    page: str = ANY


class UsageBody(Body):
    """The usage of a Page, of an Instagram account, or of `app`; 100 per cent and more is throttled."""

    owner: str
    percent: Annotated[int, Field(ge=0)]
    minutes: Annotated[int, Field(ge=0)] = 0


def control_routes(sandbox: Sandbox) -> APIRouter:
    """Return the routes. They all run on the event loop, as Graph's do, so that no change is half seen."""
    router = APIRouter(prefix="/_sandbox", tags=["control"])
    _add_state_routes(router, sandbox)
    _add_world_routes(router, sandbox)
    add_access_routes(router, sandbox)
    add_instagram_routes(router, sandbox)
    _add_fault_routes(router, sandbox)
    _add_journal_routes(router, sandbox)
    add_index(router, sandbox)
    return router


def _add_state_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.get("/state")
    async def state() -> dict[str, Any]:
        """Return all that a client needs to begin, tokens included: they open nothing but this sandbox."""
        return _state(sandbox)

    @router.put("/clock")
    async def clock(body: ClockBody) -> dict[str, str]:
        """Fix the clock, or let it run with real time and an offset."""
        if body.fixed is None:
            sandbox.clock.run(body.offset_seconds)
        else:
            sandbox.clock.fix(body.fixed)
        return {"now": sandbox.clock.now().isoformat()}

    @router.patch("/settings")
    async def settings(body: SettingsBody) -> dict[str, Any]:
        """Change settings."""
        for name, value in body.model_dump(exclude_none=True).items():
            setattr(sandbox.settings, name, value)
        return asdict(sandbox.settings)

    @router.post("/tokens/{page_id}/rotate")
    async def rotate(page_id: str) -> dict[str, str]:
        """Replace the token of a Page, or that of an Instagram account, which kills the one before."""
        if any(account.id == page_id for account in sandbox.world.accounts):
            return {"token": sandbox.instagram_tokens.rotate(page_id, sandbox.clock.now())}
        _known(sandbox, page_id)
        return {"token": sandbox.tokens.rotate(page_id)}

    @router.post("/reset")
    async def reset() -> dict[str, Any]:
        """Return everything to the start."""
        sandbox.reset()
        return _state(sandbox)


def _add_world_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.post("/pages", status_code=201)
    async def add_page(body: PageBody) -> dict[str, Any]:
        """Add a Page."""
        try:
            page = sandbox.world.add_page(**body.model_dump())
        except ValueError as error:
            raise HTTPException(409, str(error)) from None
        return {"id": page.id, "name": page.name, "token": sandbox.tokens.page(page.id)}

    @router.post("/posts", status_code=201)
    async def add_post(body: PostBody) -> dict[str, Any]:
        """Publish a post."""
        _known(sandbox, body.page_id)
        return _content(sandbox.world.add_post(**body.model_dump()))

    @router.get("/pages/{page_id}/content")
    async def content(page_id: str, since: date, until: date) -> list[dict[str, Any]]:
        """Return the Page's own content published in [since, until), UTC days, as it exists now."""
        _known(sandbox, page_id)
        first, last = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (since, until))
        return [_content(one) for one in sandbox.world.content(page_id, first, last, sandbox.clock.now())]

    @router.post("/corrections", status_code=201)
    async def correct(body: CorrectionBody) -> None:
        """Change a counter of a post."""
        try:
            at = body.at or sandbox.clock.now()
            sandbox.world.correct(body.object_id, body.counter, body.by, at.astimezone(UTC))
        except KeyError as error:
            raise HTTPException(404, f"no such object or counter: {error}") from None

    @router.delete("/objects/{object_id}")
    async def delete(object_id: str) -> None:
        """Delete a post, or a media."""
        _known_object(sandbox, object_id)
        sandbox.world.delete(object_id, sandbox.clock.now())

    @router.post("/objects/{object_id}/restore")
    async def restore(object_id: str) -> None:
        """Bring a deleted post, or media, back."""
        _known_object(sandbox, object_id)
        sandbox.world.restore(object_id)


def _add_fault_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.get("/faults")
    async def faults() -> list[dict[str, Any]]:
        """Return the faults on order."""
        return _faults(sandbox)

    @router.post("/faults", status_code=201)
    async def add_fault(fault: Fault) -> dict[str, int]:
        """Break a Page: order a fault."""
        return {"id": sandbox.faults.add(fault)}

    @router.post("/shapes", status_code=201)
    async def add_shapes(body: ShapesBody) -> list[dict[str, Any]]:
        """Make a Page or an account, or all there are now, as hard to read as their seed has it, by faults."""
        if body.page not in {ANY, *(account.id for account in sandbox.world.accounts)}:
            _known(sandbox, body.page)
        sandbox.add_shapes(body.page)
        return _faults(sandbox)

    @router.delete("/faults")
    async def clear_faults(page: str | None = None) -> dict[str, int]:
        """Take back all faults, or those of one Page."""
        return {"removed": sandbox.faults.remove(page=page)}

    @router.delete("/faults/{fault_id}")
    async def remove_fault(fault_id: int) -> dict[str, int]:
        """Take back one fault."""
        return {"removed": sandbox.faults.remove(fault_id=fault_id)}


def _add_journal_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.put("/usage")
    async def usage(body: UsageBody) -> None:
        """Fix the usage of a Page or of the app."""
        sandbox.usage.set(body.owner, Level(body.percent, body.minutes))

    @router.get("/requests")
    async def requests() -> dict[str, Any]:
        """Return the journal of calls."""
        return sandbox.journal.report()

    @router.delete("/requests")
    async def clear_requests() -> None:
        """Empty the journal."""
        sandbox.journal.clear()


def _state(sandbox: Sandbox) -> dict[str, Any]:
    tokens = sandbox.tokens
    return {
        "now": sandbox.clock.now().isoformat(),
        "seed": sandbox.world.seed,
        "epoch": sandbox.world.epoch.isoformat(),
        "app_id": tokens.app_id,
        "app_secret": tokens.app_secret,
        "app_token": tokens.app,
        "system_user_token": tokens.system_user,
        "settings": asdict(sandbox.settings),
        "pages": [asdict(page) | {"token": tokens.page(page.id)} for page in sandbox.world.pages],
        "businesses": [asdict(business) for business in sandbox.world.businesses],
        "accounts": [account_state(sandbox, account) for account in sandbox.world.accounts],
        "faults": _faults(sandbox),
    }


def _faults(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "hits": one.hits, "fault": one.fault.model_dump(exclude_none=True)}
        for one in sandbox.faults.ordered
    ]


def _content(content: Content) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(content).items() if name not in {"ceilings", "tau"}}
    return shown | {"full_id": content.full_id, "permalink_url": content.permalink_url}


def _known(sandbox: Sandbox, page_id: str) -> None:
    if all(page.id != page_id for page in sandbox.world.pages):
        raise HTTPException(404, f"no such Page: {page_id}")


def _known_object(sandbox: Sandbox, object_id: str) -> None:
    try:
        if not sandbox.world.is_media(object_id):
            sandbox.world.find(object_id)
    except KeyError:
        raise HTTPException(404, f"no such object: {object_id}") from None
