"""A typed client of the control surface, for tests, demos and benchmarks in this or another process."""

from datetime import datetime
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

TIMEOUT_SECONDS = 10.0


class SandboxControl:
    """Controls the sandbox at `base_url`. A refused order raises ValueError with the reason."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._url = f"{self.base_url}/_sandbox"
        self._session = requests.Session()
        # The server closes a connection that was idle for seconds, at times just when it is used again.
        again = Retry(None, connect=0, read=2, redirect=0, status=0, other=0)
        self._session.mount("http://", HTTPAdapter(max_retries=again))
        # Proxies of the environment have no business on loopback.
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def state(self) -> dict[str, Any]:
        """Return clock, seed, app id and secret, tokens, Pages and accounts with their tokens, settings and faults."""
        return dict(self._call("GET", "state"))

    def page_token(self, page_id: str) -> str:
        """Return the Page's token of today."""
        return next(str(page["token"]) for page in self.state()["pages"] if page["id"] == page_id)

    def account_token(self, account_id: str) -> str:
        """Return the account's newest token of Instagram Login."""
        return next(str(account["token"]) for account in self.state()["accounts"] if account["id"] == account_id)

    def now(self) -> datetime:
        """Return the instant of the sandbox's clock."""
        return datetime.fromisoformat(self.state()["now"])

    def fix_clock(self, instant: datetime) -> None:
        """Let the clock stand still at an aware instant."""
        self._call("PUT", "clock", {"fixed": instant.isoformat()})

    def run_clock(self, offset_seconds: float = 0.0) -> None:
        """Let the clock run with real time, shifted by an offset."""
        self._call("PUT", "clock", {"offset_seconds": offset_seconds})

    def configure(self, **settings: Any) -> None:
        """Change settings: those of `sandbox.Settings`."""
        self._call("PATCH", "settings", settings)

    def add_page(self, name: str = "Added Page", **given: Any) -> dict[str, Any]:
        """Add a Page (page_id, audience, posts_per_day) and return its id, name and token."""
        return dict(self._call("POST", "pages", {"name": name, **given}))

    def change_page(self, page_id: str, **changes: Any) -> None:
        """Change what is told of a Page (name, tasks, business_id, is_client)."""
        self._call("PATCH", f"pages/{page_id}", changes)

    def add_business(self, name: str = "Added Portfolio") -> dict[str, Any]:
        """Add a business portfolio, in which there is no Page yet, and return its id and name."""
        return dict(self._call("POST", "businesses", {"name": name}))

    def add_post(self, page_id: str, created_time: datetime, **given: Any) -> dict[str, Any]:
        """Publish a post (kind, message, in_posts_edge, by_visitor, appears) and return its ids."""
        body = {"page_id": page_id, "created_time": created_time.isoformat(), **given}
        return dict(self._call("POST", "posts", body))

    def add_account(self, username: str = "added.account", **given: Any) -> dict[str, Any]:
        """Add an Instagram account (account_id, page_id, audience, media_per_day, converted_at), with its token."""
        return dict(self._call("POST", "accounts", {"username": username, **given}))

    def add_media(self, account_id: str, created_time: datetime, **given: Any) -> dict[str, Any]:
        """Publish a media (kind, caption, children, shared_to_facebook, likes_hidden, audience) and return it."""
        body = {"account_id": account_id, "created_time": created_time.isoformat(), **given}
        return dict(self._call("POST", "media", body))

    def archive(self, media_id: str, *, archived: bool = True) -> None:
        """Take a media out of the listing from now on, or bring it back."""
        self._call("PATCH", f"media/{media_id}", {"archived": archived})

    def hide_likes(self, media_id: str, *, hidden: bool = True) -> None:
        """Hide the number of a media's likes, or show it again."""
        self._call("PATCH", f"media/{media_id}", {"likes_hidden": hidden})

    def end_story(self, media_id: str) -> None:
        """End a story now."""
        self._call("PATCH", f"media/{media_id}", {"ended": True})

    def convert(self, account_id: str, at: datetime | None = None) -> None:
        """Convert an account to a business account at an instant (default: now): older media lose their insights."""
        self._call("POST", f"accounts/{account_id}/conversions", {"at": at.isoformat() if at else None})

    def correct(self, object_id: str, counter: str, by: int, at: datetime | None = None) -> None:
        """Change a raw counter such as `comments` or `reaction.like` from an instant on (default: now)."""
        body = {"object_id": object_id, "counter": counter, "by": by, "at": at.isoformat() if at else None}
        self._call("POST", "corrections", body)

    def delete(self, object_id: str) -> None:
        """Make a post and its video, or a media, vanish from now on."""
        self._call("DELETE", f"objects/{object_id}")

    def restore(self, object_id: str) -> None:
        """Bring a deleted post or media back."""
        self._call("POST", f"objects/{object_id}/restore")

    def set_usage(self, owner: str, percent: int, minutes: int = 0) -> None:
        """Fix the usage of a Page, an account or `app`; from 100 per cent on its calls are throttled."""
        self._call("PUT", "usage", {"owner": owner, "percent": percent, "minutes": minutes})

    def fault(self, kind: str, page: str = "*", **given: Any) -> int:
        """Order a fault (edge, object_id, times, and what the kind takes) and return its id."""
        return int(self._call("POST", "faults", {"kind": kind, "page": page, **given})["id"])

    def harsh(self, page: str = "*") -> list[dict[str, Any]]:
        """Order the harsh shapes of a Page or an account, or of all, and return the faults on order."""
        return list(self._call("POST", "shapes", {"page": page}))

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults on order, and how often each has struck."""
        return list(self._call("GET", "faults"))

    def remove_fault(self, fault_id: int) -> None:
        """Take one fault back."""
        self._call("DELETE", f"faults/{fault_id}")

    def clear_faults(self, page: str | None = None) -> None:
        """Take back the faults of one Page (or those of `*`), or all."""
        self._call("DELETE", f"faults?page={page}" if page else "faults")

    def rotate_token(self, page_id: str) -> str:
        """Replace the token of a Page, or of an account, which kills the one before, and return the new one."""
        return str(self._call("POST", f"tokens/{page_id}/rotate")["token"])

    def requests(self) -> dict[str, Any]:
        """Return totals (`requests`, `calls`, `calls_by_page`) and the latest `entries` of the journal."""
        return dict(self._call("GET", "requests"))

    def clear_requests(self) -> None:
        """Empty the journal."""
        self._call("DELETE", "requests")

    def reset(self) -> None:
        """Return everything to the start."""
        self._call("POST", "reset")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = self._session.request(method, f"{self._url}/{path}", json=body, timeout=TIMEOUT_SECONDS)
        if not response.ok:
            raise ValueError(f"{method} {path}: HTTP {response.status_code} {response.text}")
        return response.json()
