"""Access tokens of Instagram Login: one account each, sixty days long, renewed by the account itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import Call
from graph_sandbox.wire.errors import GraphError
from graph_sandbox.wire.tokens import Principal

LIFE = timedelta(days=60)
AGE_TO_REFRESH = timedelta(hours=24)
PREFIX = "IGAAsandbox"
SCOPES = ("instagram_business_basic", "instagram_business_manage_insights")


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was given out at an instant; one of the start (None) can be refreshed at once, and has no end."""

    token: str
    at: datetime | None = None


class InstagramTokens:
    """The tokens of all accounts, derived from a seed. A refreshed token lives on, a rotated one dies."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._given: dict[str, list[Issued]] = {}
        self._serial: dict[str, int] = {}

    def reset(self) -> None:
        """Return to the first token of every account."""
        self._given.clear()
        self._serial.clear()

    def of(self, account_id: str) -> str:
        """Return the account's newest token."""
        return self._good(account_id)[-1].token

    def rotate(self, account_id: str, at: datetime) -> str:
        """Replace the account's tokens and return the new one, which is given out at an instant."""
        self._serial[account_id] = self._serial.get(account_id, 0) + 1
        self._given[account_id] = [Issued(self._token(account_id), at)]
        return self.of(account_id)

    def refresh(self, account_id: str, token: str, at: datetime) -> str:
        """Return a new token beside the one that asks for it; a GraphError if that is younger than a day."""
        good = self._good(account_id)
        asks = next(one for one in good if one.token == token)
        if asks.at is not None and at - asks.at < AGE_TO_REFRESH:
            raise errors.parameter("The access token must be at least 24 hours old to be refreshed")
        self._serial[account_id] = self._serial.get(account_id, 0) + 1
        self._given[account_id] = [*good, Issued(self._token(account_id), at)]
        return self.of(account_id)

    def identify(self, token: str, at: datetime) -> str:
        """Return the account that a token speaks for; a GraphError of code 190 if it speaks for none (any more)."""
        account_id = self.account_of(token)
        if account_id is None:
            raise errors.malformed_token()
        found = next((one for one in self._good(account_id) if one.token == token), None)
        if found is None:
            raise errors.dead_token(460)
        if found.at is not None and at - found.at >= LIFE:
            raise errors.dead_token(463)
        return account_id

    def account_of(self, token: str) -> str | None:
        """Return the account a token was made for, good or dead, without saying whether the account exists."""
        account_id, _, sign = token.removeprefix(PREFIX).partition("x")
        return account_id if token.startswith(PREFIX) and account_id.isdecimal() and sign else None

    def _good(self, account_id: str) -> list[Issued]:
        return self._given.get(account_id) or [Issued(self._token(account_id))]

    def _token(self, account_id: str) -> str:
        text = f"{self._seed}|instagram token|{account_id}.{self._serial.get(account_id, 0)}"
        return f"{PREFIX}{account_id}x{blake2b(text.encode(), digest_size=16).hexdigest()}"


def refreshed(tokens: InstagramTokens, principal: Principal, call: Call, at: datetime) -> dict[str, Any]:
    """Answer `GET /refresh_access_token`: a token that lives sixty days from now."""
    if call.params.get("grant_type") != "ig_refresh_token":
        raise errors.parameter("The parameter grant_type must be ig_refresh_token")
    if principal.account_id is None:
        raise errors.malformed_token()
    return {
        "access_token": tokens.refresh(principal.account_id, principal.token, at),
        "token_type": "bearer",
        "expires_in": int(LIFE.total_seconds()),
        "permissions": ",".join(SCOPES),
    }


def as_instagram_login(error: GraphError) -> GraphError:
    """Return an error of code 100 under the name that Instagram Login gives it."""
    if error.code == 100 and error.type == "OAuthException":  # noqa: PLR2004 - Graph's own number
        error.type = "IGApiException"
    return error
