"""Packs are placed on buses by UART and address; without a place they are offline, with a fault."""

import sys

from evencell.hub import Hub
from evencell.link import part
from evencell.pack.limits import low_limits
from evencell.runtime.supervisor import Supervisor
from evencell.runtime.watchdog import Watchdog
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.link.ports import ScriptedPort


class TwoUarts:
    """A board whose usual UART is 2."""

    def __init__(self):
        self.ports = {1: ScriptedPort(), 2: ScriptedPort()}

    def port(self, uart):
        number = 2 if uart is None else uart
        if number not in self.ports:
            raise ValueError("there is no UART %d" % number)
        return self.ports[number]


class Started(Supervisor):
    """Notes what it should start."""

    def start(self, name, _run, _heartbeat):
        self.parts.append(name)


class Context:
    def __init__(self, *places):
        self.board = TwoUarts()
        self.log = FakeLog()
        self.key_values = FakeKeyValue()
        self.supervisor = Started(self.log)
        self.watchdog = Watchdog(self.board, FakeClock(), self.supervisor, self.log)
        self.hub = Hub([], FakeClock())
        self.config_faults = []
        packs = [settings_of(i + 1, *place) for i, place in enumerate(places)]
        self.config = {"packs": packs, "control": {"limits": None}, "power": {"low_pack_mv": 11_000}}
        self.profile = "full"


def settings_of(number: int, uart, address: int) -> dict:
    return {
        "name": "pack%d" % number,
        "model": "jk_b2a4s",
        "chemistry": "lfp",
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


def test_packs_on_one_uart_share_a_bus_however_it_is_named():
    context = started((None, 1), (2, 2), (1, 1))
    first, second, third = context.hub.packs
    assert first.bus is second.bus
    assert third.bus is not first.bus
    assert context.supervisor.parts == ["poller", "poller2"]
    assert context.config_faults == []


def test_pack_on_an_unknown_uart_is_offline_with_a_fault():
    context = started((0, 1), (2, 1))
    assert [pack.link_name for pack in context.hub.packs] == ["offline", None]
    assert context.supervisor.parts == ["poller"]
    assert context.config_faults == ["packs[0]: there is no UART 0; pack1 stays offline"]
    assert context.log.warnings == ["configuration: packs[0]: there is no UART 0; pack1 stays offline"]


def test_second_pack_with_an_address_on_a_bus_is_a_fault():
    """Else the values of one balancer would stand under two names."""
    context = started((None, 3), (2, 3), (1, 3))
    assert context.config_faults == ["packs[1]: pack1 has the same uart and address already; pack2 stays offline"]
    assert context.supervisor.parts == ["poller", "poller2"]


def test_only_writable_packs_have_a_writer():
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


def test_packs_know_from_which_voltage_on_they_are_low():
    """But not while a device that sleeps is awake for its button: its wakes protect a low pack."""
    context = Context((1, 1))
    part.start(context)
    assert context.hub.packs[0].limits == (3000, 166, 11_000)
    own_limits = {"cell_min_mv": 2800}
    for chemistry, own in (("lfp", None), ("nmc", {}), ("lto", None), ("custom", None), ("lfp", own_limits)):
        context = Context((1, 1))
        context.config["packs"][0]["chemistry"] = chemistry
        context.config["control"]["limits"] = own
        part.start(context)
        assert context.hub.packs[0].limits[:2] == low_limits(chemistry, own)
    context = Context((1, 1))
    context.profile = "awake"
    part.start(context)
    assert context.hub.packs[0].limits == (0, 0, 0)
