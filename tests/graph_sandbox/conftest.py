"""One served sandbox for all tests of the folder, reset between them, and short ways to ask it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import requests

from graph_sandbox import Account, Page, World
from graph_sandbox.server import Served, serve

NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with serve(World(seed=7, pages=3), clock=NOW) as running:
        yield running


@pytest.fixture
def sandbox(served: Served) -> Iterator[Served]:
    yield served
    served.control.reset()


@pytest.fixture
def page(sandbox: Served) -> Page:
    """A Page that publishes nothing by itself."""
    return sandbox.world.add_page("Corner Shop")


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def get(sandbox: Served, http: requests.Session) -> Callable[..., requests.Response]:
    """GET a Graph path, by default with the token of the Page that the path's first id belongs to."""

    def ask(path: str, *, token: str | None = "", **params: Any) -> requests.Response:
        bearer = _token(sandbox, path) if token == "" else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return http.get(f"{sandbox.base_url}/v26.0/{path}", params=params, headers=headers, timeout=10)

    return ask


def _token(sandbox: Served, path: str) -> str:
    state = sandbox.control.state()
    first = path.partition("/")[0]
    try:
        owner = sandbox.world.find(first).page_id
    except KeyError:
        owner = first.partition("_")[0]
    tokens = {one["id"]: one["token"] for one in state["pages"]}
    return str(tokens.get(owner, state["system_user_token"]))


@pytest.fixture
def account(sandbox: Served, page: Page) -> Account:
    """The Instagram account of the Page, large, and publishing nothing by itself."""
    return sandbox.world.add_account("corner.shop", page_id=page.id, audience=1_000_000)


@pytest.fixture
def get_by_instagram(sandbox: Served, get: Callable[..., requests.Response], account: Account) -> Callable[..., Any]:
    """GET a Graph path with the account's own token, by Instagram Login."""
    return partial(get, token=sandbox.control.account_token(account.id))
