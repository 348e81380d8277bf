"""What a person who registers Pages and accounts relies on: all is found, what is missing is said, nothing is lost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from graph_sandbox.wire.tokens import INSTAGRAM_SCOPES, SCOPES
from meta_insights.errors import ConfigurationError
from meta_insights.graph.errors import GraphThrottledError, GraphTokenError
from meta_insights.register import register_integrations
from support import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from graph_sandbox import Account, Page
    from graph_sandbox.server import Served

    Rows = Callable[[], dict[str, tuple[Any, ...]]]

PARAMS: dict[str, Any] = {
    "organization_id": "acme",
    "conn_id": "meta_graph_default",
    "take": ["facebook", "instagram"],
    "ids": [],
    "dry_run": False,
    "retire": [],
}
GRANTED = (*SCOPES, "business_management")
ROWS = "select id, provider, external_id, name, conn_id, is_active from analytics.integration order by id"


@pytest.fixture(autouse=True)
def said(warehouse_dsn: str, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged, beside an empty warehouse."""
    caplog.set_level(logging.INFO, logger="meta_insights")
    return caplog


@pytest.fixture
def pages(graph: Served) -> list[Page]:
    return list(graph.world.pages)


@pytest.fixture
def account(graph: Served, pages: list[Page]) -> Account:
    """The account behind the first Page."""
    return graph.world.add_account("corner.shop", page_id=pages[0].id)


@pytest.fixture
def rows(database: psycopg.Connection) -> Rows:
    """The registry by id: provider, id at Graph, name, connection, whether it is active."""
    return lambda: {row[0]: row[1:] for row in database.execute(ROWS).fetchall()}


def register(**params: Any) -> dict[str, Any]:
    return register_integrations(PARAMS | params)


def registered(page: Page, **changes: Any) -> tuple[Any, ...]:
    """The row of a Page as it is registered at first."""
    row = {"provider": "facebook", "external_id": page.id, "name": page.name, "conn": "meta_graph_default"}
    return tuple((row | {"is_active": True} | changes).values())


def line_of(said: pytest.LogCaptureFixture, external_id: str) -> str:
    """Return the one line that is said of an integration."""
    (line,) = [one.getMessage() for one in said.records if f"({external_id})" in one.getMessage()]
    return line


# Found


def test_every_page_and_the_accounts_behind_them_are_registered(
    graph: Served, pages: list[Page], account: Account, rows: Rows
) -> None:
    result = register()
    expected = {f"facebook-{page.id}": registered(page) for page in pages}
    account_id = f"instagram-{account.id}"
    expected[account_id] = ("instagram", account.id, "corner.shop", "meta_graph_default", True)
    assert rows() == expected
    assert result == {"dry_run": False, "counts": {"registered": 4}, "ids": {"registered": [*sorted(expected)]}}


def test_the_list_of_pages_is_read_to_its_end(graph: Served, rows: Rows) -> None:
    for _ in range(230):
        graph.world.add_page()
    register(take=["facebook"])
    assert {row[1] for row in rows().values()} == {page.id for page in graph.world.pages}
    listings = [one for one in graph.control.requests()["entries"] if one["path"].endswith("/accounts")]
    assert len(listings) == 3


@pytest.mark.parametrize(("take", "kinds"), [(["facebook"], {"facebook"}), (["instagram"], {"instagram"})])
def test_only_what_is_to_be_taken_is_registered(take: list[str], kinds: set[str], account: Account, rows: Rows) -> None:
    register(take=take)
    assert {row[0] for row in rows().values()} == kinds


def test_own_pages_and_those_of_clients_are_found_in_every_portfolio(
    graph: Served, pages: list[Page], rows: Rows
) -> None:
    graph.control.configure(scopes=GRANTED)
    graph.control.fault("no_accounts")  # Graph leaves Pages out of the lists of the user
    for page, is_client in zip(pages[:2], (False, True), strict=True):
        business = graph.control.add_business()["id"]
        graph.control.change_page(page.id, business_id=business, is_client=is_client)
    register()
    assert rows() == {f"facebook-{page.id}": registered(page) for page in pages[:2]}


def test_without_business_management_the_pages_of_a_portfolio_are_missing_and_it_is_said(
    graph: Served, pages: list[Page], rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    graph.control.change_page(pages[0].id, business_id=graph.control.add_business()["id"])
    register()
    assert rows().keys() == {f"facebook-{page.id}" for page in pages[1:]}
    assert (
        "the token lacks the permission business_management: without it Graph lists no Pages of business portfolios, "
        "and gives no error; name ids by hand"
    ) in said.messages
    # Named by hand, such a Page is asked for singly.
    register(ids=[pages[0].id])
    assert rows()[f"facebook-{pages[0].id}"] == registered(pages[0])


def test_nothing_to_be_seen_is_an_error_that_says_why_it_is_no_proof(graph: Served, rows: Rows) -> None:
    graph.control.configure(scopes=("pages_read_engagement",))
    with pytest.raises(ConfigurationError, match="no proof that there is nothing: name ids by hand") as caught:
        register()
    for missing in ("pages_show_list", "business_management"):
        assert f"lacks the permission {missing}" in str(caught.value)
    assert rows() == {}


def test_a_token_of_instagram_login_sees_its_own_account_alone(
    graph: Served, account: Account, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = graph.world.add_account("other")
    connect(monkeypatch, graph, token=graph.control.account_token(other.id), login="instagram")
    register()
    assert rows() == {f"instagram-{other.id}": ("instagram", other.id, "other", "meta_graph_default", True)}
    with pytest.raises(ConfigurationError, match="a token of the login 'instagram' sees no Facebook Page"):
        register(take=["facebook"])


def test_the_token_of_one_page_sees_the_page_and_the_account_behind_it(
    graph: Served, pages: list[Page], account: Account, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, graph, token=graph.control.page_token(pages[0].id), access_kind="page")
    register()
    assert rows().keys() == {f"facebook-{pages[0].id}", f"instagram-{account.id}"}


def test_the_token_of_one_page_registers_no_other_page(
    graph: Served, pages: list[Page], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, graph, token=graph.control.page_token(pages[0].id), access_kind="page")
    with pytest.raises(ConfigurationError, match=f"{pages[1].id}: the token sees its own Facebook Page alone"):
        register(ids=[pages[0].id, pages[1].id])
    assert rows().keys() == {f"facebook-{pages[0].id}"}


@pytest.mark.parametrize(
    ("owner", "kind", "text"),
    [("page", "user", "not that of a user: set extra.access_kind"), ("user", "page", "it is no Facebook Page")],
)
def test_a_wrong_kind_of_token_is_named(
    graph: Served, pages: list[Page], rows: Rows, monkeypatch: pytest.MonkeyPatch, owner: str, kind: str, text: str
) -> None:
    token = graph.control.page_token(pages[0].id) if owner == "page" else None
    connect(monkeypatch, graph, token=token, access_kind=kind)
    with pytest.raises(ConfigurationError, match=text):
        register()
    assert rows() == {}


# What is lacking


def test_a_page_on_which_a_task_is_missing_is_named_and_left_out(
    graph: Served, pages: list[Page], rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    graph.control.change_page(pages[0].id, tasks=["MESSAGING", "MODERATE"])
    result = register()
    assert rows().keys() == {f"facebook-{page.id}" for page in pages[1:]}
    assert result["ids"]["not registered"] == [f"facebook-{pages[0].id}"]
    assert line_of(said, pages[0].id) == (
        f"not registered: Facebook Page {pages[0].name} ({pages[0].id}): its user lacks the task ANALYZE"
    )
    graph.control.change_page(pages[0].id, tasks=["ANALYZE"])
    assert register()["counts"] == {"registered": 1, "unchanged": 2}


def test_a_page_of_a_portfolio_without_a_role_is_named_and_left_out(
    graph: Served, pages: list[Page], account: Account, rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    graph.control.configure(scopes=GRANTED)
    graph.control.change_page(pages[0].id, business_id=graph.control.add_business()["id"], tasks=[])
    register()
    assert rows().keys() == {f"facebook-{page.id}" for page in pages[1:]}
    assert "its owner needs a role on the Page" in line_of(said, pages[0].id)
    assert "(#10) Application does not have permission" in line_of(said, account.id)


def test_a_missing_permission_is_named_for_each_that_needs_it(
    graph: Served, pages: list[Page], account: Account, rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    graph.control.configure(scopes=[one for one in GRANTED if one != "read_insights"])
    register()
    assert len(rows()) == 4
    for page in pages:
        assert line_of(said, page.id).endswith(": the token lacks the permission read_insights")
    assert "permission" not in line_of(said, account.id)


def test_accounts_that_a_missing_permission_hides_are_said_to_be_missing(
    graph: Served, pages: list[Page], account: Account, rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    graph.control.configure(instagram_scopes=[one for one in INSTAGRAM_SCOPES if one != "instagram_basic"])
    register()
    assert rows().keys() == {f"facebook-{page.id}" for page in pages}
    assert any("lacks the permission instagram_basic: without it Graph lists no acc" in one for one in said.messages)


def test_the_permissions_of_a_pages_token_are_asked_of_the_app(
    graph: Served, pages: list[Page], said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.control.fault("missing_permission", pages[0].id, edge="debug_token", permission="read_insights")
    state, token = graph.control.state(), graph.control.page_token(pages[0].id)
    app = {name: state[name] for name in ("app_id", "app_secret")}
    connect(monkeypatch, graph, token=token, access_kind="page", **app)
    register()
    assert line_of(said, pages[0].id).endswith(": the token lacks the permission read_insights")
    said.clear()
    connect(monkeypatch, graph, token=token, access_kind="page")
    register()
    assert any("which permissions the token has is not known" in one for one in said.messages)


def test_a_list_that_a_permission_forbids_is_named_and_the_others_are_read(
    graph: Served, pages: list[Page], rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    graph.control.fault("missing_permission", edge="businesses", permission="business_management", code=200)
    register()
    assert len(rows()) == len(pages)
    assert (
        "me/businesses is not listed: (#200) Requires business_management permission to manage the object"
    ) in said.messages


# By hand


def test_ids_by_hand_take_only_these_and_a_page_brings_its_account(
    graph: Served, pages: list[Page], account: Account, rows: Rows
) -> None:
    register(ids=[pages[0].id])
    assert rows().keys() == {f"facebook-{pages[0].id}", f"instagram-{account.id}"}
    register(ids=[pages[1].id])
    assert len(rows()) == 3


def test_an_account_is_named_by_its_own_id_even_if_no_list_shows_it(
    graph: Served, account: Account, rows: Rows
) -> None:
    graph.control.configure(scopes=("instagram_basic",))
    register(ids=[account.id])
    assert rows().keys() == {f"instagram-{account.id}"}


def test_each_id_by_hand_that_is_not_seen_has_its_reason_and_the_others_are_registered(
    graph: Served, pages: list[Page], account: Account, rows: Rows
) -> None:
    seen, without_role = pages[:2]
    graph.control.change_page(without_role.id, tasks=[])
    user = graph.control.state()["app_id"]
    with pytest.raises(ConfigurationError, match="3 of the ids that were named will not be read") as caught:
        register(ids=[seen.id, without_role.id, "999", f"9{user}"])
    told = str(caught.value)
    assert f"{without_role.id}: (#100) Object does not exist, cannot be loaded due to missing permission" in told
    assert "This endpoint requires the 'pages_read_engagement' permission" in told
    assert "999: Unsupported get request. Object with ID '999' does not exist" in told
    assert f"9{user}: it is no Facebook Page; it is no Instagram account" in told
    assert rows().keys() == {f"facebook-{seen.id}", f"instagram-{account.id}"}


def test_a_page_without_an_account_is_no_reason_to_fail_unless_accounts_alone_are_wished_for(
    pages: list[Page], account: Account, rows: Rows
) -> None:
    register(ids=[pages[1].id])
    with pytest.raises(ConfigurationError, match=f"{pages[1].id}: Graph shows no Instagram account there"):
        register(ids=[pages[1].id], take=["instagram"])
    assert rows().keys() == {f"facebook-{pages[1].id}"}


# Again


def test_a_dry_run_writes_nothing_and_says_what_a_run_would_do(
    pages: list[Page], rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    result = register(dry_run=True)
    assert rows() == {}
    assert (result["dry_run"], result["counts"]) == (True, {"registered": 3})
    assert line_of(said, pages[0].id).startswith("dry run: registered: Facebook Page")
    assert register() == result | {"dry_run": False}


def test_a_dry_run_makes_no_tables(database: psycopg.Connection, pages: list[Page]) -> None:
    database.execute("drop schema analytics cascade")
    assert register(dry_run=True)["counts"] == {"registered": 3}
    assert database.execute("select to_regnamespace('analytics')").fetchone() == (None,)
    assert register()["counts"] == {"registered": 3}


def test_a_second_run_changes_no_row(database: psycopg.Connection, account: Account) -> None:
    versions = "select xmin::text, * from analytics.integration order by id"
    register()
    before = database.execute(versions).fetchall()
    assert register()["counts"] == {"unchanged": 4}
    assert database.execute(versions).fetchall() == before


def test_a_page_that_was_renamed_is_updated_and_keeps_its_id(
    graph: Served, pages: list[Page], rows: Rows, database: psycopg.Connection, said: pytest.LogCaptureFixture
) -> None:
    register()
    database.execute("update analytics.integration set id = 'my-own' where external_id = %s", (pages[0].id,))
    graph.control.change_page(pages[0].id, name="Another Name")
    said.clear()
    result = register()
    assert rows()["my-own"] == registered(pages[0], name="Another Name")
    assert result["counts"] == {"updated": 1, "unchanged": 2}
    assert line_of(said, pages[0].id).endswith(f": its name was '{pages[0].name}'")


@pytest.mark.parametrize("how", ["no role", "gone"])
def test_a_page_that_is_no_longer_seen_is_reported_and_stays_active(
    graph: Served, pages: list[Page], rows: Rows, said: pytest.LogCaptureFixture, how: str
) -> None:
    register()
    before = rows()
    graph.control.change_page(pages[0].id, tasks=[])
    if how == "gone":
        graph.control.fault("unsupported_request", pages[0].id)
    said.clear()
    result = register()
    assert rows() == before
    assert result["ids"]["not seen"] == [f"facebook-{pages[0].id}"]
    reason = "missing permission or reviewable feature" if how == "no role" else "Unsupported get request"
    assert reason in line_of(said, pages[0].id)


def test_a_registered_page_that_the_lists_leave_out_is_seen_when_it_is_asked_singly(
    graph: Served, pages: list[Page], account: Account
) -> None:
    register()
    graph.control.fault("no_accounts")
    assert register()["counts"] == {"unchanged": 4}


def test_a_page_that_is_dead_for_its_own_reason_stops_no_other(graph: Served, pages: list[Page]) -> None:
    register()
    graph.control.fault("revoked_token", pages[0].id)
    assert register()["counts"] == {"unchanged": 2, "not seen": 1}


def test_what_another_connection_reads_is_neither_missed_nor_moved(
    graph: Served, pages: list[Page], rows: Rows, database: psycopg.Connection
) -> None:
    register()
    database.execute("update analytics.integration set conn_id = 'other' where external_id = %s", (pages[0].id,))
    assert register()["counts"] == {"unchanged": 3}
    assert rows()[f"facebook-{pages[0].id}"] == registered(pages[0], conn="other")
    graph.control.change_page(pages[0].id, tasks=[])
    assert register()["counts"] == {"unchanged": 2}
    # Named by hand, it is.
    graph.control.change_page(pages[0].id, tasks=["ANALYZE"])
    assert register(ids=[pages[0].id])["counts"] == {"updated": 1}
    assert rows()[f"facebook-{pages[0].id}"] == registered(pages[0])


def test_a_page_is_retired_on_request_and_active_again_when_it_is_named(
    pages: list[Page], rows: Rows, said: pytest.LogCaptureFixture
) -> None:
    register()
    page_id = f"facebook-{pages[0].id}"
    assert register(retire=[page_id], dry_run=True)["ids"]["retired"] == [page_id]
    assert rows()[page_id] == registered(pages[0])
    assert register(retire=[page_id])["counts"] == {"retired": 1, "unchanged": 2}
    assert rows()[page_id] == registered(pages[0], is_active=False)
    assert register(retire=[page_id])["counts"] == {"not active": 1, "unchanged": 2}
    assert register()["counts"] == {"not active": 1, "unchanged": 2}
    assert register(ids=[pages[0].id])["counts"] == {"active again": 1}
    assert rows()[page_id] == registered(pages[0])


def test_what_is_not_seen_can_be_retired_too(graph: Served, pages: list[Page], rows: Rows) -> None:
    register()
    graph.control.change_page(pages[0].id, tasks=[])
    page_id = f"facebook-{pages[0].id}"
    assert register(retire=[page_id])["counts"] == {"retired": 1, "unchanged": 2}
    assert rows()[page_id] == registered(pages[0], is_active=False)


def test_an_id_to_retire_that_is_none_of_the_organization_is_refused_before_anything(
    pages: list[Page], rows: Rows
) -> None:
    register(organization_id="another")
    before = rows()
    with pytest.raises(ConfigurationError, match=f"the organization 'acme' has no integration facebook-{pages[0].id}"):
        register(retire=[f"facebook-{pages[0].id}"])
    assert rows() == before


def test_what_another_organization_has_is_reported_and_never_moved(
    pages: list[Page], rows: Rows, database: psycopg.Connection, said: pytest.LogCaptureFixture
) -> None:
    database.execute(
        "insert into analytics.integration (organization_id, id, provider, external_id, name) "
        "values ('another', 'theirs', 'facebook', %s, 'Theirs')",
        (pages[0].id,),
    )
    result = register()
    assert rows().keys() == {"theirs", *(f"facebook-{page.id}" for page in pages[1:])}
    assert result["counts"] == {"not registered": 1, "registered": 2}
    assert "registered already under the organization 'another' as 'theirs'" in line_of(said, pages[0].id)
    with pytest.raises(ConfigurationError, match="under the organization 'another'"):
        register(ids=[pages[0].id])


def test_an_id_of_the_registry_that_is_taken_is_named(
    pages: list[Page], rows: Rows, database: psycopg.Connection, said: pytest.LogCaptureFixture
) -> None:
    database.execute(
        "insert into analytics.integration (organization_id, id, provider, external_id, name) "
        "values ('acme', %s, 'facebook', '1', 'Old')",
        (f"facebook-{pages[0].id}",),
    )
    assert register()["counts"] == {"not registered": 1, "not seen": 1, "registered": 2}
    assert line_of(said, pages[0].id).endswith(f"the id 'facebook-{pages[0].id}' is taken by another integration")


def test_what_another_organization_has_taken_out_is_free(
    pages: list[Page], rows: Rows, database: psycopg.Connection
) -> None:
    database.execute(
        "insert into analytics.integration (organization_id, id, provider, external_id, name, deleted_at) "
        "values ('another', 'theirs', 'facebook', %s, 'Theirs', now())",
        (pages[0].id,),
    )
    assert register()["counts"] == {"registered": 3}


def test_a_retired_page_that_could_not_be_read_is_not_activated_by_its_name(
    graph: Served, pages: list[Page], rows: Rows
) -> None:
    register()
    page_id = f"facebook-{pages[0].id}"
    register(retire=[page_id])
    graph.control.change_page(pages[0].id, tasks=["MESSAGING"])
    with pytest.raises(ConfigurationError, match=r"will not be read: .* its user lacks the task ANALYZE"):
        register(ids=[pages[0].id])
    assert rows()[page_id] == registered(pages[0], is_active=False)


def test_what_was_taken_out_of_the_registry_stays_out(
    pages: list[Page], rows: Rows, database: psycopg.Connection, said: pytest.LogCaptureFixture
) -> None:
    register()
    database.execute("update analytics.integration set deleted_at = now() where external_id = %s", (pages[0].id,))
    said.clear()
    assert register()["counts"] == {"not registered": 1, "unchanged": 2}
    assert "set deleted_at of" in line_of(said, pages[0].id)


# Trouble


@pytest.mark.parametrize("token", ["EAAsandboxInvented0000000000", None])
def test_a_broken_token_is_red_with_what_repairs_it(
    graph: Served, rows: Rows, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture, token: str | None
) -> None:
    connect(monkeypatch, graph, token=token)
    if token is None:
        graph.control.configure(token_expires_at=1)
    with pytest.raises(GraphTokenError, match="code 190"):
        register()
    what_to_do = "write a new token to the connection meta_graph_default, then clear (docs/operations.md#token)"
    assert what_to_do in said.messages[-1]
    assert rows() == {}


def test_a_throttle_waits_as_everywhere(graph: Served, rows: Rows) -> None:
    graph.control.set_usage("app", 90)
    with pytest.raises(GraphThrottledError):
        register()
    assert rows() == {}


def test_no_secret_is_said_or_returned(
    graph: Served, account: Account, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    said.set_level(logging.DEBUG)
    state = graph.control.state()
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    graph.control.configure(scopes=GRANTED)
    graph.control.change_page(graph.world.pages[0].id, business_id=graph.control.add_business()["id"], tasks=[])
    text = str(register())
    secrets = {state["system_user_token"], state["app_secret"], *(one["token"] for one in state["pages"])}
    assert {secret for secret in secrets if secret in text + said.text} == set()


def test_the_outcome_ends_with_a_table(pages: list[Page], said: pytest.LogCaptureFixture) -> None:
    register()
    title, _, table = said.messages[-1].partition("\n")
    assert title == "organization acme, connection meta_graph_default, written"
    head, _, *lines = [line.split() for line in table.splitlines() if line.strip()]
    assert " ".join(head) == "outcome what id at Graph integration name to know"
    assert [line[3] for line in lines] == sorted(page.id for page in pages)
