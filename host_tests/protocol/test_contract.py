"""The contract of a balancer protocol, which finds every protocol by itself: `x_balancer.py`, and `x_settings.py`."""

import os

from evencell.pack.status import Status
from host_tests.portable import ROOT, frames

NAMES = [
    name[: -len("_balancer.py")]
    for name in os.listdir(ROOT + "/firmware/evencell/protocol")
    if name.endswith("_balancer.py")
]


def protocols(kind: str = "balancer") -> list:
    return [__import__("evencell.protocol.%s_%s" % (name, kind), None, None, ("",)) for name in NAMES]


def test_there_is_a_protocol():
    assert "jk" in NAMES


def test_protocol_has_headers_and_lengths():
    for protocol in protocols():
        assert len(protocol.ANSWER_HEADER) == len(protocol.REQUEST_HEADER) == 2
        assert len(protocol.read_request(1)) == protocol.REQUEST_BYTES
        assert protocol.ANSWER_BYTES > protocol.REQUEST_BYTES


def test_range_for_every_setting_of_every_model():
    for protocol in protocols("settings"):
        for model in protocol.MODELS:
            for setting in protocol.SETTINGS:
                lowest, highest = protocol.setting_range(model, setting)
                assert 0 <= lowest <= highest <= 0xFFFF


def test_decodes_into_the_record_of_the_pack():
    """A name that the record lacks would fail on CPython, where its slots are enforced."""
    for protocol in protocols():
        status = Status()
        protocol.decode_status(frames()[0], 0, status)
        assert status.cells_mv[0] > 0
