"""What was found once, and what was known to be hard: each file of `corpus/` says why it is there."""

import json
from pathlib import Path

import pytest

from evencell.config import load as config
from host_tests.config_rules import table
from host_tests.fuzz.machines import offered, query_through, settled, worst_mv
from host_tests.fuzz.test_config_fuzz import is_whole
from host_tests.fuzz.test_http_fuzz import Served, check
from host_tests.fuzz.test_mqtt_fuzz import CONNACK, MOST_BYTES, end_of

WRONG_BY_MV = 20
ENTRIES = {path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("corpus/*.json"))}


def of(machine: str):
    """The entries for one of the machines, as a test's parameters."""
    return pytest.mark.parametrize(
        "entry", [pytest.param(entry, id=name) for name, entry in ENTRIES.items() if entry["machine"] == machine]
    )


def test_every_entry_is_replayed_and_says_why():
    for name, entry in ENTRIES.items():
        assert entry["machine"] in ("framing", "exchange", "acceptance", "mqtt", "http", "config"), name
        assert entry["why"], name


@of("framing")
def test_framing(entry):
    for sizes in (entry["sizes"], [1], [96]):
        assert bytes.fromhex(entry["frame"]) in offered(bytes.fromhex(entry["data"]), sizes)


@of("exchange")
def test_exchange(entry):
    chunks = [bytes.fromhex(chunk) for chunk in entry["chunks"]]
    for answer in query_through(chunks, entry["asks"]):
        assert answer is None or answer in b"".join(chunks)


@of("acceptance")
def test_acceptance(entry):
    receiver = settled(bytes.fromhex(entry["before"]))
    truth = bytes.fromhex(entry["truth"])
    if receiver.receive(bytes.fromhex(entry["heard"])):
        assert worst_mv(receiver, truth) <= WRONG_BY_MV


@of("mqtt")
def test_mqtt(entry):
    error, messages = end_of(CONNACK + bytes.fromhex(entry["stream"]))
    assert str(error)
    assert all(len(message) <= MOST_BYTES for message in messages)


@of("http")
def test_http(entry):
    served = Served()
    try:
        check(served, bytes.fromhex(entry["request"]))
    finally:
        served.close()


@of("config")
def test_config(entry, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode() * entry["times"])
    completed, faults, _warnings = config.load(str(path))
    assert is_whole(table(), completed)
    assert faults
