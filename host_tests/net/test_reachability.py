"""Probing an unused network, with real sockets on this computer's own address."""

import asyncio
import socket

from evencell.net import reachability
from evencell.runtime.log import Log
from host_tests.fakes import FakeClock, FakeKeyValue

LOOPBACK = "127.0.0.1"
NOWHERE = "255.255.255.255"  # connecting there fails at once

reachability.ANSWER_MS = 50
reachability.BETWEEN_MS = 1


class Station:
    def __init__(self, address=LOOPBACK, gateway=None):
        self._address = address
        self._gateway = gateway

    def address(self):
        return self._address

    def gateway(self):
        return self._gateway


class Broker:
    def __init__(self, state):
        self._state = state

    def status(self):
        return {"state": self._state}


class Context:
    """A device that is connected, its network, and its memory."""

    def __init__(self, station, http_port=None):
        self.clock = FakeClock()
        self.clock.now_ms = 700_000
        self.log = Log(self.clock)
        self.config = {"http": {"port": http_port}} if http_port else {}
        self.network = self
        self.key_values = FakeKeyValue()
        self.station = station
        self.state = "connected"
        self.mqtt = self.restart_reason = None
        self.reached_ms = self.resets = 0
        self.is_suspect = False

    def reset(self):
        self.resets += 1


def listening(kind=socket.SOCK_STREAM) -> tuple:
    """A socket on a port of its own, and the port."""
    for port in range(20_000, 30_000):
        own = socket.socket(socket.AF_INET, kind)
        try:
            own.bind(socket.getaddrinfo(LOOPBACK, port, 0, kind)[0][-1])
        except OSError:
            own.close()
            continue
        if kind == socket.SOCK_STREAM:
            own.listen(5)
        return own, port
    raise AssertionError("no free port")


def fault(station, http_port=None):
    return asyncio.run(reachability.fault_of(Context(station, http_port), station))


def check(context):
    asyncio.run(reachability.check(context))


async def silent(*_arguments):
    return False


def without_answers(call):
    """`call()`, while the device's own page takes nothing and refuses nothing."""
    really, reachability._connects = reachability._connects, silent
    try:
        return call()
    finally:
        reachability._connects = really


def test_a_page_that_listens_is_no_fault():
    server, port = listening()
    try:
        assert fault(Station(), port) is None
    finally:
        server.close()


def test_a_refused_connection_is_no_fault_of_the_network():
    server, port = listening()
    server.close()
    assert fault(Station(), port) is None


def test_a_device_without_a_page_is_refused_by_itself():
    assert fault(Station()) is None


def test_a_connection_that_cannot_be_tried_is_a_fault():
    assert "can't reach itself at its own address" in fault(Station(NOWHERE), 80)


def test_no_answer_is_a_fault_only_if_the_gateway_is_silent_too():
    text = without_answers(lambda: fault(Station(gateway=LOOPBACK), 80))
    assert "no answer" in text

    async def answer(server):
        while True:
            try:
                question, asker = server.recvfrom(100)
            except OSError:
                await asyncio.sleep(0)
                continue
            assert question[2:] == b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"
            server.sendto(question[:2] + b"\x81\x05" + question[4:], asker)
            return

    async def scenario(server):
        answering = asyncio.create_task(answer(server))
        station = Station(gateway=LOOPBACK)
        found = await reachability.fault_of(Context(station, 80), station)
        await answering
        return found

    server, reachability.DNS_PORT = listening(socket.SOCK_DGRAM)
    server.setblocking(False)
    try:
        assert without_answers(lambda: asyncio.run(scenario(server))) is None
    finally:
        server.close()


def test_an_address_that_goes_meanwhile_is_no_fault():
    assert fault(Station(None), 80) is None


def test_a_network_that_works_is_left_alone_for_another_while():
    context = Context(Station())
    context.is_suspect = True
    check(context)
    assert (context.reached_ms, context.is_suspect) == (700_000, False)
    assert (context.resets, context.restart_reason, context.log.lines()) == (0, None, [])


def test_a_broker_that_is_connected_is_proof_enough():
    context = Context(Station(NOWHERE), 80)
    context.mqtt = Broker("connected")
    check(context)
    assert (context.reached_ms, context.resets) == (700_000, 0)
    context.mqtt = Broker("waiting")
    check(context)
    assert context.resets == 1


def test_the_radio_is_reset_first_and_the_device_restarts_next():
    context = Context(Station(NOWHERE), 80)
    check(context)
    assert (context.resets, context.restart_reason, context.is_suspect) == (1, None, True)
    assert "resetting the radio" in context.log.lines()[-1]
    check(context)
    assert "can't reach itself" in context.restart_reason
    assert context.resets == 1


def test_there_is_one_such_restart_an_hour():
    context = Context(Station(NOWHERE), 80)
    context.key_values.kept = {"unreachable": True}
    for resets in (1, 2, 3):
        check(context)
        assert (context.resets, context.restart_reason) == (resets, None)
    context.clock.now_ms = 3_600_000
    context.is_suspect = True
    check(context)
    assert context.restart_reason


def test_a_restart_that_cannot_be_remembered_waits_for_an_hour():
    """Else there were one after every start."""
    context = Context(Station(NOWHERE), 80)

    context.key_values.put = lambda _name, _value: False  # the flash is full
    for resets in (1, 2, 3, 4):
        check(context)
        assert (context.resets, context.restart_reason) == (resets, None)
    context.clock.now_ms = 3_600_000
    context.is_suspect = True
    check(context)
    assert context.restart_reason


def test_a_connection_that_is_lost_meanwhile_is_no_fault():
    context = Context(Station(NOWHERE), 80)
    context.state = "waiting"
    check(context)
    assert (context.resets, context.restart_reason) == (0, None)
