"""The configuration over HTTP: merged, checked, written, its secrets kept; backup and restore."""

import json

import pytest

from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, Client
from host_tests.update.signing import key

SECRET = "not for anybody"
GIVEN = {
    **CONFIG,
    "name": "Scooter",
    "wifi": {"networks": [{"ssid": "Home", "password": SECRET}, {"ssid": "Camping"}]},
    "mqtt": {"host": "127.0.0.1", "user": "a", "password": SECRET},
    "influx": {"token": SECRET},
}


@pytest.fixture
def firmware(tmp_path):
    with Chain(tmp_path, *FIXED, config=GIVEN, broker=False) as chain:
        yield chain.firmware
        assert SECRET not in chain.firmware.log()


@pytest.fixture
def client(firmware):
    return Client.logged_in(firmware.http_port)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """A firmware that refuses what its tests send."""
    with Chain(tmp_path_factory.mktemp("unchanged"), *FIXED, config=GIVEN, broker=False) as chain:
        yield chain.firmware
        assert SECRET not in chain.firmware.log()


@pytest.fixture(scope="module")
def refused(unchanged):
    return Client.logged_in(unchanged.http_port)


def stored(firmware) -> dict:
    return json.loads((firmware.data / "config.json").read_text())


def test_the_configuration_is_whole_and_without_secrets(firmware, client):
    answer = client.send("GET", "/api/v1/config")
    assert answer.status == 200
    assert SECRET.encode() not in answer.body
    assert b"pbkdf2" not in answer.body
    config = answer.json()["config"]
    assert config["wifi"]["networks"][0] == {"ssid": "Home", "password": True}
    assert config["wifi"]["networks"][1]["password"] is None
    assert config["mqtt"]["password"] is True
    assert config["influx"]["token"] is True
    assert config["influx"]["password"] is None
    assert config["mqtt"]["keepalive_s"] == 30
    assert config["http"]["port"] == firmware.http_port
    assert "auth" not in config
    assert Client(firmware.http_port).send("GET", "/api/v1/config").status == 401


def test_a_patch_is_merged_and_used_where_that_can_be(firmware, client):
    patch = {
        "http": {"public_read": False}, "log": {"level": "debug"}, "name": "Rear", "history": {"enabled": False},
        "packs": [{"capacity_ah": 60, "temperature_scale": "1"}],
    }  # fmt: skip
    answer = client.send("PATCH", "/api/v1/config", patch)
    assert answer.status == 200, answer.body
    result = answer.json()
    assert sorted(result["applied"]) == [
        "http.public_read", "log.level", "name", "packs[0].capacity_ah", "packs[0].temperature_scale",
    ]  # fmt: skip
    assert result["restart"] == ["history.enabled"]
    assert Client(firmware.http_port).send("GET", "/api/v1/status").status == 401
    status = client.send("GET", "/api/v1/status").json()
    assert status["device"]["name"] == "Rear"
    settings = client.send("GET", "/api/v1/packs/pack1/settings").json()["settings"]
    assert settings["trigger_mv"]["recommended"] == 5
    assert stored(firmware) == {**GIVEN, **patch}
    assert json.loads((firmware.data / "config.json.old").read_text()) == GIVEN
    assert client.send("PATCH", "/api/v1/config", {"http": {"public_read": None}}).json()["applied"] == [
        "http.public_read"
    ]
    assert "public_read" not in stored(firmware)["http"]


def test_what_was_changed_counts_after_a_restart(firmware, client):
    client.send("PATCH", "/api/v1/config", {"name": "Rear"})
    client.send("POST", "/api/v1/restart")
    assert firmware.wait() == 75
    firmware.start()
    assert firmware.status()["device"]["name"] == "Rear"


def test_secrets_stay_are_replaced_and_are_deleted(firmware, client):
    networks = client.send("GET", "/api/v1/config").json()["config"]["wifi"]["networks"]
    networks.insert(0, {"ssid": "Work", "password": "another one"})
    patch = {"wifi": {"networks": networks}, "mqtt": {"password": None, "user": None}, "influx": {"token": True}}
    assert client.send("PATCH", "/api/v1/config", patch).status == 200
    config = stored(firmware)
    assert {network["ssid"]: network.get("password") for network in config["wifi"]["networks"]} == {
        "Work": "another one", "Home": SECRET, "Camping": None,
    }  # fmt: skip
    assert "password" not in config["mqtt"]
    assert config["influx"]["token"] == SECRET


# Patches that are refused: the field at fault.
REFUSED = {
    "a wrong value": ({"mqtt": {"port": 0}}, "mqtt.port"),
    "a wrong kind": ({"http": []}, "http"),
    "an unknown key": ({"http": {"pubic_read": False}}, "http.pubic_read"),
    "an unknown section": ({"colour": 1}, "c…"),
    "the login": ({"auth": {"password_hash": None}}, "auth"),
    "a password to keep that is not set": (
        {"wifi": {"networks": [{"ssid": "Other", "password": True}]}}, "wifi.networks[0].password",
    ),
    "an access point's password of its name": ({"wifi": {"ap_password": "evencell-1"}}, "wifi.ap_password"),
    "too long": ({"name": 3000 * "x"}, "name"),
    "a wrong value behind a right one": ({"name": "Rear", "log": {"level": "loud"}}, "log.level"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_patch_changes_nothing(unchanged, refused, name):
    patch, field = REFUSED[name]
    answer = refused.send("PATCH", "/api/v1/config", patch)
    assert answer.status == 400, answer.body
    assert answer.json()["field"] == field, answer.body
    assert answer.json()["faults"]
    assert stored(unchanged) == GIVEN


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[]", 400), (b'{"name": "a", "name": "b"}', 400), (b"\xff\xfe{}", 400),
     (b'{"a": NaN}', 400), (12_289 * b" ", 413), (b'{"a": ' + 500 * b'{"a": ' + b"1" + 501 * b"}", 400)],
)  # fmt: skip
def test_a_body_that_is_no_configuration_changes_nothing(unchanged, refused, body, status):
    for method, path in (("PATCH", "/api/v1/config"), ("POST", "/api/v1/restore")):
        answer = refused.send(method, path, body)
        assert answer.status == status, answer.body
    assert stored(unchanged) == GIVEN
    assert refused.send("GET", "/api/v1/config").status == 200


def test_a_backup_is_restored_with_the_secrets_of_this_device(firmware, client):
    backup = client.send("GET", "/api/v1/backup")
    assert SECRET.encode() not in backup.body
    assert b"pbkdf2" not in backup.body
    assert "attachment" in backup.headers["Content-Disposition"]
    client.send("PATCH", "/api/v1/config", {"name": "Rear", "log": {"level": "debug"}, "journal": {"max_kib": 512}})
    answer = client.send("POST", "/api/v1/restore", backup.body)
    assert answer.status == 200, answer.body
    assert sorted(answer.json()["applied"] + answer.json()["restart"]) == ["journal.max_kib", "log.level", "name"]
    assert stored(firmware) == GIVEN
    assert client.send("POST", "/api/v1/restore", backup.body).json() == {"applied": [], "restart": [], "warnings": []}
    assert firmware.log().count("the configuration was changed: ") == 2
    assert client.session()["logged_in"]


def test_a_restore_does_not_send_secrets_to_another_host(firmware, client):
    backup = client.send("GET", "/api/v1/backup").json()
    backup["config"]["mqtt"]["host"] = "192.0.2.1"
    backup["config"]["influx"]["url"] = "http://192.0.2.1/write?db=x"
    answer = client.send("POST", "/api/v1/restore", backup)
    assert answer.status == 200, answer.body
    assert sorted(warning.split(":")[0] for warning in answer.json()["warnings"]) == ["influx.token", "mqtt.password"]
    config = stored(firmware)
    assert (config["mqtt"], config["influx"]) == (
        {"host": "192.0.2.1", "user": "a"}, {"url": "http://192.0.2.1/write?db=x"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{}, {"backup": 1, "config": {}}, {"backup": True, "config": GIVEN}, {"wifi": {}}, {"wifi": {"networks": []}},
     {"wifi": {"networks": [{"ssid": "Foreign", "password": True}]}}],
)  # fmt: skip
def test_a_file_without_a_network_or_with_a_wrong_mark_is_not_restored(unchanged, refused, body):
    assert refused.send("POST", "/api/v1/restore", body).status == 400
    assert stored(unchanged) == GIVEN


def test_a_patch_that_ends_the_page_is_warned_about(client):
    answer = client.send("PATCH", "/api/v1/config", {"http": {"enabled": False}})
    assert answer.status == 200
    assert "there will be no page" in " ".join(answer.json()["warnings"])
    sleeping = {"profile": "telemetry", "mqtt": {"enabled": True}, "influx": None, "power": {"interval_s": 900}}
    answer = client.send("PATCH", "/api/v1/config", sleeping)
    assert "power.interval_s: the device sleeps, and has no page" in " ".join(answer.json()["warnings"]), answer.body


def test_a_backup_has_nothing_that_is_misspelt_or_wrong(tmp_path):
    """It may be a secret in a wrong place."""
    wrong = {"pasword": SECRET, "wifi": {"ssid": "Home", "pass": SECRET}, "influx": {"url": f"http://a:{SECRET}@b"}}
    (tmp_path / "x").mkdir()
    with Chain(tmp_path / "x", *FIXED, config={**GIVEN, **wrong, "log": {"level": "debug"}}, broker=False) as chain:
        client = Client.logged_in(chain.firmware.http_port)
        for path in ("/api/v1/backup", "/api/v1/config"):
            answer = client.send("GET", path)
            assert answer.status == 200 and SECRET.encode() not in answer.body, answer.body
        assert client.send("GET", "/api/v1/backup").json()["config"]["log"] == {"level": "debug"}


def test_a_backup_on_another_device_lacks_its_secrets_and_says_so(client, tmp_path):
    backup = client.send("GET", "/api/v1/backup").body
    folder = tmp_path / "other"
    folder.mkdir()
    with Chain(folder, *FIXED, config=CONFIG, broker=False) as chain:
        other = Client(chain.firmware.http_port)
        other.log_in()
        answer = other.send("POST", "/api/v1/restore", backup)
        assert answer.status == 200, answer.body
        warnings = " ".join(answer.json()["warnings"])
        for path in ("wifi.networks[0].password", "mqtt.password", "influx.token"):
            assert path in warnings
        assert [network["ssid"] for network in stored(chain.firmware)["wifi"]["networks"]] == ["Camping"]
        assert other.send("POST", "/api/v1/restore", {"backup": 2, "config": {}}).status == 400
        assert other.send("POST", "/api/v1/restore", {"name": 0}).status == 400


def test_keys_for_updates_count_at_once_and_stay_with_a_restore(firmware, client):
    keys = [key("owner").public.entry("owner")]
    answer = client.send("PATCH", "/api/v1/config", {"update": {"keys": keys}})
    assert (answer.json()["applied"], answer.json()["restart"]) == (["update.keys"], [])
    assert client.send("GET", "/api/v1/update").json()["keys"] == ["owner"]
    others = {"update": {"keys": [key("another").public.entry("another")]}}
    backup = client.send("GET", "/api/v1/backup").json()
    assert backup["config"]["update"] == {"keys": keys}
    for config in ({**backup["config"], **others}, {k: v for k, v in backup["config"].items() if k != "update"}):
        answer = client.send("POST", "/api/v1/restore", {**backup, "config": config})
        assert answer.status == 200, answer.body
        assert stored(firmware)["update"] == {"keys": keys}
    short = {"name": "short", "modulus": keys[0]["modulus"][:200]}
    assert (
        client.send("PATCH", "/api/v1/config", {"update": {"keys": [short]}}).json()["field"]
        == "update.keys[0].modulus"
    )
    assert client.send("PATCH", "/api/v1/config", {"update": None}).json()["applied"] == ["update.keys"]
    assert client.send("GET", "/api/v1/update").json()["keys"] == []
