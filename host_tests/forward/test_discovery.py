"""What Home Assistant is told: the message, made in pieces, on every interpreter."""

import json

from evencell.forward.discovery import Announcement
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS

LONGEST_PIECE_BYTES = 512
ID = "aa61002f3d49"


class Things:
    """Something with these attributes."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


def context_of(*names, name="evencell", prefix="evencell", publish_s=10, interval_ms=1000):
    mqtt = {"prefix": prefix, "publish_s": publish_s, "discovery_prefix": "homeassistant"}
    return Things(
        hub=Things(packs=[Things(name=name) for name in names]),
        board=Things(name="esp32_generic"),
        device_id=ID,
        config={"name": name, "mqtt": mqtt, "packs": [{"interval_ms": interval_ms} for _ in names]},
    )


def announced(context, *shown, before: int = 0) -> dict:
    """The message; `shown` are (cells, whether a temperature is known)."""
    return json.loads(b"".join(Announcement(context, list(shown), before).pieces()))


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
    for field, _, kind, _ in FIELDS:
        name = {"cells_mv": "cell_4", "temperature_dc": "temperature", "alarms": "alarm_overvoltage"}.get(field, field)
        assert "0_" + name in components, kind
    assert {"0_alarm_" + name for name in ALARMS} <= set(components)
    assert {"0_link", "0_connected", "0_verdict"} <= set(components)


def test_what_is_not_there_is_not_announced():
    message = announced(context_of("pack1"), (4, False))
    assert "0_temperature" not in message["cmps"]
    assert {"0_cell_%d" % cell for cell in range(5, 25)} == gone(message)
    assert all(component == {"p": "sensor"} for key, component in message["cmps"].items() if key in gone(message))


def test_cells_that_nobody_has_counted_are_neither_announced_nor_removed():
    message = announced(context_of("pack1"), (0, False))
    assert not [key for key in message["cmps"] if "0_cell_" in key]
    assert gone(message) == set()


def test_a_pack_that_left_the_configuration_is_removed():
    two = present(announced(context_of("front", "rear"), (24, True), (24, True)))
    one = announced(context_of("front"), (24, True), before=2)
    assert gone(one) == {key for key in two if key.startswith("1_")}
    for key in gone(one):
        assert one["cmps"][key] == {"p": two[key]["p"]}


def ids(message: dict) -> set:
    return {(key, component["uniq_id"]) for key, component in present(message).items()}


def test_ids_never_change_with_names():
    before = announced(context_of("front", "rear"), (4, True), (4, True))
    after = announced(context_of("a", "b", name='Zoé\'s "bike"', prefix='x/"y'), (4, True), (4, True))
    assert ids(before) == ids(after)
    assert before["dev"]["ids"] == after["dev"]["ids"] == "evencell-" + ID
    assert len({unique for _, unique in ids(before)}) == len(before["cmps"]) - 40
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
