"""`evencell update` up to the device: addresses, what is refused before anything is sent, and what came of it."""

import itertools
import json
import socket
import threading
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from host_tests.broker import free_port
from host_tests.deploy.small_release import small_release
from host_tests.update.signing import key
from tools.cli.main import main
from tools.update import command, keys, watch
from tools.update.device import Device, DeviceError, LoginNeededError, UnreachableError, host_and_port
from tools.update.image import of_files

IMAGE = of_files(small_release(3)).signed(key())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.168.1.20", ("192.168.1.20", 80)),
        ("evencell-a1b2c3.local:8080", ("evencell-a1b2c3.local", 8080)),
        ("http://127.0.0.1:8080/", ("127.0.0.1", 8080)),
        ("[fe80::1]", ("fe80::1", 80)),
        ("[fe80::1]:8080", ("fe80::1", 8080)),
    ],
)
def test_addresses_of_a_device(address, expected):
    assert host_and_port(address) == expected


@pytest.mark.parametrize("address", ["", "a b", "https://host/", "host:0", "host:http", "me:secret@host", "host/path"])
def test_what_is_no_address_is_a_usage_error(address):
    result = CliRunner().invoke(main, ["update", address, "image"])
    assert result.exit_code == 2 and "is no device's address" in result.stderr


def test_a_device_that_is_not_there_is_one_sentence(tmp_path):
    path = tmp_path / "image.evencell"
    path.write_bytes(IMAGE.encode())
    address = f"127.0.0.1:{free_port()}"
    result = CliRunner().invoke(main, ["update", address, str(path), "--token", "a-token"])
    assert result.exit_code == 1
    assert result.output == f"Error: {address}: connection refused. Is it on, and in this network?\n"


def test_an_image_is_signed_with_the_key_that_is_named_or_the_usual_one(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "DEFAULT_FILE", tmp_path / "update.pem")
    path = tmp_path / "image.evencell"
    path.write_bytes(of_files(small_release(3)).encode())
    with pytest.raises(command.ImageError, match="is not signed"):
        command.signed_image(path, None)
    key("usual").save(keys.DEFAULT_FILE)
    assert command.signed_image(path, None).key == key("usual").public.id
    path.write_bytes(IMAGE.encode())
    assert command.signed_image(path, None) == IMAGE
    key("named").save(tmp_path / "named.pem")
    assert command.signed_image(path, tmp_path / "named.pem").key == key("named").public.id


THERE = {"device": {"board": "host", "firmware": "3", "uptime_s": 1000}}


@pytest.mark.parametrize(
    ("status", "update", "about", "sentence"),
    [
        (None, {}, {}, "is no evencell device"),
        (THERE, None, {}, "without updates over the air"),
        (THERE, {}, {"board": "esp32_generic"}, "is the board host, and the image is for esp32_generic."),
        (THERE, {"kind": "firmware"}, {}, "takes what `make firmware` makes, and this image is from `make build`."),
        (THERE, {}, {"version": "2.9.9"}, "runs 3, and the image is the older 2.9.9: --downgrade sends it."),
    ],
)
def test_what_the_device_would_refuse_is_said_before_it_is_sent(status, update, about, sentence):
    with pytest.raises(DeviceError) as error:
        command.check(Device("device"), status, update, IMAGE.about | about, False)
    assert error.value.message.startswith("device ") and sentence in error.value.message


def test_what_fits_is_sent():
    for about, downgrade in (({}, False), ({"version": "4"}, False), ({"version": "2"}, True)):
        command.check(Device("device"), THERE, {"kind": "files"}, IMAGE.about | about, downgrade)


class Scripted(Device):
    """A device that answers in turn: what stands for `GET /api/v1/update` after each uptime, or an error."""

    def __init__(self, *answers):
        super().__init__("device")
        self._answers = iter(answers)
        self._next = {}

    def get(self, path):
        if path == watch.STATUS_PATH:
            uptime_s, self._next = next(self._answers)
            if isinstance(self._next, Exception):
                raise self._next
            if uptime_s is None:
                return {}  # it ended in the middle of its answer
            return {"device": {"uptime_s": uptime_s}}
        self._next = self._next or next(self._answers)[1]
        answer, self._next = self._next, {}
        return answer


@pytest.fixture
def no_pauses(monkeypatch):
    """Time passes by the second, without waiting."""
    now_s = itertools.count(5000)
    monkeypatch.setattr(watch.time, "sleep", lambda _: None)
    monkeypatch.setattr(watch.time, "monotonic", lambda: float(next(now_s)))


OLD = {"state": "confirmed", "version": "3", "previous": "2"}
CONFIRMING = {"state": "confirming", "version": "3", "previous": "2"}


@pytest.mark.usefixtures("no_pauses")
def test_only_what_the_device_says_after_its_restart_counts(capsys):
    gone = UnreachableError("connection refused")
    busy = DeviceError("device: all 6 connections are in use.")
    device = Scripted((9000, OLD), (None, OLD), (0, gone), (0, busy), (1, CONFIRMING), (2, CONFIRMING), (3, OLD))
    sentence = watch.follow(device, "3", "b", pytest.fail)
    assert sentence == "device: evencell 3 runs from slot b and is confirmed."
    said = capsys.readouterr().err
    assert "device: restarting ..." in said


@pytest.mark.usefixtures("no_pauses")
def test_a_rollback_names_its_reason():
    why = "evencell 3 was not kept: within 3 minutes no balancer answered; 2 runs again"
    back = {"state": "rolled_back", "version": "3", "previous": "2", "reason": why}
    with pytest.raises(DeviceError, match=f"^device: {why}\\.$"):
        watch.follow(Scripted((1, CONFIRMING), (2, back)), "3", "b", pytest.fail)


@pytest.mark.usefixtures("no_pauses")
def test_a_device_that_stays_away_is_said_after_ten_minutes():
    answers = itertools.repeat((0, UnreachableError("timed out")))
    with pytest.raises(DeviceError, match=r"nothing certain after 10 minutes.*docs/recovery\.md"):
        watch.follow(Scripted(*itertools.islice(answers, 1000)), "3", "b", pytest.fail)


@pytest.mark.usefixtures("no_pauses")
def test_a_login_that_the_restart_ended_is_renewed():
    logins = []
    device = Scripted((0, LoginNeededError("log in first")), (1, OLD))
    assert "confirmed" in watch.follow(device, "3", "b", lambda: logins.append(1))
    assert logins == [1]


@contextmanager
def server(answer: bytes, wanted_bytes: int):
    """A port where this is answered after so many bytes; the connection is closed then, and the rest never read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection:
                received = 0
                while received < wanted_bytes and (piece := connection.recv(4096)):
                    received += len(piece)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def response(status: int, body: dict) -> bytes:
    return f"HTTP/1.0 {status} \r\nContent-Type: application/json\r\n\r\n{json.dumps(body)}".encode()


def test_a_refusal_ends_the_upload_before_everything_is_sent():
    large = b"x" * 20_000_000
    sent = []
    refusal = {"error": "no key of this device signed it"}
    with server(response(403, refusal), 3000) as address, pytest.raises(DeviceError) as error:
        Device(address).upload("/api/v1/update", large, sent.append)
    assert error.value.message == f"{address}: no key of this device signed it."
    assert sum(sent) < len(large)


def test_the_whole_image_is_sent_and_its_progress_reported():
    sent = []
    content = IMAGE.encode()
    with server(response(200, {"version": "3", "slot": "b", "restart": True}), len(content)) as address:
        answer = Device(address, "a-token").upload("/api/v1/update?downgrade=0", content, sent.append)
    assert answer["slot"] == "b" and sum(sent) == len(content) and len(sent) > 1


def test_a_connection_that_breaks_says_how_far_it_came():
    with server(b"", 3000) as address, pytest.raises(DeviceError, match=r"of \d+ bytes\. It runs what it ran before"):
        command.send(Device(address), IMAGE, False)
