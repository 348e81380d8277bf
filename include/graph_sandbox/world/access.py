"""What the system user has to do with each Page: its tasks there, and the business portfolios."""

from dataclasses import dataclass

TASKS = ("ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE")


@dataclass(frozen=True, slots=True)
class Business:
    """A business portfolio that the system user belongs to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Access:
    """What the user may do with one Page; without tasks it has no role there.

    `business_id` is the portfolio that the Page is in, as the portfolio's own or (`is_client`) as that of a client.
    """

    tasks: tuple[str, ...] = TASKS
    business_id: str | None = None
    is_client: bool = False
