"""Each fault of the simulator leads to what its row says, on the page's data, and that is gone after it."""

import time

import pytest

from host_tests.end_to_end.chain import Chain
from host_tests.end_to_end.process import until
from tools.sim.faults import FAULTS

# Arguments that make a fault plain in a few seconds; the others are as in their examples.
PLAIN = {"lost": "lost:0.6", "noise": "noise:0.7", "drop": "drop:0.7", "burst": "burst:0.7", "flap": "flap:12"}
SETTLED = {"packs": [{"temperature_scale": "0.1"}]}


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("faults"), config=SETTLED, broker=False) as chain:
        until(lambda: is_well(chain.firmware.pack()), "a healthy pack")
        yield chain


def is_well(pack: dict) -> bool:
    return pack["link"] == "online" and pack["diagnosis"]["verdict"] == "ok" and pack["alarms"] == []


def shows(pack: dict, wanted: str) -> bool:
    """Whether the pack's data shows what a row says: a verdict, `alarm NAME`, `link NAME`, or `ok`."""
    kind, _, name = wanted.partition(" ")
    if kind == "alarm":
        return name in pack["alarms"]
    if kind == "link":
        return pack["link"] == name
    if wanted == "ok":
        return is_well(pack)
    return pack["diagnosis"]["verdict"] == wanted


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_has_its_effect_and_ends(chain, fault, record_property):
    started = time.monotonic()
    chain.simulator.switch("+" + PLAIN.get(fault.name, fault.example))
    try:
        read = chain.firmware.pack()["sequence"]
        if fault.leads_to == ("ok",):
            until(lambda: chain.firmware.pack()["sequence"] > read + 3, "readings")
        until(lambda: any(shows(chain.firmware.pack(), wanted) for wanted in fault.leads_to), str(fault.leads_to))
        record_property("seen_after_s", round(time.monotonic() - started, 1))
    finally:
        chain.simulator.switch("-" + fault.name)
    started = time.monotonic()
    until(lambda: is_well(chain.firmware.pack()), "a healthy pack again")
    record_property("gone_after_s", round(time.monotonic() - started, 1))


def test_echo_of_a_silent_balancer_is_named(chain):
    chain.simulator.switch("+echo")
    chain.simulator.switch("+silent")
    until(lambda: chain.firmware.pack()["diagnosis"]["verdict"] == "echo only", "echo only")
    chain.simulator.switch("-echo")
    chain.simulator.switch("-silent")
    until(lambda: is_well(chain.firmware.pack()), "a healthy pack again")
