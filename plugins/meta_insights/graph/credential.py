"""What a connection says about Graph: where it is, which version, and with which credential. Checked once.

https://developers.facebook.com/docs/graph-api/guides/secure-requests
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import urlsplit

from meta_insights.errors import ConfigurationError
from meta_insights.graph.errors import GraphTokenError, ObjectGoneError
from meta_insights.graph.versions import DEFAULT_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from meta_insights.graph.client import GraphClient

CONN_TYPE = "facebook_insights"
DEFAULT_HOST = "https://graph.facebook.com"
FACEBOOK_LOGIN, INSTAGRAM_LOGIN = "facebook", "instagram"
HOSTS = {FACEBOOK_LOGIN: DEFAULT_HOST, INSTAGRAM_LOGIN: "https://graph.instagram.com"}
"""Where Graph is, by the login that gave the token."""
TOKEN_LIFE = timedelta(days=60)
"""How long a token of Instagram Login lives; Graph does not say of one when it was given."""
_PRINTABLE = re.compile(r"[!-~]+")
_TOKEN_LIKE = re.compile(r"(?:EAA|IGAA)[0-9A-Za-z_-]{8,}")


class Connection(Protocol):
    """The fields of a connection that are read; Airflow's has them."""

    conn_id: str
    conn_type: str | None
    host: str | None
    password: str | None
    extra: str | None


def _unmasked(_: Sequence[str]) -> None:
    """Mask nothing: outside of Airflow there are no logs of its own."""


class Secrets:
    """All secrets of one credential: makes its tokens, masks them in logs, and takes them out of texts.

    Each is masked once, and a proof not at all, because a mask costs more the more there are: a proof is of no use
    without its token, and ``transport`` lets no query be logged. May be used by several threads.
    """

    def __init__(self, app_secret: str | None = None, mask: Callable[[list[Any]], None] = _unmasked) -> None:
        self._app_secret = app_secret
        self._mask = mask
        self._known: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def token(self, value: str) -> Token:
        """Return a token, masked from now on, with its ``appsecret_proof`` (without an app secret: None)."""
        proof = None
        if self._app_secret:
            proof = hmac.new(self._app_secret.encode(), value.encode(), hashlib.sha256).hexdigest()
        with self._lock:
            if new := [one for one in (self._app_secret, value) if one and one not in self._known]:
                self._mask(new)
            # A new set: others may be reading the old one.
            self._known = self._known.union(new, [proof] if proof else [])
        return Token(value, proof, self)

    def scrub(self, text: str) -> str:
        """Return a text without these secrets, and without anything that looks like a token of Graph."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, "***")
        return _TOKEN_LIKE.sub("***", text)


@dataclass(frozen=True)
class Token:
    """A secret that reads Graph as one principal. ``secrets`` makes other tokens of the same credential."""

    value: str
    proof: str | None = None
    secrets: Secrets = field(default_factory=Secrets, compare=False)

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True)
class Credential:
    """The checked fields of a connection. ``access_kind`` is ``page`` or ``user``; no secret is in its repr.

    ``login`` is a key of HOSTS. ``token_ends`` is when the token expires, as far as the connection says it.
    """

    base_url: str
    version: str
    access_kind: str
    token: Token
    _app: str | None = field(repr=False)
    login: str = FACEBOOK_LOGIN
    token_ends: datetime | None = None

    @property
    def app_token(self) -> Token | None:
        """The token with which the app itself asks; None without app credentials."""
        return self.token.secrets.token(self._app) if self._app else None

    @property
    def renewal(self) -> str:
        """What to do before the token ends."""
        if self.login == FACEBOOK_LOGIN:
            return "renew it before"
        ask = f"{self.base_url}/refresh_access_token?grant_type=ig_refresh_token"
        return f"before that, send GET {ask} with it, and put the new token and extra.issued_on into the connection"

    @classmethod
    def of(cls, connection: Connection, mask: Callable[[list[Any]], None] = _unmasked) -> Self:
        """Read ``host``, ``password`` and ``extra``. ConfigurationError says which of them to correct, and how.

        ``mask`` is called with every secret before it is used: tokens and app secret.
        """
        where = f"the connection {connection.conn_id!r}"
        if connection.conn_type != CONN_TYPE:  # the registry names any connection: none of another system is sent
            raise ConfigurationError(f"{where} must be of type {CONN_TYPE}, not {connection.conn_type!r}")
        extra = _extra(connection.extra, where)
        app_id, app_secret = (_text(extra, key, where) for key in ("app_id", "app_secret"))
        secrets = Secrets(app_secret, mask)
        login = _login(extra, where)
        return cls(
            base_url=_base_url(connection.host or HOSTS[login], where, may_be_plain=extra.get("allow_http") is True),
            version=_version(extra, where),
            access_kind=_access_kind(extra, where),
            token=secrets.token(_token(connection.password, where)),
            _app=f"{app_id}|{app_secret}" if app_id and app_secret else None,
            login=login,
            token_ends=_token_ends(extra, where) if login == INSTAGRAM_LOGIN else None,
        )


def exchange(client: GraphClient, page_id: str) -> Token:
    """Return the Page's own token, for that of a user or system user: one call.

    Raises GraphTokenError when the token gives no access to the Page.
    https://developers.facebook.com/docs/pages-api/getting-started
    """
    refusal = "the token gives no access to this Page: its owner needs a role on the Page"
    try:
        value = client.get(page_id, fields="access_token").body.get("access_token")
    except ObjectGoneError as error:
        raise GraphTokenError(refusal, page_id, error.status, error.code, error.subcode, error.trace_id) from error
    if not isinstance(value, str) or not value:
        raise GraphTokenError(refusal, page_id)
    return client.token.secrets.token(value)


def _extra(text: str | None, where: str) -> Mapping[str, Any]:
    try:
        extra = json.loads(text or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError(f"extra of {where} must be a JSON object")
    return extra


def _text(extra: Mapping[str, Any], key: str, where: str) -> str | None:
    return _printable(str(extra[key]), f"extra.{key} of {where}") if extra.get(key) else None


def _token(password: str | None, where: str) -> str:
    if not (password or "").strip():
        raise ConfigurationError(f"{where} has no password: put the Graph token there")
    return _printable(password or "", f"the password of {where}")


def _printable(text: str, what: str) -> str:
    stripped = text.strip()
    if not _PRINTABLE.fullmatch(stripped):
        raise ConfigurationError(f"{what} holds a space or a character outside ASCII: copy it again")
    return stripped


def _version(extra: Mapping[str, Any], where: str) -> str:
    version = str(extra.get("api_version") or DEFAULT_VERSION)
    if not re.fullmatch(r"v\d+\.\d+", version):
        raise ConfigurationError(f"extra.api_version of {where} must look like v26.0, not {version!r}")
    return version


def _access_kind(extra: Mapping[str, Any], where: str) -> str:
    """Return whose token it is; ``token_type`` is the key of older connections."""
    kind = str(extra.get("access_kind") or extra.get("token_type") or "page")
    if kind not in {"page", "user"}:
        raise ConfigurationError(f"extra.access_kind of {where} must be page or user, not {kind!r}")
    return kind


def _login(extra: Mapping[str, Any], where: str) -> str:
    login = str(extra.get("login") or FACEBOOK_LOGIN)
    if login not in HOSTS:
        raise ConfigurationError(f"extra.login of {where} must be {' or '.join(HOSTS)}, not {login!r}")
    return login


def _token_ends(extra: Mapping[str, Any], where: str) -> datetime | None:
    created = extra.get("issued_on")
    try:
        return datetime.fromisoformat(created).replace(tzinfo=UTC) + TOKEN_LIFE if created else None
    except (TypeError, ValueError):
        text = f"extra.issued_on of {where} must be a date such as 2026-11-22, not {created!r}"
        raise ConfigurationError(text) from None


def _base_url(host: str, where: str, *, may_be_plain: bool) -> str:
    url = (host if "://" in host else f"https://{host}").strip().rstrip("/")
    try:
        parts = urlsplit(url)
        name = parts.hostname if parts.port != 0 and _PRINTABLE.fullmatch(url) else None
    except ValueError:
        name = None
    if not name or parts.scheme not in {"http", "https"} or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(f"host of {where} must be a URL such as {DEFAULT_HOST}")
    if parts.scheme == "http" and not (may_be_plain or _is_loopback(name)):
        raise ConfigurationError(f"host of {where} must be https: the token would be sent in plain text")
    return url


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
