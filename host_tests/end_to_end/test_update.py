"""Updates over the air, as images of tools/update and signed by `cryptography`, to the firmware with two slots."""

import json
import threading
import time
from dataclasses import replace

import pytest

from evencell import __version__
from host_tests.broker import Broker
from host_tests.end_to_end.chain import EVERY_SECOND, FIXED, Simulator, assert_no_traceback
from host_tests.end_to_end.door import Client
from host_tests.end_to_end.process import until
from host_tests.end_to_end.updating import (
    PATH,
    VERSION,
    Device,
    OwnFirmware,
    begun,
    send,
    signed,
    small_image,
    status_of,
    version_of,
)
from host_tests.needs import need_broker
from host_tests.update.signing import key
from tools.update.image import Image, of_files, of_firmware

POLL_MS = 100
FAILS = b"import sys\nsys.exit(75)\n"


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """One that refuses all that it is sent, and runs on."""
    with Device(tmp_path_factory.mktemp("updated")) as device:
        device.start()
        before = device.slot("a")
        yield device
        assert device.slot("a") == before
        assert device.flash.read("slot") == "a"
        assert device.flash.read("update.json") is None
        assert_no_traceback(device.log())


@pytest.fixture
def client(device):
    return device.client()


def changed(image: Image, **about) -> Image:
    """The image with another header."""
    return replace(image, header=json.dumps({**image.about, **about}).encode() + b"\n")


def without_signature(image: Image) -> bytes:
    return image.encode()


def of_an_unknown_key(image: Image) -> bytes:
    return image.signed(key("another")).encode()


def forged(image: Image) -> bytes:
    """The id of the owner's key, and the signature of another."""
    return replace(image.signed(key("another")), key=key("owner").public.id).encode()


def of_another_image(image: Image) -> bytes:
    other = small_image({"board.py": b"2\n"}).signed(key("owner"))
    return replace(image, key=other.key, signature=other.signature).encode()


def with_a_long_signature(image: Image) -> bytes:
    return signed(image).replace(b'"signature":', b'"signature":' + 2100 * b" ")


def damaged(at: float):
    def damage(image: Image) -> bytes:
        body = bytearray(image.body)
        body[int(at * (len(body) - 1))] ^= 1
        return signed(replace(image, body=bytes(body)))

    return damage


def with_paths(*paths: str):
    return lambda _image: signed(small_image(dict.fromkeys(paths, b"x")))


# What is sent: how it is made of an image that would be right, the status, and a word of the sentence.
REFUSED = {
    "nothing": (lambda _: b"", 400, "no image"),
    "garbage": (lambda _: bytes(range(256)) * 20, 400, "no image"),
    "a page": (lambda _: b"<html>\n<body>\n</body>\n" * 100, 400, "no image"),
    "a header that does not end": (lambda image: image.header[:-1] + b" " * 4000, 400, "no image"),
    "a header that is too long": (lambda image: signed(changed(image, x="x" * 600)), 400, "no image"),
    "a signature that is too long": (with_a_long_signature, 400, "no image"),
    "an image of a newer format": (lambda image: signed(changed(image, evencell=2)), 400, "no image"),
    "no signature": (without_signature, 403, "not signed"),
    "an unknown key": (of_an_unknown_key, 403, "does not know"),
    "a forged signature": (forged, 403, "not that of the key owner"),
    "the signature of another image": (of_another_image, 403, "not that of the key owner"),
    "a changed header": (lambda image: signed(image).replace(VERSION.encode(), b"99.2.0"), 403, "not that of"),
    "an older version": (lambda _: signed(small_image(version="0.0.1")), 409, "older than"),
    "another board": (lambda image: signed(changed(image, board="esp32_generic")), 409, "for the board esp32_generic"),
    "another chip": (lambda image: signed(changed(image, chip="esp32")), 409, "for the chip esp32"),
    "other bytecode": (lambda image: signed(changed(image, mpy=5)), 409, "bytecode of version 5"),
    "the other kind": (lambda image: signed(changed(image, kind="firmware")), 409, "make build"),
    "bytes behind its end": (lambda image: signed(image) + b"x", 400, "bytes follow"),
    "its last byte missing": (lambda image: signed(image)[:-1], 400, "bytes follow"),
    "a larger size than it has": (lambda image: signed(changed(image, size=9999)), 400, "bytes follow"),
    "a manifest of another size": (
        lambda image: signed(changed(image, manifest=image.about["manifest"] + 1)), 400, "manifest.json",
    ),
    "another hash of the whole": (lambda image: signed(changed(image, sha256="0" * 64)), 400, "arrived damaged"),
    "a damaged manifest": (damaged(0.01), 400, "manifest.json"),
    "a damaged file": (damaged(0.9), 400, "arrived damaged"),
    "a path out of the slot": (with_paths("../config.json"), 400, "no slot has"),
    "an absolute path": (with_paths("/boot.py"), 400, "no slot has"),
    "boot.py": (with_paths("boot.py"), 400, "no slot has"),
    "a file in the place of a folder": (with_paths("a", "a/b"), 507, "can't be written"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_image_is_refused_with_a_sentence(client, name):
    make, status, words = REFUSED[name]
    answer = send(client, make(small_image()))
    assert (answer.status, words in answer.json()["error"]) == (status, True), answer.body
    assert client.send("GET", PATH).json()["state"] == "idle"
    assert client.send("GET", "/healthz").status == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer " + "0" * 48}, {"Cookie": "session=0"}])
def test_image_without_a_login_is_not_read(device, headers):
    answer = Client(device.http_port).send(
        "POST", PATH, signed(small_image()), Content_Type="application/octet-stream", **headers
    )
    assert answer.status == 401


def test_image_that_is_cut_off_changes_nothing(client):
    content = signed(small_image())
    for length in range(0, len(content), 173):
        with begun(client, content[:length], len(content)):
            pass
        until(lambda: client.send("GET", PATH).json()["state"] == "idle", "the end of a cut image")


def test_one_image_at_a_time_and_none_that_stops(client):
    """The other requests are answered meanwhile."""
    content = signed(small_image())
    with begun(client, content[:-100], len(content)) as connection:
        progress = until(lambda: (answer := client.send("GET", PATH).json())["bytes"] and answer, "some bytes")
        size = len(small_image().body)
        assert 0 < progress["bytes"] < size
        assert progress == {
            "state": "receiving", "bytes": progress["bytes"], "size": size, "version": VERSION,
            "previous": None, "reason": None, "kind": "files", "keys": ["owner"],
        }  # fmt: skip
        answer = send(client, content)
        assert answer.status == 409 and "under way" in answer.json()["error"]
        assert client.send("GET", "/api/v1/log").status == 200
        assert status_of(connection) == 408
    assert client.send("GET", PATH).json()["state"] == "idle"


def test_body_that_no_flash_has_room_for_is_not_read(client):
    with begun(client, b"", 104_857_600) as connection:
        assert status_of(connection) == 413


def test_new_version_is_confirmed_and_keeps_what_the_device_knows(tmp_path):
    need_broker()
    config = {**EVERY_SECOND, "name": "Scooter", "packs": [{"interval_ms": POLL_MS}]}
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Broker() as broker,
        Device(tmp_path, simulator.link, config, broker.port) as device,
    ):
        device.start("mqtt: connected")
        device.wait_for_line("link online")
        client = device.client()
        before = device.status()
        image = signed(of_files(version_of(device.slot("a"))))
        answers = []
        sending = threading.Thread(target=lambda: answers.append(send(client, image)))
        since_s, polls = time.monotonic(), device.status()["packs"][0]["sequence"]
        sending.start()
        until(lambda: client.send("GET", PATH).json()["bytes"], "the beginning of the image")
        assert {client.send("GET", "/api/v1/log").status for _ in range(10)} == {200}
        sending.join()
        polls = device.status()["packs"][0]["sequence"] - polls
        assert polls >= 0.5 * (time.monotonic() - since_s) * 1000 / POLL_MS - 1
        assert answers[0].status == 200, answers[0].body
        assert answers[0].json() == {"version": VERSION, "slot": "b", "restart": True}
        assert device.wait() == 75
        assert_no_traceback(device.log())
        assert device.flash.read("slot") == "b new"
        device.start("update: evencell 99.1.0 is confirmed")
        after = device.status()
        assert (before["device"]["firmware"], after["device"]["firmware"]) == ("0.1.0", VERSION)
        assert after["device"]["name"] == "Scooter" and after["device"]["id"] == before["device"]["id"]
        found = device.client().send("GET", PATH).json()
        assert (found["state"], found["version"], found["previous"]) == ("confirmed", VERSION, "0.1.0")
        assert json.loads(device.flash.read("update.json").partition("\n#")[0])["held"] == ["answer", "page", "broker"]
        events = device.client().send("GET", "/api/v1/log").json()["events"]
        assert [event["name"] for event in events if event["type"] == "update"] == ["confirming", "confirmed"]
        assert_no_traceback(device.log())
        refused = send(device.client(), image.replace(b"99.1.0", b"99.1.1"))
        assert refused.status == 403  # and the next one would go into the other slot
        assert device.client().send("GET", PATH).json()["state"] == "confirmed"


def test_version_that_fails_at_its_start_is_left(tmp_path):
    with Device(tmp_path) as device:
        device.start()
        release = version_of(device.slot("a"), app=FAILS)
        answer = send(device.client(), signed(of_files(release)))
        assert answer.status == 200, answer.body
        assert device.wait() == 75
        for _ in range(3):
            device.start(None)
            assert device.wait() == 75
        device.start()
        assert "was not kept" in device.log()
        assert device.flash.read("slot") == "a fell-back: b ended early 3 times"
        found = device.client().send("GET", PATH).json()
        assert found["state"] == "rolled_back"
        assert found["reason"] == "evencell 99.1.0 was not kept: it ended early 3 times; 0.1.0 runs again"
        assert device.slot("b") == release.slot
        device.start("page at")
        assert device.client().send("GET", PATH).json()["state"] == "rolled_back"  # once more, and still known
        assert device.log().count("was not kept") == 0


def test_power_cut_before_the_last_step_is_reported(tmp_path):
    """update.json says that a slot was filled, and `slot` does not name it."""
    with Device(tmp_path) as device:
        device.start()
        assert send(device.client(), signed(of_files(version_of(device.slot("a"))))).status == 200
        device.kill()
        device.flash.write("slot", "a")
        device.start("was not kept: the power failed before it was complete; 0.1.0 runs again", "power")


APPLICATION = b"\xe9" + bytes(range(256)) * 50


def firmware_image(application: bytes = APPLICATION, version: str = __version__) -> bytes:
    return signed(of_firmware({"name": "host", "chip": "host"}, version, application))


def test_own_firmware_goes_into_the_other_partition_and_is_marked_valid(tmp_path):
    with OwnFirmware(tmp_path) as device:
        device.start()
        client = device.client()
        assert client.send("GET", PATH).json()["kind"] == "firmware"
        assert send(client, signed(small_image())).status == 409
        for application, status, words in (
            (b"\x00" + APPLICATION[1:], 400, "takes this image for damaged"),
            (b"\xe9" * 0x190001, 507, "the partition ota_1 has 1638400"),
        ):
            answer = send(client, firmware_image(application))
            assert (answer.status, words in answer.json()["error"]) == (status, True), answer.body
            assert device.otadata()["state"] == "valid"
            assert device.flash.read("update.json") is None
        assert send(client, firmware_image()).json() == {"version": __version__, "slot": "ota_1", "restart": True}
        assert device.wait() == 75
        written = (device.partitions / "ota_1").read_bytes()
        assert written == APPLICATION + b"\xff" * (4 * 4096 - len(APPLICATION))
        assert device.otadata()["state"] == "new"  # `confirm` would have marked what has not run yet
        device.start("is confirmed")
        assert device.otadata() == {"boot": "ota_1", "running": "ota_1", "state": "valid", "before": "ota_0"}
        assert device.client().send("GET", PATH).json()["state"] == "confirmed"


def test_own_firmware_that_is_reset_before_it_is_confirmed_is_left(tmp_path):
    with OwnFirmware(tmp_path) as device:
        device.start()
        assert send(device.client(), firmware_image()).status == 200
        device.wait()
        device.start("runs, and is kept once it has proven itself")
        device.start("was not kept: it was restarted before it was confirmed", "power")
        assert device.otadata()["running"] == "ota_0"
