"""The control routes of Instagram: accounts, media, and what happens to them."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, Field

from graph_sandbox.control.body import Body
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.world.accounts import Account
from graph_sandbox.world.media import CHILDREN_MAX, Media, MediaKind


class AccountBody(Body):
    """An account to add, of a Page or of none."""

    username: str = "added.account"
    account_id: Annotated[str, Field(pattern=r"^\d{1,20}$")] | None = None
    page_id: str | None = None
    audience: Annotated[int, Field(ge=0)] = 20_000
    media_per_day: Annotated[float, Field(ge=0)] = 0.0
    converted_at: AwareDatetime | None = None


class MediaBody(Body):
    """A media to publish."""

    account_id: str
    created_time: AwareDatetime
    kind: MediaKind = "image"
    caption: str | None = None
    children: Annotated[int, Field(ge=0, le=CHILDREN_MAX)] = 0
    shared_to_facebook: bool = True
    likes_hidden: bool = False
    audience: Annotated[int, Field(ge=0)] | None = None


class ChangeBody(Body):
    """What happens to a media: it is archived or comes back, its likes are hidden or shown, a story ends."""

    archived: bool | None = None
    likes_hidden: bool | None = None
    ended: Annotated[bool, Field(strict=True)] = False


class ConversionBody(Body):
    """A conversion to a business account at an instant (default: now)."""

    at: AwareDatetime | None = None


def add_instagram_routes(router: APIRouter, sandbox: Sandbox) -> None:
    """Add the routes that make accounts and media, and those that change them."""
    _add_making_routes(router, sandbox)
    _add_changing_routes(router, sandbox)


def account_state(sandbox: Sandbox, account: Account) -> dict[str, Any]:
    """Return an account with the token of Instagram Login."""
    return asdict(account) | {"token": sandbox.instagram_tokens.of(account.id)}


def _add_making_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.post("/accounts", status_code=201)
    async def add_account(body: AccountBody) -> dict[str, Any]:
        """Add an Instagram account."""
        if body.page_id is not None and all(page.id != body.page_id for page in sandbox.world.pages):
            raise HTTPException(404, f"no such Page: {body.page_id}")
        try:
            account = sandbox.world.add_account(**body.model_dump())
        except ValueError as error:
            raise HTTPException(409, str(error)) from None
        return account_state(sandbox, account)

    @router.post("/media", status_code=201)
    async def add_media(body: MediaBody) -> dict[str, Any]:
        """Publish a media on Instagram."""
        _account(sandbox, body.account_id)
        try:
            return _media(sandbox, sandbox.world.add_media(**body.model_dump()))
        except ValueError as error:
            raise HTTPException(422, str(error)) from None

    @router.get("/accounts/{account_id}/media")
    async def media(account_id: str, since: date, until: date) -> list[dict[str, Any]]:
        """Return the account's media published in [since, until), UTC days, as it is listed now."""
        _account(sandbox, account_id)
        first, last = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (since, until))
        listed = sandbox.world.media(account_id, first, last, sandbox.clock.now())
        return [_media(sandbox, one) for one in listed]


def _add_changing_routes(router: APIRouter, sandbox: Sandbox) -> None:
    @router.patch("/media/{media_id}")
    async def change(media_id: str, body: ChangeBody) -> dict[str, Any]:
        """Archive a media or bring it back, hide or show its likes, end a story, from now on."""
        found, now = _found(sandbox, media_id), sandbox.clock.now()
        if body.ended and not found.is_story:
            raise HTTPException(422, f"{media_id} is no story")
        if body.ended:
            sandbox.world.end_story(media_id, now)
        if body.archived is not None:
            (sandbox.world.archive if body.archived else sandbox.world.unarchive)(media_id, now)
        if body.likes_hidden is not None:
            sandbox.world.hide_likes(media_id, hidden=body.likes_hidden)
        return _media(sandbox, found)

    @router.post("/accounts/{account_id}/conversions", status_code=201)
    async def convert(account_id: str, body: ConversionBody) -> dict[str, str]:
        """Convert an account to a business account (again): older media lose their insights."""
        account = _account(sandbox, account_id)
        at = (body.at or sandbox.clock.now()).astimezone(UTC)
        sandbox.world.convert(account.id, at)
        return {"converted_at": at.isoformat()}


def _media(sandbox: Sandbox, media: Media) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(media).items() if name not in {"ceilings", "tau"}}
    types = {"media_product_type": media.product_type, "media_type": media.media_type}
    return shown | types | {"children": [one.id for one in sandbox.world.children(media.id)]}


def _account(sandbox: Sandbox, account_id: str) -> Account:
    try:
        return sandbox.world.account(account_id)
    except KeyError:
        raise HTTPException(404, f"no such account: {account_id}") from None


def _found(sandbox: Sandbox, media_id: str) -> Media:
    try:
        return sandbox.world.find_media(media_id)
    except KeyError:
        raise HTTPException(404, f"no such media: {media_id}") from None
