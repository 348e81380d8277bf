"""What happened, as a function of a seed and an instant: Pages, content, counters, and the names Graph gives them."""

from graph_sandbox.world.content import Content
from graph_sandbox.world.pages import Page
from graph_sandbox.world.world import World

__all__ = ["Content", "Page", "World"]
