"""A preset of the balance policy that is chosen while it runs: what it replaces, for how long, and what is refused."""

from evencell.control import preset
from evencell.control.event_log import read
from evencell.control.state import PolicyState
from evencell.pack.settings import CommandError
from evencell.pack.status import Status
from evencell.storage.faults import StorageFaults
from host_tests.control.ruled import flash_without_events
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.portable import raises

_START_S = 7_200


class _Pack:
    def __init__(self, name: str):
        self.name = name
        self.sequence = 1
        self.accepted = Status()
        self.writer = 1


class _Hub:
    is_log_due = False

    def __init__(self, packs: list):
        self.packs = packs
        self.events = []

    def post(self, *event):
        self.events.append(event)


class _Control:
    def __init__(self, states: list):
        self.states = states
        self.w = None


class _Context:
    """A device with two packs and a policy; `kept`: what an earlier start has left."""

    def __init__(self, configured="top", by="f6", conditions=(), kept=None, writable=True):
        self.clock = FakeClock()
        self.clock.now_ms = 1000 * _START_S
        self.log = FakeLog()
        self.key_values = FakeKeyValue()
        self.board, self.storage, self.rules = self, flash_without_events(), None
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.key_values.kept["presets"] = kept
        policy = {"preset": configured, "by": by, "conditions": list(conditions), "at_start": "on", "min_on_s": 600}
        settings = {"writable": writable}
        self.config = {"control": {"policy": policy}, "packs": [settings, settings]}
        self.hub = _Hub([_Pack("front"), _Pack("rear")])
        self.front, self.rear = self.hub.packs
        states = [PolicyState(pack, {"chemistry": "lfp"}, len(conditions)) for pack in self.hub.packs]
        self.control = _Control(states)
        preset.restore(self, states)

    def presets(self) -> list:
        return [preset.active(self, pack) for pack in self.hub.packs]

    def new_policy(self, **changes) -> dict:
        policy = dict(self.config["control"]["policy"])
        for key in changes:
            policy[key] = changes[key]
        return policy


def _refusal(context, value) -> str:
    return raises(CommandError, lambda: preset.choose(context, context.front, value))


def test_a_choice_is_of_one_pack_and_outlives_a_restart_until_the_configuration_says_another():
    context = _Context()
    state = context.control.states[0]
    state.decided_s = 5
    assert preset.choose(context, context.front, " Rest\n") == "rest"
    assert context.presets() == ["rest", "top"]
    assert state.decided_s is None, "it is decided with the next sample"
    assert context.hub.events == [("policy", "front", "preset", "rest")]
    kept = context.key_values.kept["presets"]
    assert kept == {"front": ["top", "rest"]}
    assert _Context(kept=kept).presets() == ["rest", "top"]
    assert _Context("storage", kept=kept).presets() == ["storage", "storage"]
    assert _Context(kept={"front": ["top", "best"], "rear": 3}).presets() == ["top", "top"]
    assert _Context(kept=[1]).presets() == ["top", "top"]
    preset.choose(context, context.front, "top")
    assert context.key_values.kept["presets"] is None
    preset.choose(context, context.front, "top")
    assert len(context.hub.events) == 2


def test_every_choice_is_kept_in_the_event_log_with_what_it_replaces():
    context = _Context()
    preset.choose(context, context.front, "rest")
    preset.choose(context, context.front, "top")
    assert preset.configure(context, context.new_policy(preset="always"))
    assert [fields[1:7] for _, fields in read(context, 0)] == [
        ["policy", "front", "preset", "mqtt", "top", "rest"],
        ["policy", "front", "preset", "mqtt", "rest", "top"],
        ["policy", "front", "preset", "page", "top", "always"],
        ["policy", "rear", "preset", "page", "top", "always"],
    ]
    assert preset.configure(context, context.new_policy())
    assert preset.configure(context, context.new_policy(by=None)), "it has its value since the start"
    assert len(list(read(context, 0))) == 4, "nothing was changed"
    assert not preset.configure(context, context.new_policy(by="w"))


def test_after_off_it_goes_on_from_how_the_balancer_is_switched():
    context = _Context()
    state = context.control.states[0]
    state.is_on = True
    preset.choose(context, context.front, "off")
    state.is_on = None  # as decide() does
    context.front.accepted.balancing_enabled = False
    preset.choose(context, context.front, "rest")
    assert (state.is_on, state.since_s) == (False, _START_S)


def test_what_there_is_not_is_refused():
    context = _Context()
    for value in ("best", 5, True, ""):
        assert "always, off, off-ride" in _refusal(context, value)
    assert "conditions" in _refusal(context, "custom")
    assert context.hub.events == []
    context = _Context(conditions=[{"field": "trend"}])
    assert preset.choose(context, context.front, "custom") == "custom"


def test_it_needs_a_policy_and_where_that_writes_a_pack_that_may_be_written_to():
    context = _Context()
    preset.check(context, context.front, {"writable": True})
    assert "read-only" in raises(CommandError, lambda: preset.check(context, context.front, {"writable": False}))
    by_w = _Context(by="w")
    preset.check(by_w, by_w.front, {"writable": False})
    context.control.states = []
    assert "No balance policy" in raises(CommandError, lambda: preset.check(context, context.front, {"writable": True}))
    context.control = None
    assert preset.active(context, context.front) is None


def test_a_new_configuration_replaces_every_choice_but_other_keys_wait_for_a_restart():
    context = _Context()
    preset.choose(context, context.rear, "rest")
    assert not preset.configure(context, context.new_policy(preset="always", min_on_s=700))
    assert context.presets() == ["top", "rest"]
    assert preset.configure(context, context.new_policy(preset="always"))
    assert context.presets() == ["always", "always"]
    assert context.key_values.kept["presets"] is None
    assert context.config["control"]["policy"]["preset"] == "always"
    context.control.states = []
    assert not preset.configure(context, context.new_policy(preset="top"))
