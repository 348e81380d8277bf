"""The whole state of one running sandbox."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from graph_sandbox.control.faults import ANY, FaultBoard
from graph_sandbox.control.shapes import harsh_account_shapes, harsh_shapes
from graph_sandbox.wire import errors
from graph_sandbox.wire.instagram_tokens import InstagramTokens
from graph_sandbox.wire.tokens import INSTAGRAM_SCOPES, SCOPES, Principal, Tokens
from graph_sandbox.wire.usage import Usage
from graph_sandbox.world import World
from graph_sandbox.world.clock import Clock

JOURNAL_MAX = 10_000


@dataclass(slots=True)
class Settings:
    """How the service behaves towards every call."""

    latency_ms: float = 0.0
    require_appsecret_proof: bool = False
    token_expires_at: int = 0
    data_access_expires_at: int = 0
    scopes: tuple[str, ...] = SCOPES
    calls_per_impression: int = 4800
    instagram_scopes: tuple[str, ...] = INSTAGRAM_SCOPES


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. Paths are without query strings, which could hold tokens."""

    at: str
    method: str
    path: str
    page: str | None
    status: int
    in_batch: bool = False


@dataclass(slots=True)
class Journal:
    """What was asked: the last calls one by one, and totals. A batch is one request and as many calls as entries."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=JOURNAL_MAX))
    requests: int = 0
    calls: int = 0
    calls_by_page: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry, *, is_call: bool = True) -> None:
        """Note one call, or a batch as a whole (`is_call` False)."""
        self.entries.append(entry)
        self.requests += not entry.in_batch
        self.calls += is_call
        if entry.page and is_call:
            self.calls_by_page[entry.page] += 1

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.calls_by_page.clear()
        self.requests = self.calls = 0

    def report(self) -> dict[str, Any]:
        """Return the totals and the entries as plain data."""
        return {
            "requests": self.requests,
            "calls": self.calls,
            "calls_by_page": dict(self.calls_by_page),
            "entries": [asdict(entry) for entry in self.entries],
        }


class Sandbox:
    """World, clock, tokens, faults, usage, journal and settings; `reset` returns to the start."""

    def __init__(self, world: World, clock: datetime | None = None, *, harsh: bool = False, **settings: Any) -> None:
        self.world = world
        self._harsh = harsh
        self._start = clock
        self._initial = settings
        self.tokens = Tokens(world.seed)
        self.instagram_tokens = InstagramTokens(world.seed)
        self.faults = FaultBoard()
        self.usage = Usage()
        self.journal = Journal()
        self.settings = Settings(**settings)
        self.clock = Clock(clock)
        if harsh:
            self.add_shapes()

    def add_shapes(self, page: str = ANY) -> None:
        """Order the harsh shapes of a Page or an account, or of all that there are now."""
        for drawn, owners in ((harsh_shapes, self.world.pages), (harsh_account_shapes, self.world.accounts)):
            for owner in owners:
                if page in {ANY, owner.id}:
                    for shape in drawn(self.world.seed, owner.id):
                        self.faults.add(shape)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The permissions of Facebook Login; Instagram's are among them where there is an account."""
        return self.settings.scopes + (self.settings.instagram_scopes if self.world.accounts else ())

    def budget(self, account_id: str, at: datetime) -> int:
        """Return how many calls an Instagram account has in 24 hours."""
        return self.settings.calls_per_impression * self.world.impressions(account_id, at)

    def principal(self, token: str, at: datetime) -> Principal:
        """Return who a token speaks for; a GraphError of code 190 if it is wrong, replaced or expired."""
        if self.instagram_tokens.account_of(token) is None:
            principal = self.tokens.identify(token)
        else:
            principal = Principal(token, account_id=self.instagram_tokens.identify(token, at))
        if 0 < self.settings.token_expires_at <= at.timestamp():
            raise errors.dead_token(463)
        return principal

    def reset(self) -> None:
        """Forget whatever was added, ordered, set or counted since the start."""
        self.world.reset()
        self.tokens.reset()
        self.instagram_tokens.reset()
        self.faults.remove()
        self.usage.reset()
        self.journal.clear()
        self.settings = Settings(**self._initial)
        self.clock = Clock(self._start)
        if self._harsh:
            self.add_shapes()
