"""Lifetime counters of one content object, as closed-form functions of its age.

A counter is a ceiling times a growth curve that every counter of the object shares, so that relations that hold
at the ceiling (viewers <= views, reactions <= viewers) hold at every instant.
"""

import math
from collections.abc import Mapping

from graph_sandbox.world.draws import uniforms

Counts = Mapping[str, int]

REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
REACTION_WEIGHTS = (0.74, 0.15, 0.04, 0.04, 0.02, 0.01)
CLICKS = ("other clicks", "photo view", "link clicks", "video play")
# Which clicks a kind of content draws besides "other clicks", and how strongly.
CLICK_RATES = {
    "photo": ("photo view", 0.05),
    "album": ("photo view", 0.09),
    "link": ("link clicks", 0.03),
    "video": ("video play", 0.06),
    "reel": ("video play", 0.04),
}
MINUTE = 60
TAIL_SECONDS = 30 * 86_400


def growth(seconds: int, tau: float) -> float:
    """Return the share of the ceiling reached at an age: fast in the first days, then a slow tail towards 1."""
    return 0.85 * (1 - math.exp(-seconds / tau)) + 0.15 * seconds / (seconds + TAIL_SECONDS)


def counts_at(ceilings: Mapping[str, float], seconds: int, tau: float) -> dict[str, int]:
    """Return every counter at an age of whole seconds."""
    reached = growth(seconds, tau)
    return {name: int(ceiling * reached) for name, ceiling in ceilings.items()}


def ceilings(kind: str, audience: int, length: float, *key: object) -> dict[str, float]:
    """Return what each counter of an object tends to; times are milliseconds, `length` is seconds of video."""
    luck, unique, liked, talked, shared, clicked, watched, *spread = uniforms("ceilings", *key)
    views = audience * 0.6 * 12 ** (luck - 0.5)
    viewers = views * (0.5 + 0.45 * unique)
    found = {
        "views": views,
        "viewers": viewers,
        "comments": viewers * 0.012 * talked**2,
        "shares": viewers * 0.008 * shared**2,
        **_reactions(viewers * 0.06 * liked, spread[:6]),
        **_clicks(kind, viewers, clicked),
    }
    return found | _video(kind, views, length, watched) if length else found


def _reactions(total: float, spread: list[float]) -> dict[str, float]:
    weights = [weight * (0.3 + draw) for weight, draw in zip(REACTION_WEIGHTS, spread, strict=True)]
    scale = total / sum(weights)
    return {f"reaction.{kind}": weight * scale for kind, weight in zip(REACTIONS, weights, strict=True)}


def _clicks(kind: str, viewers: float, drawn: float) -> dict[str, float]:
    clicks = {"click.other clicks": viewers * 0.04 * drawn}
    if kind in CLICK_RATES:
        click, rate = CLICK_RATES[kind]
        clicks[f"click.{click}"] = viewers * rate * drawn
    return clicks


def _video(kind: str, views: float, length: float, watched: float) -> dict[str, float]:
    plays = views * (0.9 if kind == "reel" else 0.45)
    return {
        "video_views": plays,
        "video_views_15s": plays * 0.4 * watched,
        "video_views_60s": plays * 0.2 * watched if length > MINUTE else 0.0,
        "video_completes": plays * 0.25 * watched,
        "watch_ms": plays * length * 1000 * (0.15 + 0.5 * watched),
        "replays": plays * 0.2 * watched,
        "video_followers": plays * 0.001,
    }
