"""A backup with its secrets under a passphrase: over HTTP, and by `evencell backup` and `evencell restore`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tests.cli.sealed import PASSPHRASE, sealed
from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.door import CONFIG, PASSWORD, Client
from host_tests.formats.writers import FULL, SAMPLES, VERSIONS
from host_tests.formats.writers import PASSPHRASE as OF_SAMPLES
from host_tests.update.signing import key
from tools.cli import backup, backup_file
from tools.cli.main import main

SECRET = "not for anybody"
GIVEN = {
    **CONFIG,
    "name": "Scooter",
    "wifi": {"networks": [{"ssid": "Home", "password": SECRET}]},
    "mqtt": {"host": "127.0.0.1", "user": "a", "password": SECRET},
    "influx": {"url": "http://127.0.0.1/write?db=x", "token": SECRET},
    "update": {"keys": [key().public.entry("owner")]},
}
WITHOUT_LOGIN = {name: value for name, value in GIVEN.items() if name != "auth"}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    """A device whose configuration no test changes."""
    with Chain(tmp_path_factory.mktemp("device"), *FIXED, config=GIVEN, broker=False) as chain:
        yield chain.firmware
        log = chain.firmware.log()
        assert SECRET not in log and PASSPHRASE not in log
        assert stored(chain.firmware) == GIVEN


@pytest.fixture(scope="module")
def client(firmware) -> Client:
    return Client.logged_in(firmware.http_port)


@pytest.fixture(scope="module")
def token(client) -> str:
    """Its own hash is in the configuration then: it is deleted at the end."""
    yield client.send("POST", "/api/v1/tokens", {"name": "backup"}).json()["token"]
    client.send("DELETE", "/api/v1/tokens", {"name": "backup"})


@pytest.fixture
def other(tmp_path):
    """Another device, without any secret."""
    folder = tmp_path / "other"
    folder.mkdir()
    with Chain(folder, *FIXED, config=CONFIG, broker=False) as chain:
        yield chain.firmware
        assert SECRET not in chain.firmware.log()


def stored(firmware) -> dict:
    config = json.loads((firmware.data / "config.json").read_text())
    config["auth"].pop("tokens", None)
    return config


def address_of(firmware) -> str:
    return f"127.0.0.1:{firmware.http_port}"


def test_a_backup_brings_the_secrets_to_another_device(client, other):
    answer = client.send("POST", "/api/v1/backup", {"passphrase": PASSPHRASE})
    assert answer.status == 200, answer.body
    assert "attachment" in answer.headers["Content-Disposition"]
    assert SECRET.encode() not in answer.body
    file = answer.json()
    assert backup_file.decrypt("it", file, PASSPHRASE)["config"] == WITHOUT_LOGIN

    owner = Client.logged_in(other.http_port)
    wrong = owner.send("POST", "/api/v1/restore", {**file, "passphrase": PASSPHRASE + "!"})
    assert (wrong.status, wrong.json()["field"]) == (403, "passphrase")
    assert wrong.json()["error"] == "wrong passphrase, or the backup is damaged; nothing was changed"
    assert stored(other) == CONFIG
    restored = owner.send("POST", "/api/v1/restore", {**file, "passphrase": PASSPHRASE})
    assert (restored.status, restored.json()["warnings"]) == (200, []), restored.body
    expected = {**GIVEN, "auth": CONFIG["auth"]}
    del expected["update"]  # whose updates are run is not decided by a file
    assert stored(other) == expected
    assert owner.session()["logged_in"]


def samples_of(name: str) -> list[dict]:
    folders = sorted((Path(SAMPLES) / name).iterdir())
    return [json.loads((folder / "backup.json").read_text()) for folder in folders]


def test_a_backup_of_every_version_is_restored(client, other):
    """And today's versions are among them."""
    assert client.send("GET", "/api/v1/backup").json()["backup"] == VERSIONS["backup"]
    encrypted = client.send("POST", "/api/v1/backup", {"passphrase": PASSPHRASE}).json()
    assert encrypted["encrypted_backup"] == VERSIONS["encrypted_backup"]
    owner = Client.logged_in(other.http_port)
    kept = {name: value for name, value in FULL.items() if name not in ("auth", "update")}
    for file in samples_of("encrypted_backup"):
        answer = owner.send("POST", "/api/v1/restore", {**file, "passphrase": OF_SAMPLES})
        assert answer.status == 200 and b"in no backup" not in answer.body, answer.body
        assert stored(other) == {**kept, "auth": CONFIG["auth"]}
    for file in samples_of("backup"):
        assert owner.send("PATCH", "/api/v1/config", {"name": "other"}).status == 200
        answer = owner.send("POST", "/api/v1/restore", file)
        assert answer.status == 200 and b"in no backup" not in answer.body, answer.body
        assert stored(other) == {**kept, "auth": CONFIG["auth"]}


def test_a_backup_without_secrets_is_restored_where_there_are_none(other):
    """What would not work without its secret is left out, and said."""
    backup = samples_of("backup")[-1]
    answer = Client.logged_in(other.http_port).send("POST", "/api/v1/restore", backup)
    assert answer.status == 200, answer.body
    missing = [text.split(":")[0] for text in answer.json()["warnings"] if "it is in no backup" in text]
    assert set(missing) == {
        "wifi.networks[0].password", "wifi.ap_password", "mqtt.password", "influx.token", "influx.password",
    }  # fmt: skip
    assert stored(other)["control"] == FULL["control"]
    assert "fallback_ap" not in stored(other)["wifi"]


def test_a_secret_of_the_backup_goes_where_the_backup_says(other):
    """Even if this device has the same one for another host."""
    owner = Client.logged_in(other.http_port)
    for host in ("127.0.0.1", "192.0.2.1"):
        document = {"backup": 1, "config": {"mqtt": {"host": host, "user": "a", "password": SECRET}}}
        answer = owner.send("POST", "/api/v1/restore", {**sealed(document), "passphrase": PASSPHRASE})
        assert (answer.status, answer.json()["warnings"]) == (200, []), answer.body
        assert stored(other)["mqtt"] == document["config"]["mqtt"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [({"passphrase": "too short"}, 400, "passphrase"), ({"passphrase": 12 * "x"}, 400, "passphrase"),
     ({"passphrase": 129 * "xyzä"}, 400, "passphrase"), ({"passphrase": True}, 400, "passphrase"),
     ({}, 400, "passphrase"), (b"[]", 400, None), ({"passphrase": PASSPHRASE, "x": 3000 * "x"}, 413, None)],
    ids=["short", "easy", "long", "true", "missing", "no object", "too much"],
)  # fmt: skip
def test_a_passphrase_that_is_none_is_refused(client, body, status, field):
    answer = client.send("POST", "/api/v1/backup", body)
    assert (answer.status, answer.json().get("field")) == (status, field), answer.body


@pytest.mark.parametrize(
    ("document", "status"),
    [({"backup": 2, "config": {}}, 400), ({"backup": 1, "config": []}, 400), ({"name": 0}, 400), (b"[]", 400),
     (b"", 400), (b"\xff", 400), (sealed({"backup": 1, "config": {}}), 400)],
    ids=["newer", "no configuration", "wrong value", "no object", "nothing", "no text", "encrypted twice"],
)  # fmt: skip
def test_what_is_in_it_is_checked_as_any_other_backup(client, document, status):
    answer = client.send("POST", "/api/v1/restore", {**sealed(document), "passphrase": PASSPHRASE})
    assert answer.status == status, answer.body


def test_both_need_a_login_and_sizes_have_a_limit(firmware, client):
    stranger = Client(firmware.http_port)
    file = {**sealed({"backup": 1, "config": {}}), "passphrase": PASSPHRASE}
    assert stranger.send("POST", "/api/v1/backup", {"passphrase": PASSPHRASE}).status == 401
    assert stranger.send("POST", "/api/v1/restore", file).status == 401
    assert client.send("POST", "/api/v1/restore", {**file, "data": 12_288 * "A"}).status == 413
    assert client.send("PATCH", "/api/v1/config", file).status == 400


def test_the_commands_bring_the_secrets_to_another_device(firmware, token, other, tmp_path):
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\nnot this\n")
    file = tmp_path / "scooter.json"
    options = ("--passphrase-file", tmp_path / "passphrase", "--token")
    result = evencell("backup", address_of(firmware), file, *options, token)
    assert result.returncode == 0, result
    assert "opened with this passphrase" in result.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET not in file.read_text()

    there = Client.logged_in(other.http_port).send("POST", "/api/v1/tokens", {"name": "restore"}).json()["token"]
    (tmp_path / "wrong").write_text("another passphrase\n")
    wrong = evencell("restore", address_of(other), file, "--passphrase-file", tmp_path / "wrong", "--token", there)
    assert_one_sentence(wrong)
    assert "wrong passphrase" in wrong.stderr
    assert stored(other) == CONFIG
    result = evencell("restore", address_of(other), file, *options, there, "--restart")
    assert result.returncode == 0, result
    assert "it restarts now" in result.stdout
    assert other.wait() == 75
    other.start()
    assert stored(other)["wifi"] == GIVEN["wifi"]


def test_a_backup_without_secrets_is_not_encrypted(firmware, token, tmp_path):
    file = tmp_path / "scooter.json"
    result = evencell("backup", address_of(firmware), file, "--without-secrets", "--token", token)
    assert result.returncode == 0, result
    assert json.loads(file.read_text())["config"]["mqtt"]["password"] is True


@pytest.mark.parametrize(
    ("command_line", "sentence"),
    [(("backup", "HOST", "FOLDER/no/file", "--passphrase-file", "GOOD"), "No such file or directory"),
     (("backup", "HOST", "FOLDER/new", "--passphrase-file", "EASY"), "guessed easily"),
     (("backup", "HOST", "FOLDER/new", "--passphrase-file", "EMPTY"), "has no passphrase in its first line"),
     (("backup", "HOST", "FOLDER/new", "--passphrase-file", "FOLDER/none"), "No such file or directory"),
     (("backup", "HOST", "FOLDER/new"), "There is no terminal to ask for the passphrase at"),
     (("backup", "HOST", "EASY", "--passphrase-file", "GOOD"), "is there already, and stays"),
     (("restore", "HOST", "EMPTY"), "is no backup"),
     (("restore", "HOST", "FOLDER/none"), "No such file or directory"),
     (("backup", "127.0.0.1:1", "FOLDER/new", "--passphrase-file", "GOOD"), "connection refused")],
    ids=["no folder", "easy", "empty", "no passphrase file", "no terminal", "a file", "no backup", "no file",
         "no device"],
)  # fmt: skip
def test_what_goes_wrong_is_one_sentence(firmware, token, tmp_path, command_line, sentence):
    for name, text in (("GOOD", PASSPHRASE), ("EASY", "password1234"), ("EMPTY", "")):
        (tmp_path / name).write_text(text)
    places = {"HOST": address_of(firmware), **{name: str(tmp_path / name) for name in ("GOOD", "EASY", "EMPTY")}}
    arguments = [places.get(each, each.replace("FOLDER", str(tmp_path))) for each in command_line]
    result = evencell(*arguments, "--token", token)
    assert_one_sentence(result)
    assert sentence in result.stderr and token not in result.stderr
    assert not (tmp_path / "new").exists()


def test_the_passphrase_is_asked_for_without_an_echo(firmware, token, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "has_terminal", lambda: True)
    arguments = ["backup", address_of(firmware), str(tmp_path / "new"), "--token", token]
    result = CliRunner().invoke(main, arguments, input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert result.exit_code == 0, result.output
    assert PASSPHRASE not in result.output and PASSWORD not in result.output
    assert (tmp_path / "new").exists()
