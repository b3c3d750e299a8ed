import json
import os

from evencell.config import load as config
from evencell.config.edit import commit, prepare
from evencell.config.spelling import distance, nearest
from evencell.pack.temperature import SCALES
from evencell.protocol.jk_settings import MODELS
from evencell.runtime.log import LEVELS
from evencell.storage.paths import exists
from host_tests.portable import scratch_path

PATH = scratch_path("config.json")
SUFFIXES = ("", ".new", ".old")


def fresh():
    """No file of an earlier test."""
    for suffix in SUFFIXES:
        if exists(PATH + suffix):
            os.remove(PATH + suffix)


def write(content, suffix: str = ""):
    """A file with these bytes, this text, or this value as JSON."""
    if not isinstance(content, (bytes, str)):
        content = json.dumps(content)
    with open(PATH + suffix, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def save(given: dict):
    """The file as the device writes it."""
    prepare(PATH, given)
    commit(PATH)


def load_all(given=None, overrides=None) -> tuple[dict, list[str], list[str]]:
    """The configuration that a file of this content gives, its faults, and warnings."""
    fresh()
    if given is not None:
        write(given)
    try:
        return config.load(PATH, overrides)
    finally:
        fresh()


def load(given=None, overrides=None) -> tuple[dict, list[str]]:
    return load_all(given, overrides)[:2]


def faults(given) -> list[str]:
    return load(given)[1]


def test_empty_configuration_gives_working_defaults():
    for given in (None, "", " \n", {}):
        settings, found = load(given)
        assert found == []
        assert settings["profile"] == "full"
        assert settings["packs"][0]["name"] == "pack1"
        assert settings["packs"][0]["interval_ms"] == 1000
        assert settings["http"]["port"] == 80


def test_configured_values_replace_the_defaults():
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
    assert found[2].startswith("packs[0].interval_ms: a text of 4 characters is not allowed; a whole number")
    assert found[3] == 'profile: "ful" is not allowed; one of full, display, telemetry; did you mean "full"?'


def test_a_key_whose_beginning_is_right_is_recognised():
    assert faults({"mqtt": {"username": "x"}}) == ['mqtt.username: there is no such key; did you mean "user"?']
    assert faults({"mqtt": {"pass": "x"}}) == ['mqtt.pass: there is no such key; did you mean "password"?']
    assert faults({"mqtt": {"e": True, "": 1}})[0].endswith("there is no such key")


def test_many_unknown_keys_have_each_their_own_suggestion():
    given = dict.fromkeys(("adress", "profil", "hist", "publicread", "mqqt", "wifi.txpower", "Swordfish"), 1)
    assert sorted(faults(given)) == [
        "S…: there is no such key",
        "a…: there is no such key",
        'hist: there is no such key; did you mean "history"?',
        "http: public_read is taken for false: that may be meant",
        'mqqt: there is no such key; did you mean "mqtt"?',
        'profil: there is no such key; did you mean "profile"?',
        "p…: there is no such key",
        'wifi.txpower: there is no such key; did you mean "wifi"?',
    ]
    assert sorted(faults({"mqtt": dict.fromkeys(("hosst", "prot", "nothing_like_it"), 1)})) == [
        'mqtt.hosst: there is no such key; did you mean "host"?',
        "mqtt.n…: there is no such key",
        'mqtt.prot: there is no such key; did you mean "port"?',
    ]


def test_faults_beyond_the_twentieth_are_counted():
    found = faults({"unknown_%d" % i: 1 for i in range(25)})
    assert sum("there is no such key" in fault for fault in found) == 20
    assert found[-1] == "config.json: and 5 more faults"


def test_time_servers_are_up_to_four_hosts_with_or_without_a_port():
    assert load({"time": {"servers": [" a\t"]}})[0]["time"]["servers"] == ["a"]
    for right in ([], ["pool.ntp.org"], ["192.168.1.1:10123", "a", "b:1", "c:65535"]):
        assert load({"time": {"servers": right}})[0]["time"]["servers"] == right
    for wrong in ("pool.ntp.org", ["a"] * 5, [""], [":123"], ["a:"], ["a:0"], ["a:65536"], ["a b"], [7], ["a" * 65]):
        found = load({"time": {"servers": wrong}})
        assert len(found[1]) == 1 and found[0]["time"]["servers"] == ["pool.ntp.org", "time.cloudflare.com"]


STATIC = {"address": "192.168.1.20", "gateway": "192.168.1.1"}


def test_a_static_address_needs_a_gateway_in_the_same_network():
    settings, found = load({"wifi": {"static": STATIC}})
    assert found == []
    assert settings["wifi"]["static"] == {
        "address": "192.168.1.20", "netmask": "255.255.255.0", "gateway": "192.168.1.1", "dns": None,
    }  # fmt: skip
    small = {"address": "10.0.0.6", "netmask": "255.255.255.252", "gateway": "10.0.0.5", "dns": "9.9.9.9"}
    assert faults({"wifi": {"static": small}}) == []
    for wrong, path in (
        ({"gateway": None}, "gateway"),
        ({"gateway": "192.168.2.1"}, "address"),
        ({"gateway": "192.168.1.20"}, "address"),
        ({"address": "192.168.1.0"}, "address"),
        ({"address": "192.168.1.255"}, "address"),
        ({"address": "192.168.1.4", "netmask": "255.255.255.252"}, "address"),
    ):
        settings, found = load({"wifi": {"static": dict(STATIC, **wrong)}})
        assert settings["wifi"]["static"]["address"] is None, wrong
        assert len(found) == 1 and found[0].startswith("wifi.static." + path), found
        assert "DHCP" in found[0]


def test_a_static_address_with_a_fault_beside_it_is_not_used():
    for wrong in ({"netmask": "255.0.255.0"}, {"dns": "9.9.9"}, {"gatway": "192.168.1.1"}, {"gateway": "224.0.0.1"}):
        settings, found = load({"wifi": {"static": dict(STATIC, **wrong)}})
        assert settings["wifi"]["static"]["address"] is None, wrong
        assert "wifi.static: not used" in found[-1], found
    assert load({"wifi": {"static": "192.168.1.20"}})[0]["wifi"]["static"]["address"] is None
    only_faulty = faults({"wifi": {"static": dict(STATIC, address="192.168.1.300")}})
    assert only_faulty == [
        "wifi.static.address: a text of 13 characters is not allowed; an IPv4 address such as 192.168.1.20"
    ]
    assert faults({"wifi": {"static": {"dns": "9.9.9.9"}}}) == [
        "wifi.static.dns: it needs wifi.static.address; not used"
    ]


def test_a_zone_is_a_rule_and_no_city():
    settings, found = load({"time": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3", "utc_offset_min": 60}})
    assert found == []
    assert settings["time"]["zone"] == "CET-1CEST,M3.5.0,M10.5.0/3"
    rule = "a POSIX TZ rule such as CET-1CEST,M3.5.0,M10.5.0/3"
    assert faults({"time": {"zone": "Europe/Berlin"}}) == ["time.zone: a text of 13 characters is not allowed; " + rule]


def test_a_device_that_sleeps_has_no_shortest_interval_above_the_usual_one():
    sleeps = {"profile": "telemetry", "mqtt": {"enabled": True, "host": "broker"}}
    for key, value, word in (("min_interval_s", 901, "above"), ("max_interval_s", 899, "below")):
        settings, found = load(dict(sleeps, power={"interval_s": 900, key: value}))
        assert found == ["power.%s: it must not be %s power.interval_s; not used" % (key, word)]
        assert settings["power"][key] is None
        assert load(dict(sleeps, power={"interval_s": 900, key: 900}))[1] == []
    assert "power: the device stays awake" in faults(dict(sleeps, power={"interval_s": "15m"}))


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


def test_wrong_types_are_faults():
    for given in (
        {"display": 5},
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
        assert len([fault for fault in found if fault[:5] != "http:"]) == 1, (given, found)
        assert settings["packs"][0]["name"] == "pack1"


def test_second_pack_of_one_name_is_dropped():
    settings, found = load({"packs": [{"name": "a"}, {"name": "a", "address": 2}]})
    assert [pack["address"] for pack in settings["packs"]] == [1]
    assert found == ["packs[1].name: the same as packs[0].name; this one is not used"]


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


def test_certificate_without_tls_switches_mqtt_off():
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


SECRET = "hunter2"
MISPLACED = (
    {"mqtt": {"password": [SECRET], "pasword": SECRET, "prefix": SECRET + "/#"}},
    {"mqtt": "mqtt://me:hunter2@broker"},
    {"mqtt": {"host": "mqtt://me:hunter2@broker:1883"}},
    {"mqtt": {"host": "me:hunter2@broker"}},
    {"mqtt": {"host": "me:hunter2"}},
    {"mqtt": {"host": "hunter2:12345"}},
    {"mqtt": {"host": "mqtt://hunter2:12345"}},
    {"log": {"syslog": "hunter2:12345"}},
    {"profile": "fullhunter2", "packs": [{"model": "jk_b2a4shunter2"}]},
    {"mqtt": {"host": "http://broker/?token=hunter2"}},
    {"mqtt": {"host": "http://broker/?token=a@hunter2"}},
    {"mqtt": {"host": "me:a@hunter2"}},
    {"mqtt": {"host": SECRET + "?", "port": SECRET, "tls": SECRET, "fingerprint": SECRET, "ca": SECRET}},
    {"mqtt": {SECRET: True, "password" + SECRET: 1, "user": {SECRET: SECRET}}},
    {"influx": {"url": "http://me:hunter2@store:8086/write"}},
    {"influx": {"url": "http://store:8086/write?db=a&u=me&p=hunter2"}},
    {"influx": {"url": "http://store:8086/api/v2/write?token=hunter2"}},
    {"influx": {"url": "https://hunter2@store/", "token": [SECRET]}},
    {"time": {"servers": ["me:hunter2@pool.ntp.org"]}},
    {"log": {"syslog": "udp://me:hunter2@host"}},
    {"http": {"host": "me:hunter2@0.0.0.0"}},
    {"wifi": {"networks": [{"ssid": "x", "password": [SECRET]}]}},
    {"wifi": {"networks": [{"ssid": "x", "password": "hunter2"}]}},
    {"wifi": {"networks": [{"ssid": "x", SECRET: "y"}]}},
    {"wifi": {"networks": ["home:hunter2"]}},
    {"wifi": {"networks": "home:hunter2"}},
    {"wifi": {"networks": {"home": SECRET}}},
    {"wifi": {"country": SECRET, "hostname": SECRET + "!"}},
    {"profile": SECRET, "packs": [{"name": SECRET + "!", "model": SECRET}], SECRET: 1},
    {"display": {"night": [SECRET, SECRET]}, "pins": {"tx": SECRET}},
)
# Broken text, with a secret near to where it breaks.
BROKEN = (
    '{"wifi": {"networks": [{"ssid": "a" "password": "hunter2"}]}}',
    '{"mqtt": {"password": "hunter2}}',
    '{"mqtt": {"password": hunter2}}',
    '{"mqtt": {"password": "mqtt": hunter2}}',
    '{"mqtt": {"password" "hunter2"}}',
    "{'mqtt': {'password': 'hunter2'}}",
    '{"mqtt": {"hunter2" "hunter2"}}',
    '{"mqtt": {"password": "a\\hunter2"}}',
    '{"mqtt": {"password": "hunter2",\n hunter2: "hunter2"}}',
    '{"mqtt": {"host": "hunter2"}} hunter2',
)


def test_no_text_of_the_configuration_is_shown_in_a_fault():
    for given in MISPLACED + BROKEN:
        found = faults(given)
        assert found, given
        assert SECRET not in "".join(found), found


def test_a_word_of_a_choice_is_not_shown_where_letters_follow():
    assert "fullpw12" not in faults({"profile": "fullpw12"})[0]
    assert '"infos"' in faults({"log": {"level": "infos"}})[0]


def test_a_password_of_symbols_is_not_shown():
    for text in (
        '{"mqtt": {"password" "!$%&/()=?"}}',
        '{"mqtt": {"password": !$%&/()=?}}',
        '{"mqtt": {"password": "a\\!$%&/()=?"}}',
        '{"mqtt": {"password" "!$%&,/()=?"}}',
        '{"mqtt": {"password" "hunter!$%&/()=?"}}',
        '{"mqtt": {"password" "{[,:]}:,{["}}',
    ):
        found = faults(text)[0]
        assert "$%&" not in found and "()=" not in found and "{[,:]}:" not in found, found


def test_what_is_shown_of_broken_text_are_the_keys_of_the_table():
    for text, found in (
        ('{"mqtt": {"host" "a", "port": 1}}', 'found "…", "port": …}}'),
        ('{"name": "a"\n "packs": [{"name": "b"}]}', 'found "packs": [{"name": "…"}]}'),
        ('{"mqtt": {"port": 1883; "tls": true}}', 'found ; "tls": true}}'),
        ('{"name": True}', "found …}"),
        ('{"mqtt": {"mqtt" "mqtt"}}', 'found "…"}}'),
    ):
        assert faults(text)[0].endswith(found), faults(text)[0]


def test_influx_url_is_validated():
    url = "http://192.168.1.10:8086/write?db=evencell"
    settings, found = load({"influx": {"url": url}})
    assert (settings["influx"]["url"], found) == (url, [])
    for wrong in ("https://store/", "http://me:pw@store/", "http://store:0/", "http://st\nore/", "store", 8086):
        settings, found = load({"influx": {"url": wrong}})
        assert settings["influx"]["url"] is None and len(found) == 1 and "influx.url" in found[0], wrong


def test_words_are_those_of_the_modules_that_use_them():
    assert [word for word in MODELS if load({"packs": [{"model": word}]})[1]] == []
    assert [word for word in SCALES if load({"packs": [{"temperature_scale": word}]})[1]] == []
    assert [word for word in LEVELS if load({"log": {"level": word}})[1]] == []


def test_overrides_replace_configured_values():
    settings, found = load({"http": {"port": 81, "public_read": False}}, {"http": {"port": 8080}, "profile": "display"})
    assert found == []
    assert settings["http"]["port"] == 8080
    assert settings["http"]["public_read"] is False
    assert settings["profile"] == "display"


def test_a_torn_file_falls_back_to_the_one_before_at_every_byte():
    fresh()
    save({"name": "before"})
    save({"name": "after"})
    with open(PATH) as file:
        whole = file.read()
    for torn in [whole[:cut] for cut in range(len(whole))] + ["[]", "\x00\x00\x00\x00", '"text"', b"\xff\xfe"]:
        write(torn)
        settings, found, _ = config.load(PATH)
        assert settings["name"] == "before", torn
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


def test_a_file_without_an_object_is_a_fault():
    for text in ("[]", "5", '"x"', "null", "{", "\x00\x01", "\x00\x00\x00\x00"):
        settings, found = load(text)
        assert settings["name"] == "evencell"
        assert not settings["http"]["public_read"], "the file may have said so"
        assert len(found) == 2, (text, found)


def test_an_empty_file_is_a_warning():
    for content in ("", " \r\n", b"\xef\xbb\xbf"):
        _, found, warnings = load_all(content)
        assert (found, len(warnings)) == ([], 1)
        assert warnings[0].endswith("is empty: every key has its default")
    assert load_all(None)[1:] == load_all("{}")[1:] == ([], [])


def test_a_byte_order_mark_is_skipped():
    text = '{"name": "Röller", "wifi": {"networks": [{"ssid": "Home", "password": "12345678"}]}}'
    settings, found = load(b"\xef\xbb\xbf" + text.encode())
    assert found == []
    assert settings["name"] == "Röller"
    assert settings["wifi"]["networks"] == [{"ssid": "Home", "password": "12345678"}]
    found = faults(b"\xef\xbb\xbf" + b'{"name": x}')
    assert "line 1, column 10: " in found[0]


def utf_16(text: str, is_big: bool) -> bytes:
    """Of ASCII: MicroPython has no such codec."""
    return b"".join([bytes((0, ord(c)) if is_big else (ord(c), 0)) for c in text])


def test_other_encodings_get_one_sentence():
    text = '{"name": "x"}'
    for content in (
        b"\xff\xfe" + utf_16(text, False),
        b"\xfe\xff" + utf_16(text, True),
        utf_16(text, False),
        utf_16(text, True),
        b'{\n"name": "K\xfcche"}',
        b'{\n"name": "\xed\xa0\xbd"}',
    ):
        found = faults(content)
        assert len(found) == 2, found
        assert "save the file as UTF-8" in found[0], found
    assert "line 2 is not UTF-8" in found[0]


def test_syntax_error_has_line_and_column():
    for text, place in (
        ('{"name": "x",\n "http": {"port": 80,}}', "line 2, column 22: expected a key"),
        ('{"name": "x"\n "http": {}}', "line 2, column 2: expected a comma or }"),
        ('{"name": "ä€" "http": {}}', "line 1, column 15: expected a comma or }"),
        ('{\n\n"name": "x\n}', "line 3, column 9: this text has no closing quote"),
        ('{"name": "x,\n "packs": []}', "line 1, column 10: a line break"),
        ('{"name": "x"', "line 1, column 13: the text ends too early"),
        ('{"name": "a\\b\\c"}', "line 1, column 14: a backslash in a text is written twice"),
    ):
        assert place in faults(text)[0], faults(text)[0]


def test_surrogate_pairs_are_one_character():
    settings, found = load('{"name": "Akku \\ud83d\\udd0b"}')
    assert found == []
    assert settings["name"].encode() == b"Akku \xf0\x9f\x94\x8b"


def test_half_of_a_surrogate_pair_is_a_fault_of_its_key_alone():
    settings, found = load('{"name": "Akku \\ud83d", "http": {"port": 81}}')
    assert (settings["name"], settings["http"]["port"]) == ("evencell", 81)
    assert len(found) == 1 and found[0].startswith("name: a text with a damaged character")
    for key in ("\\ud83d", "a\\udd0b", "\\u001b[2J"):
        (fault,) = faults('{"%s": 1}' % key)
        assert fault == "…: there is no such key"


def test_control_characters_are_refused():
    for wrong in ("a\x1b[2J", "a\nb", "a\x00", "\x7f", "\x9bm"):
        (fault,) = faults({"name": wrong})
        assert fault == "name: a text of %d characters is not allowed; a text of 1 to 32 characters" % len(wrong)
    assert len(faults({"influx": {"token": "a\r\nX-Header: b"}})) == 1


def networks(*items) -> tuple[list[dict], list[str]]:
    settings, found = load({"wifi": {"networks": items}})
    return settings["wifi"]["networks"], found


def test_a_wifi_password_has_the_length_that_wpa_wants():
    for password in ("12345678", "x" * 63, "0123456789abcdefABCDEF" + 42 * "0", "ä" * 31, "", None):
        assert networks({"ssid": "Home", "password": password}) == ([{"ssid": "Home", "password": password}], [])
    for password in ("12345", "1234567", "x" * 64, 65 * "0", "ä" * 32, "1234567\n"):
        found = networks({"ssid": "Home", "password": password})[1]
        assert "8 to 63 bytes or a key of 64 hexadecimal digits" in found[0]


def test_a_network_name_is_measured_in_bytes():
    assert networks({"ssid": "ä" * 16}) == ([{"ssid": "ä" * 16, "password": None}], [])
    assert len(networks({"ssid": "ä" * 17})[1]) == 2


def test_a_network_whose_password_was_refused_is_not_joined_as_an_open_one():
    other = {"ssid": "Camping", "password": None}
    for wrong in (
        {"password": "12345"},
        {"password": 12345678},
        {"password": ["12345678"]},
        {"pasword": "12345678"},
        {"password": None, "key": "12345678"},
    ):
        wrong["ssid"] = "Home"
        found, sentences = networks(wrong, other)
        assert found == [other], found
        assert sentences[-1].startswith("wifi.networks[0]: not used: without its password an open network")
    right = {"ssid": "Home", "password": "12345678"}
    assert networks({"ssid": "Home", "password": "12345"}, right)[0] == [right]
    found = load('{"wifi": {"networks": [{"ssid": "Home", "password": "12345678", "password": ""}]}}')
    assert found[0]["wifi"]["networks"] == [] and len(found[1]) == 2
    found, sentences = networks({"ssid": "Home", "password": "12345678", "hidden": True})
    assert (len(found), len(sentences)) == (1, 1)  # its password is known


def test_no_open_network_is_joined_where_a_password_may_be_in_a_wrong_place():
    home, other = {"ssid": "Home"}, {"ssid": "Office", "password": "12345678"}
    for given in (
        {"wifi": {"networks": [home, other], "password": "supersecret1"}},
        {"wifi": {"networks": [home, other], "psk": "supersecret1"}},
        {"wifi": {"networks": [home, other]}, "password": "supersecret1"},
        {"wifi": {"networks": [home, other]}, "wifi_password": "supersecret1"},
        {"wifi": {"networks": [home, other]}, "wfi": {"password": "supersecret1"}},
        {"wifi": {"networks": [home, other], "hostname": "supersecret1!"}},
    ):
        settings, found = load(given)
        assert settings["wifi"]["networks"] == [other], given
        assert [fault for fault in found if fault.startswith("wifi: networks without a password are not used")], found
    assert networks(home) == ([{"ssid": "Home", "password": None}], [])


def test_a_pin_that_is_there_twice_is_a_fault():
    settings, found = load('{"pins": {"tx": 17, "rx": 4, "tx": 18}}')
    assert settings["pins"] == {"tx": 18, "rx": 4}
    assert found == ["pins: a pin is there twice; the last one counts"]


def test_a_repeated_key_is_a_fault():
    text = '{"log": {}, "log": {"syslog_port": 82, "syslog_port": 83}, "packs": [{"name": "a", "name": "b"}]}'
    settings, found = load(text)
    assert (settings["log"]["syslog_port"], settings["packs"][0]["name"]) == (83, "b")
    text = ": this key is there twice; the last one counts"
    assert found == [path + text for path in ("log.syslog_port", "log", "packs[0].name")]


def test_host_is_a_bare_name_or_address():
    for key, section in (("host", "mqtt"), ("syslog", "log"), ("host", "http")):
        for right in (
            "broker",
            "192.168.1.10",
            "my-broker_1.local",
            "fe80::1",
            " broker.local\t",
            "bücher.local",
            "broker.",
            "電池.local",
        ):
            settings, found = load({section: {key: right}})
            assert (settings[section][key], found) == (right.strip(), []), right
        for wrong, meant in (
            ("mqtt://broker.local:1883", "broker.local"),
            ("broker:1883", "broker"),
            ("tcp://192.168.1.10/path?query", "192.168.1.10"),
            ("me@broker", None),
            ("me:word@broker:1883", None),
            ("broker/path", None),
            ("bro ker", None),
            ("broker:", None),
            ("broker:12345", None),
            ("192.168.1.10:12345", "192.168.1.10"),
            ("192.168.1.300", None),
            ("192.168.1", None),
            ("1.2.3.4.5", None),
            ("bro..ker", None),
            (".broker", None),
            ("broker\u00a0", None),
            ("broker\u200b", None),
            ("\ufeffbroker", None),
            ("bro\u2026ker", None),
            ("broker:70000", None),
            ("x" * 65, None),
        ):
            (fault,) = [found for found in faults({section: {key: wrong}}) if found[:5] != "http:"]
            assert "a host's name or address of" in fault and "without scheme, port, path" in fault
            assert fault.endswith('; did you mean "%s"?' % meant if meant else "user and password"), fault
    settings, found = load({"mqtt": {"enabled": True, "host": "mqtt://broker"}})
    assert len(found) == 1 and settings["mqtt"]["enabled"] is False


def test_a_fault_never_makes_a_connection_less_secure():
    broker = {"enabled": True, "host": "broker", "tls": True}
    for wrong in (
        {"tls": "true"},
        {"tls": 1},
        {"tls": None},
        {"fingerprint": "0123"},
        {"fingerprnt": 64 * "0"},
        {"ca": "ca.txt"},
        {"CA": "ca.der"},
    ):
        settings, found = load({"mqtt": dict(broker, **wrong)})
        assert settings["mqtt"]["enabled"] is False, wrong
        assert "mqtt: MQTT stays off: with these faults its connection could be less secure than is meant" in found
    plain = {"enabled": True, "host": "broker"}
    for wrong in ("tsl", "ssl", "use_tls", "certificate", "encryption", "safe"):
        assert load({"mqtt": dict(plain, **{wrong: True})})[0]["mqtt"]["enabled"] is False, wrong
    for wrong in ("tls", "tsl", "encryption", "fingerprint", "mqtts"):
        assert load({"mqtt": plain, wrong: True})[0]["mqtt"]["enabled"] is False, wrong
    assert load({"mqtt": plain, "http": {"tls": True}})[0]["mqtt"]["enabled"] is False
    assert load({"mqtt": plain, "colour": True})[0]["mqtt"]["enabled"] is True
    assert load({"mqtt": dict(broker, unit="x")})[0]["mqtt"]["enabled"] is True  # its TLS is known
    assert load({"mqtt": dict(broker, publish_s=0)})[0]["mqtt"]["enabled"] is True
    many = {"key%d" % number: 1 for number in range(30)}
    assert load({"mqtt": dict(broker, **many)})[0]["mqtt"]["enabled"] is False


def test_http_with_faults_is_private_where_that_may_be_meant():
    for wrong in ({"public_read": "false"}, {"public_read": 0}, {"pubic_read": False}):
        settings, found = load({"http": wrong})
        assert settings["http"]["public_read"] is False
        assert "http: public_read is taken for false: that may be meant" in found
    for given in (
        {"http": "private"},
        {"http": {"password": "x"}},
        {"http": {"auth": True}},
        {"http": {"enabled": "false"}},
        {"http": {"host": "127.0.0.1:80"}},
        {"public_read": False},
        {"pubic_read": False},
        {"auth": True},
        {"password": "x"},
        {"htttp": {"public_read": False}},
        {"mqtt": {"public_read": False}},
        '{"http": {"public_read": false, "public_read": true}}',
    ):
        assert load(given)[0]["http"]["public_read"] is False, given
    assert load({"colour": 1})[0]["http"]["public_read"] is True
    assert load({"http": {"port": 0}})[0]["http"]["public_read"] is True


def test_a_pack_with_faults_is_read_only():
    for wrong in ({"address": 256}, {"adress": 2}, {"model": "b2a24s"}, {"chemistry": 1}, {"uart": "2"}):
        settings, found = load(
            {"packs": [dict(wrong, name="rear", writable=True), {"name": "front", "writable": True}]}
        )
        assert [pack["writable"] for pack in settings["packs"]] == [False, True]
        assert any(fault.startswith("packs[0]: read-only: ") for fault in found), found


def test_surrounding_blanks_are_no_fault():
    settings, found = load({"profile": " full", "influx": {"url": " http://store/ "}, "name": " x "})
    assert found == []
    assert (settings["profile"], settings["influx"]["url"], settings["name"]) == ("full", "http://store/", " x ")


def test_quotes_are_said_where_they_are_wrong_or_missing():
    assert faults({"http": {"port": "80"}})[0].endswith("a whole number from 1 to 65535, without quotes")
    assert faults({"http": {"enabled": "true"}})[0].endswith("true or false, without quotes")
    assert faults({"packs": [{"temperature_scale": 0.1}]})[0].endswith("one of auto, 1, 0.1, in quotes")
    assert faults({"name": 7}) == ["name: a number is not allowed; a text of 1 to 32 characters, in quotes"]
    assert faults({"http": {"enabled": None}})[0].startswith("http.enabled: null is not allowed")
    assert faults({"http": {"port": True}})[0].startswith("http.port: true is not allowed")


def test_numbers_that_are_not_finite_are_refused():
    for number in ("1e400", "-1e400"):
        settings, found = load('{"packs": [{"capacity_ah": %s}]}' % number)
        assert settings["packs"][0]["capacity_ah"] == 20
        assert len(found) == 1 and "a number from 0 to 10000" in found[0], found
    for name in ("NaN", "Infinity"):
        assert "line 1, column 28" in faults('{"packs": [{"capacity_ah": %s}]}' % name)[0]


def test_a_password_without_a_user_is_a_fault():
    for section in ("mqtt", "influx"):
        assert faults({section: {"password": "x"}}) == ["%s.password: it needs %s.user; not used" % (section, section)]


def test_of_many_faults_the_first_are_said_and_the_others_counted():
    found = faults({"key%d" % number: 1 for number in range(400)})
    assert len(found) == 22
    assert "http: public_read is taken for false: that may be meant" in found
    assert found[-1] == "config.json: and 380 more faults"
    assert len(faults({"packs": [{"uart": "x", "address": "x"}] * 8})) == 22
    text = '{"wifi": {"networks": [{"ssid": "Home", "password": 1}]}, "mqtt": {%s}}'
    settings, found = load(text % ", ".join('"key%d": 1' % number for number in range(40)))
    assert settings["wifi"]["networks"] == []


def test_a_huge_file_is_not_read():
    settings, found = load(" " * 9000 + "{}")
    assert settings["name"] == "evencell"
    assert "too long" in found[0]


def test_saving_and_loading_again_changes_nothing():
    settings, _ = load({"name": "x", "packs": [{"name": "a"}, {"name": "b", "uart": 1}], "pins": {"tx": 3}})
    fresh()
    save(settings)
    assert config.load(PATH) == (settings, [], [])
    fresh()


def test_misspelt_key_is_answered_with_a_suggestion():
    assert distance("adress", "address") == 1
    assert nearest("adress", ("address", "name")) == "address"
    assert nearest("prot", ("port", "host")) == "port"
    assert nearest("colour", ("port", "host")) is None


def test_a_w_switch_that_is_not_described_is_not_driven():
    def w(keys, packs=({},), policy=None):
        control = {"w": dict({"enabled": True, "resistor": "off"}, **keys)}
        if policy:
            control["policy"] = policy
        settings, found = load({"packs": list(packs), "control": control})
        return settings["control"], found

    assert w({}) == (w({})[0], []) and w({})[0]["w"]["enabled"]
    for keys, packs, words in (
        ({"resistor": None}, [{}], "control.w.resistor: it is needed"),
        ({"resistor": "up"}, [{}], "control.w.resistor: "),
        ({"guard_on_s": 3600, "guard_every_s": 3600}, [{}], "at least twice"),
        ({"guard_every_s": 1}, [{}], "control.w.guard_every_s: "),
        ({}, [{"interval_ms": 6000}], "at most 5000"),
        ({}, [{"name": "a"}, {"name": "b", "address": 2}], "there are 2 packs"),
    ):
        for by in ("w", None):
            control, found = w(keys, packs, {"preset": "storage", "by": by})
            assert not control["w"]["enabled"]
            assert control["policy"]["preset"] == "off"
            assert any(words in sentence for sentence in found), found
        control, found = w(keys, packs, {"preset": "storage", "by": "f6"})
        assert control["policy"]["preset"] == "storage"
