"""Home Assistant discovery: firmware on MicroPython, a broker, and Home Assistant's own template language."""

import json

import pytest

from evencell.link.diagnosis import VERDICTS
from evencell.pack.alarms import ALARMS
from evencell.pack.pack import LINKS
from host_tests.end_to_end.chain import EVERY_SECOND, FIXED
from host_tests.end_to_end.home_assistant import announced, is_announcement, value_of
from host_tests.end_to_end.listener import Listener, Message
from host_tests.end_to_end.overheard import Overheard
from host_tests.end_to_end.several import Setup, bus_of, config_of

TENTHS = {**EVERY_SECOND, "packs": [{"temperature_scale": "0.1"}]}


class Running(Overheard):
    """A device that is announced."""

    def __init__(self, folder, *options, config=TENTHS):
        super().__init__(folder, *options, config=config)

    def announced(self, wanted=lambda _: True, since: int = 0) -> dict:
        return announced(self.listener, wanted, since)


def entities(message: dict, place: int = 0) -> dict:
    """Components of a pack that are there, by the field's name."""
    start = f"{place}_"
    return {
        key.removeprefix(start): component
        for key, component in message["cmps"].items()
        if key.startswith(start) and "uniq_id" in component
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("running"), *FIXED) as running:
        yield running


def test_the_announcement_is_retained_json_on_the_documented_topic(running):
    running.announced()
    with Listener(running.broker.port, "homeassistant/#") as late:
        message = late.wait("/config")
    assert (message.topic, message.retained) == (f"homeassistant/device/{running.firmware.id}/config", True)
    assert message.json()["o"]["name"] == "evencell"
    assert "Home Assistant" not in running.firmware.log()


def test_every_template_gives_the_value_of_the_status_in_base_units(running):
    message = running.announced(lambda message: "0_cell_4" in entities_by_id(message))
    state = running.listener.wait("/pack1/state").payload
    status = json.loads(state)
    expected = {
        **{name: status[name] / 1000 for name in status if name.endswith(("_mv", "_ma")) and name != "cells_mv"},
        **{f"cell_{cell + 1}": voltage_mv / 1000 for cell, voltage_mv in enumerate(status["cells_mv"])},
        **{name: status[name] for name in ("highest_cell", "lowest_cell", "cells_detected", "cells_configured")},
        **{name: status[name] for name in ("balance_state", "temperature_raw", "alarms_raw")},
        "temperature": status["temperature_c"],
        "balancing_enabled": "ON",
        **{f"alarm_{name}": "OFF" for name in ALARMS},
        "highest_mv": max(status["cells_mv"]) / 1000,
        "lowest_mv": min(status["cells_mv"]) / 1000,
        "problem": "OFF",
        "balancing": "OFF",
    }
    components = {key: one for key, one in entities(message).items() if "stat_t" not in one}
    assert {key: value_of(one, state) for key, one in components.items()} == {
        key: str(value) for key, value in expected.items()
    }


def entities_by_id(message: dict) -> set:
    return {key for key, component in message["cmps"].items() if "uniq_id" in component}


def test_what_is_unknown_is_unknown_and_an_alarm_is_on(running):
    """As Home Assistant wants it: None."""
    components = entities(running.announced(lambda message: "0_cell_4" in entities_by_id(message)))
    status = running.listener.wait("/pack1/state").json()
    nothing = dict.fromkeys(("average_mv", "delta_mv", "highest_cell", "lowest_cell", "temperature_c"))
    state = json.dumps({**status, **nothing, "cells_mv": [None], "balancing_enabled": False, "alarms": list(ALARMS)})
    for key in (
        "average_mv",
        "delta_mv",
        "highest_cell",
        "lowest_cell",
        "highest_mv",
        "temperature",
        "cell_1",
        "cell_4",
    ):
        assert value_of(components[key], state) == "None", key
    assert value_of(components["problem"], state) == "ON"
    assert value_of(components["balancing_enabled"], state) == "OFF"
    assert {value_of(components[f"alarm_{name}"], state) for name in ALARMS} == {"ON"}


def test_balancing_stays_on_between_the_balancers_pauses(running):
    """What is empty is ignored; Home Assistant itself switches off a minute after the last ON."""
    balancing = entities(running.announced())["balancing"]
    waiting, busy = ('{"balance_state": "%s"}' % state for state in ("waiting", "charging_lowest"))
    assert value_of(balancing, busy, "off") == value_of(balancing, busy, "on") == "ON"
    assert value_of(balancing, waiting, "on") == ""
    assert value_of(balancing, waiting, "off") == value_of(balancing, waiting, "unknown") == "OFF"


def test_events_and_the_device_have_entities(running):
    components = entities(running.announced())
    event = running.listener.wait("/pack1/event")
    rendered = json.loads(value_of(components["event"], event.payload))
    assert rendered == {
        "event_type": event.json()["type"],
        "name": event.json()["name"],
        "value": event.json()["value"],
    }
    assert components["event"]["stat_t"] == event.topic and rendered["event_type"] in components["event"]["evt_typ"]
    device = running.listener.wait("/device")
    assert components["uptime"]["stat_t"] == device.topic
    assert value_of(components["uptime"], device.payload) == str(device.json()["uptime_s"])
    update = running.listener.wait("/update")
    assert components["update"]["stat_t"] == update.topic
    state = json.loads(value_of(components["update"], update.payload))
    assert (state["installed_version"], state["in_progress"]) == (device_version(running), False)
    last = running.listener.wait("/pack1/last_reading")
    assert components["last_reading"]["stat_t"] == last.topic
    page = running.announced()["dev"]["cu"]
    assert page == running.firmware.url


def device_version(running: Running) -> str:
    return running.firmware.status()["device"]["firmware"]


def test_links_and_verdicts_are_among_the_options(running):
    message = running.announced()
    components = entities(message)
    assert components["link"]["ops"] == list(LINKS)
    assert set(components["verdict"]["ops"]) == set(VERDICTS)
    balancer = message["avty"][1]["val_tpl"]
    for link in LINKS:
        is_there = link in ("online", "stale", "asleep")
        assert value_of(components["connected"], link) == ("ON" if is_there else "OFF")
        assert value_of({"val_tpl": balancer}, link) == ("online" if is_there else "offline")
    assert value_of(components["link"], running.listener.wait("/pack1/link", "online").payload) == "online"
    assert value_of(components["verdict"], running.listener.wait("/pack1/verdict").payload) == "ok"


def test_a_start_of_home_assistant_is_answered_with_everything(running):
    running.announced()
    running.listener.wait("/pack1/state")
    before = len(running.listener.messages)
    running.listener.say("homeassistant/status", "offline")
    running.listener.say("homeassistant/status", "online")
    running.announced(since=before)
    running.listener.wait("/pack1/link", "online", before)
    running.listener.wait("/pack1/state", since=before)


def test_cells_come_and_go(tmp_path):
    with Running(tmp_path, "--cells", "3300,3301,3302,3303") as running:
        running.announced(lambda message: cells(message) == 4)
        change_cells(running, "3300,3301,3302,3303,3304")
        before = len(running.listener.messages)
        assert cells(running.announced(lambda message: cells(message) == 5)) == 5
        change_cells(running, "3300,3301,3302")
        fewer = running.announced(lambda message: cells(message) == 3, before)
        assert fewer["cmps"]["0_cell_4"] == fewer["cmps"]["0_cell_5"] == {"p": "sensor"}


def cells(message: dict) -> int:
    return sum(key.startswith("cell_") for key in entities(message))


def change_cells(running: Running, cells_mv: str):
    running.simulator.kill()
    running.simulator.use("--cells", cells_mv)
    running.simulator.start()


def test_a_balancer_that_never_answered_is_there_without_cells(tmp_path):
    config = {**TENTHS, "packs": [{"interval_ms": 100, "timeout_ms": 100}]}
    with Running(tmp_path, "--fault", "silent", config=config) as running:
        message = running.announced()
        assert cells(message) == 0
        assert "0_pack_mv" in message["cmps"]
        running.listener.wait("/pack1/verdict", "silent")
        running.simulator.switch("-silent")
        running.announced(lambda message: cells(message) == 4)


def test_a_temperature_is_announced_once_its_scale_is_known(tmp_path):
    with Running(tmp_path, *FIXED, config=EVERY_SECOND) as running:
        message = running.announced(lambda message: cells(message) == 4)
        assert "0_temperature" not in message["cmps"]


def test_without_discovery_nothing_is_announced(tmp_path):
    config = {**TENTHS, "mqtt": {"publish_s": 1, "discovery": False}}
    with Running(tmp_path, *FIXED, config=config) as running:
        state = running.listener.wait("/pack1/state")
        running.listener.say("homeassistant/status", "online")
        running.listener.messages.wait(lambda message: newer(message, state), "another state")
        assert not any(map(is_announcement, running.listener.messages))


def newer(message: Message, state: Message) -> bool:
    return message.topic == state.topic and message.json()["sequence"] > state.json()["sequence"] + 1


def test_of_two_packs_each_is_a_device_and_one_that_is_left_out_goes(tmp_path):
    config = config_of({"name": "front"}, {"name": "rear", "address": 2})
    with Setup(tmp_path, config, bus_of("front", "rear")) as two, Listener(two.broker.port, "#") as listener:
        devices = []
        for place, name in enumerate(("front", "rear")):
            message = announced(listener, lambda message, place=place: cell_of(message, place))
            devices.append(message["dev"])
            state = listener.wait(f"/{name}/state")
            assert message["stat_t"] == state.topic
            assert value_of(cell_of(message, place), state.payload) == str(state.json()["cells_mv"][0] / 1000)
        assert devices[1]["via_device"] == devices[0]["ids"]
        assert devices[1]["name"] == devices[0]["name"] + " rear"
        two.firmware.stop()
        (two.firmware.data / "config.json").write_text(json.dumps(config_of({"name": "front"})))
        before = len(listener.messages)
        two.firmware.start()
        listener.wait(f"homeassistant/device/{two.firmware.id}_1/config", "", before)
        assert announced(listener, since=before)["dev"] == devices[0]
        before = len(listener.messages)
        listener.say("homeassistant/status", "online")
        assert announced(listener, since=before)["dev"] == devices[0]
        assert listener.payloads("_1/config", before) == []


def cell_of(message: dict, place: int) -> dict | None:
    """The first cell of this pack, if it is announced there."""
    return entities(message, place).get("cell_1")
