"""The control routes of what the system user sees: the names of Pages, its tasks there, and business portfolios."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import Field

from graph_sandbox.control.body import Body
from graph_sandbox.sandbox import Sandbox


class PageChangeBody(Body):
    """What holds for a Page from now on; what is left out stays. Without tasks the user has no role on it."""

    name: Annotated[str, Field(min_length=1)] | None = None
    tasks: tuple[str, ...] | None = None
    business_id: str | None = None
    is_client: bool | None = None


class BusinessBody(Body):
    """A business portfolio to add."""

    name: str = "Added Portfolio"


def add_access_routes(router: APIRouter, sandbox: Sandbox) -> None:
    """Add the routes that change a Page, and make a portfolio."""

    @router.patch("/pages/{page_id}")
    async def change_page(page_id: str, body: PageChangeBody) -> dict[str, Any]:
        """Change a Page: its name, what the user may do with it, the portfolio it is in."""
        changes = body.model_dump(exclude_none=True)
        name = changes.pop("name", None)
        try:
            sandbox.world.change_access(page_id, **changes)
        except KeyError as error:
            raise HTTPException(404, f"no such Page or portfolio: {error}") from None
        if name:
            sandbox.world.rename_page(page_id, name)
        return {"name": sandbox.world.page(page_id).name, **asdict(sandbox.world.access(page_id))}

    @router.post("/businesses", status_code=201)
    async def add_business(body: BusinessBody) -> dict[str, Any]:
        """Add a business portfolio."""
        return asdict(sandbox.world.add_business(body.name))
