"""Several balancers, on one bus and on several ports: each stands for itself."""

import pytest

from host_tests.end_to_end.chain import EVENCELL
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.listener import Listener, Message
from host_tests.end_to_end.process import Process, until
from host_tests.end_to_end.several import CELLS_MV, Setup, bus_of, config_of, line_in
from host_tests.end_to_end.web import has

PERIOD_S = 10  # of the device's own clock, in which a pack is read ten times

ONE_BUS = (config_of({"name": "front"}, {"name": "rear", "address": 2}), bus_of("front", "rear"))
TWO_PORTS = (config_of({"name": "front"}, {"name": "rear", "uart": 1}), bus_of("front"), bus_of("rear"))


@pytest.fixture(params=[ONE_BUS, TWO_PORTS], ids=["one-bus", "two-ports"])
def two(request, tmp_path):
    with Setup(tmp_path, *request.param) as setup:
        setup.wait_online("front", "rear")
        yield setup


def test_each_of_two_has_its_own_values_everywhere(two):
    names = ("front", "rear")
    assert [(name, two.packs()[name]["cells_mv"]) for name in names] == [(name, CELLS_MV[name]) for name in names]
    with two.firmware.events() as stream:
        for name in names:
            stream.wait_for({"pack": name, "cells_mv": CELLS_MV[name], "link": "online"})
    with Listener(two.broker.port) as listener:
        for name in names:
            state = listener.wait(f"evencell/{two.firmware.id}/{name}/state").json()
            assert has(state, {"pack": name, "cells_mv": CELLS_MV[name]})
            listener.wait(f"/{name}/link", "online")


@pytest.mark.parametrize("setup", [ONE_BUS, TWO_PORTS], ids=["one-bus", "two-ports"])
def test_one_that_falls_silent_leaves_the_other_at_its_pace(tmp_path, setup):
    with Setup(tmp_path, *setup) as running:
        running.wait_online("front", "rear")
        with Listener(running.broker.port) as listener, running.firmware.events() as stream:
            listener.wait("/front/link", "online")
            listener.wait("/rear/link", "online")
            before = len(listener.messages)
            running.lines[-1].switch("+silent@2" if len(running.lines) == 1 else "+silent")
            listener.wait("/rear/link", "offline", before)
            stream.wait_for({"pack": "rear", "link": "offline", "cells_mv": CELLS_MV["rear"]})
            until(lambda: readings_in_a_period(running, "front") >= PERIOD_S - 1, "front is read every second")
            assert listener.payloads("/front/link", before) == []
            packs = running.packs()
            assert (packs["front"]["link"], packs["front"]["diagnosis"]["verdict"]) == ("online", "ok")
            assert (packs["rear"]["link"], packs["rear"]["diagnosis"]["verdict"]) == ("offline", "silent")
            running.lines[-1].switch("-silent")
            listener.wait("/rear/link", "online", len(listener.messages))


def readings_in_a_period(running: Setup, name: str) -> int:
    """How often a pack was read in the next ten seconds of the device's own clock."""
    start = running.firmware.status()
    until(lambda: uptime_s(running) >= start["device"]["uptime_s"] + PERIOD_S, "the period is over")
    started = next(status["sequence"] for status in start["packs"] if status["pack"] == name)
    return running.packs()[name]["sequence"] - started


def uptime_s(running: Setup) -> int:
    return running.firmware.status()["device"]["uptime_s"]


def test_three_packs_with_no_pause_share_the_wire_equally(tmp_path):
    names = ("front", "middle", "rear")
    packs = [{"name": name, "address": i + 1, "interval_ms": 0} for i, name in enumerate(names)]
    with Setup(tmp_path, config_of(*packs), bus_of(*names)) as running:
        running.wait_online(*names)
        before = running.packs()
        until(lambda: running.packs()["rear"]["sequence"] >= before["rear"]["sequence"] + 30, "thirty readings")
        after = running.packs()
        readings = [after[name]["sequence"] - before[name]["sequence"] for name in names]
        assert max(readings) - min(readings) <= 2, readings
        assert [after[name]["cells_mv"] for name in names] == [CELLS_MV[name] for name in names]


def test_two_on_a_bus_and_one_on_a_port_of_its_own(tmp_path):
    packs = ({"name": "front"}, {"name": "middle", "uart": 0, "address": 2}, {"name": "rear", "uart": 1})
    with Setup(tmp_path, config_of(*packs), bus_of("front", "middle"), bus_of("rear")) as running:
        running.wait_online(*CELLS_MV)
        assert {name: status["cells_mv"] for name, status in running.packs().items()} == CELLS_MV
        assert set(running.firmware.get("/healthz").json()["restarts"]) >= {"poller", "poller2"}
        running.lines[0].kill()
        running.firmware.wait_for_line("front: link offline")
        running.firmware.wait_for_line("middle: link offline")
        assert running.packs()["rear"]["link"] == "online"


def test_alarm_is_that_of_its_own_pack(tmp_path):
    with Setup(tmp_path, *ONE_BUS) as running, Listener(running.broker.port) as listener:
        running.wait_online("front", "rear")
        running.lines[0].switch("+overvoltage@2")
        listener.messages.wait(lambda message: is_alarm(message, "rear", "overvoltage"), "the alarm")
        packs = running.packs()
        assert (packs["front"]["alarms"], packs["rear"]["alarms"]) == ([], ["overvoltage"])
        assert not any(is_alarm(message, "front", "overvoltage") for message in listener.messages)


def is_alarm(message: Message, pack: str, name: str) -> bool:
    return message.topic.endswith(f"/{pack}/event") and has(message.json(), {"type": "alarm", "name": name})


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ({"uart": 1}, "packs[1]: UART 1 needs a port of its own: name it as --port number 2; rear stays offline"),
        ({"uart": 0}, "packs[1]: front has the same uart and address already; rear stays offline"),
    ],
    ids=["no-port", "same-address"],
)
def test_pack_without_a_place_stays_offline_and_nothing_else_stops(tmp_path, second, sentence):
    config = config_of({"name": "front"}, {"name": "rear", **second})
    with Setup(tmp_path, config, bus_of("front")) as running, Listener(running.broker.port) as listener:
        running.wait_online("front")
        assert running.firmware.log().count(sentence) == 1
        assert running.firmware.status()["device"]["config_faults"] == [sentence]
        packs = running.packs()
        assert packs["front"]["cells_mv"] == CELLS_MV["front"]
        assert has(packs["rear"], {"link": "offline", "cells_mv": None, "sequence": 0})
        assert listener.wait("/front/state").json()["cells_mv"] == CELLS_MV["front"]


def test_run_takes_a_port_for_each_uart(tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"http": {"enabled": false}, "packs": [{"name": "front"}, {"name": "rear", "uart": 1}]}')
    with line_in(tmp_path / "a", bus_of("front")) as first, line_in(tmp_path / "b", bus_of("rear")) as second:
        ports = ["--port", first.link, "--port", second.link]
        with Process([EVENCELL, "run", *ports, "--config", config, "--data", tmp_path / "flash"]) as process:
            for name in ("front", "rear"):
                process.lines.wait(lambda line, name=name: f"{name}: link online" in line, name)
        assert_one_sentence(evencell("run", "--port", first.link, "--port", tmp_path / "nowhere"))
