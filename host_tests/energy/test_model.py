"""The energy model: units, known sums, and that doing less never costs more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.energy.advice import steps
from tools.energy.figures import CASES, CONVERTER_MA, FIGURES, HIGH, IDLE_MA, LOW, TYPICAL
from tools.energy.model import energy, lived
from tools.energy.phases import Phase, reading, report
from tools.energy.plan import BALANCERS, CELL_V, Plan

KNOWN = [name for name in IDLE_MA if IDLE_MA[name]]
PLANS = st.builds(
    Plan,
    board=st.sampled_from(KNOWN),
    interval_s=st.integers(10, 604_800),
    report_s=st.integers(60, 604_800),
    pack_ah=st.floats(1, 1_000),
    cells=st.integers(4, 5),
    chemistry=st.sampled_from(list(CELL_V)),
    balancer=st.sampled_from(BALANCERS),
    converter=st.sampled_from(list(CONVERTER_MA)),
    tls=st.booleans(),
    bthome=st.booleans(),
)
SPARING = Plan("esp32_c3_supermini", balancer="v+", converter="low-iq")


def line(plan: Plan, name: str) -> tuple:
    return next(line.mah for line in energy(plan).lines if line.name == name)


def test_charge_is_current_times_hours():
    assert Phase("an hour", 3_600, 40).mah == 40
    assert line(Plan("esp32_generic"), "balancer")[TYPICAL] == 40 * 24


def test_the_converter_carries_power_over_not_current():
    plan = Plan("esp32_generic", idle_ma=10)
    at_pack = 10 * 5 / (FIGURES["efficiency"].values[TYPICAL] * plan.pack_v)
    assert line(plan, "board asleep")[TYPICAL] == pytest.approx(24 * at_pack)


def test_days_are_the_usable_charge_over_that_of_a_day():
    result = energy(SPARING)
    assert sum(line.mah[TYPICAL] for line in result.lines) == pytest.approx(result.day_mah[TYPICAL])
    assert result.days[TYPICAL] == pytest.approx(20_000 * 0.8 / result.day_mah[TYPICAL])
    assert result.month_mah[TYPICAL] == pytest.approx(result.day_mah[TYPICAL] * 30.4375)


def test_readings_and_reports_add_up_to_their_lines():
    result = energy(SPARING)
    assert line(SPARING, "readings")[TYPICAL] == pytest.approx(96 * result.reading_mah[TYPICAL])
    assert line(SPARING, "reports")[TYPICAL] == pytest.approx(4 * result.report_mah[TYPICAL])


@pytest.mark.parametrize(("change", "phase"), [({"tls": True}, "TLS"), ({}, "Wi-Fi")])
def test_a_report_has_its_phases(change, phase):
    names = [phase.name for phase in report(replace(SPARING, **change), TYPICAL)]
    assert any(name.startswith(phase) for name in names)


def test_beacons_and_the_wait_for_a_supplied_balancer_belong_to_a_reading():
    names = {phase.name for phase in reading(replace(SPARING, bthome=True), TYPICAL)}
    assert {"Bluetooth beacons", "wait for the balancer's first answer"} <= names
    assert not any("wait" in phase.name for phase in reading(replace(SPARING, balancer="on"), TYPICAL))


def test_without_reports_nothing_is_reported():
    assert energy(replace(SPARING, report_s=0)).report_mah == (0, 0, 0)


def test_what_w_cuts_is_not_known_so_both_ends_are_given():
    always, at_w = (energy(replace(SPARING, balancer=balancer)) for balancer in ("on", "w"))
    assert always.days_if_w_cuts_nothing is None
    assert at_w.days_if_w_cuts_nothing[TYPICAL] <= always.days[TYPICAL] < at_w.days[TYPICAL]
    assert at_w.days == energy(SPARING).days


def test_a_life_is_calculated_by_its_wakes_and_reports():
    assert lived(SPARING, 90, 90 * 96, 90 * 4) == energy(SPARING)
    assert lived(SPARING, 90, 90 * 24, 0).reading_mah == energy(SPARING).reading_mah


def test_a_measured_board_replaces_the_table_and_its_transceiver():
    measured = energy(replace(SPARING, board="wt32_eth01", idle_ma=2))
    assert "transceiver asleep" not in [line.name for line in measured.lines]


@given(PLANS)
def test_the_cases_are_in_order(plan):
    result = energy(plan)
    assert result.days[LOW] >= result.days[TYPICAL] >= result.days[HIGH] > 0
    assert all(list(line.mah) == sorted(line.mah) and min(line.mah) >= 0 for line in result.lines)


@given(PLANS, st.integers(10, 604_800), st.sampled_from(["interval_s", "report_s"]))
def test_a_longer_interval_never_costs_more(plan, seconds, key):
    longer = replace(plan, **{key: max(seconds, getattr(plan, key))})
    for case in CASES:
        assert energy(longer).day_mah[case] <= energy(plan).day_mah[case] * (1 + 1e-9)


@given(PLANS, st.floats(1, 10))
def test_a_larger_pack_never_lasts_shorter(plan, factor):
    larger = replace(plan, pack_ah=plan.pack_ah * factor)
    assert energy(larger).days[TYPICAL] >= energy(plan).days[TYPICAL] * (1 - 1e-9)


@given(PLANS)
def test_each_change_that_is_advised_brings_a_tenth_and_more_than_the_next(plan):
    days = energy(plan).days[TYPICAL]
    changes = steps(plan)
    for change in changes:
        assert change.days >= 1.1 * days and change.days == energy(change.plan).days[TYPICAL]
        days = change.days


def test_with_the_balancer_always_on_its_switch_helps_most():
    for board in KNOWN:
        assert steps(Plan(board))[0].plan.balancer == "v+"


def test_a_sparing_plan_gets_no_advice():
    assert steps(replace(SPARING, interval_s=3_600, report_s=86_400)) == []
