"""The dates that an address asks for, and those of one that names none."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from meta_insights import clock
from meta_insights.days import pacific_date

DATES = 28
MOST = 800
"""Dates of one period: Graph keeps two years."""

_of_form = BeforeValidator(lambda text: text or None)
PlausibleDate = Annotated[date, Field(ge=date(2004, 1, 1), lt=date(2100, 1, 1))]
"""A date on which there may be something: Facebook began in 2004."""
OptionalDate = Annotated[PlausibleDate | None, _of_form]
"""A date of a form, whose empty field is no date."""
OptionalInstant = Annotated[
    datetime | None, _of_form, AfterValidator(lambda at: at.replace(tzinfo=UTC) if at and at.tzinfo is None else at)
]
"""An instant of a form, in UTC unless it says another zone."""


class Period(BaseModel):
    """What the address says of dates: from the first to the last, both included."""

    first: OptionalDate = None
    last: OptionalDate = None

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.first and self.last and not timedelta() <= self.last - self.first < timedelta(days=MOST):
            raise ValueError(f"the last date must not be before the first, and at most {MOST} dates are shown")
        return self

    def dates(self, newest: date | None) -> dict[str, date]:
        """Return the first and the last date: by default 28, to the newest one that there is."""
        whole = timedelta(days=DATES - 1)
        default = newest or pacific_date(clock.now()) - timedelta(days=1)
        last = self.last or (self.first + whole if self.first else default)
        return {"first": self.first or last - whole, "last": last}
