"""`evencell decode`: recorded frames as JSON, in every way they are written down."""

import json
import subprocess

import pytest
from click.testing import CliRunner

from host_tests.end_to_end.chain import CAPTURES, EVENCELL
from host_tests.end_to_end.process import PATIENCE_S
from tools.cli.main import main

ENTRIES = json.loads(CAPTURES.read_text())
STATUS = next(entry for entry in ENTRIES if entry["expect"].get("cells_mv"))
SWAPPED = next(entry for entry in ENTRIES if "verdict" in entry["expect"])
REQUEST = "55 AA 01 F2 00 0A FC"


def decode(*arguments: str, stdin: str = "") -> tuple[int, list[dict]]:
    """Exit status and the objects, one a line; in this process, for each start takes longer than all that is tested."""
    result = CliRunner().invoke(main, ["decode", *arguments], input=stdin)
    assert result.stderr == ""
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


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


def test_status_has_every_name_and_no_other():
    _, (decoded,) = decode(STATUS["reply"])
    fields = """command address pack_mv average_mv delta_mv cells_mv highest_cell lowest_cell
        cells_detected cells_configured balance_state balance_ma balancing_enabled trigger_mv max_balance_ma
        temperature_c temperature_raw
        alarms alarms_raw alarm_cells temperature_scale valid"""
    assert set(decoded) == set(fields.split())


@pytest.mark.parametrize(("scale", "temperature_c"), [("auto", None), ("1", 22.0), ("0.1", 2.2)])
def test_temperature_as_the_scale_says(scale, temperature_c):
    ambiguous = next(entry for entry in ENTRIES if entry["expect"].get("temperature_raw") == 22)
    _, (decoded,) = decode("--temperature-scale", scale, ambiguous["reply"])
    assert (decoded["temperature_raw"], decoded["temperature_c"]) == (22, temperature_c)


def test_request_is_distinguished_from_an_answer():
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
        ("55 AA 01 FF 00 00 00", "a request, checksum 00 should be FF"),
        ("4E 57 00 13 00 00 00", "begins like a frame of JK BMS"),
        (bytes(range(40, 60)).hex() + "03DE", "well-formed"),
    ],
)
def test_invalid_bytes_have_a_reason(text, error):
    status, (decoded,) = decode(text)
    assert (status, decoded["valid"]) == (1, False)
    assert error in decoded["error"]


def test_frames_are_found_among_noise():
    status, decoded = decode(f"00 FF {STATUS['reply']} EB {STATUS['reply']} {SWAPPED['reply']}")
    assert status == 1
    assert [one["valid"] for one in decoded] == [False, True, False, True, False]


def log_of(frame: str, between: str = ":") -> str:
    return "[12:34:56.789][D][uart_debug:114]: <<< " + frame.replace(" ", between)


@pytest.mark.parametrize(
    "text",
    [
        "<<< " + STATUS["reply"].replace(" ", ":"),
        ", ".join("0x" + byte for byte in STATUS["reply"].split()),
        "uint8_t frame[] = {" + ", ".join("0x" + byte for byte in STATUS["reply"].split()) + "};",
        STATUS["reply"].replace(" ", ".") + " (74)",
        STATUS["reply"].replace(" ", ".") + "(74)",
        log_of(STATUS["reply"]),
        log_of(STATUS["reply"], "."),
        "12:34:56 " + STATUS["reply"],
        "2026-11-30 12:34:56.123 RX " + STATUS["reply"],
        "b'" + "".join("\\x" + byte for byte in STATUS["reply"].split()) + "'",
        "\n".join(f"{at:08x}  {STATUS['reply'][3 * at : 3 * at + 48].strip()}  |....|" for at in range(0, 74, 16)),
        "<<< " + STATUS["reply"][:60] + "\n" + STATUS["reply"][60:],
        log_of(STATUS["reply"][:59]) + "\n" + log_of(STATUS["reply"][60:]),
    ],
)
@pytest.mark.parametrize("is_argument", [True, False])
def test_bytes_as_owners_publish_them(text, is_argument):
    status, (decoded,) = decode(text) if is_argument else decode("-", stdin=text)
    assert (status, decoded["cells_mv"], decoded["address"]) == (0, STATUS["expect"]["cells_mv"], 1)


def test_pasted_log_and_one_bad_line_in_it():
    """The log's other lines say nothing, the bad one is named, and the rest is decoded."""
    lines = [
        "INFO ESPHome 2026.11.0",
        "[12:34:55][I][app:100]: ESPHome version 2026.11.0 compiled",
        log_of(REQUEST).replace("<<<", ">>>"),
        log_of(STATUS["reply"]),
        "EB 90 0G 12",
        "",
        "[12:34:57][VV][jk_balancer_modbus:018]: Buffer cleared due to timeout: " + STATUS["reply"].replace(" ", "."),
    ]
    status, decoded = decode("-", stdin="\n".join(lines))
    assert status == 1
    assert [one["valid"] for one in decoded] == [True, True, False, True]
    assert decoded[2]["error"].startswith("line 5: ")
    status, decoded = decode("-", stdin="\r\n".join(lines[:4]))
    assert (status, len(decoded)) == (0, 2)


def test_command_takes_a_pipe_and_ends_with_the_status():
    text = "\n".join(entry["reply"] for entry in ENTRIES)
    result = subprocess.run([EVENCELL, "decode", "-"], input=text, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (result.returncode, result.stderr) == (1, "")
    assert [json.loads(line) for line in result.stdout.splitlines()] == decode("-", stdin=text)[1]


def test_capture_file_by_its_name_and_from_standard_input():
    status, decoded = decode(str(CAPTURES))
    assert status == 1  # one of them is the recording of a swapped line
    assert [one["name"] for one in decoded] == [entry["name"] for entry in ENTRIES]
    assert decode("-", stdin=CAPTURES.read_text()) == (status, decoded)


def test_capture_without_an_answer_has_an_error(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps([{"name": "mine-1", "reply": ""}, {"name": "mine-2", "reply": STATUS["reply"]}, {}]))
    status, decoded = decode(str(file))
    assert status == 1
    assert decoded[0] == {"valid": False, "error": "mine-1: no answer was recorded"}
    assert (decoded[1]["name"], decoded[1]["valid"]) == ("mine-2", True)
    assert decoded[2]["error"].startswith("entry 3: ")


def test_frames_of_other_protocols_are_named():
    jbd, daly = "DD A5 03 00 FF FD 77", "A5 01 90 08 02 FC 00 00 75 A1 00 00 52"
    status, decoded = decode("-", stdin=f">>> {jbd}\n{daly}\n{STATUS['reply']}\n01 03 02 0C D8 BD 1E")
    assert status == 1
    assert [one.get("protocol") for one in decoded] == ["JBD BMS", "Daly BMS", None, "Modbus RTU"]
    assert decoded[0]["verdict"] == "other protocol"
    assert decoded[2]["valid"]


def test_address_is_shown():
    other = bytearray(bytes.fromhex(STATUS["reply"]))
    other[2] = 7
    other[-1] = sum(other[:-1]) & 0xFF
    assert decode(other.hex())[1][0]["address"] == 7


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bytes.fromhex(STATUS["reply"]), "this file is binary: xxd -p {file} | evencell decode -"),
        (b"Dear owner,\nthis is no frame\nat all\n", "no bytes here"),
    ],
    ids=["binary", "text"],
)
def test_file_without_hex_gets_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "file.bin"
    file.write_bytes(content)
    result = subprocess.run([EVENCELL, "decode", file], capture_output=True, text=True, timeout=PATIENCE_S)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count(sentence.format(file=file)) == 1
