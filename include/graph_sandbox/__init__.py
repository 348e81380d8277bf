"""A strict local Meta Graph API over an invented, deterministic world of Pages.

Truth flows one way: `world` (what happened) -> `catalogue` (what Graph calls it) -> `nodes`, `insights` (JSON)
-> `graph` (one call answered) -> `app` (HTTP). `control` is the side door for tests and demos.
"""

from graph_sandbox.content import Content
from graph_sandbox.pages import Page
from graph_sandbox.world import World

__all__ = ["Content", "Page", "World"]
