"""Readings in a real store: what comes back from VictoriaMetrics is what the firmware on MicroPython has read."""

import contextlib
import socket

from evencell.pack.alarms import ALARMS
from evencell.pack.status import BALANCE_STATES
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Firmware, Simulator
from host_tests.end_to_end.process import until
from host_tests.end_to_end.several import CELLS_MV, bus_of
from host_tests.store import Store

AS_THEY_ARE = (
    *("pack_mv", "average_mv", "delta_mv", "highest_cell", "lowest_cell", "cells_detected", "cells_configured"),
    *("balance_ma", "balancing_enabled", "trigger_mv", "max_balance_ma", "temperature_c", "temperature_raw"),
    "alarms_raw",
)
SECRET = "correct-horse"


@contextlib.contextmanager
def device_with(folder, url: str, options=FIXED, packs=({"temperature_scale": "0.1"},), **more):
    """The firmware at a simulated line, sending to `url` each second."""
    config = {"packs": list(packs), "influx": {"url": url, "batch_s": 1, **more}}
    with Simulator(folder, *options) as simulator, Firmware(folder, simulator.link, config=config) as firmware:
        for pack in packs:
            firmware.wait_for_line(f"{pack.get('name', 'pack1')}: link online")
        yield firmware


def stored(store: Store, firmware: Firmware, pack: str) -> dict[str, dict]:
    """Value by second, of each field that the store has of a pack."""
    return {
        name: values for (name, device, of), values in store.series().items() if (device, of) == (firmware.id, pack)
    }


def expected(status: dict) -> dict:
    values = {f"evencell_{key}": status[key] for key in AS_THEY_ARE}
    values |= {f"evencell_cell_{cell}_mv": cell_mv for cell, cell_mv in enumerate(status["cells_mv"], 1) if cell_mv}
    values |= {f"evencell_alarm_{name}": name in status["alarms"] for name in ALARMS}
    return values | {"evencell_balance_state": BALANCE_STATES.index(status["balance_state"])}


def status_of(firmware: Firmware, name: str) -> dict:
    return next(pack for pack in firmware.status()["packs"] if pack["pack"] == name)


def assert_stored(store: Store, firmware: Firmware, name: str, cells_mv: list):
    """Three readings at least, each with the values of the status; two of them are known to be there at their times."""
    first = status_of(firmware, name)
    assert first["cells_mv"] == cells_mv
    until(lambda: len(times_s(store, firmware, name)) >= 3, "three readings")
    wanted_s = {first["time"], status_of(firmware, name)["time"]}
    until(lambda: wanted_s <= set(times_s(store, firmware, name)), "the readings of then and now")
    fields = stored(store, firmware, name)
    for field, value in expected(first).items():
        assert set(fields.pop(field).values()) == {value}, field
    assert fields == {}


def times_s(store: Store, firmware: Firmware, pack: str) -> list:
    return list(stored(store, firmware, pack).get("evencell_pack_mv", ()))


def test_every_field_at_its_time(tmp_path):
    with Store() as store, device_with(tmp_path, store.url) as firmware:
        assert_stored(store, firmware, "pack1", FIXED_MV)
        counts = firmware.status()["device"]["influx"]
        assert counts["sent"] >= 3 and counts["dropped"] == 0
        assert firmware.get("/metrics").body.decode().count("evencell_influx_") == 12


def test_two_packs_are_two_series(tmp_path):
    packs = [{"name": name, "address": i, "temperature_scale": "0.1"} for i, name in enumerate(("front", "rear"), 1)]
    with Store() as store, device_with(tmp_path, store.url + "/write?db=x", bus_of("front", "rear"), packs) as firmware:
        for name in ("front", "rear"):
            assert_stored(store, firmware, name, CELLS_MV[name])


def test_reading_of_an_outage_is_stored_later(tmp_path):
    with Store() as store, device_with(tmp_path, store.url) as firmware:
        until(lambda: times_s(store, firmware, "pack1"), "a reading in the store")
        store.kill()
        firmware.wait_for_line("next try in 1 s")
        read_s = until(lambda: firmware.pack()["time"], "a reading")
        firmware.wait_for_line("next try in 2 s")
        assert firmware.get("/healthz").status == 200
        store.start()
        until(lambda: read_s in times_s(store, firmware, "pack1"), "the reading of then")


def test_silent_store_holds_up_no_other_part(tmp_path):
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, device_with(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}") as firmware:
        before = firmware.pack()
        assert "timed out: no answer from 127.0.0.1:" in firmware.wait_for_line("next try in 1 s")
        after = until(lambda: later(firmware.status(), before["sequence"] + 5), "readings meanwhile")
        assert after["packs"][0]["diagnosis"]["verdict"] == "ok"
        counts = after["device"]["influx"]
        assert counts["sent"] == 0 and counts["waiting"] >= 5
        assert firmware.get("/healthz").json()["restarts"]["influx"] == 0


def later(status: dict, sequence: int) -> dict | None:
    return status if status["packs"][0]["sequence"] >= sequence else None


def test_password_of_the_store_is_sent(tmp_path):
    strict = Store("-httpAuth.username=me", f"-httpAuth.password={SECRET}")
    with strict as store, device_with(tmp_path, store.url, user="me", password=SECRET) as firmware:
        until(lambda: firmware.status()["device"]["influx"]["sent"] >= 3, "three readings sent")
        log = firmware.stop()
    assert "the store" not in log and SECRET not in log


def test_readings_wait_until_a_refused_password_is_repaired(tmp_path):
    """401 for a while, then the store takes the password: no reading is missing, and the log never shows it."""
    strict = Store("-httpAuth.username=me", "-httpAuth.password=another")
    with strict as store, device_with(tmp_path, store.url, user="me", password=SECRET) as firmware:
        firmware.wait_for_line("influx.password; ")
        read_s = {firmware.pack()["time"], until(lambda: later(firmware.status(), 5), "more")["packs"][0]["time"]}
        firmware.wait_for_line("next try in 2 s")
        counts = firmware.status()["device"]["influx"]
        assert (counts["sent"], counts["dropped"]) == (0, 0) and "401" in counts["problem"]
        store.kill()
        store.use()
        store.start()
        until(lambda: read_s <= set(times_s(store, firmware, "pack1")), "the readings of then")
        assert firmware.status()["device"]["influx"]["problem"] is None
        log = firmware.stop()
    assert SECRET not in log
