"""What a connection may say, which of it is secret, and how a user's token becomes a Page's."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.errors import ConfigurationError
from meta_insights.graph.credential import Credential, Secrets, exchange
from meta_insights.graph.errors import GraphPermissionError, GraphTokenError
from meta_insights.graph.token_health import TokenHealth
from meta_insights.threads import at_once
from scripted import APP_SECRET, TOKEN, Reply, client_of, connection, refusal

if TYPE_CHECKING:
    from scripted import Scripted

APP: Any = {"app_id": "303", "app_secret": APP_SECRET}


def proof(token: str) -> str:
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


# The connection


def test_an_empty_connection_with_a_token_reads_graph_itself_as_a_page() -> None:
    credential = Credential.of(connection())
    assert (credential.base_url, credential.version, credential.access_kind) == (
        "https://graph.facebook.com",
        "v26.0",
        "page",
    )
    assert (credential.token.value, credential.token.proof, credential.app_token) == (TOKEN, None, None)


def test_instagram_login_has_a_host_of_its_own_and_a_token_that_lives_sixty_days() -> None:
    credential = Credential.of(connection(login="instagram", issued_on="2026-11-01"))
    assert credential.base_url == "https://graph.instagram.com"
    assert credential.token_ends == datetime(2026, 12, 31, tzinfo=UTC)
    health = TokenHealth(expires_at=credential.token_ends)
    (warning,) = health.warnings(datetime(2026, 12, 20, tzinfo=UTC), credential.renewal)
    assert warning.startswith(
        "the token expires at 2026-12-31 00:00 UTC: before that, send GET https://graph.instagram"
    )
    assert list(health.warnings(datetime(2026, 11, 20, tzinfo=UTC), credential.renewal)) == []
    assert Credential.of(connection(login="instagram")).token_ends is None
    assert Credential.of(connection(login="facebook", issued_on="2026-11-01")).token_ends is None


@pytest.mark.parametrize("extra", [{"access_kind": "user"}, {"token_type": "user"}])
def test_whose_token_it_is_is_read_under_its_new_and_its_old_key(extra: dict[str, str]) -> None:
    assert Credential.of(connection(**extra)).access_kind == "user"


def test_whitespace_around_a_token_that_was_pasted_is_dropped() -> None:
    assert Credential.of(connection(password=f" {TOKEN}\n")).token.value == TOKEN


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:8900", "http://localhost:1/", "http://[::1]:1", "https://graph.test", "https://g.test\n"]
)
def test_plain_http_is_for_this_machine_only(host: str) -> None:
    assert Credential.of(connection(host)).base_url == host.strip().rstrip("/")


@pytest.mark.parametrize(
    "host",
    ["http://sandbox:8900", "http://localhost.test", "http://127.0.0.1.test", "http://0.0.0.0", "HTTP://10.0.0.1"],
)
def test_plain_http_to_another_machine_must_be_allowed(host: str) -> None:
    for extra in ({}, {"allow_http": False}, {"allow_http": "yes"}):
        with pytest.raises(ConfigurationError, match="must be https"):
            Credential.of(connection(host, **extra))
    assert Credential.of(connection("http://sandbox:8900", allow_http=True)).base_url == "http://sandbox:8900"


@pytest.mark.parametrize(
    ("fields", "extra", "reason"),
    [
        ({"password": None}, {}, "has no password: put the Graph token there"),
        ({"password": " \n"}, {}, "has no password"),
        ({"password": "EAAone EAAtwo"}, {}, "holds a space or a character outside ASCII"),
        ({"password": "EAA“quoted”"}, {}, "holds a space or a character outside ASCII"),
        ({"password": "EAA\u200bzero"}, {}, "holds a space or a character outside ASCII"),
        ({"password": "EAAtwo\nlines"}, {}, "holds a space or a character outside ASCII"),
        ({"password": "EAA\x00zero"}, {}, "holds a space or a character outside ASCII"),
        ({"conn_type": "http"}, {}, "must be of type facebook_insights, not 'http'"),
        ({"conn_type": ""}, {}, "must be of type facebook_insights, not ''"),
        ({"conn_type": None}, {}, "must be of type facebook_insights, not None"),
        ({"host": "ftp://graph.test"}, {}, "must be a URL such as"),
        ({"host": "https://"}, {}, "must be a URL such as"),
        ({"host": "https://[::1"}, {}, "must be a URL such as"),
        ({"host": "https://graph.test:99999"}, {}, "must be a URL such as"),
        ({"host": "https://graph.test:port"}, {}, "must be a URL such as"),
        ({"host": "https://graph .test"}, {}, "must be a URL such as"),
        ({"host": "https://graph.test\n.evil"}, {}, "must be a URL such as"),
        ({"host": "https://user:secret@graph.test"}, {}, "must be a URL such as"),
        ({"host": "https://graph.test?access_token=x"}, {}, "must be a URL such as"),
        ({}, {"api_version": "26"}, "must look like v26.0"),
        ({}, {"access_kind": "app"}, "must be page or user"),
        ({}, {"login": "threads"}, "must be facebook or instagram"),
        ({}, {"login": "instagram", "issued_on": "last week"}, "must be a date such as"),
        ({}, {"login": "instagram", "issued_on": 20261101}, "must be a date such as"),
        ({}, {"app_id": "303", "app_secret": "é"}, "extra.app_secret of the connection 'graph' holds a space"),
    ],
)
def test_a_malformed_connection_says_what_to_correct(
    fields: dict[str, Any], extra: dict[str, str], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Credential.of(connection(**fields, **extra))
    assert "secret@" not in str(caught.value)
    assert "EAA" not in str(caught.value)


@pytest.mark.parametrize("extra", ["{", "[]", "7", '"text"'])
def test_an_extra_that_is_no_object_says_so(extra: str) -> None:
    given = connection()
    given.extra = extra
    with pytest.raises(ConfigurationError, match="must be a JSON object"):
        Credential.of(given)


# Secrets


def test_tokens_and_app_secret_are_masked() -> None:
    masked: list[str] = []
    credential = Credential.of(connection(**APP), masked.extend)
    assert masked == [APP_SECRET, TOKEN]
    assert credential.app_token is not None
    assert credential.app_token.proof == proof(f"303|{APP_SECRET}")
    assert masked[2:] == [f"303|{APP_SECRET}"]
    exchanged = credential.token.secrets.token("EAAofThePage0001")
    assert exchanged.proof == proof("EAAofThePage0001")
    assert masked[3:] == ["EAAofThePage0001"]


def test_a_secret_is_masked_once_however_many_threads_make_its_token() -> None:
    masked: list[str] = []
    credential, together = Credential.of(connection(**APP), masked.extend), Barrier(8)

    def make() -> None:
        together.wait(timeout=10)
        for number in range(20):
            credential.token.secrets.token(f"EAAofThePage{number:04}")

    for future in at_once([make] * 8, workers=8):
        future.result()
    assert len(masked) == len(set(masked)) == 2 + 20


def test_no_secret_is_in_a_repr() -> None:
    credential = Credential.of(connection(**APP))
    shown = repr(credential) + repr(credential.token)
    assert repr(credential.token) == "***"
    assert [secret for secret in (TOKEN, APP_SECRET, proof(TOKEN)) if secret in shown] == []


def test_a_text_is_scrubbed_of_every_secret_and_of_what_looks_like_a_token() -> None:
    secrets = Secrets(APP_SECRET)
    token = secrets.token("303|own-token")
    text = f"Bad {token.value}, {token.proof}, {APP_SECRET} and EAAunknownToken99 of EAA"
    assert secrets.scrub(text) == "Bad ***, ***, *** and *** of EAA"


# The exchange


def test_a_users_token_is_exchanged_in_one_call(scripted: Scripted) -> None:
    scripted.reply(Reply({"access_token": "EAAofThePage0001", "id": "100"}))
    token = exchange(client_of(scripted.base_url, **APP), "100")
    assert (token.value, token.proof) == ("EAAofThePage0001", proof("EAAofThePage0001"))
    assert [(asked.path, asked.params["fields"]) for asked in scripted.asked] == [("/v26.0/100", "access_token")]


@pytest.mark.parametrize(
    "body", [{"id": "100"}, {"access_token": ""}, {"access_token": 7}, refusal(100, 33), refusal(803)]
)
def test_no_access_to_the_page_is_an_error_of_the_token(scripted: Scripted, body: dict[str, Any]) -> None:
    scripted.reply(Reply(body))
    with pytest.raises(GraphTokenError, match="no access to this Page: its owner needs a role on the Page") as caught:
        exchange(client_of(scripted.base_url), "100")
    assert not caught.value.is_dead


def test_a_missing_permission_stays_one(scripted: Scripted) -> None:
    scripted.reply(Reply(refusal(200), 403))
    with pytest.raises(GraphPermissionError):
        exchange(client_of(scripted.base_url), "100")
