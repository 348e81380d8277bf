"""What an Airflow connection says about Graph: where it is, which version, and with which credential. Checked once."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow.sdk import Connection

DEFAULT_HOST = "https://graph.facebook.com"
DEFAULT_VERSION = "v26.0"


@dataclass(frozen=True)
class Credential:
    """The checked fields of a connection. ``token_type`` is ``page`` or ``user``; secrets stay out of its repr."""

    base_url: str
    version: str
    token_type: str
    token: str = field(repr=False)
    app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Read ``host``, ``password`` and ``extra``. ConfigurationError says which of them to correct, and how."""
        extra: dict[str, Any] = connection.extra_dejson
        host = (connection.host or DEFAULT_HOST).rstrip("/")
        credential = cls(
            base_url=host if "://" in host else f"https://{host}",
            version=str(extra.get("api_version") or DEFAULT_VERSION),
            token_type=str(extra.get("access_kind") or extra.get("token_type") or "page"),
            token=connection.password or "",
            app_id=str(extra["app_id"]) if extra.get("app_id") else None,
            app_secret=str(extra["app_secret"]) if extra.get("app_secret") else None,
        )
        credential._check(f"the connection {connection.conn_id!r}")
        return credential

    def _check(self, where: str) -> None:
        if not self.token:
            raise ConfigurationError(f"{where} has no password: put the Graph token there")
        if not re.fullmatch(r"v\d+\.\d+", self.version):
            raise ConfigurationError(f"extra.api_version of {where} must look like v26.0, not {self.version!r}")
        if self.token_type not in {"page", "user"}:
            raise ConfigurationError(f"extra.token_type of {where} must be page or user, not {self.token_type!r}")

    @property
    def app_token(self) -> str | None:
        """The token with which the app itself asks; None without app credentials."""
        return f"{self.app_id}|{self.app_secret}" if self.app_id and self.app_secret else None

    def proof(self, token: str) -> str | None:
        """Return the ``appsecret_proof`` of a token (docs: "Securing Requests"); None without an app secret."""
        if not self.app_secret:
            return None
        return hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
