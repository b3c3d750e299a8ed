"""Killed parts: what the others say meanwhile, and that all comes back by itself."""

import pytest

from host_tests.broker import free_port
from host_tests.end_to_end.chain import EVENCELL, EVERY_SECOND, FIXED, FIXED_MV, Chain, Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process, until
from host_tests.end_to_end.web import has
from host_tests.needs import need_micropython

LINKS = ["stale", "offline"]
SOON_OFFLINE = {"packs": [{"interval_ms": 200, "timeout_ms": 300}]}


@pytest.fixture
def chain(tmp_path):
    """One that declares only late parts late."""
    with Chain(tmp_path, *FIXED, config=EVERY_SECOND) as chain:
        yield chain


@pytest.fixture
def hasty(tmp_path):
    """One that soon takes its balancer for offline, on a busy computer perhaps too soon."""
    with Chain(tmp_path, *FIXED, config=SOON_OFFLINE) as chain:
        yield chain


def said(events, since: int) -> list[str]:
    """Links that an event stream told as alarms."""
    return [data["value"] for name, data in list(events)[since:] if name == "alarm" and data["type"] == "link"]


def shown(stream, since: int) -> list[str]:
    """The links that statuses showed, each once while it lasted."""
    links = [status["link"] for status in stream.statuses(since)]
    return [link for i, link in enumerate(links) if i == 0 or link != links[i - 1]]


def test_killed_balancer_is_stale_then_offline_then_online_again_each_said_once(chain):
    with chain.firmware.events() as stream, Listener(chain.broker.port) as listener:
        listener.wait("/pack1/link", "online")
        heard, seen = len(listener.messages), len(stream.events)
        chain.simulator.kill()
        stream.wait_for({"link": "offline", "cells_mv": FIXED_MV}, seen)
        listener.wait("/pack1/link", "offline", heard)
        dead = len(stream.events)
        chain.simulator.start()
        stream.wait_for({"link": "online", "cells_mv": FIXED_MV}, dead)
        stream.wait_for({"link": "online"}, len(stream.events))
        listener.messages.wait(lambda message: is_link_event(message, "online"), "told on MQTT", heard)
    assert listener.payloads("/pack1/link", heard) == [*LINKS, "online"]
    assert said(stream.events, seen) == [*LINKS, "online"]
    assert [link for link in shown(stream, seen) if link != "online"] == LINKS
    events = [message.json() for message in list(listener.messages)[heard:] if is_link_event(message)]
    assert [event["value"] for event in events] == [*LINKS, "online"]
    assert all(has(event, {"pack": "pack1", "name": "link"}) and event["time"] for event in events)


def is_link_event(message, link: str | None = None) -> bool:
    """Whether this message tells a changed link, or the change to this one."""
    if not message.topic.endswith("/pack1/event"):
        return False
    event = message.json()
    return event["type"] == "link" and link in (None, event["value"])


def test_last_values_stay_and_grow_old_while_the_balancer_is_dead(hasty):
    hasty.simulator.kill()
    first = until(lambda: offline(hasty.firmware.pack()), "offline")
    later = until(lambda: older(hasty.firmware.pack(), first["age_ms"] + 500), "half a second older")
    for pack in (first, later):
        assert has(pack, {"cells_mv": FIXED_MV, "pack_mv": 13200, "sequence": first["sequence"], "time": first["time"]})
    assert first["age_ms"] > 300
    with Listener(hasty.broker.port) as listener:
        listener.wait("/pack1/link", "offline")
    with Listener(hasty.broker.port) as newcomer:
        link = newcomer.wait("/pack1/link")
        availability = newcomer.wait("/availability")
    assert (link.payload, link.retained) == ("offline", True)
    assert (availability.payload, availability.retained) == ("online", True)
    assert hasty.firmware.get("/healthz").status == 200


def offline(pack: dict) -> dict | None:
    return pack if pack["link"] == "offline" else None


def older(pack: dict, age_ms: int) -> dict | None:
    return pack if pack["age_ms"] >= age_ms else None


def test_killed_broker_comes_back_and_gets_everything_again(chain):
    firmware = chain.firmware
    with Listener(chain.broker.port) as listener:
        for topic in ("/availability", "/pack1/link", "/pack1/state"):
            listener.wait(topic)
    chain.broker.kill()
    sequence = firmware.pack()["sequence"]
    firmware.wait_for_line("next try")
    pack = until(lambda: newer(firmware.pack(), sequence + 1), "readings without a broker")
    assert has(pack, {"link": "online", "cells_mv": FIXED_MV})
    assert firmware.get("/healthz").status == 200
    chain.broker.start()
    with Listener(chain.broker.port) as listener:
        listener.wait("/availability", "online")
        listener.wait("/pack1/link", "online")
        assert listener.wait("/pack1/state").json()["cells_mv"] == FIXED_MV
    with Listener(chain.broker.port) as newcomer:
        assert newcomer.wait("/availability").retained
        assert newcomer.wait("/pack1/link").retained


def newer(pack: dict, sequence: int) -> dict | None:
    return pack if pack["sequence"] > sequence else None


def test_a_balancer_lost_without_a_broker_is_published_when_that_is_back(hasty):
    hasty.simulator.kill()
    hasty.firmware.wait_for_line("link stale")
    hasty.broker.kill()
    until(lambda: offline(hasty.firmware.pack()), "offline")
    hasty.broker.start()
    with Listener(hasty.broker.port) as listener:
        listener.wait("/pack1/link", "offline")
        listener.wait("/availability", "online")
    assert "online" not in listener.payloads("/pack1/link")


def test_killed_firmware_is_declared_offline_by_the_broker(chain):
    with Listener(chain.broker.port) as listener:
        listener.wait("/availability", "online")
        chain.firmware.kill()
        listener.wait("/availability", "offline")
        with Listener(chain.broker.port) as newcomer:
            will = newcomer.wait("/availability")
            assert (will.payload, will.retained) == ("offline", True)
        device_id, heard = chain.firmware.id, len(listener.messages)
        chain.firmware.start()
        listener.wait(f"evencell/{device_id}/availability", "online", heard)


def test_a_balancer_that_never_answers_has_no_values(tmp_path):
    simulator = Simulator(tmp_path, "--address", "2")
    with simulator, Firmware(tmp_path, simulator.link, config=SOON_OFFLINE) as firmware:
        firmware.wait_for_line("link offline")
        assert_nothing_read(firmware)
        assert firmware.pack()["diagnosis"]["timeouts"] >= 3


def test_a_port_that_is_not_there_yet_is_opened_when_it_is(tmp_path):
    simulator = Simulator(tmp_path, *FIXED)
    with Firmware(tmp_path, simulator.link, config=SOON_OFFLINE) as firmware:
        firmware.wait_for_line("link offline")
        assert_nothing_read(firmware)
        with simulator:
            firmware.wait_for_line("link online")
            assert firmware.pack()["cells_mv"] == FIXED_MV


def test_without_a_terminal_too_the_firmware_outlives_its_port(tmp_path):
    """A session leader without a terminal gets the first one it opens as its own: here the pty."""
    need_micropython()
    port = free_port()
    with Simulator(tmp_path, *FIXED) as simulator:
        command = [EVENCELL, "run", "--port", simulator.link, "--http", f"127.0.0.1:{port}", "--data", tmp_path]
        with Process(command, process_group=-1, start_new_session=True) as process:
            process.lines.wait(lambda line: "link online" in line, "online")
            simulator.kill()
            process.lines.wait(lambda line: "link stale" in line, "stale")
            simulator.start()
            process.lines.wait(lambda line: "link online" in line, "online again", len(process.lines))


def assert_nothing_read(firmware: Firmware):
    pack = firmware.pack()
    nothing = dict.fromkeys(("pack_mv", "cells_mv", "delta_mv", "balance_state", "alarms", "age_ms", "time"))
    assert has(pack, {**nothing, "link": "offline", "sequence": 0})
    assert firmware.get("/api/v1/display").status == 200
    with firmware.events() as stream:
        stream.wait_for({"pack_mv": None, "link": "offline"})
