"""What the simulated months of a device that sleeps count as accounted for."""

import pytest

from tools.bench.asleep import Outcome, distinct, false_summaries, summarized

HOUR_S = 1_800_000_000  # a whole one
TAKEN = {1: (HOUR_S + 60, [3300, 3310]), 2: (HOUR_S + 960, [3301, 3312]), 3: (HOUR_S + 1860, [3299, 3311])}


def summary(thinned: str, cells_mv: list[int], at_s: int = HOUR_S) -> dict:
    return {"time": at_s, "span_s": 3600, "thinned": thinned, "cells_mv": cells_mv}


SUMMARIES = [summary("lowest", [3299, 3310]), summary("mean", [3300, 3311]), summary("highest", [3301, 3312])]


def test_readings_within_a_summary_of_all_three_values_are_accounted_for():
    assert summarized(SUMMARIES, TAKEN) == {1, 2, 3}
    assert false_summaries(SUMMARIES, list(TAKEN.values())) == 0


@pytest.mark.parametrize("kind", range(3))
def test_two_values_are_no_summary(kind):
    assert summarized(SUMMARIES[:kind] + SUMMARIES[kind + 1 :], TAKEN) == set()


def test_reading_outside_the_time_or_the_values_is_not_accounted_for():
    assert summarized(SUMMARIES, {4: (HOUR_S + 3700, [3300, 3311]), 5: (HOUR_S, [3300, 3313])}) == set()


def test_value_that_no_reading_of_the_hour_had_is_false():
    taken = list(TAKEN.values())
    assert false_summaries([summary("lowest", [3298, 3310])], taken) == 1
    assert false_summaries([summary("highest", [3300, 3311])], taken) == 0
    assert false_summaries([summary("mean", [3302, 3311])], taken) == 1
    assert false_summaries([summary("mean", [3300, 3311], HOUR_S + 7200)], taken) == 1


def test_summary_that_comes_twice_counts_once():
    assert distinct([*SUMMARIES, {"sequence": 9}, *SUMMARIES]) == SUMMARIES


def test_loss_false_reading_or_disorder_makes_a_life_unsound():
    assert Outcome(lost_with_memory=7).is_sound
    for fault in ({"lost": [1]}, {"false": 1}, {"out_of_order": 1}, {"too_much_lost": 1}):
        assert not Outcome(**fault).is_sound
