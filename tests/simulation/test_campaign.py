"""A campaign is right only when no rule is broken and every state was met."""

from __future__ import annotations

from collections import Counter

from simulation.campaign import Outcome, is_right, summary
from simulation.rules import REQUIRED

EVERYTHING = Counter(dict.fromkeys(REQUIRED, 1))


def test_seeds_that_meet_everything_together_are_right() -> None:
    first, *others = REQUIRED
    outcomes = [Outcome(1, met=Counter({first: 2})), Outcome(2, met=Counter(dict.fromkeys(others, 1)))]
    assert is_right(outcomes)
    assert "broken seeds: none; states never met: none" in summary(outcomes)


def test_a_state_that_no_seed_met_is_required() -> None:
    outcomes = [Outcome(1, met=EVERYTHING - Counter({"skip": 1}))]
    assert not is_right(outcomes)
    assert summary(outcomes).endswith("states never met: skip")


def test_a_broken_rule_names_its_seed() -> None:
    outcomes = [Outcome(41, met=EVERYTHING), Outcome(42, met=EVERYTHING, broken={"snapshots": ["one"]})]
    assert not is_right(outcomes)
    assert "broken seeds: 42;" in summary(outcomes)
