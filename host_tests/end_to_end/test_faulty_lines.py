"""The command `evencell` on lines where no balancer answers, and on ports that are none."""

import json
import time

import pytest
import serial

from evencell.protocol.jk_balancer import ANSWER_BYTES
from host_tests.end_to_end.chain import CAPTURES, EVENCELL
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import HANG_UP, FaultyLine, Terminal

REPLIES = {entry["name"]: bytes.fromhex(entry["reply"]) for entry in json.loads(CAPTURES.read_text())}
FRAME = REPLIES["4s-idle"]


def rubbish(send, _heard):
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


# The far end, and what the sentence must speak of.
FAULTS = {
    rubbish: "damaged",
    silence: "supply",
    half_a_frame: "damaged",
    damaged: "wrong checksums",
    echo: "echo only",
    swapped: "exchange the two wires",
    another_address: "another address",
}


@pytest.mark.parametrize("talk", FAULTS)
def test_read_where_no_balancer_answers(talk, record_property):
    with FaultyLine(talk) as line:
        started = time.monotonic()
        result = evencell("read", "--port", line.path)
        took_s = time.monotonic() - started
    record_property("seconds", round(took_s, 2))
    assert_one_sentence(result)
    assert FAULTS[talk] in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["read"], ["watch"], ["capture", "new.json"], ["run"], ["set", "trigger_mv", "10"]],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("port", ["nowhere", "file", "folder", "busy"])
def test_a_port_that_can_not_be_used(tmp_path, arguments, port):
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


@pytest.mark.parametrize("command", ["watch", "read", "capture"])
def test_a_port_that_vanishes_gets_a_sentence(tmp_path, command):
    arguments = [tmp_path / "new.json"] if command == "capture" else []
    with FaultyLine(unplugged) as line, Terminal([EVENCELL, command, "--port", line.path, *arguments]) as terminal:
        terminal.wait_for("it is gone")
        assert terminal.wait() == 1
        assert "Traceback" not in terminal.screen()


def test_capture_records_silence_and_rubbish_too(tmp_path):
    file = tmp_path / "mine.json"
    with FaultyLine(half_a_frame) as line:
        assert evencell("capture", "--port", line.path, "--count", 1, file).returncode == 0
    assert bytes.fromhex(json.loads(file.read_text())[0]["reply"]) == FRAME[: ANSWER_BYTES // 2]


def test_watch_says_that_values_are_old():
    answers = [FRAME, FRAME]

    def fall_silent(send, heard):
        if heard and answers:
            send(answers.pop())

    with FaultyLine(fall_silent) as line, Terminal([EVENCELL, "watch", "--port", line.path]) as terminal:
        for text in ("3313 mV", "STALE: these values are"):
            terminal.wait_for(text)
        terminal.press(b"\x03")
        assert terminal.wait() == 0
