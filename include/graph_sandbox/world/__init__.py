"""What happened, as a function of a seed and an instant: Pages, Instagram accounts, content, counters."""

from graph_sandbox.world.accounts import Account
from graph_sandbox.world.content import Content
from graph_sandbox.world.media import Media
from graph_sandbox.world.pages import Page
from graph_sandbox.world.world import World

__all__ = ["Account", "Content", "Media", "Page", "World"]
