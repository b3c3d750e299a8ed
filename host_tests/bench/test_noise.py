"""The measure of wrong values, on a short run: it finds none, and it could."""

import pytest

from evencell.pack import pack
from tools.bench import noise
from tools.sim.damage import KINDS, swapped_words


@pytest.fixture(autouse=True)
def short_truth(monkeypatch):
    monkeypatch.setattr(noise, "_TRUTH_S", 120)


def test_no_damaged_answer_of_a_short_run_is_shown():
    counts = noise.run(1, 4000, KINDS)
    assert counts["damaged"] >= 4000
    assert counts["wrong"] == 0
    assert counts["wrong_beside_cells"] == 0
    assert counts["unanswered"] < counts["polls"] / 100


def test_exchanged_cells_are_shown_only_where_two_answers_in_a_row_exchange_the_same():
    counts = noise.run(1, 1000, (swapped_words,))
    assert counts["wrong"] < counts["damaged"] / 100


def test_undamaged_answers_all_lead_to_a_reading():
    counts = noise.good_rejected(1)
    assert counts["polls"] > 100
    assert counts["rejected"] == 0


def test_the_measure_can_fail(monkeypatch):
    monkeypatch.setattr(pack, "implausibility", lambda _new, _accepted: 0)
    counts = noise.run(1, 1000, KINDS)
    assert counts["wrong"] > 0
    assert counts["wrong_beside_cells"] > 0
