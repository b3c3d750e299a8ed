"""The command `evencell` on lines where no balancer answers, and on ports that are none."""

import json
import time

import pytest
import serial

from evencell.protocol.jk_balancer import ANSWER_BYTES, read_request
from host_tests.end_to_end.chain import CAPTURES, EVENCELL
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import HANG_UP, FaultyLine, Terminal
from tools.sim.foreign_frames import FOREIGN_FRAMES

REPLIES = {entry["name"]: bytes.fromhex(entry["reply"]) for entry in json.loads(CAPTURES.read_text())}
FRAME = REPLIES["4s-idle"]


def unexpected_bytes(send, _heard):
    send(b"\xeb\x90" + bytes(range(100)))


def silence(_send, _heard):
    pass


def half_a_frame(send, heard):
    if heard:
        send(FRAME[: ANSWER_BYTES // 2])


def damaged(send, heard):
    if heard:
        send(FRAME[:-1] + bytes([FRAME[-1] ^ 1]))


def echo(send, heard):
    if heard:
        send(heard)


def swapped(send, heard):
    if heard:
        send(REPLIES["a-b-swapped"])


def another_address(send, heard):
    if heard:
        frame = FRAME[:2] + bytes([7]) + FRAME[3:-1]
        send(frame + bytes([sum(frame) & 0xFF]))


def another_protocol(send, heard):
    if heard:
        send(FOREIGN_FRAMES["modbus"])


# The far end, and what the sentence must speak of.
FAULTS = {
    unexpected_bytes: "damaged",
    silence: "supply",
    half_a_frame: "damaged",
    damaged: "wrong checksums",
    echo: "echo only",
    swapped: "Fuse out, then exchange A and B at the transceiver",
    another_address: "another address",
    another_protocol: "other protocol. Another protocol: Modbus RTU",
}


@pytest.mark.parametrize("talk", FAULTS)
def test_read_without_an_answer_gives_the_remedy(talk, record_property):
    with FaultyLine(talk) as line:
        started = time.monotonic()
        result = evencell("read", "--port", line.path)
        took_s = time.monotonic() - started
    record_property("seconds", round(took_s, 2))
    assert_one_sentence(result)
    assert FAULTS[talk] in result.stderr


@pytest.mark.parametrize(("lost", "status"), [(2, 0), (3, 1)])
def test_read_sends_three_requests_before_a_line_is_silent(lost, status):
    asked = []

    def talk(send, heard):
        if heard:
            asked.append(heard)
            if len(asked) > lost:
                send(FRAME)

    with FaultyLine(talk) as line:
        result = evencell("read", "--port", line.path)
    assert result.returncode == status, result
    assert status == 0 or "silent" in result.stderr
    assert len(asked) == (3 if status else lost + 2)  # the first answer is asked for again


def test_ctrl_c_ends_a_command_with_one_line_and_its_own_status():
    with FaultyLine(silence) as line, Terminal([EVENCELL, "diagnose", "--port", line.path]) as terminal:
        terminal.wait_for("observing the line")
        terminal.press(b"\x03")
        terminal.wait_for("Ended by Ctrl-C.")
        assert terminal.wait() == 130
        assert "Aborted" not in terminal.screen() and "Traceback" not in terminal.screen()


def bms_that_sends_unasked(send, _heard):
    """A master of JK's PB series: a frame of 300 bytes every now and then."""
    send(FOREIGN_FRAMES["jk_bluetooth"])
    time.sleep(0.3)


def test_diagnose_names_a_device_that_sends_without_a_request():
    with FaultyLine(bms_that_sends_unasked) as line:
        result = evencell("diagnose", "--quick", "--port", line.path)
    assert result.returncode == 1
    assert result.stdout.startswith("other protocol (")
    assert "JK BMS of the PB series" in result.stdout
    assert "bytes came without a request: another device uses this line" in result.stdout


def test_diagnose_finds_another_master():
    def two_masters(send, heard):
        if heard:
            asked.append(heard)
            send(FRAME)
        elif not asked:
            send(bytes(read_request(1)) + FRAME)
            time.sleep(0.2)

    asked = []
    with FaultyLine(two_masters) as line:
        result = evencell("diagnose", "--quick", "--seconds", 1, "--port", line.path)
    assert result.returncode == 0, result
    assert "another device uses this line: it polls a balancer, too" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [["read"], ["diagnose"], ["console"], ["capture", "new.json"], ["run"], ["set", "--yes", "trigger_mv", "10"]],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("port", ["nowhere", "file", "folder", "busy"])
def test_unusable_port_gets_a_sentence(tmp_path, arguments, port):
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    with FaultyLine(silence) as line, serial.Serial(line.path, exclusive=True):
        path = line.path if port == "busy" else tmp_path / port
        result = evencell(*[a.replace("new", str(tmp_path / "new")) for a in arguments], "--port", path)
    assert_one_sentence(result)
    assert str(path) in result.stderr
    assert not (tmp_path / "new.json").exists()


def unplugged(_send, heard):
    return HANG_UP if heard else None


@pytest.mark.parametrize("command", ["read", "capture"])
def test_port_that_vanishes_gets_a_sentence(tmp_path, command):
    arguments = [tmp_path / "new.json"] if command == "capture" else []
    with FaultyLine(unplugged) as line, Terminal([EVENCELL, command, "--port", line.path, *arguments]) as terminal:
        terminal.wait_for("it is gone")
        assert terminal.wait() == 1
        assert "Traceback" not in terminal.screen()


def test_capture_records_silence_and_noise_too(tmp_path):
    file = tmp_path / "mine.json"
    with FaultyLine(half_a_frame) as line:
        result = evencell("capture", "--port", line.path, "--count", 1, file)
    assert result.returncode == 1
    assert f"evencell diagnose --port {line.path}" in result.stderr and "CONTRIBUTING" not in result.stdout
    assert bytes.fromhex(json.loads(file.read_text())[0]["reply"]) == FRAME[: ANSWER_BYTES // 2]


def test_watch_shows_that_values_are_old():
    answers = [FRAME, FRAME]

    def fall_silent(send, heard):
        if heard and answers:
            send(answers.pop())

    with FaultyLine(fall_silent) as line, Terminal([EVENCELL, "watch", "--port", line.path]) as terminal:
        for text in ("3313 mV", "STALE: these values are"):
            terminal.wait_for(text)
        terminal.press(b"\x03")
        assert terminal.wait() == 0
