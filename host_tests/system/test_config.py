import json
import os

from evencell.pack.temperature import SCALES
from evencell.protocol.jk_settings import MODELS
from evencell.system import config
from evencell.system.files import exists
from evencell.system.log import LEVELS
from evencell.system.spelling import distance, nearest
from host_tests.portable import scratch_path

PATH = scratch_path("config.json")
SUFFIXES = ("", ".new", ".old")


def fresh():
    """No file of an earlier test."""
    for suffix in SUFFIXES:
        if exists(PATH + suffix):
            os.remove(PATH + suffix)


def write(text: str, suffix: str = ""):
    with open(PATH + suffix, "w") as file:
        file.write(text)


def load(given=None, overrides=None) -> tuple[dict, list[str]]:
    """The configuration that a file of this content gives, and its faults."""
    fresh()
    if given is not None:
        write(given if isinstance(given, str) else json.dumps(given))
    try:
        return config.load(PATH, overrides)
    finally:
        fresh()


def faults(given) -> list[str]:
    return load(given)[1]


def test_nothing_is_a_working_device():
    for given in (None, "", " \n", {}):
        settings, found = load(given)
        assert found == []
        assert settings["profile"] == "full"
        assert settings["packs"][0]["name"] == "pack1"
        assert settings["packs"][0]["interval_ms"] == 1000
        assert settings["http"]["port"] == 80


def test_what_is_given_counts():
    settings, found = load({"name": "Scooter", "packs": [{"name": "front", "address": 3}], "mqtt": {"port": 1884}})
    assert found == []
    assert settings["name"] == "Scooter"
    assert (settings["packs"][0]["name"], settings["packs"][0]["address"]) == ("front", 3)
    assert (settings["mqtt"]["port"], settings["mqtt"]["prefix"]) == (1884, "evencell")


def test_all_faults_at_once_each_with_path_value_and_what_is_allowed():
    found = faults({"http": {"port": 99999}, "profile": "ful", "packs": [{"interval_ms": "fast"}], "nam": "x"})
    assert len(found) == 4
    assert found[0] == "http.port: 99999 is not allowed; a whole number from 1 to 65535"
    assert found[1] == 'nam: there is no such key; did you mean "name"?'
    assert found[2].startswith('packs[0].interval_ms: "fast" is not allowed; a whole number')
    assert found[3] == 'profile: "ful" is not allowed; one of full, display, telemetry; did you mean "full"?'


def test_a_key_whose_beginning_is_right_is_recognised():
    assert faults({"mqtt": {"username": "x"}}) == ['mqtt.username: there is no such key; did you mean "user"?']
    assert faults({"mqtt": {"pass": "x"}}) == ['mqtt.pass: there is no such key; did you mean "password"?']
    assert faults({"mqtt": {"e": True, "": 1}})[0].endswith("there is no such key")


def test_time_servers_are_up_to_four_hosts_with_or_without_a_port():
    for right in ([], ["pool.ntp.org"], ["192.168.1.1:10123", "a", "b:1", "c:65535"]):
        assert load({"time": {"servers": right}})[0]["time"]["servers"] == right
    for wrong in ("pool.ntp.org", ["a"] * 5, [""], [":123"], ["a:"], ["a:0"], ["a:65536"], ["a b"], [7], ["a" * 65]):
        found = load({"time": {"servers": wrong}})
        assert len(found[1]) == 1 and found[0]["time"]["servers"] == ["pool.ntp.org", "time.cloudflare.com"]


def test_a_country_is_two_capital_letters():
    assert load({"wifi": {"country": "DE"}})[0]["wifi"]["country"] == "DE"
    for wrong in ("de", "DEU", "Ö1", 49, ["D", "E"]):
        assert len(faults({"wifi": {"country": wrong}})) == 1


def test_a_night_is_two_times_of_the_day():
    assert load({"display": {"night": ["22:00", "06:30"]}})[0]["display"]["night"] == ["22:00", "06:30"]
    wrongs = ["22:00"], ["22:00", "24:00"], ["22:60", "06:00"], ["9:00", "10:00"], ["22.00", "06:00"], "22:00", [1, 2]
    for wrong in wrongs:
        assert len(faults({"display": {"night": wrong}})) == 1


def test_a_faulty_key_has_its_default_and_the_others_stay():
    settings, _ = load({"http": {"port": 99999, "public_read": False}})
    assert settings["http"]["port"] == 80
    assert settings["http"]["public_read"] is False


def test_wrong_types():
    for given in (
        {"http": 5},
        {"http": {"port": True}},
        {"http": {"port": 80.0}},
        {"http": {"enabled": 1}},
        {"packs": {}},
        {"packs": []},
        {"packs": ["pack1"]},
        {"name": ""},
        {"name": None},
        {"pins": {"tx": "17"}},
        {"mqtt": {"prefix": "a/#"}},
        {"packs": [{"name": "a/b"}]},
    ):
        settings, found = load(given)
        assert len(found) == 1, (given, found)
        assert settings["packs"][0]["name"] == "pack1"


def test_two_packs_of_one_name_are_one():
    settings, found = load({"packs": [{"name": "a"}, {"name": "a", "address": 2}]})
    assert [pack["address"] for pack in settings["packs"]] == [1]
    assert found == ['packs[1].name: "a" is there already; this one is not used']


def test_a_certificate_is_named_or_known_by_its_fingerprint():
    digits = "0123456789abcdefABCDEF" + 42 * "0"
    colons = ":".join([digits[at : at + 2] for at in range(0, 64, 2)])
    for right in ({"ca": "ca.der"}, {"ca": "my-ca_1.pem"}, {"fingerprint": digits}, {"fingerprint": colons}):
        right.update({"enabled": True, "host": "broker", "tls": True})
        assert faults({"mqtt": right}) == []
    for wrong in ("ca", "boot.py", "../ca.der", "config.json", ".der/x", "a" * 29 + ".der", 7):
        assert len(faults({"mqtt": {"ca": wrong}})) == 1
    for wrong in ("", digits[1:], digits + "0", "g" + digits[1:], colons + ":00", 7):
        assert len(faults({"mqtt": {"fingerprint": wrong}})) == 1


def test_whom_to_trust_without_tls_sends_nothing_anywhere():
    settings, found = load({"mqtt": {"enabled": True, "host": "broker", "ca": "ca.der"}})
    assert settings["mqtt"]["enabled"] is False
    assert found == ["mqtt.ca: it counts where mqtt.tls is true; MQTT stays off"]


def test_a_time_from_the_broker_needs_a_broker():
    assert faults({"time": {"mqtt": True}}) == ["time.mqtt: it needs mqtt.enabled; not used"]
    assert faults({"time": {"mqtt": True}, "mqtt": {"enabled": True, "host": "broker"}}) == []


def test_mqtt_needs_a_host():
    settings, found = load({"mqtt": {"enabled": True}})
    assert settings["mqtt"]["enabled"] is False
    assert len(found) == 1 and found[0].startswith("mqtt.host")


def test_a_password_is_never_shown():
    for given in (
        {"mqtt": {"password": ["hunter2"]}},
        {"mqtt": "mqtt://me:hunter2@broker"},
        {"wifi": {"networks": [{"ssid": "x", "password": ["hunter2"]}]}},
        {"wifi": {"networks": ["home:hunter2"]}},
        {"influx": {"token": ["hunter2"]}},
        {"wifi": {"networks": "home:hunter2"}},
    ):
        found = faults(given)
        assert found, given
        assert "hunter2" not in "".join(found), found


def test_secrets_are_known_to_the_log():
    networks = [{"ssid": "x", "password": "two"}]
    influx = {"token": "four", "password": "three"}
    settings, _ = load({"mqtt": {"password": "one"}, "wifi": {"networks": networks}, "influx": influx})
    assert sorted(config.secrets(settings)) == ["four", "one", "three", "two"]


def test_an_address_to_write_to():
    url = "http://192.168.1.10:8086/write?db=evencell"
    settings, found = load({"influx": {"url": url}})
    assert (settings["influx"]["url"], found) == (url, [])
    for wrong in ("https://store/", "http://me:pw@store/", "http://store:0/", "http://store/\n", "store", 8086):
        settings, found = load({"influx": {"url": wrong}})
        assert settings["influx"]["url"] is None and len(found) == 1 and "influx.url" in found[0], wrong


def test_words_are_those_of_the_modules_that_use_them():
    assert [word for word in MODELS if load({"packs": [{"model": word}]})[1]] == []
    assert [word for word in SCALES if load({"packs": [{"temperature_scale": word}]})[1]] == []
    assert [word for word in LEVELS if load({"log": {"level": word}})[1]] == []


def test_overrides_win():
    settings, found = load({"http": {"port": 81, "public_read": False}}, {"http": {"port": 8080}, "profile": "display"})
    assert found == []
    assert settings["http"]["port"] == 8080
    assert settings["http"]["public_read"] is False
    assert settings["profile"] == "display"


def test_a_torn_file_falls_back_to_the_one_before_at_every_byte():
    fresh()
    config.save(PATH, {"name": "before"})
    config.save(PATH, {"name": "after"})
    with open(PATH) as file:
        whole = file.read()
    for cut in range(len(whole)):
        write(whole[:cut])
        settings, found = config.load(PATH)
        assert settings["name"] == "before", cut
        assert len(found) == 2, found
    fresh()


def test_a_cut_at_any_step_of_saving_leaves_a_whole_configuration():
    before, after = json.dumps({"name": "before"}), json.dumps({"name": "after"})
    states = (
        ({"": before, ".old": "{}"}, "before"),
        ({"": before, ".new": after[:5], ".old": "{}"}, "before"),
        ({"": before, ".new": after, ".old": "{}"}, "before"),
        ({".new": after, ".old": before}, "after"),
        ({".new": after[:5], ".old": before}, "before"),
        ({"": after, ".old": before}, "after"),
    )
    for files, name in states:
        fresh()
        for suffix, text in files.items():
            write(text, suffix)
        assert config.load(PATH)[0]["name"] == name, files
    fresh()


def test_rubbish_in_the_file():
    for text in ("[]", "5", '"x"', "null", "{", "\x00\x01"):
        settings, found = load(text)
        assert settings["name"] == "evencell"
        assert len(found) == 2, (text, found)


def test_a_huge_file_is_not_read():
    settings, found = load(" " * 9000 + "{}")
    assert settings["name"] == "evencell"
    assert "too long" in found[0]


def test_saving_and_loading_again_changes_nothing():
    settings, _ = load({"name": "x", "packs": [{"name": "a"}, {"name": "b", "uart": 1}], "pins": {"tx": 3}})
    fresh()
    config.save(PATH, settings)
    assert config.load(PATH) == (settings, [])
    fresh()


def test_did_you_mean():
    assert distance("adress", "address") == 1
    assert nearest("adress", ("address", "name")) == "address"
    assert nearest("prot", ("port", "host")) == "port"
    assert nearest("colour", ("port", "host")) is None
