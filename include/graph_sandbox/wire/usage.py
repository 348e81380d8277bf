"""Rate limits: how much of its quota each Page and the app have used, as the usage headers tell it."""

import json
import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# Calls that make one per cent of a quota, so that a test or a demo stays low unless told otherwise.
CALLS_PER_PERCENT = 480
COUNTED_PERCENT_MAX = 90
FULL = 100
BUDGET_WINDOW = timedelta(hours=24)
COUNT = re.compile(r'("(?:call_count|total_time|total_cputime)":)\d+')


@dataclass(frozen=True, slots=True)
class Level:
    """A usage set by hand: per cent of the quota, and minutes until a full one opens again."""

    percent: int
    minutes: int = 0


class Usage:
    """Counts calls per Page and per app, and spends the budgets of Instagram accounts.

    A level set by hand wins over the count. The app's key is `app`.
    """

    APP = "app"

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._recent: dict[str, deque[datetime]] = {}
        self._spent: dict[str, Level] = {}
        self._levels: dict[str, Level] = {}

    def reset(self) -> None:
        """Forget all calls and levels."""
        self._calls.clear()
        self._recent.clear()
        self._spent.clear()
        self._levels.clear()

    def add(self, page_id: str | None) -> None:
        """Count one call."""
        self._calls.update({self.APP, page_id} if page_id else {self.APP})

    def spend(self, account_id: str, at: datetime, budget: int) -> None:
        """Count one call against the calls that an Instagram account has in 24 hours."""
        recent = self._recent.setdefault(account_id, deque())
        recent.append(at)
        while recent[0] <= at - BUDGET_WINDOW:
            recent.popleft()
        minutes = int((recent[0] + BUDGET_WINDOW - at).total_seconds() // 60) + 1
        percent = (len(recent) - 1) * FULL // budget if budget else FULL
        self._spent[account_id] = Level(percent, minutes if percent >= FULL else 0)

    def set(self, owner: str, level: Level) -> None:
        """Fix the usage of a Page, an account or `app`."""
        self._levels[owner] = level

    def level(self, owner: str) -> Level:
        """Return the usage of a Page, an account or `app`: as it was set, as it was spent, or as it was counted."""
        counted = min(COUNTED_PERCENT_MAX, self._calls[owner] // CALLS_PER_PERCENT)
        return self._levels.get(owner) or self._spent.get(owner) or Level(counted)

    def headers(self, types: Mapping[str, str], overrides: dict[str, Level]) -> dict[str, str]:
        """Return the usage headers of one response that touched these Pages and accounts, each of a type."""
        app = overrides.get(self.APP, self.level(self.APP)).percent
        business = {
            owner: [_business(overrides.get(owner, self.level(owner)), type_)] for owner, type_ in types.items()
        }
        headers = {"X-App-Usage": _json({"call_count": app, "total_time": app, "total_cputime": app})}
        return headers | ({"X-Business-Use-Case-Usage": _json(business)} if business else {})


def misled(headers: dict[str, str], form: str) -> dict[str, str]:
    """Return usage headers in one of the forms of the fault `usage_header`."""
    if form == "absent":
        return {}
    if form == "malformed":
        return dict.fromkeys(headers, '{"call_count":')
    if form == "infinity":
        return {name: COUNT.sub(r"\1Infinity", text) for name, text in headers.items()}
    business = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
    nearly_full = _business(Level(FULL - 1, 30), "pages")
    own = {page_id: [nearly_full | {"type": "messenger"}, *rows] for page_id, rows in business.items()}
    return headers | {"X-Business-Use-Case-Usage": _json({"1": [nearly_full], **own, "2": [nearly_full]})}


def _business(level: Level, type_: str) -> dict[str, object]:
    return {
        "type": type_,
        "call_count": level.percent,
        "total_cputime": level.percent // 2,
        "total_time": level.percent // 2,
        "estimated_time_to_regain_access": level.minutes,
    }


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
