"""Faults of what the balancer measures and says of itself."""

from array import array
from dataclasses import fields, replace

import pytest

from evencell.pack.alarms import alarms_of, names_of
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import CHARGING_LOWEST, DISCHARGING_HIGHEST, read_request, request
from evencell.protocol.jk_settings import SET_TRIGGER, decode_written
from host_tests.sim.faulty import answer, balancer, faulty
from host_tests.sim.helpers import decoded
from tools.sim.answers import encode_status
from tools.sim.balancer import Reading
from tools.sim.capture import Recording
from tools.sim.fault_readings import EFFECTS
from tools.sim.faults import FAULTS

BY_NAME = {fault.name: fault for fault in FAULTS}


def changes(*texts) -> dict:
    """The fields of the status that are other than without the faults."""
    before, after = decoded(answer()), decoded(answer(*texts))
    names = [field.name for field in fields(Reading)]
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "wire_off:2",
            {
                "cells_mv": array("H", [3301, 0, 3299, 3300] + [0] * 20),
                "cells_detected": 3,
                "pack_mv": 9890,
                "frame_average_mv": 3300,
                "frame_highest_index": 0,
                "frame_delta_mv": 2,
                "alarms_raw": 1,
                "balance_raw": 0,
                "balance_ma": 0,
            },
        ),
        ("wire_off:5", {}),
        (
            "dead_cell:2",
            {
                "cells_mv": array("H", [3301, 0, 3299, 3300] + [0] * 20),
                "pack_mv": 9890,
                "frame_average_mv": 3300,
                "frame_highest_index": 0,
                "frame_delta_mv": 2,
            },
        ),
        ("dead_cell:5", {}),
        ("count_mismatch", {"cells_configured": 5, "alarms_raw": 1, "balance_raw": 0, "balance_ma": 0}),
        ("wire_resistance", {"alarms_raw": 2}),
        ("overvoltage", {"alarms_raw": 4}),
        ("alarm_bit0", {"alarms_raw": 1}),
        ("cold", {"temperature_raw": -250}),
        ("whole_degrees", {"temperature_raw": 24}),
        ("probe_missing", {"temperature_raw": 0x7FFF}),
        ("summary_lag", {}),
        ("signed_current", {"balance_ma": -2000}),
    ],
)
def test_fault_changes_its_fields_alone(text, expected):
    assert changes(text) == expected


def test_faults_of_the_reading_combine():
    combined = changes("probe_missing", "overvoltage", "cold", "wire_resistance", "whole_degrees")
    assert combined == {"alarms_raw": 6, "temperature_raw": 0x7FFF}
    assert changes("whole_degrees", "cold") == {"temperature_raw": -25}
    assert changes("overvoltage", "count_mismatch")["alarms_raw"] == 5


@pytest.mark.parametrize("name", [*EFFECTS, "summary_lag"])
def test_firmware_raises_the_alarms_that_the_row_names(name):
    status = decoded(answer(BY_NAME[name].example))
    status.derive()
    raised = alarms_of(status, TemperatureScale("0.1"))
    named = {text.removeprefix("alarm ") for text in BY_NAME[name].leads_to if text.startswith("alarm ")}
    assert set(names_of(raised)) == named


def test_signed_current_is_negative_while_a_cell_is_discharged():
    truth = balancer().reading()
    for balance_raw, sent_ma in ((DISCHARGING_HIGHEST, -1500), (CHARGING_LOWEST, 1500)):
        frame = encode_status(1, replace(truth, balance_raw=balance_raw, balance_ma=1500))
        device = faulty("signed_current", device=Recording([frame], 1))
        assert decoded(device.answer(bytes(read_request(1)))).balance_ma == sent_ma


def test_recorded_signed_current_is_replayed_as_it_is():
    frame = encode_status(1, replace(balancer().reading(), balance_raw=2, balance_ma=-1500))
    assert faulty(device=Recording([frame], 1)).answer(bytes(read_request(1))) == frame


def test_summary_is_that_of_the_answer_before():
    truth = balancer().reading()
    lower = replace(truth, cells_mv=array("H", [3290] * 4 + [0] * 20), frame_delta_mv=0, frame_average_mv=3290)
    device = faulty("summary_lag", device=Recording([encode_status(1, truth), encode_status(1, lower)], 1))
    for cells, summary in [(truth, truth), (lower, truth), (truth, lower)]:
        status = decoded(device.answer(bytes(read_request(1))))
        assert status.cells_mv == cells.cells_mv
        assert status.frame_delta_mv == summary.frame_delta_mv
        assert status.frame_average_mv == summary.frame_average_mv


def test_write_is_answered_by_a_balancer_with_faults_of_the_reading():
    written = faulty("cold", "wire_off:1").answer(bytes(request(1, SET_TRIGGER, 12)))
    assert decode_written(written, 0) == 12
