"""What is announced to Home Assistant: the messages, made in pieces, on every interpreter."""

import json

from evencell.forward.mqtt.discovery import pieces
from evencell.forward.mqtt.discovery_values import content, entity_slug
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS
from evencell.pack.status import Status

LONGEST_PIECE_BYTES = 640
CONTROLS = {"0_set_" + setting for setting in ("cell_count", "trigger_mv", "max_balance_ma", "balancing_enabled")}
OPTIONAL = {"0_refused", "0_policy", "0_preset", "0_w"}
ID = "aa61002f3d49"


class Things:
    """Something with these attributes."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


def context_of(*names, name="evencell", prefix="evencell", publish_s=10, interval_ms=1000, http=None, network=None):
    """Nothing can be set, until `allow` is called."""
    mqtt = {"prefix": prefix, "publish_s": publish_s, "discovery_prefix": "homeassistant", "commands": False}
    mqtt["birth_topic"] = "homeassistant/status"
    return Things(
        hub=Things(packs=[Things(name=name, model="jk_b2a4s", accepted=Status()) for name in names], low_level=0),
        board=Things(name="esp32_generic", storage="/nowhere", gc_heap=lambda: (100_000, 50_000)),
        device_id=ID,
        network=network,
        config={
            "name": name,
            "mqtt": mqtt,
            "http": http,
            "packs": [{"interval_ms": interval_ms, "writable": False} for _ in names],
        },
    )


def allow(context, place: int = 0, model: str = "jk_b2a24s", commands: bool = True, **settings):
    """The same, and this pack may be written to; `settings` are what its last reading says."""
    context.config["mqtt"]["commands"] = commands
    context.config["packs"][place]["writable"] = True
    context.hub.packs[place].model = model
    for field in settings:
        setattr(context.hub.packs[place].accepted, field, settings[field])
    return context


def with_policy(context, preset: str = "top", by: str = "f6", conditions=()):
    """The same, and a balance policy runs."""
    policy = {"preset": preset, "by": by, "conditions": list(conditions)}
    context.config["control"] = {"policy": policy, "w": {"enabled": by == "w"}}
    return context


def with_w(context):
    """The same, and there is a W switch."""
    context.config["control"] = {"policy": {"preset": "off"}, "w": {"enabled": True}}
    return context


def sent(context, *shown, place: int = 0, valid_s: int = 0) -> bytes:
    """The message of one pack; `shown` are (cells, whether a temperature is known) of each."""
    message, _ = content(context, list(shown), place, valid_s)
    return b"".join(pieces(*message))


def announced(context, *shown, place: int = 0, valid_s: int = 0) -> dict:
    """What is in it."""
    return json.loads(sent(context, *shown, place=place, valid_s=valid_s))


def present(message: dict) -> dict:
    """The components that are there."""
    return {key: component for key, component in message["cmps"].items() if "uniq_id" in component}


def gone(message: dict) -> set:
    return set(message["cmps"]) - set(present(message))


def test_pieces_are_the_same_each_time_and_short():
    for place in (0, 1):
        message, _ = content(allow(context_of("front", "rear"), 1), [(4, True), (24, False)], place)
        first = list(pieces(*message))
        assert first == list(pieces(*message))
        assert max(len(piece) for piece in first) <= LONGEST_PIECE_BYTES


def test_every_field_has_its_entities():
    components = present(announced(context_of("pack1"), (4, True)))
    for field, kind in FIELDS:
        name = {"cells_mv": "cell_4", "temperature_dc": "temperature", "alarms": "alarm_overvoltage"}.get(field, field)
        assert "0_" + name in components, kind
    assert {"0_alarm_" + name for name in ALARMS} <= set(components)
    for key in ("link", "connected", "verdict", "last_reading", "event", "problem", "balancing"):
        assert "0_" + key in components
    for key in ("highest_mv", "lowest_mv", "rssi", "uptime", "device_event", "update"):
        assert "0_" + key in components


def test_entity_names_are_at_most_21_characters():
    components = present(announced(allow(context_of("pack1")), (24, True)))
    assert max(len(component["name"]) for component in components.values()) <= 21


def test_frequent_changes_are_kept_out_of_the_activity():
    """Home Assistant leaves out what has a unit or a state class; the rest is slow, or disabled."""
    components = present(announced(context_of("pack1"), (4, True)))
    for key in ("highest_cell", "lowest_cell"):
        assert components["0_" + key]["stat_cla"] == "measurement"
    assert components["0_balance_state"]["en"] is False
    assert components["0_balancing"]["off_dly"] == 60
    for key in ("rssi", "uptime"):
        assert components["0_" + key]["en"] is False


def test_every_entity_has_an_icon_or_a_device_class():
    for key, component in present(announced(allow(context_of("pack1")), (4, True))).items():
        assert component.get("ic", "mdi:").startswith("mdi:")
        assert "ic" in component or "dev_cla" in component, key


def test_entity_ids_do_not_follow_an_area():
    components = present(announced(context_of("pack1", name="Zoe's bike"), (4, True)))
    assert components["0_cell_1"]["def_ent_id"] == "sensor.zoe_s_bike_cell_1_voltage"
    assert components["0_problem"]["def_ent_id"] == "binary_sensor.zoe_s_bike_problem"
    for component in components.values():
        assert component["def_ent_id"].split(".")[0] == component["p"]
    assert entity_slug("\u0410\u043a\u043a\u0443") == "evencell"


def test_missing_entities_are_removed_or_left_out():
    message = announced(context_of("pack1"), (4, False))
    assert "0_temperature" not in message["cmps"]
    assert {"0_cell_%d" % cell for cell in range(5, 25)} == gone(message) - CONTROLS - OPTIONAL
    for cell in range(5, 25):
        assert message["cmps"]["0_cell_%d" % cell] == {"p": "sensor"}


def test_cells_of_unknown_number_are_left_out():
    message = announced(context_of("pack1"), (0, False))
    assert not [key for key in message["cmps"] if key.startswith("0_cell_")]
    assert gone(message) - OPTIONAL == CONTROLS


def ids(message: dict) -> set:
    return {(key, component["uniq_id"]) for key, component in present(message).items()}


def test_ids_never_change_with_names():
    shown = (4, True), (4, True)
    for place in (0, 1):
        before = announced(context_of("front", "rear"), *shown, place=place)
        after = announced(context_of("a", "b", name='Zoe "x"', prefix='x/"y'), *shown, place=place)
        assert ids(before) == ids(after)
        assert before["dev"]["ids"] == after["dev"]["ids"] == "evencell-" + ID + ("-1" if place else "")
        assert len({unique for _, unique in ids(before)}) == len(present(before))
        assert after["dev"]["name"] == 'Zoe "x"' + (" b" if place else "")
        assert after["stat_t"] == 'x/"y/%s/%s/state' % (ID, "ab"[place])


def test_second_pack_is_a_device_of_its_own_and_leaves_the_first_unchanged():
    assert sent(context_of("front", "rear"), (4, True), (4, True)) == sent(context_of("front"), (4, True))
    rear = announced(context_of("front", "rear"), (4, True), (4, True), place=1)
    assert rear["dev"]["via_device"] == "evencell-" + ID
    assert (rear["dev"]["mf"], rear["dev"]["mdl"]) == ("Jikong", "JK-B2A4S")
    assert rear["cmps"]["1_pack_mv"]["name"] == "Pack voltage"
    assert rear["cmps"]["1_pack_mv"]["def_ent_id"] == "sensor.evencell_rear_pack_voltage"
    assert not {"1_rssi", "1_uptime", "1_device_event", "1_update"} & set(rear["cmps"])


def test_device_has_model_and_url_of_its_page():
    served = {"enabled": True, "host": "0.0.0.0", "port": 80}
    at_home = Things(address="192.168.1.20")
    device = announced(context_of("pack1", http=served, network=at_home), (4, True))["dev"]
    assert (device["mf"], device["mdl"], device["mdl_id"], device["sn"]) == (
        "evencell",
        "evencell",
        "esp32_generic",
        ID,
    )
    assert device["cu"] == "http://192.168.1.20/"
    for http, network, expected in (
        (dict(served, port=8080), at_home, "http://192.168.1.20:8080/"),
        (dict(served, host="127.0.0.1", port=8080), None, "http://127.0.0.1:8080/"),
        (dict(served, enabled=False), at_home, None),
        (None, at_home, None),
        (served, None, None),
        (served, Things(address=None), None),
    ):
        assert announced(context_of("pack1", http=http, network=network), (4, True))["dev"].get("cu") == expected


def test_every_pack_has_its_own_topics_and_availability():
    base = "evencell/%s/" % ID
    for place, name in ((0, "front"), (1, "rear")):
        message = announced(context_of("front", "rear"), (4, True), (4, True), place=place)
        assert message["avty_mode"] == "all"
        assert message["stat_t"] == base + name + "/state"
        assert [source["t"] for source in message["avty"]] == [base + "availability", base + name + "/link"]
        for key, topic in (("link", "link"), ("connected", "link"), ("verdict", "verdict"), ("event", "event")):
            options = message["cmps"]["%d_%s" % (place, key)]
            assert options["stat_t"] == base + name + "/" + topic
            assert options["avty"] == [{"t": base + "availability"}]
            assert "exp_aft" not in options


def test_last_reading_stays_available_while_the_device_is_offline():
    last = announced(context_of("pack1"), (4, True))["cmps"]["0_last_reading"]
    assert (last["stat_t"], last["avty"]) == ("evencell/%s/pack1/last_reading" % ID, [])
    assert last["dev_cla"] == "timestamp" and "exp_aft" not in last


def test_the_update_entity_installs_nothing():
    update = announced(context_of("pack1"), (4, True))["cmps"]["0_update"]
    assert (update["p"], update["stat_t"], update["dev_cla"]) == ("update", "evencell/%s/update" % ID, "firmware")
    assert "cmd_t" not in update


def test_the_policy_has_a_sensor_with_its_reason_only_where_one_runs():
    assert "0_policy" in gone(announced(context_of("pack1"), (4, True)))
    assert "0_policy" in gone(announced(with_policy(context_of("pack1"), "off"), (4, True)))
    found = present(announced(with_policy(context_of("pack1")), (4, True)))["0_policy"]
    assert found["stat_t"] == found["json_attr_t"] == "evencell/aa61002f3d49/pack1/policy"


def test_the_preset_can_be_chosen_only_where_the_owner_has_switched_writing_on():
    for context in (
        context_of("pack1"),
        allow(context_of("pack1")),
        with_policy(context_of("pack1")),
        with_policy(allow(context_of("pack1"), commands=False)),
        with_policy(allow(context_of("pack1")), "off"),
    ):
        assert announced(context, (4, True))["cmps"]["0_preset"] == {"p": "select"}
    found = announced(with_policy(allow(context_of("pack1"))), (4, True))["cmps"]["0_preset"]
    assert found["ops"] == ["off", "always", "top", "rest", "off-ride", "storage"]
    assert found["cmd_t"] == "evencell/%s/pack1/set/preset" % ID
    assert found["stat_t"] == "evencell/%s/pack1/policy" % ID
    assert found["val_tpl"] == "{{value_json.preset}}"


def test_a_policy_by_w_writes_nothing_and_own_conditions_are_one_more_preset():
    context = with_policy(context_of("pack1"), "custom", "w", [{"field": "trend"}])
    context.config["mqtt"]["commands"] = True
    assert announced(context, (4, True))["cmps"]["0_preset"]["ops"][-1] == "custom"


def test_the_w_switch_has_a_sensor_only_where_there_is_one():
    assert "0_w" in gone(announced(with_policy(context_of("pack1")), (4, True)))
    found = present(announced(with_w(context_of("pack1")), (4, True)))["0_w"]
    assert found["stat_t"] == found["json_attr_t"] == "evencell/aa61002f3d49/pack1/w"


def test_refused_commands_are_events_if_commands_are_on():
    assert announced(context_of("pack1"), (4, True))["cmps"]["0_refused"] == {"p": "event"}
    refused = announced(allow(context_of("pack1")), (4, True))["cmps"]["0_refused"]
    assert (refused["stat_t"], refused["evt_typ"]) == ("evencell/%s/pack1/result" % ID, ["refused"])


def test_range_of_a_number_includes_its_current_value():
    context = allow(context_of("pack1"), model="jk_b2a4s", trigger_mv=1, max_balance_ma=100, cells_configured=5)
    components = announced(context, (4, True))["cmps"]
    assert (components["0_set_trigger_mv"]["min"], components["0_set_trigger_mv"]["max"]) == (1, 1000)
    assert (components["0_set_max_balance_ma"]["min"], components["0_set_max_balance_ma"]["max"]) == (100, 2000)
    assert components["0_set_cell_count"] == {"p": "number"}
    allow(context, model="jk_b1a24s", max_balance_ma=2000)
    assert announced(context, (4, True))["cmps"]["0_set_max_balance_ma"]["max"] == 2000
    _, ranges = content(context, [(4, True)], 0)
    assert ("trigger_mv", 1, 1000) in ranges and ("max_balance_ma", 30, 2000) in ranges


def test_values_expire_after_three_states_and_the_time_to_reconnect():
    for publish_s, interval_ms, expected in ((10, 1000, 60), (1, 500, 33), (10, 3_600_000, 10_830), (60, 0, 210)):
        message = announced(context_of("pack1", publish_s=publish_s, interval_ms=interval_ms), (4, True))
        assert message["cmps"]["0_pack_mv"]["exp_aft"] == expected


def test_device_that_sleeps_is_available_until_its_values_expire():
    message = announced(allow(context_of("pack1")), (4, True), valid_s=46_920)
    assert [source["t"] for source in message["avty"]] == ["evencell/%s/pack1/link" % ID]
    for key, component in present(message).items():
        is_sensor = component["p"] in ("sensor", "binary_sensor") and key not in ("0_last_reading", "0_low_pack")
        assert component.get("exp_aft") == (46_920 if is_sensor else None), key
        assert component.get("avty", []) == [], key


def test_command_to_a_device_that_sleeps_has_an_end_and_an_id():
    components = announced(allow(context_of("pack1")), (4, True), valid_s=46_920)["cmps"]
    template = "{{{'value':value,'expires':(now()|as_timestamp+46920)|int,'id':now().isoformat()}|tojson}}"
    for setting in ("cell_count", "trigger_mv", "max_balance_ma", "balancing_enabled"):
        assert components["0_set_" + setting]["cmd_tpl"] == template
    awake = announced(allow(context_of("pack1")), (4, True))["cmps"]
    assert "cmd_tpl" not in awake["0_set_trigger_mv"]


def test_writable_settings_are_controls_instead_of_sensors():
    message = announced(allow(context_of("pack1")), (4, True))
    components = message["cmps"]
    topic = "evencell/%s/pack1/set/" % ID
    for setting, field, options in (
        ("cell_count", "cells_configured", (2, 24, None, None)),
        ("trigger_mv", "trigger_mv", (2, 1000, "voltage", "mV")),
        ("max_balance_ma", "max_balance_ma", (30, 2000, "current", "mA")),
    ):
        number = components["0_set_" + setting]
        assert (number["min"], number["max"], number.get("dev_cla"), number.get("unit_of_meas")) == options
        assert (number["p"], number["step"], number["val_tpl"]) == ("number", 1, "{{value_json.%s}}" % field)
        assert (number["cmd_t"], number["qos"], number["ent_cat"]) == (topic + setting, 1, "config")
        assert components["0_" + field] == {"p": "sensor"}
    switch = components["0_set_balancing_enabled"]
    assert (switch["p"], switch["cmd_t"]) == ("switch", topic + "balancing_enabled")
    assert switch["val_tpl"] == "{{'ON' if value_json.balancing_enabled else 'OFF'}}"
    assert components["0_balancing_enabled"] == {"p": "binary_sensor"}


def test_setting_with_a_single_value_has_no_control():
    """Home Assistant takes no number whose least is its most."""
    components = announced(allow(context_of("pack1"), model="jk_b2a4s"), (4, True))["cmps"]
    assert components["0_set_cell_count"] == {"p": "number"}
    assert "uniq_id" in components["0_cells_configured"]
    assert "uniq_id" in components["0_set_trigger_mv"]


def test_controls_are_removed_unless_commands_and_writable_are_on():
    for context in (context_of("pack1"), allow(context_of("pack1"), commands=False)):
        message = announced(context, (24, True))
        assert gone(message) - OPTIONAL == CONTROLS
        for key in CONTROLS:
            assert message["cmps"][key] == {"p": "switch" if key.endswith("enabled") else "number"}


def test_writable_applies_to_each_pack_alone():
    context = allow(context_of("front", "rear"), 1)
    assert "uniq_id" in announced(context, (24, True), (24, True))["cmps"]["0_trigger_mv"]
    rear = announced(context, (24, True), (24, True), place=1)["cmps"]["1_set_trigger_mv"]
    assert rear["cmd_t"] == "evencell/%s/rear/set/trigger_mv" % ID
    assert rear["name"] == "Balance trigger"
