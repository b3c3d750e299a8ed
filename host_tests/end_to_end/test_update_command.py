"""`evencell update` against the firmware: from slot a to slot b, back again, and refusals in one sentence."""

import pytest
from click.testing import CliRunner

from host_tests.end_to_end.chain import FIXED, Simulator, assert_no_traceback
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.door import PASSWORD
from host_tests.end_to_end.restarting import restarting
from host_tests.end_to_end.updating import VERSION, Device, small_image, version_of
from host_tests.update.signing import key
from tools.build.slots import contents_of
from tools.cli.main import main
from tools.update import session
from tools.update.image import Image, of_files


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """One that refuses everything, and runs on."""
    with Device(tmp_path_factory.mktemp("refusing")) as device:
        device.start()
        yield device
        assert device.flash.read("slot") == "a"
        assert_no_traceback(device.log())


@pytest.fixture
def token(device) -> str:
    return token_of(device)


def token_of(device: Device) -> str:
    """A token that the device has just given; tokens are kept across restarts."""
    client = device.client()
    names = [each["name"] for each in client.send("GET", "/api/v1/tokens").json()["tokens"]]
    if "update" in names:
        client.send("DELETE", "/api/v1/tokens", {"name": "update"})
    return client.send("POST", "/api/v1/tokens", {"name": "update"}).json()["token"]


def address_of(device: Device) -> str:
    return f"127.0.0.1:{device.http_port}"


def written(tmp_path, image: Image, signer: str | None = "owner") -> str:
    """The file of an image."""
    path = tmp_path / "image.evencell"
    path.write_bytes((image.signed(key(signer)) if signer else image).encode())
    return str(path)


def update(device: Device, image: str, *options, token: str):
    return evencell("update", address_of(device), image, *options, "--token", token)


def test_a_new_version_is_sent_and_confirmed(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator, Device(tmp_path, simulator.link) as device:
        device.start("link online")
        key("owner").save(tmp_path / "update.pem")
        image = written(tmp_path, of_files(version_of(contents_of(device.flash.path / "a"))), None)
        token = token_of(device)
        with restarting(device):
            result = update(device, image, "--key", tmp_path / "update.pem", token=token)
        assert result.returncode == 0, result
        assert result.stdout == f"{address_of(device)}: evencell {VERSION} runs from slot b and is confirmed.\n"
        assert token not in result.stderr
        assert device.flash.read("slot").startswith("b")


def test_a_version_that_does_not_last_is_rolled_back_and_the_reason_said(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator, Device(tmp_path, simulator.link) as device:
        device.start("link online")
        failing = version_of(contents_of(device.flash.path / "a"), app=b"import sys\nsys.exit(75)\n")
        with restarting(device):
            result = update(device, written(tmp_path, of_files(failing)), token=token_of(device))
        assert (result.returncode, result.stdout) == (1, "")
        said = (
            f"Error: {address_of(device)}: evencell {VERSION} was not kept: it ended early 3 times; 0.1.0 runs again."
        )
        assert result.stderr.splitlines()[-1] == said


@pytest.mark.parametrize(
    ("image", "signer", "sentence"),
    [
        (small_image(), "another", "signed with a key that this device does not know"),
        (small_image(version="0.0.1"), "owner", "runs 0.1.0, and the image is the older 0.0.1: --downgrade sends it."),
        (small_image(), None, "is not signed"),
    ],
    ids=["unknown key", "older", "not signed"],
)
def test_a_refusal_is_one_sentence(device, token, tmp_path, monkeypatch, image, signer, sentence):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # without a key of its developer
    result = update(device, written(tmp_path, image, signer), token=token)
    assert_one_sentence(result)
    assert sentence in result.stderr and token not in result.stderr


def test_a_damaged_image_is_refused_before_anything_is_sent(device, token, tmp_path):
    path = written(tmp_path, small_image())
    with open(path, "r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")
    result = update(device, path, token=token)
    assert_one_sentence(result)
    assert "it is damaged" in result.stderr


def test_a_token_that_is_not_valid_is_one_sentence(device, tmp_path):
    result = update(device, written(tmp_path, small_image()), token="00" * 24)
    assert_one_sentence(result)
    assert "this token is not valid (any more)" in result.stderr


def test_without_a_token_the_password_is_asked_for(device, tmp_path, monkeypatch):
    image = written(tmp_path, small_image(), "another")
    monkeypatch.delenv("EVENCELL_TOKEN", raising=False)
    for has_terminal, password, sentence in (
        (False, PASSWORD, "There is no terminal to ask for the password at"),
        (True, "wrong password", "wrong password"),
        (True, PASSWORD, "signed with a key that this device does not know"),
    ):
        monkeypatch.setattr(session, "has_terminal", lambda answer=has_terminal: answer)
        result = CliRunner().invoke(main, ["update", address_of(device), image], input=f"{password}\n")
        assert result.exit_code == 1 and sentence in result.output, result.output
        assert PASSWORD not in result.output
