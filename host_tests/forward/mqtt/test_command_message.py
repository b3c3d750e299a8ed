"""Commands over MQTT and their results as JSON, on every interpreter."""

import json

from evencell.control.state import PolicyState
from evencell.forward.mqtt.command_message import execute, parse
from evencell.forward.mqtt.packets import RETAINED
from evencell.pack.settings import CommandError
from evencell.pack.status import Status
from evencell.storage.faults import StorageFaults
from host_tests.control.ruled import Ruled, flash_without_events, rule
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.portable import raises

NOW_S = 1_795_403_431


class Things:
    """Something with these attributes."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


class Device:
    """A context with one pack, whose writer notes its calls."""

    def __init__(self, writable=True, error=None, warnings=()):
        self.clock = FakeClock()
        self.clock.now_s = NOW_S
        self.config = {"packs": [{"writable": writable}]}
        self.written = []
        self.recent = []
        accepted = Status()
        accepted.trigger_mv, accepted.balancing_raw = 5, 1
        self.pack = Things(name="pack1", sequence=1, accepted=accepted, writer=self._write if writable else None)
        self.hub = Things(packs=[self.pack])
        self._outcome = {"requested": None, "active": 7, "error": error, "warnings": list(warnings)}

    async def _write(self, name, given, source):
        assert source == "mqtt"
        self.written.append((name, given))
        self._outcome["requested"] = given
        return self._outcome

    def command(self, payload, place="pack1/set/trigger_mv", has_room=True, age=0) -> dict:
        payload = payload.encode() if isinstance(payload, str) else payload
        return json.loads(finished(execute(self, place, payload, age, has_room, self.recent)))


def finished(coroutine):
    """Result of a coroutine that never waits: not every interpreter here has an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


def parsed(text: str) -> tuple:
    return parse_bytes(text.encode())


def parse_bytes(payload) -> tuple:
    """Value, id and end of a command."""
    result = {}
    expires = parse(payload, result)
    return result["requested"], result["id"], expires


def refusal(text: str) -> str:
    return raises(CommandError, lambda: parsed(text))


def test_bare_value_keeps_its_type():
    for text, value in (
        ("5", 5),
        ("5.0", 5.0),
        ("ON", "ON"),
        ("true", True),
        (" 10\n", 10),
        ("off", "off"),
        ("x,1", "x,1"),
    ):
        assert parsed(text) == (value, None, None), text
        assert type(parsed(text)[0]) is type(value), text


def test_object_has_value_id_and_expires():
    assert parsed('{"value": 5}') == (5, None, None)
    assert parsed('{"value": false, "id": "a", "expires": 1795403431}') == (False, "a", 1795403431)
    assert parsed('{"expires": 1.5, "id": 7, "value": "5.0"}') == ("5.0", 7, 1.5)
    assert parsed('{"value": 5, "id": null, "expires": null}') == (5, None, None)


def test_invalid_payload_is_refused():
    neither = "This is neither a bare value nor a JSON object: "
    for text in ('{"value": 5', '{"value": 5}}', "{", "[1", '{"value": 5},{"value": 6}'):
        assert refusal(text).startswith(neither), text
    assert raises(CommandError, lambda: parse_bytes(b"\xff\xfe")) == "This is not text."
    assert raises(CommandError, lambda: parse_bytes(None)) == "A command has at most 256 bytes."
    for text in ("{}", '{"id": 1}', '{"value": 5, "expire": 1}', '{"value": 5, "force": true}'):
        assert "nothing else" in refusal(text), text
    for text in (
        "null",
        "[5]",
        "1e999",
        "-1e999",
        "nan",
        "inf",
        "-Infinity",
        "9" * 99,
        "1e7",
        '{"value": null}',
        '{"value": {}}',
        '{"value": [1]}',
    ):
        assert "a number, a text, true or false" in refusal(text), text
    for text in ("true", "1.5", "[]", '"%s"' % ("x" * 41)):
        assert "The id" in refusal('{"value": 5, "id": %s}' % text), text
    for text in ("true", '"soon"', "{}", "1e12", "1795403431000"):
        assert "UNIX seconds" in refusal('{"value": 5, "expires": %s}' % text), text


def test_refused_command_keeps_its_id_and_its_value():
    device = Device()
    for rest, value in (
        ('"value": 9, "expires": "soon"', 9),
        ('"value": 9, "expires": 1795403431000', 9),
        ('"value": null', None),
        ('"value": 9, "force": true', None),
        ('"expires": 5', None),
    ):
        result = device.command('{"id": "a", %s}' % rest)
        assert (result["id"], result["requested"]) == ("a", value), rest
        assert result["error"] and not device.written, rest


def test_invalid_json_is_refused_with_its_reason():
    for text, reason in (
        ('{"value": 5, "expires": 1e400}', "this number is too large"),
        ('{"value": 1e400}', "this number is too large"),
        ('{"value": 5, "id": %s}' % ("1" * 41), "this number is too large"),
        ('{"value": NaN}', "expected a value"),
        ('{"value": 5, "value": 6}', "twice"),
        ('{"value": "\\ud83d"}', "surrogate"),
        ('{"value" 5}', "a colon"),
    ):
        assert reason in refusal(text), text
    assert raises(CommandError, lambda: parse_bytes(b'"\xed\xa0\xbd"')) == "This is not text."


def test_id_of_any_characters_comes_back_unchanged():
    result = Device().command('{"value": 9, "id": "\\ud83d\\udd0b\\u0007"}')
    assert result["id"].encode() == b"\xf0\x9f\x94\x8b\x07"


def test_an_id_that_comes_again_with_another_value_is_refused():
    device = Device()
    device.command('{"value": 9, "id": 1}')
    assert device.command('{"value": 9, "id": 1}')["error"] is None
    result = device.command('{"value": 8, "id": 1}')
    assert (result["requested"], result["active"]) == (8, 5)
    assert result["error"] == "This id was used with another value, so nothing was written: send it with a new id."
    assert device.written == [("trigger_mv", 9)]


def test_outcome_of_the_write_is_the_result():
    device = Device()
    assert device.command('{"value": 9, "id": "a"}') == {
        "id": "a",
        "name": "trigger_mv",
        "requested": 9,
        "active": 7,
        "error": None,
    }
    assert device.written == [("trigger_mv", 9)]


def test_warnings_are_in_the_result_only_if_there_are_any():
    assert "warnings" not in Device().command("9")
    assert Device(warnings=["Mind the gap."]).command("9")["warnings"] == ["Mind the gap."]


def test_result_is_in_the_documented_order():
    payload = finished(execute(Device(), "pack1/set/trigger_mv", b"9", 0, True, []))
    assert payload == b'{"id": null, "name": "trigger_mv", "requested": 9, "active": 7, "error": null}'


def test_command_that_expired_or_may_have_is_refused():
    device = Device()
    for expires_s in (0, NOW_S - 1, NOW_S - 0.5, -(10**20)):
        answered = device.command('{"value": 9, "id": 1, "expires": %s}' % expires_s)
        assert "expired" in answered["error"]
        assert (answered["id"], answered["active"]) == (1, 5)
    device.clock.now_s = None
    assert "does not know the time" in device.command('{"value": 9, "expires": %d}' % (NOW_S + 60))["error"]
    assert device.written == []
    assert device.command("9")["error"] is None
    device.clock.now_s = NOW_S
    assert device.command('{"value": 9, "expires": %d}' % NOW_S)["error"] is None


def test_read_only_pack_is_refused_with_the_remedy():
    device = Device(writable=False)
    answered = device.command("9")
    assert answered["error"] == 'pack1 is read-only: set "writable": true in its entry of config.json.'
    assert (answered["requested"], answered["active"]) == (9, 5)
    assert device.command("ON", "pack1/set/balancing_enabled")["active"] is True
    assert device.command("9", "pack1/set/voltage")["active"] is None
    device.pack.sequence = 0
    assert device.command("9")["active"] is None


def test_pack_that_is_not_connected_or_unknown_is_refused():
    device = Device()
    device.pack.writer = None
    assert "is not connected to a UART" in device.command("9")["error"]
    assert device.command("9", "pack2/set/trigger_mv")["error"] == "There is no pack of this name."


def test_same_id_is_carried_out_once_and_answered_again():
    device = Device(error="The balancer refused it.")
    first = device.command('{"value": 9, "id": 1}')
    again = device.command('{"value": 9, "id": 1, "expires": 5}')
    assert first["error"] == again["error"] == "The balancer refused it."
    assert (again["requested"], again["active"]) == (9, 5)
    assert len(device.written) == 1
    device.command('{"value": 9, "id": "1"}')
    device.command('{"value": 9, "id": 1}', "pack1/set/max_balance_ma")
    assert len(device.written) == 3
    for _ in range(2):
        device.command("9")
    assert len(device.written) == 5


def test_nothing_long_is_remembered():
    """A device that sleeps has what it remembers on its flash, in a file that has a limit."""
    device = Device()
    for value in (40 * "9", 41 * "9"):
        device.command(json.dumps({"value": value, "id": 1}))
    assert device.written == [("trigger_mv", 40 * "9")]
    answer = device.command('{"value": 5, "id": 2}', "pack1/set/" + 200 * "x")
    assert answer["error"].startswith("There is no such setting")
    assert [entry[:2] for entry in device.recent] == [["pack1/set/trigger_mv", 1]]


def test_last_eight_ids_are_kept():
    device = Device()
    for ident in range(9):
        device.command('{"value": 9, "id": %d}' % ident)
    assert len(device.recent) == 8
    device.command('{"value": 9, "id": 1}')
    assert len(device.written) == 9
    device.command('{"value": 9, "id": 0}')
    assert len(device.written) == 10


def test_refused_command_may_be_sent_again():
    device = Device()
    command = '{"value": 9, "id": 1}'
    assert "Too many commands" in device.command(command, has_room=False)["error"]
    assert device.written == []
    assert device.command(command)["error"] is None
    assert device.command(command, has_room=False)["error"] is None


class PolicyDevice(Device):
    """The same with a balance policy."""

    def __init__(self, **options):
        super().__init__(**options)
        self.config["control"] = {"policy": {"preset": "top", "by": "f6", "conditions": []}}
        self.key_values, self.log = FakeKeyValue(), FakeLog()
        self.hub.post, self.hub.is_log_due, self.rules = (lambda *_event: None), False, None
        self.board, self.storage = self, flash_without_events()
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.control = Things(states=[PolicyState(self.pack, {"chemistry": "lfp"}, 0)], w=None)

    def preset(self, payload, **options) -> tuple:
        """What is active, and the error."""
        result = self.command(payload, "pack1/set/preset", **options)
        assert result["name"] == "preset"
        return result["active"], result["error"]


def test_a_preset_of_the_policy_is_chosen_by_the_same_rules_and_nothing_is_written():
    device = PolicyDevice()
    assert device.preset("rest") == ("rest", None)
    active, error = device.preset("best")
    assert active == "rest" and "no such preset" in error
    expired = '{"value": "top", "expires": %d}' % (NOW_S - 1)
    for payload, options, part in (("top", {"age": RETAINED}, "retained"), (expired, {}, "expired")):
        active, error = device.preset(payload, **options)
        assert active == "rest" and part in error
    active, error = device.preset("top", has_room=False)
    assert active == "rest" and "Too many" in error
    assert device.written == []


def test_a_preset_that_comes_twice_is_chosen_once():
    device = PolicyDevice()
    first, second = '{"value": "rest", "id": 1}', '{"value": "always", "id": 2}'
    for payload, active in ((first, "rest"), (second, "always"), (first, "always"), (second, "always")):
        assert device.preset(payload) == (active, None)
    assert "another value" in device.preset('{"value": "top", "id": 1}')[1]


def test_a_preset_is_refused_where_no_policy_runs_or_the_pack_is_read_only():
    active, error = PolicyDevice(writable=False).preset("rest")
    assert active == "top" and "read-only" in error
    device = PolicyDevice()
    device.control = None
    active, error = device.preset("rest")
    assert active is None and "No balance policy" in error


def test_a_rule_is_acknowledged_on_a_read_only_pack_where_rules_are_evaluated():
    context = Ruled(rule("low", above=40))
    context.config = {"packs": [{"writable": False}]}
    context.pack.sequence = 1
    context.tick((3300, 3350, 3301, 3300))

    def acknowledged(name: str) -> tuple:
        """What is active, and the error."""
        result = json.loads(finished(execute(context, "pack1/set/acknowledge", name.encode(), 0, True, [])))
        return result["active"], result["error"]

    assert acknowledged("high") == (None, "There is no rule of this name.")
    assert acknowledged("low") == ("low", None)
    assert context.kept()[-1][:6] == ["rule", "pack1", "low", "mqtt", None, "acknowledged"]
    context.rules = None
    assert "control.builtin_rules" in acknowledged("low")[1]
