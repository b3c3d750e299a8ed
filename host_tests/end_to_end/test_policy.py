"""The balance policy on the firmware: it decides, switches the balancer by a verified write, and says why."""

import json
import time

import pytest

from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, Client
from host_tests.end_to_end.home_assistant import announced, value_of
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.overheard import Overheard
from host_tests.end_to_end.process import until
from host_tests.end_to_end.web import request

_PATH = "/api/v1/packs/pack1/control"
_PACK = {"interval_ms": 1000, "writable": True, "capacity_ah": 20}


@pytest.fixture
def simulator(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        yield simulator


def _firmware(tmp_path, simulator, policy: dict, pack=_PACK) -> Firmware:
    config = {**CONFIG, "packs": [pack], "control": {"policy": policy, "builtin_rules": False}}
    return Firmware(tmp_path / "device", simulator.link, config=config)


def _policy(firmware: Firmware) -> dict:
    return request(firmware.http_port, _PATH).json()["policy"]


def _is_balancing(firmware: Firmware) -> bool | None:
    return firmware.pack()["balancing_enabled"]


def test_without_a_policy_nothing_is_loaded_and_the_balancer_is_left_alone(tmp_path, simulator):
    with Firmware(tmp_path / "device", simulator.link) as firmware:
        assert _policy(firmware)["preset"] == "off"
        assert firmware.pack()["balancing_enabled"] in (True, None)


def test_a_policy_switches_the_balancer_and_says_why(tmp_path, simulator):
    policy = {"preset": "top", "at_start": "off", "min_on_s": 60, "min_off_s": 60}
    with _firmware(tmp_path, simulator, policy) as firmware:
        until(lambda: _is_balancing(firmware) is False, "a balancer that is off")
        found = _policy(firmware)
        until(lambda: "3.30 V is below 3.40 V" in _policy(firmware)["reason"], "the reason")
        assert found["state"] == "off"
        assert found["problem"] is None
        assert "switched off when the device starts again" in found["when_dead"]
        firmware.wait_for_line("balancing off: ")
        # Another preset from the page counts at once; with another key of the policy it waits for a restart.
        client = Client.logged_in(firmware.http_port)
        for changes, applied in (
            ({"preset": "rest"}, ["control.policy.preset"]),
            ({"preset": "top", "min_on_s": 90}, []),
        ):
            answer = client.send("PATCH", "/api/v1/config", {"control": {"policy": changes}}).json()
            assert answer["applied"] == applied and len(answer["restart"]) == len(changes) - len(applied)
        assert _policy(firmware)["preset"] == "rest"
        events = request(firmware.http_port, "/api/v1/eventlog").json()["events"]
        found = [(each["name"], each["by"], each["from"], each["to"]) for each in events if each["kind"] == "policy"]
        assert found == [("balancing_enabled", "policy", None, False), ("preset", "page", "top", "rest")]
        until(lambda: "5 minutes" in _policy(firmware)["reason"], "a decision by it")


def test_the_broker_keeps_what_the_policy_does_and_why(tmp_path):
    control = {"policy": {"preset": "top", "at_start": "off"}}
    with Overheard(tmp_path, *FIXED, config={"packs": [_PACK], "control": control}) as device:
        is_policy = lambda message: message.topic.endswith("/pack1/policy") and "3.40 V" in message.payload  # noqa: E731
        device.listener.messages.wait(is_policy, "the policy")
        with Listener(device.broker.port) as late:
            found = late.wait("/pack1/policy")
    assert found.retained
    assert found.json() == {
        "preset": "top", "state": "off", "reason": "off: highest cell 3.30 V is below 3.40 V", "problem": None,
    }  # fmt: skip


def test_after_a_kill_the_state_of_the_start_is_written(tmp_path, simulator):
    off = {"preset": "top", "at_start": "off", "min_on_s": 60, "min_off_s": 60}
    with _firmware(tmp_path, simulator, off) as firmware:
        until(lambda: _is_balancing(firmware) is False, "a balancer that is off")
        firmware.kill()
        on = {"preset": "always", "at_start": "on"}
        (firmware.data / "learned.json").unlink()  # the limit of writes, which has tests of its own
        (firmware.data / "config.json").write_text(json.dumps({"packs": [_PACK], "control": {"policy": on}}))
        firmware.start()
        until(lambda: _is_balancing(firmware) is True, "a balancer that is on again")
        assert _policy(firmware)["reason"] == "on: always"


def test_a_pack_that_is_read_only_is_named_as_the_problem(tmp_path, simulator):
    policy = {"preset": "top", "at_start": "off"}
    with _firmware(tmp_path, simulator, policy, pack={**_PACK, "writable": False}) as firmware:
        until(lambda: "read-only" in (_policy(firmware)["problem"] or ""), "the problem")
        assert _is_balancing(firmware) is not False


def test_home_assistant_chooses_the_preset_and_old_doubled_and_disordered_commands_change_nothing(tmp_path):
    """As its select would; the choice outlives a restart, and a retained command is refused then."""
    pack, control = {**_PACK, "interval_ms": 200}, {"policy": {"preset": "top", "at_start": "off"}}
    config = {"packs": [pack], "control": control, "mqtt": {"commands": True}}
    with Overheard(tmp_path, *FIXED, config=config) as device:
        listener, firmware = device.listener, device.firmware
        select = announced(listener)["cmps"]["0_preset"]

        def say(value, ident, **keys) -> str:
            command = json.dumps({"value": value, "id": ident, **keys})
            listener.say_soon(select["cmd_t"], command)
            return command

        def results(since: int, count: int) -> list[tuple]:
            listener.messages.wait(lambda _: len(listener.payloads("/result", since)) >= count, f"{count} results")
            found = map(json.loads, listener.payloads("/result", since))
            return [(each["requested"], each["active"], each["error"]) for each in found]

        before = len(listener.messages)
        listener.say(select["cmd_t"], "rest")
        shown = listener.messages.wait(lambda m: m.topic == select["stat_t"] and "rest" in m.payload, "it", before)
        assert value_of(select, shown.payload) == "rest" in select["ops"]
        assert _policy(firmware)["preset"] == "rest"
        assert results(before, 1) == [("rest", "rest", None)]

        before = len(listener.messages)
        for value, ident in (("storage", 2), ("always", 1), ("storage", 2), ("always", 1)):
            say(value, ident)
        assert [active for _, active, _ in results(before, 4)] == ["storage", "always", "always", "always"]
        before = len(listener.messages)
        say("off", 3, expires=int(time.time()) - 1)
        listener.say_soon(select["cmd_t"], "best")
        (_, active, expired), (_, _, unknown) = results(before, 2)
        assert active == "always" and "expired" in expired and "no such preset" in unknown

        firmware.stop()
        listener.say(select["cmd_t"], "off", retain=True)
        before = len(listener.messages)
        firmware.start()
        (_, active, error), *_ = results(before, 1)
        assert active == "always" and "retained" in error
        until(lambda: _is_balancing(firmware), "a balancer that is on")
