"""Recordings, replayed."""

import json
from pathlib import Path

import pytest

from evencell.protocol.jk_balancer import read_request, request
from evencell.protocol.jk_settings import SET_TRIGGER
from tools.sim.capture import Recording, load_replies

CAPTURES = Path(__file__).parents[1] / "captures" / "captures.json"


def recorded_reads() -> list[bytes]:
    entries = json.loads(CAPTURES.read_text())
    return [bytes.fromhex(entry["reply"]) for entry in entries if entry["request"] == "55 AA 01 FF 00 00 FF"]


def test_every_reply_to_a_read_comes_in_turn_and_again():
    recording = Recording(load_replies(CAPTURES), address=1)
    replies = [recording.answer(read_request(1)) for _ in range(2 * len(recorded_reads()))]
    assert replies == 2 * recorded_reads()


def test_replies_that_are_no_whole_frame_are_replayed_too():
    assert bytes.fromhex("55 95 01 FF 01") in load_replies(CAPTURES)


def test_only_reads_of_its_address_are_answered():
    recording = Recording([b"one", b"two"], address=1)
    assert recording.answer(read_request(2)) is None
    assert recording.answer(request(1, SET_TRIGGER, 10)) is None
    assert recording.answer(request(1, 0x42, 0)) is None
    assert recording.answer(read_request(1)) == b"one"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no capture file"),
        ("{}", "no reply to a read"),
        ("[]", "no reply to a read"),
        ("7", "no capture file"),
        ('[{"request": "55 AA 01 FF 00 00 FF"}]', "no capture file.*reply"),
        ('[{"request": "55 AA 01 FF 00 00 FF", "reply": "xy"}]', "no capture file"),
        ('[{"request": "55 AA 01 F2 00 0A FC", "reply": "EB"}]', "no reply to a read"),
    ],
)
def test_file_of_another_form_is_refused(tmp_path, text, what):
    path = tmp_path / "captures.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=what):
        load_replies(path)
