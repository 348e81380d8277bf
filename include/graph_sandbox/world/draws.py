"""Reproducible chance: the same key draws the same numbers on every machine."""

import math
from hashlib import blake2b
from struct import unpack


def uniforms(*key: object) -> tuple[float, ...]:
    """Return sixteen numbers in [0, 1)."""
    digest = blake2b("|".join(map(str, key)).encode()).digest()
    return tuple(number / 2**32 for number in unpack("<16I", digest))


def poisson(mean: float, uniform: float) -> int:
    """Turn a uniform number into a count with the given mean."""
    count, term = 0, math.exp(-mean)
    reached = term
    while uniform > reached and term > 0:
        count += 1
        term *= mean / count
        reached += term
    return count
