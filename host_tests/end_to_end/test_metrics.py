"""`/metrics` of the firmware on MicroPython, as Prometheus' own parsers read it, against /api/v1/status."""

import contextlib

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from evencell.forward.status_json import LINE_COUNTERS
from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import ALARMS
from evencell.pack.pack import LINKS
from evencell.pack.status import BALANCE_STATES
from host_tests.broker import Broker, free_port
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, Chain, Firmware, Simulator
from host_tests.end_to_end.process import until
from host_tests.end_to_end.several import CELLS_MV, Setup, bus_of, config_of
from host_tests.needs import need_broker

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
# What the scrapers of Prometheus 2 and 3 send, shortened.
ACCEPT = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3"
FORMATS = {"text": ({}, TEXT, parse_text), "openmetrics": ({"Accept": ACCEPT}, OPENMETRICS, parse_openmetrics)}

HEAP_KIB = 280
ONCE = {"interval_ms": 86_400_000}  # one reading, which stays
MOVING = {"uptime_seconds", "heap_free_bytes", "reading_age_seconds", "mqtt_sent_total"}
IN_VOLTS = {"pack_mv": "pack_volts", "average_mv": "average_volts", "delta_mv": "delta_volts"} | {
    "trigger_mv": "trigger_volts",
    "balance_ma": "balance_amperes",
    "max_balance_ma": "max_balance_amperes",
}
AS_THEY_ARE = ("highest_cell", "lowest_cell", "cells_detected", "cells_configured", "temperature_raw", "alarms_raw")


def scraped(firmware: Firmware, form: str) -> dict:
    """Value by (name, labels), as the format's parser finds it; no two lines may be of the same series."""
    headers, content_type, parse = FORMATS[form]
    answer = web.request(firmware.http_port, "/metrics", headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    text = answer.body.decode()
    assert text.endswith("# EOF\n") == (form == "openmetrics")
    lines = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(set(lines)) == len(lines)
    families = list(parse(text))
    assert len({family.name for family in families}) == len(families)
    samples = [sample for family in families for sample in family.samples]
    assert len(samples) == len(lines)
    for family in families:
        assert family.type != "unknown" and family.documentation, family.name
        assert all(sample.name.endswith("_total") == (family.type == "counter") for sample in family.samples)
    return {series(sample.name, **sample.labels): sample.value for sample in samples}


def series(name: str, /, **labels) -> tuple:
    return name.removeprefix("evencell_"), tuple(sorted(labels.items()))


def expected(status: dict, restarts: dict) -> dict:
    """Every series but the moving ones, from the JSON."""
    device = status["device"]
    labels = {key: device[key] for key in ("id", "name", "board", "profile", "reset_cause")}
    values = {
        series("device_info", version=device["firmware"], **labels): 1,
        series("crashes"): device["crashes"],
        series("config_faults"): len(device["config_faults"]),
        series("safe_mode"): device["safe_mode"] is not None,
    }
    if device["mqtt"]:
        values[series("mqtt_connected")] = device["mqtt"]["state"] == "connected"
        values[series("mqtt_dropped_total")] = device["mqtt"]["dropped"]
    if device["journal"]:
        journal = {**device["journal"]}
        values |= {series(f"journal_{name}_total"): journal.pop(name) for name in ("thinned", "dropped")}
        values |= {series(f"journal_{name}"): value for name, value in journal.items()}
    values |= {series("part_restarts_total", part=part): count for part, count in restarts.items()}
    for pack in status["packs"]:
        values |= expected_of(pack) | expected_reading(pack)
    return values


def expected_of(status: dict) -> dict:
    """What is there before the first reading, too."""
    pack, diagnosis = {"pack": status["pack"]}, status["diagnosis"]
    values = {
        series("pack_info", model=status["model"], **pack): 1,
        series("readings_total", **pack): status["sequence"],
        series("diagnosis_info", verdict=diagnosis["verdict"], **pack): 1,
    }
    if status["link"]:
        values |= {series("link", state=link, **pack): link == status["link"] for link in LINKS}
    values |= {series(f"line_{name}_total", **pack): diagnosis[name] for name in LINE_COUNTERS}
    return values | {
        series("doubted_total", reason=reason, **pack): diagnosis.get("doubted_" + reason, 0) for reason in REASONS[1:]
    }


def expected_reading(status: dict) -> dict:
    pack = {"pack": status["pack"]}
    values = {series(name, **pack): status[key] / 1000 for key, name in IN_VOLTS.items() if status[key] is not None}
    values |= {series(key, **pack): status[key] for key in AS_THEY_ARE if status[key] is not None}
    for name, value in (
        ("temperature_celsius", status["temperature_c"]),
        ("reading_time_seconds", status["time"]),
        ("balance_raw", status["diagnosis"]["balance_raw"]),
        ("balancing_enabled", status["balancing_enabled"]),
    ):
        values |= {} if value is None else {series(name, **pack): value}
    if status["pack_mv"] is None:
        return values
    for cell, cell_mv in enumerate(status["cells_mv"], 1):
        values |= {} if cell_mv is None else {series("cell_volts", cell=str(cell), **pack): cell_mv / 1000}
    values |= {series("alarm", alarm=name, **pack): name in status["alarms"] for name in ALARMS}
    return values | {
        series("balance_state", state=state, **pack): state == status["balance_state"] for state in BALANCE_STATES
    }


def settled(firmware: Firmware) -> dict:
    """A status between two polls: asked twice, it says the same."""

    def still():
        before, after = firmware.status(), firmware.status()
        return after if counters(before) == counters(after) else None

    return until(still, "a status that stands still")


def counters(status: dict) -> list:
    return [(pack["sequence"], pack["diagnosis"]) for pack in status["packs"]]


def assert_equals_status(firmware: Firmware, form: str):
    before = settled(firmware)
    values = scraped(firmware, form)
    restarts = firmware.get("/healthz").json()["restarts"]
    moving = {key: value for key, value in values.items() if key[0] in MOVING}
    assert {key: value for key, value in values.items() if key not in moving} == expected(before, restarts)
    after = firmware.status()
    assert before["device"]["uptime_s"] <= moving[series("uptime_seconds")] <= after["device"]["uptime_s"]
    assert moving[series("heap_free_bytes")] > 0
    for old, new in zip(before["packs"], after["packs"], strict=True):
        if old["age_ms"] is not None:
            age_s = moving[series("reading_age_seconds", pack=old["pack"])]
            assert old["age_ms"] / 1000 <= age_s <= new["age_ms"] / 1000


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """One reading of fixed cells, on a device whose name needs every escape there is."""
    config = {"name": 'a "b" \\ \n°', "packs": [{**ONCE, "temperature_scale": "0.1"}]}
    with Chain(tmp_path_factory.mktemp("once"), *FIXED, config=config, broker=False) as chain:
        yield chain.firmware


@pytest.mark.parametrize("form", FORMATS)
def test_every_value_is_that_of_the_status(once, form):
    assert once.pack()["temperature_c"] is not None
    assert_equals_status(once, form)


def test_openmetrics_has_units(once):
    text = web.request(once.http_port, "/metrics", headers={"Accept": ACCEPT}).body.decode()
    units = {family.name: family.unit for family in parse_openmetrics(text) if family.unit}
    assert units["evencell_cell_volts"] == "volts"
    assert units["evencell_temperature_celsius"] == "celsius"
    assert units["evencell_balance_amperes"] == "amperes"
    assert units["evencell_line_rubbish_bytes"] == "bytes"


def test_head_has_no_body(once):
    answer = web.raw(once.http_port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n") and b"200" in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("form", FORMATS)
def test_two_packs(tmp_path, form):
    config = config_of({"name": "front", **ONCE}, {"name": "rear", "address": 2, **ONCE})
    with Setup(tmp_path, config, bus_of("front", "rear")) as setup:
        setup.wait_online("front", "rear")
        assert [pack["cells_mv"] for pack in setup.packs().values()] == [CELLS_MV["front"], CELLS_MV["rear"]]
        assert_equals_status(setup.firmware, form)


def test_what_was_never_read_is_left_out(tmp_path):
    config = {"packs": [{**ONCE, "timeout_ms": 100}]}
    with (
        Simulator(tmp_path, "--address", "2") as simulator,
        Firmware(tmp_path, simulator.link, config=config) as device,
    ):
        until(lambda: device.pack()["diagnosis"]["timeouts"] >= 2, "asked in vain")
        assert device.pack()["pack_mv"] is None
        for form in FORMATS:
            assert_equals_status(device, form)
            assert not {name for name, _ in scraped(device, form)} & {"cell_volts", "pack_volts", "alarm"}


def test_an_alarm_is_1_beside_its_zeros(tmp_path):
    with Chain(tmp_path, *FIXED, "--fault", "wire_resistance", config={"packs": [ONCE]}, broker=False) as chain:
        values = scraped(chain.firmware, "openmetrics")
        alarms = {dict(labels)["alarm"]: value for (name, labels), value in values.items() if name == "alarm"}
        assert alarms == {**dict.fromkeys(ALARMS, 0), "wire_resistance": 1}
        assert_equals_status(chain.firmware, "text")


@pytest.mark.parametrize("form", FORMATS)
def test_what_waits_for_a_broker_that_is_away(tmp_path, form):
    config = {"packs": [{**ONCE, "temperature_scale": "0.1"}]}
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Firmware(tmp_path, simulator.link, config=config, mqtt=free_port()) as device,
    ):
        until(lambda: device.status()["device"]["journal"]["waiting"] == 1, "a reading that waits")
        assert_equals_status(device, form)


def test_readings_without_public_read_are_refused(tmp_path):
    config = {"http": {"public_read": False}}
    with Simulator(tmp_path, *FIXED) as simulator, Firmware(tmp_path, simulator.link, config=config) as device:
        assert device.get("/metrics").status == 401


def test_a_scrape_has_room_beside_four_browsers(tmp_path):
    """In 24 KiB more than the profile lives in without (test_heap.py)."""
    need_broker()
    fast = {"packs": [{"interval_ms": 0}]}
    with contextlib.ExitStack() as running:
        simulator = running.enter_context(Simulator(tmp_path, *FIXED))
        broker = running.enter_context(Broker())
        options = {"config": fast, "mqtt": broker.port, "heap_kib": HEAP_KIB}
        firmware = running.enter_context(Firmware(tmp_path, simulator.link, **options))
        firmware.wait_for_line("link online")
        streams = [running.enter_context(firmware.events()) for _ in range(4)]
        for _ in range(20):
            assert scraped(firmware, "text")[series("link", pack="pack1", state="online")] == 1
        for stream in streams:
            stream.wait_for({"link": "online"}, len(stream.events))
