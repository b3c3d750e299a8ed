"""`evencell decode`: recorded frames as JSON, in every way they are written down."""

import json
import subprocess

import pytest

from host_tests.end_to_end.chain import CAPTURES, EVENCELL
from host_tests.end_to_end.process import PATIENCE_S

ENTRIES = json.loads(CAPTURES.read_text())
STATUS = next(entry for entry in ENTRIES if entry["expect"].get("cells_mv"))
SWAPPED = next(entry for entry in ENTRIES if "verdict" in entry["expect"])
REQUEST = "55 AA 01 F2 00 0A FC"


def decode(*arguments: str, stdin: str = "") -> tuple[int, list[dict]]:
    """Exit status and the objects, one a line."""
    result = subprocess.run(
        [EVENCELL, "decode", *arguments], input=stdin, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert result.stderr == ""
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]


def assert_as_expected(decoded: dict, expected: dict):
    for key, value in expected.items():
        name, _, index = key.rstrip("]").partition("[")
        found = decoded[name][int(index)] if index else decoded[name]
        assert (key, found) == (key, value)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_every_capture_is_as_expected(entry):
    status, (decoded,) = decode(entry["reply"])
    assert_as_expected(decoded, entry["expect"])
    is_valid = "verdict" not in entry["expect"]
    assert (decoded["valid"], status) == (is_valid, 0 if is_valid else 1)
    assert ("error" in decoded) == (not is_valid)


@pytest.mark.parametrize("separator", ["", " ", ":", ": ", "\t", "\n"], ids=repr)
def test_any_separator_from_standard_input(separator):
    text = "\n".join(entry["reply"].replace(" ", separator) for entry in ENTRIES)
    status, decoded = decode("-", stdin=text)
    assert status == 1  # one of them is the recording of a swapped line
    assert len(decoded) == len(ENTRIES)
    for one, entry in zip(decoded, ENTRIES, strict=True):
        assert_as_expected(one, entry["expect"])


def test_separate_arguments_and_small_letters():
    status, (decoded,) = decode(*STATUS["reply"].lower().split())
    assert (status, decoded["cells_mv"]) == (0, STATUS["expect"]["cells_mv"])


def test_a_status_has_every_name_and_no_other():
    _, (decoded,) = decode(STATUS["reply"])
    fields = """command pack_mv average_mv delta_mv cells_mv highest_cell lowest_cell cells_detected cells_configured
        balance_state balance_ma balancing_enabled trigger_mv max_balance_ma temperature_c temperature_raw alarms
        alarms_raw valid"""
    assert set(decoded) == set(fields.split())


@pytest.mark.parametrize(("scale", "temperature_c"), [("auto", None), ("1", 22.0), ("0.1", 2.2)])
def test_temperature_as_the_scale_says(scale, temperature_c):
    ambiguous = next(entry for entry in ENTRIES if entry["expect"].get("temperature_raw") == 22)
    _, (decoded,) = decode("--temperature-scale", scale, ambiguous["reply"])
    assert (decoded["temperature_raw"], decoded["temperature_c"]) == (22, temperature_c)


def test_a_request_is_told_from_an_answer():
    status, (decoded,) = decode(REQUEST)
    assert status == 0
    assert decoded == {"request": "set_trigger", "address": 1, "value": 10, "valid": True}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (STATUS["reply"][:-2] + "00", "checksum"),
        (STATUS["reply"][:90], "cut short"),
        ("00 01 02", "no answer begins here"),
        ("EB", "cut short"),
    ],
)
def test_what_is_no_frame_says_why(text, error):
    status, (decoded,) = decode(text)
    assert (status, decoded["valid"]) == (1, False)
    assert error in decoded["error"]


def test_frames_are_found_among_rubbish():
    status, decoded = decode(f"00 FF {STATUS['reply']} EB {STATUS['reply']} {SWAPPED['reply']}")
    assert status == 1
    assert [one["valid"] for one in decoded] == [False, True, False, True, False]
