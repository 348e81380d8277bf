"""One service of a stack is stopped, or started again, while the others run on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from xmlrpc.client import Fault

if TYPE_CHECKING:
    from local_stack.services import Services


def start(services: Services, name: str) -> None:
    """Start a service again that was stopped or has died."""
    services.call("startProcess", name)


def stop(services: Services, name: str) -> None:
    """Stop a service with its children; nothing happens if it does not run."""
    with suppress(Fault):
        services.call("stopProcess", name)
