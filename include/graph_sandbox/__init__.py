"""A strict local Meta Graph API over an invented, deterministic world of Pages and Instagram accounts.

Truth flows one way: `world` (what happened, and what Graph calls it) -> `wire` (one call answered, over HTTP).
`control` is the side door for tests and demos; `server` runs it all.
"""

from graph_sandbox.world import Account, Content, Media, Page, World

__all__ = ["Account", "Content", "Media", "Page", "World"]
