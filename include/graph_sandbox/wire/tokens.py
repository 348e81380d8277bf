"""Access tokens, who each one speaks for, and the proof that the caller knows the app's secret."""

import hmac
from dataclasses import dataclass
from hashlib import blake2b, sha256

from graph_sandbox.wire import errors

INSTAGRAM_SCOPES = ("instagram_basic", "instagram_manage_insights")
BUSINESS_MANAGEMENT = "business_management"
SCOPES = ("pages_show_list", "pages_read_engagement", "read_insights", "pages_read_user_content")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for: the system user, one Page, or (by Instagram Login) one Instagram account."""

    token: str
    page_id: str | None = None
    account_id: str | None = None


class Tokens:
    """All tokens of one app, derived from a seed; a Page's token can be rotated, which kills the one before."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.app_id = str(303_000_000_000_000 + seed)
        self.app_secret = self._digest("secret", 16)
        self.system_user = f"EAAsandboxSystem{self._digest('system', 24)}"
        self._rotations: dict[str, int] = {}

    @property
    def user_id(self) -> str:
        """The id of the system user."""
        return f"9{self.app_id}"

    @property
    def app(self) -> str:
        """The app's own token, for `debug_token`."""
        return f"{self.app_id}|{self.app_secret}"

    def page(self, page_id: str) -> str:
        """Return the Page's token of today."""
        return f"{self._prefix(page_id)}{self._digest(f'{page_id}.{self._rotations.get(page_id, 0)}', 16)}"

    def rotate(self, page_id: str) -> str:
        """Replace the Page's token and return the new one."""
        self._rotations[page_id] = self._rotations.get(page_id, 0) + 1
        return self.page(page_id)

    def reset(self) -> None:
        """Return to the first token of every Page."""
        self._rotations.clear()

    def identify(self, token: str) -> Principal:
        """Return who a token speaks for; a GraphError of code 190 if it speaks for nobody (any more)."""
        if hmac.compare_digest(token.encode(), self.system_user.encode()):
            return Principal(token)
        page_id = self.page_of(token)
        if page_id is None:
            raise errors.malformed_token()
        if token != self.page(page_id):
            raise errors.dead_token(460)
        return Principal(token, page_id)

    def page_of(self, token: str) -> str | None:
        """Return the Page a token was made for, good or dead, without saying whether the Page exists."""
        page_id = token.removeprefix("EAAsandboxPage").partition("x")[0]
        return page_id if page_id.isdecimal() and token.startswith(self._prefix(page_id)) else None

    def proof(self, token: str) -> str:
        """Return the `appsecret_proof` that goes with a token."""
        return hmac.new(self.app_secret.encode(), token.encode(), sha256).hexdigest()

    def check_proof(self, token: str, proof: str | None, *, required: bool) -> None:
        """Raise a GraphError of code 100 when the proof is wrong, or is missing though required."""
        if proof is None:
            if required:
                raise errors.missing_proof()
        elif not hmac.compare_digest(proof.encode(), self.proof(token).encode()):
            raise errors.invalid_proof()

    def _prefix(self, page_id: str) -> str:
        return f"EAAsandboxPage{page_id}x"

    def _digest(self, name: str, size: int) -> str:
        return blake2b(f"{self._seed}|token|{name}".encode(), digest_size=size).hexdigest()
