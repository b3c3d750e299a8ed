"""What Home Assistant is told: the message, made in pieces, on every interpreter."""

import json

from evencell.forward.discovery import Announcement
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS

LONGEST_PIECE_BYTES = 512
CONTROLS = {"0_set_" + setting for setting in ("cell_count", "trigger_mv", "max_balance_ma", "balancing_enabled")}
ID = "aa61002f3d49"


class Things:
    """Something with these attributes."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


def context_of(*names, name="evencell", prefix="evencell", publish_s=10, interval_ms=1000):
    """Nothing can be set, until `allow` is called."""
    mqtt = {"prefix": prefix, "publish_s": publish_s, "discovery_prefix": "homeassistant", "commands": False}
    return Things(
        hub=Things(packs=[Things(name=name, model="jk_b2a4s") for name in names]),
        board=Things(name="esp32_generic"),
        device_id=ID,
        config={
            "name": name,
            "mqtt": mqtt,
            "packs": [{"interval_ms": interval_ms, "writable": False} for _ in names],
        },
    )


def allow(context, place: int = 0, model: str = "jk_b2a24s", commands: bool = True):
    """The same, and this pack may be written to."""
    context.config["mqtt"]["commands"] = commands
    context.config["packs"][place]["writable"] = True
    context.hub.packs[place].model = model
    return context


def sent(context, *shown, before: int = 0) -> bytes:
    """The message; `shown` are (cells, whether a temperature is known)."""
    return b"".join(Announcement(context, list(shown), before).pieces())


def announced(context, *shown, before: int = 0) -> dict:
    """What is in it."""
    return json.loads(sent(context, *shown, before=before))


def present(message: dict) -> dict:
    """The components that are there."""
    return {key: component for key, component in message["cmps"].items() if "uniq_id" in component}


def gone(message: dict) -> set:
    return set(message["cmps"]) - set(present(message))


def test_the_message_is_the_same_each_time_and_no_piece_is_long():
    announcement = Announcement(context_of("front", "rear"), [(4, True), (24, False)], 3)
    first = [bytes(piece) for piece in announcement.pieces()]
    assert first == list(announcement.pieces())
    assert max(len(piece) for piece in first) <= LONGEST_PIECE_BYTES


def test_every_field_has_its_entities():
    components = present(announced(context_of("pack1"), (4, True)))
    for field, kind in FIELDS:
        name = {"cells_mv": "cell_4", "temperature_dc": "temperature", "alarms": "alarm_overvoltage"}.get(field, field)
        assert "0_" + name in components, kind
    assert {"0_alarm_" + name for name in ALARMS} <= set(components)
    assert {"0_link", "0_connected", "0_verdict"} <= set(components)


def test_what_is_not_there_is_not_announced():
    message = announced(context_of("pack1"), (4, False))
    assert "0_temperature" not in message["cmps"]
    assert {"0_cell_%d" % cell for cell in range(5, 25)} == gone(message) - CONTROLS
    for cell in range(5, 25):
        assert message["cmps"]["0_cell_%d" % cell] == {"p": "sensor"}


def test_cells_that_nobody_has_counted_are_neither_announced_nor_removed():
    message = announced(context_of("pack1"), (0, False))
    assert not [key for key in message["cmps"] if key.startswith("0_cell_")]
    assert gone(message) == CONTROLS


def test_a_pack_that_left_the_configuration_is_removed():
    for setting_up in (lambda context: context, lambda context: allow(context, 1)):
        two = announced(setting_up(context_of("front", "rear")), (24, True), (24, True))["cmps"]
        one = announced(context_of("front"), (24, True), before=2)
        assert gone(one) - CONTROLS == {key for key in two if key.startswith("1_")}
        for key in gone(one):
            assert one["cmps"][key] == {"p": two[key]["p"]}


def ids(message: dict) -> set:
    return {(key, component["uniq_id"]) for key, component in present(message).items()}


def test_ids_never_change_with_names():
    before = announced(context_of("front", "rear"), (4, True), (4, True))
    after = announced(context_of("a", "b", name='Zoé\'s "bike"', prefix='x/"y'), (4, True), (4, True))
    assert ids(before) == ids(after)
    assert before["dev"]["ids"] == after["dev"]["ids"] == "evencell-" + ID
    assert len({unique for _, unique in ids(before)}) == len(before["cmps"]) - 40 - 8
    assert after["dev"]["name"] == 'Zoé\'s "bike"'
    assert after["stat_t"] == 'x/"y/%s/a/state' % ID


def test_one_pack_is_not_named_and_two_are():
    assert present(announced(context_of("front"), (4, True)))["0_pack_mv"]["name"] == "Pack voltage"
    two = present(announced(context_of("front", "rear"), (4, True), (4, True)))
    assert [two["%d_pack_mv" % place]["name"] for place in (0, 1)] == ["front Pack voltage", "rear Pack voltage"]


def test_every_pack_has_topics_and_availability_of_its_own():
    message = announced(context_of("front", "rear"), (4, True), (4, True))
    base = "evencell/%s/" % ID
    rear = message["cmps"]["1_pack_mv"]
    assert message["avty_mode"] == "all"
    for name, options in (("front", message), ("rear", rear)):
        assert options["stat_t"] == base + name + "/state"
        assert [source["t"] for source in options["avty"]] == [base + "availability", base + name + "/link"]
    for place, name in ((0, "front"), (1, "rear")):
        for key, topic in (("link", "link"), ("connected", "link"), ("verdict", "verdict")):
            options = message["cmps"]["%d_%s" % (place, key)]
            assert options["stat_t"] == base + name + "/" + topic
            assert options["avty"] == [{"t": base + "availability"}]
            assert "exp_aft" not in options


def test_a_value_counts_for_three_states_and_the_time_to_reconnect():
    for publish_s, interval_ms, expected in ((10, 1000, 60), (1, 500, 33), (10, 3_600_000, 10_830), (60, 0, 210)):
        message = announced(context_of("pack1", publish_s=publish_s, interval_ms=interval_ms), (4, True))
        assert message["cmps"]["0_pack_mv"]["exp_aft"] == expected


def test_what_commands_set_is_set_from_there_and_not_shown_twice():
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


def test_of_one_value_there_is_nothing_to_choose():
    """Home Assistant takes no number whose least is its most."""
    components = announced(allow(context_of("pack1"), model="jk_b2a4s"), (4, True))["cmps"]
    assert components["0_set_cell_count"] == {"p": "number"}
    assert "uniq_id" in components["0_cells_configured"]
    assert "uniq_id" in components["0_set_trigger_mv"]


def test_without_leave_the_controls_are_taken_back():
    for context in (context_of("pack1"), allow(context_of("pack1"), commands=False)):
        message = announced(context, (24, True))
        assert gone(message) == CONTROLS
        for key in CONTROLS:
            assert message["cmps"][key] == {"p": "switch" if key.endswith("enabled") else "number"}


def test_each_pack_has_leave_of_its_own():
    message = announced(allow(context_of("front", "rear"), 1), (24, True), (24, True))
    assert "uniq_id" in message["cmps"]["0_trigger_mv"]
    rear = message["cmps"]["1_set_trigger_mv"]
    assert rear["cmd_t"] == "evencell/%s/rear/set/trigger_mv" % ID
    assert rear["stat_t"] == "evencell/%s/rear/state" % ID
    assert rear["avty"][1]["t"] == "evencell/%s/rear/link" % ID
    assert rear["name"] == "rear Trigger delta voltage"
