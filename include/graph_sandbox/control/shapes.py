"""Harsh shapes of a whole Page or account, drawn from the seed and its id: the same one is always as hard to read.

None is an error of Graph's; every one was seen or cannot be ruled out. They are ordered as faults, so that they show
in the state and can be taken back.
"""

from collections.abc import Iterator
from typing import Any

from graph_sandbox.control.faults import Fault
from graph_sandbox.control.kinds import FORMS
from graph_sandbox.world.draws import uniforms

# Metrics that some accounts were refused, and others not, for a kind of media.
REFUSED = (
    ("views", "FEED", "CAROUSEL_ALBUM"),
    ("views", "FEED", "IMAGE"),
    ("shares", "FEED", "IMAGE"),
    ("follows", "FEED", None),
    ("views", None, None),
)
LATE_EDGES = (("published_posts", "posts", "feed"), ("videos", "video_reels"), (None,), ())


def harsh_shapes(seed: int, page_id: str) -> list[Fault]:
    """Return the shapes of one Page."""
    return [Fault(page=page_id, **shape) for shape in _drawn(uniforms("shapes", seed, page_id))]


def harsh_account_shapes(seed: int, account_id: str) -> list[Fault]:
    """Return the shapes of one Instagram account."""
    return [Fault(page=account_id, **shape) for shape in _drawn_of_account(uniforms("shapes", seed, account_id))]


def _drawn_of_account(draws: tuple[float, ...]) -> Iterator[dict[str, Any]]:
    late, short, ranked, form, *refused = draws
    if late < 0.3:  # noqa: PLR2004 - every third
        yield {"kind": "late", "edge": "media"}
    if short < 0.5:  # noqa: PLR2004 - every other account
        yield {"kind": "short_pages", "most": 2 + int(short * 40)}
    if ranked < 0.5:  # noqa: PLR2004
        yield {"kind": "ranked"}
    for draw, (metric, product_type, media_type) in zip(refused, REFUSED, strict=False):
        if draw < 0.3:  # noqa: PLR2004
            types = {"media_product_type": product_type, "media_type": media_type}
            yield {
                "kind": "refused_metrics",
                "metrics": [metric],
                "form": _chosen(FORMS["refused_metrics"], form),
                **types,
            }


def _drawn(draws: tuple[float, ...]) -> Iterator[dict[str, Any]]:
    named, acts, late, short, ranked, reels, kinds, missing, summary, *_ = draws
    yield {"kind": "video_post_id", "form": _chosen(FORMS["video_post_id"], named)}
    yield {"kind": "social_actions", "form": _chosen(FORMS["social_actions"], acts)}
    for edge in _chosen(LATE_EDGES, late):
        yield {"kind": "late", "edge": edge}
    if short < 0.5:  # noqa: PLR2004 - every other Page
        yield {"kind": "short_pages", "most": 2 + int(short * 40)}
    for kind, draw in (("ranked", ranked), ("no_reels", reels), ("wrong_kind", kinds)):
        if draw < 0.5:  # noqa: PLR2004
            yield {"kind": kind}
    if missing < 0.2:  # noqa: PLR2004 - every fifth
        yield {"kind": "missing_edge", "edge": "video_reels"}
    if summary < 0.2:  # noqa: PLR2004
        yield {"kind": "missing_permission", "edge": "comments", "permission": "pages_read_user_content"}


def _chosen(choices: tuple[Any, ...], draw: float) -> Any:
    return choices[int(draw * len(choices))]
