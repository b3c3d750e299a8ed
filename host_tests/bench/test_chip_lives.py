"""Whole lives in the model of a chip's two heaps: promised sets live, and a network that starves is noticed."""

import contextlib
import http.client
import time

import pytest

from host_tests.needs import need_broker, need_chip_port, need_faketime
from tools.bench.chip import deliveries, first_contact, peaks
from tools.bench.chip.device import SPEED, ChipDevice
from tools.bench.chip.life import SHORT_MINUTES, answer_of
from tools.bench.chip.measure import CASES, SETS, measured
from tools.bench.chip.sets import STREAMS
from tools.bench.fast import Fast
from tools.bench.subscriber import subscribe
from tools.bench.watchers import Stream

LEAK_SEEN_WITHIN_S = 600
REPEATS = 5
NAMES_ROOM = 64
CONFIG, RESTORE = "/api/v1/config", "/api/v1/restore"
FLOOD = 50
ANSWERS = 4
BIRTH_PAUSE_S = 30
# Frozen and with PSRAM the largest sets stand for all: the GC heap has one size there.
TESTED = [case for case in CASES if case.is_promised and (case.way == "files" or case.name in ("full", "full_tls"))]


@pytest.fixture(scope="module", autouse=True)
def needed():
    need_chip_port()
    need_faketime()
    need_broker()


@pytest.mark.parametrize("case", TESTED, ids=lambda case: f"{case.name}-{case.way}")
def test_a_promised_set_fits(case):
    found = measured(case, SHORT_MINUTES)
    assert found.shortcomings == [], found.life.log


@pytest.mark.parametrize("gc_bytes", first_contact.GC_BYTES)
def test_a_device_is_set_up_by_phone(gc_bytes):
    found = first_contact.live(deliveries.files("full"), gc_bytes)
    assert found.problems == [], found.log


def test_no_request_raises_the_heap_beyond_its_bounds():
    """Data of 8 KB; code that is loaded for it takes 16 KB at most."""
    for request, (raised_bytes, code_bytes) in zip(peaks.ROUNDS[1], peaks.peaks().values(), strict=True):
        assert raised_bytes - code_bytes <= 8_192, request
        assert code_bytes <= 16_384, request


def test_requests_of_an_owner_never_make_the_heap_grow(tmp_path):
    """Beside four browsers, whose event streams end for it and come back; now and then a request is asked for again."""
    wanted = SETS["page_mqtt"]
    case = next(case for case in CASES if case.name == "page_mqtt" and case.way == "files")
    with contextlib.ExitStack() as running:
        fast = Fast(tmp_path, running, SPEED)
        config = peaks.owners_config(wanted.config(fast.http_port, fast.broker()))
        device = ChipDevice(deliveries.files(wanted.profile), config, case.plan, tmp_path / "device", running, fast)
        device.start(fast.simulator())
        wait_for(lambda: "mqtt: connected" in device.text(), device)
        door = peaks.Door(fast.http_port)
        wait_for(lambda: door.log_in() == 204, device)
        streams = [Stream(fast.http_port, running) for _ in range(STREAMS)]
        changes = [peaks.Request("PATCH", CONFIG, {"name": f"{i}", "mqtt": {"publish_s": 60 + i}}) for i in range(10)]
        restores = [peaks.Request("POST", RESTORE, config | {"name": f"{i}"}) for i in range(3)]
        for request in [*peaks.ROUNDS[0], *changes, *restores]:
            streams = [stream if stream.is_open else Stream(fast.http_port, running) for stream in streams]
            response = answered(door, request)
            assert response.status in (200, 201, 204, 404), f"{request}: {response.status}\n{device.text()}"
        streams = [stream if stream.is_open else Stream(fast.http_port, running) for stream in streams]
        figures = device.figures.read()
        assert figures.gc_total <= case.gc_bytes + 2_048, device.text()
        assert figures.names_room >= NAMES_ROOM, "the next name makes their table grow, by 9 KB"
        assert device.is_running() and device.starts == 1, device.text()
        assert all(stream.opened for stream in streams)


def test_a_flood_of_birth_messages_is_answered_at_a_pace(tmp_path):
    """Retained ones, too, from a real broker; the last one is answered, and the heap does not grow."""
    wanted = SETS["page_mqtt_discovery"]
    case = next(case for case in CASES if case.name == "page_mqtt_discovery" and case.way == "files")
    with contextlib.ExitStack() as running:
        fast = Fast(tmp_path, running, SPEED)
        broker_port = fast.broker()
        announced: list[float] = []
        topic = "homeassistant/device/+/config"
        client = subscribe(broker_port, [topic], lambda _message: announced.append(time.monotonic()))
        running.callback(client.loop_stop)
        running.callback(client.disconnect)
        config = wanted.config(fast.http_port, broker_port)
        device = ChipDevice(deliveries.files(wanted.profile), config, case.plan, tmp_path / "device", running, fast)
        device.start(fast.simulator())
        wait_for(lambda: announced, device)
        began_s = time.monotonic()
        for _ in range(ANSWERS):  # each flood begins when the one before it was answered
            before = len(announced)
            for number in range(FLOOD):
                last = client.publish("homeassistant/status", "online", qos=1, retain=number % 2 == 0)
            last.wait_for_publish()
            wait_for(lambda before=before: len(announced) > before, device)
        # The first is answered at once, the others half a minute later each; one announcement may have another reason.
        assert (time.monotonic() - began_s) * SPEED >= (ANSWERS - 2) * BIRTH_PAUSE_S
        assert device.figures.read().gc_total <= case.gc_bytes + 2_048, device.text()
        assert device.is_running() and device.starts == 1, device.text()


def test_a_starving_network_ends_in_a_restart_with_its_reason(tmp_path):
    """The driver takes more and more: that is said, load is shed, and the device starts again."""
    wanted = SETS["page_history"]
    with contextlib.ExitStack() as running:
        fast = Fast(tmp_path, running, SPEED)
        config = wanted.config(fast.http_port, None)
        case = next(case for case in CASES if case.name == "page_history" and case.way == "files")
        device = ChipDevice(deliveries.files(wanted.profile), config, case.plan, tmp_path / "device", running, fast)
        device.start(fast.simulator())
        wait_for(lambda: "network: connected" in device.text(), device)
        device.leak()
        wait_for(lambda: device.starts > 1, device)
        device.access_point(True)
        log = device.text()
        assert "off for now: event streams" in log
        assert "resetting the radio" in log
        assert "restarting" in log
        wait_for(lambda: (device.root / "crashes.json").exists(), device)
        assert "memory" in (device.root / "crashes.json").read_text()


def test_a_set_that_does_not_fit_ends_in_safe_mode_with_its_page(tmp_path):
    """It ran out of memory three times; what it lacks is in the log."""
    wanted = SETS["full"]
    with contextlib.ExitStack() as running:
        fast = Fast(tmp_path, running, SPEED)
        config = wanted.config(fast.http_port, fast.broker())
        case = next(case for case in CASES if case.name == "page_history" and case.way == "files")
        plan = case.plan + "lives page history\n"
        device = ChipDevice(deliveries.files(wanted.profile), config, plan, tmp_path / "device", running, fast)
        device.start(fast.simulator())
        wait_for(lambda: "safe mode: the last 3 starts" in device.text(), device)
        assert device.starts == 4
        assert "take more together than this board has" in device.text()
        wait_for(lambda: answers(fast.http_port, "/"), device)
        assert answers(fast.http_port, "/api/v1/status")


def answered(door: peaks.Door, request: peaks.Request):
    """The response, asked for again where there was no memory, after the time that the device names.

    Also where the connection was closed: on a busy computer a request is too slow for a clock that runs so fast.
    """
    for _ in range(REPEATS):
        with contextlib.suppress(http.client.RemoteDisconnected):
            response = door.response(request)
            if response.status != 503:
                return response
            time.sleep(int(response.headers["Retry-After"]) / SPEED)
    raise AssertionError(f"{request}: no answer but 503")


def answers(http_port: int, path: str) -> bool:
    """Whether this is served."""
    with contextlib.suppress(OSError):
        return answer_of(http_port, path, LEAK_SEEN_WITHIN_S) == 200
    return False


def wait_for(condition, device: ChipDevice):
    """Until it is true; fails with the log where the device ends, or takes too long."""
    end_s = time.monotonic() + LEAK_SEEN_WITHIN_S
    while not condition():
        assert device.is_running() and time.monotonic() < end_s, device.text()
        time.sleep(0.05)
