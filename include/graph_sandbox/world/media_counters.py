"""What each counter of an Instagram media tends to. Relations that hold there hold at every instant."""

from graph_sandbox.world.draws import uniforms

ACTIONS = {"bio_link_clicked": 0.5, "call": 0.1, "direction": 0.15, "email": 0.1, "text": 0.05, "other": 0.1}
NAVIGATION = {"tap_forward": 0.6, "tap_back": 0.08, "tap_exit": 0.12, "swipe_forward": 0.2}


def ceilings(product_type: str, audience: int, length: float, *key: object) -> dict[str, float]:
    """Return what each counter of a media tends to; times are milliseconds, `length` is seconds of video.

    Those that begin with `ads.` come from ads, on top of the organic ones.
    """
    luck, unique, liked, talked, saved, shared, followed, visited, watched, skipped, advertised, *_ = uniforms(
        "media ceilings", *key
    )
    is_story = product_type == "STORY"
    views = audience * (0.15 if is_story else 0.5) * 12 ** (luck - 0.5)
    reach = views * (0.5 + 0.45 * unique)
    # Every third media is advertised.
    ads = max(0.0, advertised - 0.67) * 3
    found = {
        "views": views,
        "reach": reach,
        "shares": reach * 0.01 * shared**2,
        "reposts": reach * 0.002 * shared,
        "facebook_views": views * 0.3 * unique,
        "ads.views": views * ads,
        "ads.likes": reach * 0.01 * ads,
        "ads.comments": reach * 0.001 * ads,
    }
    if is_story:
        found |= {"replies": reach * 0.01 * talked, "link_clicks": reach * 0.02 * saved}
        found |= {f"navigation.{name}": views * 0.8 * share for name, share in NAVIGATION.items()}
    else:
        found |= {"likes": reach * 0.08 * liked, "comments": reach * 0.012 * talked**2, "saved": reach * 0.02 * saved}
    if product_type == "REELS":
        found |= {"watch_ms": views * length * 1000 * (0.15 + 0.5 * watched), "skips": views * (0.1 + 0.5 * skipped)}
    else:
        found |= {"follows": reach * 0.002 * followed, "profile_visits": reach * 0.02 * visited}
        found |= {f"activity.{name}": reach * 0.01 * visited * share for name, share in ACTIONS.items()}
    return found
