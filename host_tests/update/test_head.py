"""The head of an image: what is not signed by a known key is refused, and so is what is for another device."""

import json
import sys
from binascii import b2a_base64

from evencell import __version__
from evencell.update import keys
from evencell.update import upload as uploads
from host_tests.portable import scratch_path
from host_tests.update.signed import MODULUS, header, seal

KEYS = [{"name": "owner", "modulus": b2a_base64(MODULUS).decode().strip()}]


class Refusal(Exception):
    pass


class Board:
    name = chip = "host"
    config_path = scratch_path("head-config.json")


class Context:
    board = Board()


class Upload:
    """As forward/http/private/update.py has it; `config` is the content of config.json."""

    kind = "files"
    size = 1000
    allows_downgrade = False
    context = Context()

    def __init__(self, config=None):
        with open(Board.config_path, "w") as file:
            file.write(json.dumps({"update": {"keys": KEYS}} if config is None else config))
        self.progress = {}

    def refusal(self, status: int, sentence: str):
        return Refusal(status, sentence)


def read(upload: Upload, line: bytes, second: bytes) -> dict:
    """What both lines say, in the order of forward/http/private/update.py."""
    upload.seal = second
    keys.verify(upload, line)
    uploads.read(upload, line)
    return upload.header


def refused(upload: Upload, line: bytes, second: bytes) -> tuple:
    """Status and sentence of a head that is refused."""
    try:
        read(upload, line, second)
    except Refusal as refusal:
        assert refusal.args[1]
        return refusal.args
    raise AssertionError("it was taken")


def test_signed_header_is_read():
    line = header()
    assert read(Upload(), line, seal(line)) == json.loads(line)


def test_head_without_a_right_signature_is_refused():
    line = header()
    right = seal(line)
    other = json.loads(right)["signature"]
    cases = (
        (403, line, seal(line, key="0" * 16)),
        (403, line, seal(line, key="")),
        (403, line, seal(line, key=[])),
        (403, line.replace(b"1.2.0", b"1.3.0"), right),
        (403, line + b" ", right),
        (403, line, seal(line, signature=other[:-2] + ("00" if other[-2:] != "00" else "01"))),
        (403, line, seal(line, signature="")),
        (400, line, seal(line, signature=other[:-1])),
        (400, line, seal(line, signature="x" * 512)),
        (400, line, seal(line, signature=None)),
        (400, line, b""),
        (400, line, b"{}"),
        (400, line, b"[]"),
        (400, line, b"\xff\xfe"),
        (400, line, right[:-1]),
        (400, line, b"[" * 500),
    )
    for number, (status, first, second) in enumerate(cases):
        assert refused(Upload(), first, second)[0] == status, number


def test_device_without_a_key_takes_nothing():
    line = header()
    short = b2a_base64(MODULUS[:128]).decode().strip()
    keys = ([], [1, {}, {"name": "x"}], [{"name": "x", "modulus": "?"}], [{"name": "x", "modulus": short}])
    for config in [{}, {"update": {}}, {"update": []}] + [{"update": {"keys": each}} for each in keys]:
        status, sentence = refused(Upload(config), line, seal(line))
        assert status == 409 and "knows no key" in sentence, config


def test_one_of_several_keys_is_enough():
    line = header()
    others = [{"name": "other", "modulus": b2a_base64(b"\x80" + bytes(254) + b"\x01").decode().strip()}]
    assert read(Upload({"update": {"keys": others + KEYS}}), line, seal(line))["version"] == "1.2.0"
    assert refused(Upload({"update": {"keys": others}}), line, seal(line))[0] == 403


def test_signed_header_that_is_for_another_device_is_refused():
    older = "0.0.9"
    assert uploads.order_of(older) < uploads.order_of(__version__)
    cases = (
        (409, {"kind": "firmware"}, "this image is of a firmware"),
        (409, {"board": "esp32_generic"}, "for the board esp32_generic"),
        (409, {"chip": "esp32s3"}, "for the chip esp32s3"),
        (409, {"mpy": 5}, "bytecode of version 5"),
        (409, {"version": older}, "downgrade=1"),
        (400, {"size": 999}, "1000 bytes follow"),
        (400, {"size": 1001}, "1000 bytes follow"),
        (400, {"evencell": 2}, "no image"),
        (400, {"kind": "other"}, "no image"),
        (400, {"size": "1000"}, "no image"),
        (400, {"size": True}, "no image"),
        (400, {"size": -1000}, "no image"),
        (400, {"manifest": 0}, "no image"),
        (400, {"manifest": 1001}, "no image"),
        (400, {"manifest": None}, "no image"),
        (400, {"sha256": "0" * 63}, "no image"),
        (400, {"board": None}, "no image"),
        (400, {"version": "1.2"}, "no image"),
        (400, {"version": "1.2.x"}, "no image"),
        (400, {"version": "1.2.0-" + "r" * 40}, "no image"),
        (400, {"version": "1.2.0-<b>"}, "no image"),
    )
    for status, about, words in cases:
        line = header(**about)
        found = refused(Upload(), line, seal(line))
        assert found[0] == status and words in found[1], (about, found)


def test_older_version_is_taken_where_it_is_asked_for():
    line = header(version="0.0.9")
    upload = Upload()
    upload.allows_downgrade = True
    assert read(upload, line, seal(line))["version"] == "0.0.9"


def test_image_of_firmware_needs_no_bytecode_version():
    line = header(kind="firmware", mpy=None, manifest=None)
    upload = Upload()
    upload.kind = "firmware"
    assert read(upload, line, seal(line))["kind"] == "firmware"
    assert refused(upload, header(), seal(header()))[0] == 409


def test_versions_are_ordered_by_their_numbers():
    versions = ("0.9.10", "0.10.0-rc1", "0.10.0-rc2", "0.10.0", "1.0.0", "1.0.1")
    orders = [uploads.order_of(version) for version in versions]
    assert sorted(orders) == orders


def test_bytecode_version_is_that_of_this_micropython():
    assert sys.implementation._mpy & 0xFF == 6
