"""What the bodies of control requests have in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body; unknown members are refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid")
