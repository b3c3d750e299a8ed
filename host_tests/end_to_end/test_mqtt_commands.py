"""Commands over MQTT: mosquitto, the firmware on MicroPython, a simulated balancer that says what is set."""

import json
import time

import pytest

from host_tests.end_to_end.chain import EVERY_SECOND, FIXED
from host_tests.end_to_end.home_assistant import announced, value_of
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.overheard import Overheard

INTERVAL_MS = 200
MQTT = {**EVERY_SECOND["mqtt"], "commands": True}
WRITABLE = {"interval_ms": INTERVAL_MS, "writable": True}


class Commanded(Overheard):
    """A device, and a client that sends commands and receives everything."""

    def __init__(self, folder, *options, pack=WRITABLE, mqtt=MQTT, profile="full"):
        config = {"packs": [pack], "mqtt": mqtt, "profile": profile}
        super().__init__(folder, *options, config=config, http=profile == "full")

    def wait_until_ready(self):
        self.listener.wait("/pack1/link", "online")
        self.listener.wait("/pack1/state")

    def topic(self, name: str) -> str:
        return f"evencell/{self.firmware.id}/pack1/set/{name}"

    def say(self, name: str, payload, retain: bool = False):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.listener.say(self.topic(name), text, retain)

    def command(self, name: str, payload) -> dict:
        """The result of one command, while no other is under way."""
        before = len(self.listener.messages)
        self.say(name, payload)
        return self.listener.wait("/pack1/result", since=before).json()

    def result_of(self, ident: str, since: int) -> dict:
        """The result of the command with this id."""
        return self.listener.messages.wait(
            lambda message: message.topic.endswith("/result") and message.json()["id"] == ident,
            f"result of {ident}",
            since,
        ).json()

    def wait_for_state(self, since: int = 0, **wanted) -> dict:
        """The first state with these values."""
        return self.listener.messages.wait(
            lambda message: message.topic.endswith("/state") and wanted.items() <= message.json().items(),
            f"a state with {wanted}",
            since,
        ).json()


@pytest.fixture(scope="module")
def commanded(tmp_path_factory):
    with Commanded(tmp_path_factory.mktemp("commanded"), *FIXED) as commanded:
        yield commanded


def result(name: str, requested, active, error=None, ident=None) -> dict:
    return {"id": ident, "name": name, "requested": requested, "active": active, "error": error}


@pytest.mark.parametrize(
    ("name", "payload", "field", "value"),
    [
        ("trigger_mv", "10", "trigger_mv", 10),
        ("trigger_mv", "11.0", "trigger_mv", 11),
        ("max_balance_ma", '{"value": 500}', "max_balance_ma", 500),
        ("balancing_enabled", "OFF", "balancing_enabled", False),
        ("balancing_enabled", "ON", "balancing_enabled", True),
        ("balancing_enabled", "false", "balancing_enabled", False),
        ("balancing_enabled", '{"value": true}', "balancing_enabled", True),
        ("cell_count", "4", "cells_configured", 4),
    ],
)
def test_setting_is_written_with_result_state_and_event(commanded, name, payload, field, value):
    before = len(commanded.listener.messages)
    old = commanded.firmware.pack()[field]
    answer = commanded.command(name, payload)
    warnings = answer.pop("warnings", [])
    assert answer == result(name, value, value)
    assert all("0.1 C" in sentence for sentence in warnings)
    commanded.wait_for_state(before, **{field: value})
    if old != value:
        event = commanded.listener.messages.wait(lambda message: is_setting(message, name), "an event", before).json()
        assert (event["pack"], event["value"]) == ("pack1", value)


def is_setting(message, name: str) -> bool:
    return message.topic.endswith("/event") and (message.json()["type"], message.json()["name"]) == ("settings", name)


def test_results_are_not_retained(commanded):
    commanded.command("trigger_mv", "12")
    with Listener(commanded.broker.port, "evencell/#") as late:
        late.wait("/pack1/verdict")
        assert late.payloads("/result") == []


@pytest.mark.parametrize(
    ("name", "payload", "part"),
    [
        ("trigger_mv", "1001", "2 to 1000"),
        ("trigger_mv", "ten", "whole number"),
        ("trigger_mv", "5.5", "whole number"),
        ("trigger_mv", '{"value": 5', "nor a JSON object"),
        ("trigger_mv", '{"id": "x"}', "has a value"),
        ("trigger_mv", "5" * 300, "at most 256 bytes"),
        ("cell_count", "5", "4 only"),
        ("balancing_enabled", "2", "on or off"),
        ("voltage", "5", "no such setting"),
    ],
)
def test_invalid_command_is_refused_with_a_sentence(commanded, name, payload, part):
    answer = commanded.command(name, payload)
    assert part in answer["error"] and answer["error"].endswith(".")
    assert answer["name"] == name


def test_retained_command_is_refused(commanded):
    """It comes with the retain flag when the device connects: so the device is started anew."""
    active = commanded.firmware.pack()["trigger_mv"]
    commanded.firmware.stop()
    commanded.say("trigger_mv", "77", retain=True)
    before = len(commanded.listener.messages)
    commanded.firmware.start()
    assert "retained" in commanded.listener.wait("/pack1/result", since=before).json()["error"]
    before = len(commanded.listener.messages)
    assert commanded.command("max_balance_ma", "400")["active"] == 400
    commanded.say("trigger_mv", "", retain=True)
    assert commanded.wait_for_state(before, max_balance_ma=400)["trigger_mv"] == active


def test_command_expires(commanded):
    now_s = int(time.time())
    late = commanded.command("trigger_mv", {"value": 20, "id": "late", "expires": now_s - 1})
    assert late == {**result("trigger_mv", 20, late["active"], ident="late"), "error": late["error"]}
    assert "expired" in late["error"] and late["active"] != 20
    in_time = {"value": 21, "id": "in time", "expires": now_s + 3600}
    assert commanded.command("trigger_mv", in_time) == result("trigger_mv", 21, 21, ident="in time")


def test_same_id_is_carried_out_once(commanded):
    once = {"value": 30, "id": 1}
    assert commanded.command("trigger_mv", once) == result("trigger_mv", 30, 30, ident=1)
    assert commanded.command("trigger_mv", {"value": 31, "id": 2})["active"] == 31
    assert commanded.command("trigger_mv", once) == result("trigger_mv", 30, 31, ident=1)
    assert commanded.command("trigger_mv", {"value": 30, "id": 3})["active"] == 30


def test_commands_that_come_doubled_and_out_of_order_are_carried_out_once_each(commanded):
    commanded.command("trigger_mv", {"value": 60, "id": "before"})
    before = len(commanded.listener.messages)
    first, second = {"value": 61, "id": "first"}, {"value": 62, "id": "second"}
    for command in (second, first, second, first):
        commanded.listener.say_soon(commanded.topic("trigger_mv"), json.dumps(command))
    commanded.listener.messages.wait(lambda _: len(commanded.listener.payloads("/result", before)) == 4, "4 results")
    changes = [
        message.json() for message in list(commanded.listener.messages)[before:] if is_setting(message, "trigger_mv")
    ]
    assert [change["value"] for change in changes] == [62, 61]
    assert commanded.firmware.pack()["trigger_mv"] == 61


def test_command_that_was_sent_while_the_device_was_away_is_not_carried_out_late(commanded):
    active = commanded.command("trigger_mv", "63")["active"]
    commanded.firmware.stop()
    commanded.say("trigger_mv", "64")
    before = len(commanded.listener.messages)
    commanded.firmware.start()
    commanded.listener.wait("/availability", "online", before)
    assert commanded.command("max_balance_ma", "410")["active"] == 410
    assert commanded.firmware.pack()["trigger_mv"] == active


@pytest.mark.parametrize("fault", ["refuse_writes", "ignore_writes"])
def test_balancer_that_takes_no_writes_is_reported(commanded, fault):
    active = commanded.command("trigger_mv", "40")["active"]
    commanded.simulator.switch("+" + fault)
    before = len(commanded.listener.messages)
    answer = commanded.command("trigger_mv", {"value": 41, "id": fault})
    assert (answer["active"], answer["requested"], answer["id"]) == (active, 41, fault)
    assert "keeps 40" in answer["error"]
    commanded.listener.wait("/pack1/verdict", "refused write", before)
    commanded.simulator.switch("-" + fault)
    assert commanded.command("trigger_mv", "41") == result("trigger_mv", 41, 41)
    commanded.listener.wait("/pack1/verdict", "ok", before)


@pytest.mark.parametrize("fault", ["wire_off:2", "wire_resistance"])
def test_balancing_is_not_switched_on_against_a_rule(commanded, fault):
    assert commanded.command("balancing_enabled", "OFF")["active"] is False
    before = len(commanded.listener.messages)
    commanded.simulator.switch("+" + fault)
    commanded.listener.messages.wait(lambda message: is_alarm(message, fault), "the alarm", before)
    answer = commanded.command("balancing_enabled", "ON")
    assert "should stay off" in answer["error"] and (answer["requested"], answer["active"]) == (True, False)
    before = len(commanded.listener.messages)
    commanded.simulator.switch("-" + fault.split(":")[0])
    commanded.wait_for_state(before, alarms=[])
    assert commanded.command("balancing_enabled", "ON")["active"] is True


def is_alarm(message, fault: str) -> bool:
    name = {"wire_off:2": "cell_count", "wire_resistance": "wire_resistance"}[fault]
    if not message.topic.endswith("/event"):
        return False
    event = message.json()
    return (event["type"], event["name"], event["value"]) == ("alarm", name, True)


def test_burst_is_bounded_and_polls_go_on(commanded):
    """Four wait, some more are refused, the rest is counted; then there is room again. No poll is missed meanwhile."""
    before = len(commanded.listener.messages)
    commanded.wait_for_state(before)
    for number in range(40):
        commanded.listener.say_soon(
            commanded.topic("trigger_mv"), f'{{"value": {50 + number}, "id": "burst {number}"}}'
        )
    for number in range(4):
        assert commanded.result_of(f"burst {number}", before)["active"] == 50 + number
    assert "Too many commands" in commanded.result_of("burst 6", before)["error"]
    commanded.firmware.wait_for_line("were dropped")
    commanded.say("trigger_mv", {"value": 100, "id": "after it"})
    assert commanded.result_of("after it", before) == result("trigger_mv", 100, 100, ident="after it")
    commanded.wait_for_state(before, trigger_mv=100)
    assert commanded.listener.payloads("/pack1/link", before) == []


def test_silent_balancer_is_not_written_to(tmp_path):
    pack = {**WRITABLE, "timeout_ms": 100}
    with Commanded(tmp_path, *FIXED, pack=pack) as silent:
        silent.simulator.switch("+silent")
        silent.listener.wait("/pack1/link", "offline")
        silent.firmware.wait_for_line("link offline")
        answer = silent.command("trigger_mv", "10")
        assert answer["active"] in (5, None)
        assert answer["error"]
        silent.simulator.switch("-silent")
        silent.listener.wait("/pack1/link", "online", len(silent.listener.messages))
        assert result("trigger_mv", 10, 10).items() <= silent.command("trigger_mv", "10").items()


def test_read_only_pack_refuses_commands(tmp_path):
    with Commanded(tmp_path, *FIXED, pack={"interval_ms": INTERVAL_MS}) as read_only:
        answer = read_only.command("trigger_mv", "10")
        assert answer["active"] == 5
        assert answer["error"] == 'pack1 is read-only: set "writable": true in its entry of config.json.'


def test_nothing_is_subscribed_unless_it_is_allowed(tmp_path):
    with Commanded(tmp_path, *FIXED, mqtt=EVERY_SECOND["mqtt"]) as deaf:
        before = len(deaf.listener.messages)
        deaf.say("trigger_mv", "10")
        sequence = deaf.wait_for_state(before)["sequence"]
        deaf.listener.messages.wait(
            lambda message: message.topic.endswith("/state") and message.json()["sequence"] > sequence + 5,
            "later states",
        )
        assert deaf.listener.payloads("/result") == []
        assert deaf.firmware.pack()["trigger_mv"] == 5


def test_device_that_slept_gets_commands_sent_meanwhile(tmp_path):
    """The broker keeps it; nothing was read yet when it comes."""
    with Commanded(tmp_path, *FIXED, profile="telemetry") as asleep:
        asleep.firmware.stop()
        before = len(asleep.listener.messages)
        now_s = int(time.time())
        asleep.say("trigger_mv", {"value": 15, "id": "late", "expires": now_s - 1})
        asleep.say("trigger_mv", {"value": 16, "id": "in time", "expires": now_s + 3600})
        asleep.firmware.start()
        assert "expired" in asleep.result_of("late", before)["error"]
        assert asleep.result_of("in time", before) == result("trigger_mv", 16, 16, ident="in time")


def test_a_device_with_a_kept_session_carries_out_no_command_again_after_its_death(tmp_path):
    """The broker sends again what was not acknowledged; a command is acknowledged before it is carried out."""
    with Commanded(tmp_path, *FIXED, profile="telemetry") as device:
        before = len(device.listener.messages)
        first, second = ({"value": value, "id": value, "expires": int(time.time()) + 3600} for value in (25, 26))
        for command in (second, first, second):
            device.listener.say_soon(device.topic("trigger_mv"), json.dumps(command))
        device.listener.messages.wait(lambda _: len(device.listener.payloads("/result", before)) == 3, "3 results")
        device.firmware.kill()
        before = len(device.listener.messages)
        device.firmware.start()
        device.say("max_balance_ma", {"value": 400, "id": "behind them", "expires": int(time.time()) + 3600})
        assert device.result_of("behind them", before)["active"] == 400
        assert [json.loads(payload)["id"] for payload in device.listener.payloads("/result", before)] == ["behind them"]
        assert device.wait_for_state(before, max_balance_ma=400)["trigger_mv"] == 25


def test_home_assistant_sets_the_announced_settings(tmp_path):
    """As its number and switch would: with their topics, their words and their templates."""
    with Commanded(tmp_path, *FIXED) as home:
        components = announced(home.listener)["cmps"]
        for key, word, ident, value, shown in (
            ("0_set_trigger_mv", "7.0", "trigger_mv", 7, "7"),
            ("0_set_max_balance_ma", "300", "max_balance_ma", 300, "300"),
            ("0_set_balancing_enabled", "OFF", "balancing_enabled", False, "OFF"),
            ("0_set_balancing_enabled", "ON", "balancing_enabled", True, "ON"),
        ):
            before = len(home.listener.messages)
            home.listener.say(components[key]["cmd_t"], word)
            state = home.wait_for_state(before, **{ident: value})
            assert value_of(components[key], json.dumps(state)) == shown
        home.firmware.stop()
        config = {"packs": [WRITABLE], "mqtt": EVERY_SECOND["mqtt"]}
        (home.firmware.data / "config.json").write_text(json.dumps(config))
        before = len(home.listener.messages)
        home.firmware.start()
        left = announced(home.listener, since=before)["cmps"]
        assert left["0_set_trigger_mv"] == {"p": "number"}
        assert left["0_set_balancing_enabled"] == {"p": "switch"}
        assert "uniq_id" in left["0_trigger_mv"]


def test_number_is_announced_with_what_is_set_in_its_range(tmp_path):
    """Home Assistant refuses a state outside: a balancer that another program has set to 1 mV and 100 mA."""
    captures = tmp_path / "captures.json"
    reply = bytearray.fromhex("eb9001ff052d0cf00402010001000200000001006401040cf10cf00cf20cf0") + bytes(40)
    reply += bytes((0, 0x74))
    captures.write_text(
        json.dumps([{"request": "55aa01ff0000ff", "reply": (reply + bytes((sum(reply) & 255,))).hex()}])
    )
    with Commanded(tmp_path, "--capture", captures) as home:
        state = home.wait_for_state(trigger_mv=1, max_balance_ma=100)
        components = announced(home.listener)["cmps"]
        for key in ("trigger_mv", "max_balance_ma"):
            number = components["0_set_" + key]
            assert number["min"] == int(value_of(number, json.dumps(state))) == state[key]


def test_refused_command_is_an_event(commanded):
    refused = announced(commanded.listener)["cmps"]["0_refused"]
    answer = commanded.command("trigger_mv", "1001")
    event = json.loads(value_of(refused, json.dumps(answer)))
    assert event == {"event_type": "refused", "name": "trigger_mv", "requested": 1001, "error": answer["error"]}
    assert value_of(refused, json.dumps(commanded.command("trigger_mv", "10"))) == ""
