"""Rules on the firmware: raised, shown, acknowledged, switched to the output, and kept over a restart."""

from host_tests.end_to_end.chain import EVERY_SECOND, FIXED, Chain, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, Client
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import until

CONTROL = "/api/v1/packs/pack1/control"
ACKNOWLEDGE = "/api/v1/packs/pack1/acknowledge"
LOUD = {"name": "loud", "field": "any_cell_mv", "above": 3300, "delay_s": 0, "severity": "danger", "output": True}
QUIET = {"name": "quiet", "field": "delta_mv", "above": 100}


def heard(listener: Listener, topic: str, part: str) -> dict:
    """The first message on a topic with this end that has this part."""
    messages = listener.messages
    return messages.wait(lambda each: each.topic.endswith(topic) and part in each.payload, part).json()


def event_topic(listener: Listener) -> str:
    """The topic of the pack's events."""
    return listener.messages.wait(lambda each: each.topic.endswith("/pack1/event"), "an event").topic


def test_a_rule_from_its_condition_to_its_acknowledgement(tmp_path):
    config = {**CONFIG, **EVERY_SECOND, "control": {"rules": [LOUD, QUIET]}}
    config["mqtt"] = {**config.get("mqtt", {}), "commands": True}
    with Chain(tmp_path, *FIXED, config=config) as chain, Listener(chain.broker.port) as listener:
        firmware = chain.firmware
        output = firmware.data / "alarm_output"
        until(lambda: firmware.pack()["alarms"] == ["rule:loud"], "the raised rule in the status")
        rules = {rule["name"]: rule for rule in firmware.get(CONTROL).json()["rules"]}
        assert rules["loud"]["text"] == "cells 1, 2: 3301, 3302 mV, to be reported above 3300 mV"
        assert (rules["loud"]["state"], rules["loud"]["acknowledged"]) == ("raised", False)
        assert (rules["quiet"]["state"], rules["cell_high"]["state"]) == ("ok", "ok")
        event = heard(listener, "/event", "loud")
        assert (event["type"], event["value"], event["cells"]) == ("rule", True, [1, 2])
        assert heard(listener, "/state", "rule:loud")["alarms"] == ["rule:loud"]

        assert Client(firmware.http_port).send("POST", ACKNOWLEDGE, {"rule": "loud"}).status == 401
        client = Client.logged_in(firmware.http_port)
        assert client.send("POST", ACKNOWLEDGE, {"rule": "quiet"}).status == 409
        assert client.send("POST", ACKNOWLEDGE, {"name": "loud"}).status == 400
        assert client.send("POST", ACKNOWLEDGE.replace("pack1", "none"), {"rule": "loud"}).status == 404
        command = event_topic(listener).replace("/event", "/set/acknowledge")
        listener.say_soon(command, "quiet")
        assert heard(listener, "/result", "quiet")["error"] == "This rule is not raised."
        listener.say_soon(command, "loud")
        assert heard(listener, "/result", "loud")["active"] == "loud"
        assert client.send("POST", ACKNOWLEDGE, {"rule": "loud"}).json() == {"acknowledged": "loud"}

        output.write_text("0")
        firmware.kill()
        firmware.start()
        firmware.wait_for_line("link online")
        until(lambda: firmware.pack()["alarms"] == ["rule:loud"], "the rule after the restart")
        (loud,) = [rule for rule in firmware.get(CONTROL).json()["rules"] if rule["name"] == "loud"]
        assert loud["acknowledged"] is True
        assert output.read_text() == "0"
        kept = [event for event in firmware.get("/api/v1/eventlog").json()["events"] if event["kind"] == "rule"]
        assert [(event["by"], event["to"]) for event in kept] == [("rule", True), ("mqtt", "acknowledged")]


def test_alarms_are_kept_where_no_rules_are_evaluated(tmp_path):
    """Also the end of one while the device was off."""
    config = {"packs": [{"interval_ms": 200}], "control": {"builtin_rules": False}}
    with (
        Simulator(tmp_path, *FIXED, "--fault", "wire_resistance") as simulator,
        Firmware(tmp_path / "device", simulator.link, config=config) as firmware,
    ):
        until(lambda: kept(firmware) == [("alarm", "wire_resistance", True)], "the alarm")
        firmware.kill()
        simulator.switch("-wire_resistance")
        firmware.start()
        until(lambda: kept(firmware)[1:] == [("alarm", "wire_resistance", False)], "its end")


def kept(firmware) -> list[tuple]:
    """What the event log has."""
    return [(event["kind"], event["name"], event["to"]) for event in firmware.get("/api/v1/eventlog").json()["events"]]
