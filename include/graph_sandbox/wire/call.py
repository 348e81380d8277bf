"""One call to Graph, whether it came as a request of its own or as an entry of a batch, and its answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from graph_sandbox.wire import errors
from graph_sandbox.wire.versions import VERSION

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `path` holds its parts without the version; `token` is out of header, query or form."""

    method: str
    path: tuple[str, ...]
    version: str | None
    params: Mapping[str, str]
    token: str | None
    base_url: str

    @classmethod
    def of(cls, method: str, path: str, params: Mapping[str, str], token: str | None, base_url: str) -> "Call":
        """Build a call from a raw path that may begin with a version."""
        parts = [part for part in path.split("/") if part]
        version = parts.pop(0) if parts and VERSION.fullmatch(parts[0]) else None
        return cls(method, tuple(parts), version, params, params.get("access_token") or token, base_url)

    def url(self, version: str, path: str, params: Mapping[str, str | int]) -> str:
        """Return an absolute URL as Graph puts it into `paging`, with the token in it."""
        query = _query(("access_token", self.token or ""), *params.items())
        return f"{self.base_url}/{version}/{path}?{query}"


@dataclass(slots=True)
class Reply:
    """The answer to one call. `hang` delays it by seconds; `dropped` closes the connection instead.

    `drip` is the pause in seconds after every few bytes; `padding` megabytes of blanks come before the body.
    """

    body: str
    status: int = HTTPStatus.OK
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0.0
    dropped: bool = False
    page_id: str | None = None
    drip: float = 0.0
    padding: int = 0


@lru_cache(maxsize=64)
def _query(*params: tuple[str, str | int]) -> str:
    """Return a query string; every post of a listing shows the same ones, so they are kept."""
    return urlencode(params, safe="(),{}.")


def dumps(value: Any) -> str:
    """Return JSON as Graph writes it: compact, ASCII only, slashes escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def graph_time(instant: datetime) -> str:
    """Return an instant in Graph's notation: `2026-04-06T17:50:09+0000`."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='seconds')}+0000"


def names(text: str) -> tuple[str, ...]:
    """Return the members of a list by commas or in JSON, each once; a JSON text that is no list has none."""
    if text.startswith(("[", "{", '"')):
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            return ()
        found = found if isinstance(found, list) else []
    else:
        found = text.split(",")
    return tuple(dict.fromkeys(str(name).strip() for name in found if str(name).strip()))


def whole_number(params: Mapping[str, str], name: str, default: int) -> int:
    """Return a parameter that must be a whole number, 0 or more."""
    text = params.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise errors.parameter(f"Param {name} must be an integer greater than or equal to 0")
    return int(text)
