"""The measure of a month under a balance policy, on two days: what it finds, and that it could find otherwise."""

import pytest

from evencell.control import write_limit
from host_tests.config_rules import RULES
from tools.bench import policies
from tools.bench.month import RIDING, STORED, Month
from tools.docs.policy_bars import bars
from tools.docs.policy_plot import axis, drawing, spread_out

DAYS = 2
PAUSE_S = 600  # of write_limit.py


@pytest.fixture(scope="module")
def results() -> dict:
    return {preset: Month(preset, RIDING).run(DAYS) for preset in ("off", "top", "custom")}


def test_balancing_at_the_top_moves_less_and_balances_better(results):
    top, off = results["top"], results["off"]
    assert 0 < top.moved_wh < off.moved_wh / 3
    assert policies.difference(top) < policies.difference(off) / 2
    assert top.balanced_after_h(1) is not None


def test_the_limit_of_writes_is_kept(results):
    result = results["custom"]
    pauses_s = [later - earlier for earlier, later in zip(result.writes_s, result.writes_s[1:], strict=False)]
    assert result.most_writes_a_day() == 24
    assert min(pauses_s) >= PAUSE_S
    assert result.refused_s > 0


def test_without_the_limit_it_would_be_exceeded(monkeypatch):
    monkeypatch.setattr(write_limit, "refusal", lambda _context, _state: None)
    assert Month("custom", RIDING).run(1).most_writes_a_day() > 24


def test_the_storage_guard_saves_most_of_the_charge_and_writes_nothing():
    by_w, by_f6 = (Month("storage", STORED, by_w=by_w).run(DAYS) for by_w in (True, False))
    assert by_w.writes_s == []
    assert by_w.balanced_after_h(1) is not None
    assert 0 < by_w.losses_ah[-1] < by_f6.losses_ah[-1] / 3


def test_every_preset_is_simulated():
    presets = set(RULES["control.policy.preset"].arguments)
    assert {preset for use, preset in policies.RUNS if use == "riding"} == presets


def test_the_page_has_a_row_and_the_plot_a_line_for_each_preset(results):
    table = policies.section("riding", results)
    plot = drawing([("Riding", "difference", policies.series(results, "spreads"))])
    for preset in results:
        assert f"| `{preset}` |" in table
        assert f">{preset}</text>" in plot


def test_the_bars_of_a_use_have_the_numbers_of_its_table(results):
    for use, panels in (("riding", 4), ("stored", 4)):
        sheet = policies.drawn_bars(use, results)
        assert sheet.count('class="what"') == panels
        for preset, result in results.items():
            assert sheet.count(f">{preset}</text>") == panels
            assert f">{result.moved_wh:.1f}</text>" in sheet and f">{len(result.writes_s)}</text>" in sheet


def test_a_bar_is_as_long_as_its_number_on_an_axis_from_0():
    drawn = bars("Energy moved", "Wh", {"off": 400.0, "top": 100.0, "rest": None, "always": 0})
    lengths = [float(part.partition('"')[0]) for part in drawn.split('width="')[1:]]
    assert lengths[0] == pytest.approx(4 * lengths[1]) and lengths[2:] == [0, 0]
    for shown in (">400.0<", ">never<", ">0</text>", ">Wh<"):
        assert shown in drawn


def test_an_axis_ends_at_the_highest_value_or_beyond_it():
    for highest, expected in ((0, (1, 1)), (0.4, (1, 1)), (2.4, (1, 3)), (455, (100, 500)), (720, (200, 800))):
        assert axis(highest, 5) == expected


def test_labels_of_lines_that_end_together_are_apart():
    assert spread_out({"a": 100, "b": 101, "c": 20}, 310) == {"b": 101, "a": 84, "c": 20}
