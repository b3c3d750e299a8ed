"""Commands of the display's menu: nothing without a confirmation, the same path as page and MQTT, each outcome told."""

import asyncio

from evencell.control.event_log import read
from evencell.control.state import PolicyState
from evencell.display.menu import Menu
from evencell.hub import Hub
from evencell.pack.alarms import CELL_COUNT
from evencell.pack.pack import ASLEEP, ONLINE
from evencell.pack.status import Status
from evencell.storage.faults import StorageFaults
from host_tests.control.ruled import Ruled, flash_without_events, rule
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog

EVEN = (3300, 3301, 3302, 3303)
HOT = {"temperature_dc": 450}


class Pack:
    """A pack that was just read, whose writer does as `result` says: an exception is raised."""

    def __init__(self, name="pack1", is_on=True, is_writable=True):
        self.name, self.link, self.sequence = name, ONLINE, 1
        self.accepted = Status()
        self.accepted.slots, self.accepted.alarms, self.accepted.balancing_enabled = 4, 0, is_on
        self.accepted.cells_mv[:4] = type(self.accepted.cells_mv)("H", EVEN)
        self.rules = ()
        self.writer = self.write if is_writable else None
        self.written = []
        self.result = ("written", None)

    async def write(self, setting: str, given, source: str) -> dict:
        self.written.append((setting, given, source))
        await asyncio.sleep(0)
        if isinstance(self.result, BaseException):
            raise self.result
        return {"result": self.result[0], "error": self.result[1]}

    def age_ms(self, _clock):
        return 100


class Supervisor:
    def __init__(self):
        self.reported = []

    async def contain(self, name: str, coroutine):
        try:
            return await coroutine
        except ValueError as error:
            self.reported.append((name, str(error)))


class Context:
    """What the menu needs of the application, with these packs."""

    def __init__(self, *packs, rules=None, control=None):
        self.board = self.wired = self
        self.network = self.extremes = None
        self.key_values, self.storage = FakeKeyValue(), flash_without_events()
        self.clock, self.log = FakeClock(), FakeLog()
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.hub = Hub(list(packs), self.clock)
        self.rules, self.control = rules, control
        self.supervisor = Supervisor()
        self.config = {"packs": [{"chemistry": "lfp"} for _ in packs]}


def opened(context) -> Menu:
    return Menu(context, {"brightness": 80}, "glance")


def kinds(menu: Menu) -> list:
    return [(line[0], line[1].name) for line in menu._lines if isinstance(line, tuple)]


def question(menu: Menu):
    return menu._control.question


def carried_out(menu: Menu) -> str:
    """Say yes; the answer in the end."""

    async def press():
        menu.next()
        menu.change()
        assert menu.is_busy() and question(menu).answer == "running"
        menu.change()  # nothing is begun twice, and nothing closes it
        while menu.is_busy():
            await asyncio.sleep(0)

    menu.change()
    asyncio.run(press())
    return question(menu).answer


def test_only_a_pack_that_may_be_written_to_can_be_switched():
    assert kinds(opened(Context(Pack("front"), Pack("rear", is_writable=False)))) == [("balancing", "front")]
    menu = opened(Context(Pack(is_writable=False)))
    assert menu._control is None and kinds(menu) == []


def test_nothing_is_written_without_a_confirmation():
    pack = Pack()
    menu = opened(Context(pack))
    menu.change()
    assert question(menu).options[question(menu).at] == "no"
    menu.change()
    assert question(menu) is None
    menu.change()
    menu.next()
    menu.next()  # no again
    menu.change()
    assert question(menu) is None and pack.written == []


def test_a_confirmed_command_takes_the_path_of_page_and_mqtt():
    for is_on, answer in ((True, "is_off"), (False, "is_on")):
        for result in ("written", "unchanged", "answer_lost"):
            pack = Pack(is_on=is_on)
            pack.result = result, None
            menu = opened(Context(pack))
            assert carried_out(menu) == answer
            assert pack.written == [("balancing_enabled", not is_on, "menu")]
            menu.next()
            assert question(menu) is None


def test_each_failure_is_told_apart():
    for result in ("refused_by_balancer", "no_answer", "not_kept", "unknown", "changed"):
        pack = Pack()
        pack.result = result, "It failed."
        assert carried_out(opened(Context(pack))) == result
    pack = Pack()
    pack.result = MemoryError()
    assert carried_out(opened(Context(pack))) == "no_memory"
    pack.result = ValueError("a bug")
    context = Context(pack)
    assert carried_out(opened(context)) == "failed"
    assert context.supervisor.reported == [("a command of the menu", "a bug")]


def test_a_refusal_has_its_reason():
    def reason(is_on=False, link=ONLINE, **changes):
        pack = Pack(is_on=is_on)
        for name in changes:
            setattr(pack.accepted, name, changes[name])
        pack.link, pack.result = link, ("refused", "Balancing should stay off.")
        menu = opened(Context(pack))
        assert carried_out(menu) == "refused"
        return question(menu)._facts

    assert reason(alarms=CELL_COUNT, cells_detected=4, cells_configured=5) == ("cell_count", (4, 5))
    assert reason(slots=0) == ("no_cell", ())
    assert reason(link=ASLEEP) == ("asleep", ())
    assert reason() == ("silent", ())
    assert reason(is_on=True, alarms=CELL_COUNT) == ("silent", ()), "switching off is refused for no other reason"


def test_without_a_reading_it_says_so_at_once():
    pack = Pack()
    pack.sequence = 0
    menu = opened(Context(pack))
    menu.change()
    assert question(menu).answer == "refused" and question(menu)._facts == ("silent", ())
    menu.change()
    assert question(menu) is None and pack.written == []


def test_a_raised_rule_is_acknowledged():
    rules = Ruled(rule(field="temperature_c", above=40, delay_s=0))
    rules.tick(EVEN, **HOT)
    context = Context(rules.pack, rules=rules)
    context.hub, context.storage = rules.hub, rules.storage
    rules.pack.writer = None
    menu = opened(context)
    assert kinds(menu) == [("acknowledge", "pack1")]
    menu.change()
    menu.next()
    menu.change()
    assert question(menu).answer == "acknowledged"
    assert rules.events()[-1][1] == "acknowledged"
    assert rules.kept()[-1][3:6] == ["menu", None, "acknowledged"]
    menu.next()
    assert menu._control._unseen == {"pack1": []}
    menu.change()
    assert question(menu) is None, "nothing is left"


def test_a_rule_that_has_ended_meanwhile_is_said_to():
    rules = Ruled(rule(field="temperature_c", above=40, delay_s=0))
    rules.tick(EVEN, **HOT)
    context = Context(rules.pack, rules=rules)
    rules.pack.writer = None
    menu = opened(context)
    menu.change()
    rules.tick(EVEN, temperature_dc=200)
    menu.next()
    menu.change()
    assert question(menu).answer == "cleared"


class Control:
    def __init__(self, pack, by: str):
        self.config = {"by": by, "preset": "top", "conditions": []}
        self.states = [PolicyState(pack, {"chemistry": "lfp"}, 0)]
        self.w = None


def test_another_preset_is_chosen_where_it_can_be_carried_out():
    for by, is_writable, expected in (
        ("f6", False, []),
        ("w", False, ["policy"]),
        ("f6", True, ["balancing", "policy"]),
    ):
        pack = Pack(is_writable=is_writable)
        menu = opened(Context(pack, control=Control(pack, by)))
        assert [kind for kind, _ in kinds(menu)] == expected
    pack = Pack()
    context = Context(pack, control=Control(pack, "f6"))
    context.config["control"] = {"policy": context.control.config}
    menu = opened(context)
    menu.next()
    menu.change()
    asked = question(menu)
    assert asked.options[asked.at] == "top" and "custom" not in asked.options
    while asked.options[asked.at] != "rest":
        menu.next()
    menu.change()
    assert asked.answer == "chosen"
    assert [fields[3:7] for _, fields in read(context, 0)] == [["preset", "menu", "top", "rest"]]
