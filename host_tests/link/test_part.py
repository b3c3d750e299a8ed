"""Packs find their lines: by UART and address, and without either they stay offline and say why."""

import sys

from evencell.hub import Hub
from evencell.link import part
from evencell.system.supervisor import Supervisor
from evencell.system.watch import Watch
from host_tests.link.ports import ScriptedPort
from host_tests.portable import FakeClock


class TwoUarts:
    """A board whose usual UART is 2."""

    def __init__(self):
        self.ports = {1: ScriptedPort(), 2: ScriptedPort()}

    def port(self, uart):
        number = 2 if uart is None else uart
        if number not in self.ports:
            raise ValueError("there is no UART %d" % number)
        return self.ports[number]


class Memory:
    def get(self, _key):
        return None


class Log:
    def __init__(self):
        self.warnings = []

    def warning(self, text):
        self.warnings.append(text)


class Started(Supervisor):
    """Notes what it should start."""

    def start(self, name, _run, _progress):
        self.parts.append(name)


class Context:
    def __init__(self, *places):
        self.board = TwoUarts()
        self.log = Log()
        self.memory = Memory()
        self.supervisor = Started(self.log)
        self.watch = Watch(self.board, FakeClock(), self.supervisor, self.log)
        self.hub = Hub([], FakeClock())
        self.config_faults = []
        self.config = {"packs": [settings_of(i + 1, *place) for i, place in enumerate(places)]}


def settings_of(number: int, uart, address: int) -> dict:
    return {
        "name": "pack%d" % number,
        "model": "jk_b2a4s",
        "uart": uart,
        "address": address,
        "interval_ms": 1000,
        "timeout_ms": 1000,
        "temperature_scale": "auto",
        "writable": False,
    }


def started(*places) -> Context:
    context = Context(*places)
    part.start(context)
    return context


def test_packs_on_one_uart_share_a_line_whichever_way_it_is_named():
    context = started((None, 1), (2, 2), (1, 1))
    first, second, third = context.hub.packs
    assert first.line is second.line
    assert third.line is not first.line
    assert context.supervisor.parts == ["poller", "poller2"]
    assert context.config_faults == []


def test_a_uart_the_board_has_not_leaves_its_pack_offline_and_says_so():
    context = started((0, 1), (2, 1))
    assert [pack.link_name for pack in context.hub.packs] == ["offline", "offline"]
    assert context.supervisor.parts == ["poller"]
    assert context.config_faults == ["packs[0]: there is no UART 0; pack1 stays offline"]
    assert context.log.warnings == ["configuration: packs[0]: there is no UART 0; pack1 stays offline"]


def test_two_packs_with_one_address_on_one_bus_are_a_mistake():
    """Else the values of one balancer would stand under two names."""
    context = started((None, 3), (2, 3), (1, 3))
    assert context.config_faults == ["packs[1]: pack1 has the same uart and address already; pack2 stays offline"]
    assert context.supervisor.parts == ["poller", "poller2"]


def test_commands_reach_what_the_owner_made_writable_alone():
    sys.modules.pop("evencell.link.writable", None)
    context = Context((None, 1), (2, 2), (0, 1))
    part.start(context)
    assert [pack.writer for pack in context.hub.packs] == [None] * 3
    assert "evencell.link.writable" not in sys.modules
    context = Context((None, 1), (2, 2), (0, 1))
    for number in (1, 2):
        context.config["packs"][number]["writable"] = True
    part.start(context)
    assert [pack.writer is not None for pack in context.hub.packs] == [False, True, False]
