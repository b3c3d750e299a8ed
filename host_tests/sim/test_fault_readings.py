"""Faults of what the balancer measures and says of itself."""

from array import array
from dataclasses import fields, replace

import pytest

from evencell.pack.alarms import alarms_of, names_of
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import read_request, request
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
        ("count_mismatch", {"cells_configured": 5, "alarms_raw": 1, "balance_raw": 0, "balance_ma": 0}),
        ("wire_resistance", {"alarms_raw": 2}),
        ("overvoltage", {"alarms_raw": 4}),
        ("alarm_bit0", {"alarms_raw": 1}),
        ("cold", {"temperature_raw": -250}),
        ("whole_degrees", {"temperature_raw": 24}),
        ("probe_missing", {"temperature_raw": 0x7FFF}),
        ("summary_lag", {}),
    ],
)
def test_a_reading_changes_in_this_alone(text, expected):
    assert changes(text) == expected


def test_faults_of_the_reading_combine():
    combined = changes("probe_missing", "overvoltage", "cold", "wire_resistance", "whole_degrees")
    assert combined == {"alarms_raw": 6, "temperature_raw": 0x7FFF}
    assert changes("whole_degrees", "cold") == {"temperature_raw": -25}
    assert changes("overvoltage", "count_mismatch")["alarms_raw"] == 5


@pytest.mark.parametrize("name", [*EFFECTS, "summary_lag"])
def test_the_firmware_raises_the_alarms_that_the_row_names(name):
    status = decoded(answer(BY_NAME[name].example))
    status.derive()
    raised = alarms_of(status, TemperatureScale("0.1"))
    named = {text.removeprefix("alarm ") for text in BY_NAME[name].leads_to if text.startswith("alarm ")}
    assert set(names_of(raised)) == named


def test_the_summary_is_that_of_the_answer_before():
    truth = balancer().reading()
    lower = replace(truth, cells_mv=array("H", [3290] * 4 + [0] * 20), frame_delta_mv=0, frame_average_mv=3290)
    device = faulty("summary_lag", device=Recording([encode_status(1, truth), encode_status(1, lower)], 1))
    for cells, summary in [(truth, truth), (lower, truth), (truth, lower)]:
        status = decoded(device.answer(bytes(read_request(1))))
        assert status.cells_mv == cells.cells_mv
        assert status.frame_delta_mv == summary.frame_delta_mv
        assert status.frame_average_mv == summary.frame_average_mv


def test_a_write_is_answered_by_a_balancer_with_faults_of_the_reading():
    written = faulty("cold", "wire_off:1").answer(bytes(request(1, SET_TRIGGER, 12)))
    assert decode_written(written, 0) == 12
