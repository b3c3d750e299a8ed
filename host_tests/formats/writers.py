"""Samples of what a device keeps, written by the firmware's own code with fixed clocks and numbers.

`samples/FORMAT/VERSION/` has a sample of each version that a device may have left (make.py).
"""

import os

from evencell.config.edit import commit, prepare
from evencell.display.extremes import Extremes
from evencell.forward.outbox.outbox import INFLUX, MQTT
from evencell.history.archive import keep, open_store
from evencell.power import marks
from evencell.power import settings as wake_settings
from evencell.power.state import RTC_BYTES, PackState, WakeState
from evencell.runtime import crash_file
from evencell.storage.key_value import KeyValueStore
from evencell.update import state as update_state
from host_tests.fakes import ScriptedHeaps
from host_tests.forward.outbox.test_outbox import NOON_S, Context, frame_of
from host_tests.history.history_helpers import history_of, reading
from host_tests.portable import ROOT

SAMPLES = ROOT + "/host_tests/formats/samples"
# What the firmware writes today. A format without a number in its content has one here: raise it when the bytes change.
VERSIONS = {"config": "0.1.0", "backup": 1, "encrypted_backup": 1, "history": 1, "outbox": 2, "wake": 5, "state": 2}
RUN_ID = 4711
FIRMWARE = "0.1.0"  # in samples that name one
PASSPHRASE = "a passphrase of samples"

_HASH = "pbkdf2-sha256$5000$000102030405060708090a0b0c0d0e0f$" + 32 * "5a"
# Each key at another value than its default, but those that exclude each other.
FULL = {
    "name": "Scooter", "profile": "full",
    "packs": [{"name": "front", "model": "jk_b2a24s", "uart": 1, "address": 2, "interval_ms": 2000, "timeout_ms": 500,
               "temperature_scale": "0.1", "writable": True, "chemistry": "nmc", "capacity_ah": 12.5, "cells": 8}],
    "wifi": {"networks": [{"ssid": "Home", "password": "a password"}], "hostname": "scooter", "txpower": 8.5,
             "power_save": "min", "country": "DE", "fallback_ap": True, "ap_password": "another password",
             "static": {"address": "192.168.1.20", "netmask": "255.255.0.0", "gateway": "192.168.1.1",
                        "dns": "192.168.1.2"}},
    "time": {"servers": ["192.168.1.1"], "interval_s": 900, "mqtt": True, "utc_offset_min": 60,
             "zone": "CET-1CEST,M3.5.0,M10.5.0/3"},
    "http": {"enabled": False, "host": "192.168.1.20", "port": 8080, "public_read": False,
             "origins": ["http://home.example:8123"]},
    "auth": {"password_hash": _HASH, "tokens": [{"name": "grafana", "hash": 32 * "a5"}]},
    "update": {"keys": [{"name": "owner", "modulus": 341 * "9" + "Q=="}]},
    "mqtt": {"enabled": True, "host": "192.168.1.5", "port": 8883, "user": "scooter", "password": "a third one",
             "tls": True, "ca": "ca.der", "fingerprint": 32 * "0f", "keepalive_s": 60, "prefix": "home/evencell",
             "publish_s": 60, "retain_state": True, "commands": True, "discovery": False, "discovery_prefix": "ha",
             "birth_topic": "ha/status"},
    "influx": {"url": "http://192.168.1.10:8086/write?db=evencell", "token": "a token", "user": "scooter",
               "password": "a fourth one", "measurement": "packs", "batch_s": 60},
    "journal": {"enabled": False, "max_kib": 512},
    "history": {"enabled": False},
    "display": {"driver": "st7789", "width": 240, "height": 135, "rotation": 90, "x_offset": 40, "y_offset": 53,
                "inverted": True, "bgr": False, "brightness": 60, "dim_after_s": 30, "off_after_s": 60,
                "saver_after_s": 600, "night": ["22:00", "06:00"], "night_brightness": 5, "dark_on_light": True,
                "temperature_unit": "F", "language": "de"},
    "log": {"level": "debug", "syslog": "192.168.1.5", "syslog_port": 5514},
    "control": {"builtin_rules": True, "builtin_output": True,
                "rules": [{"name": "warm", "field": "temperature_c", "above": 50, "below": -10, "hysteresis": 2,
                           "delay_s": 10, "severity": "danger", "text": "Stop riding.", "output": True}],
                "limits": {"cell_min_mv": 3000, "cell_max_mv": 4200, "charge_min_c": 5, "charge_max_c": 40},
                "w": {"enabled": True, "resistor": "on", "inverted": True, "guard_on_s": 120, "guard_every_s": 600,
                      "measure": True},
                "policy": {"preset": "custom", "by": "w", "at_start": "on", "min_on_s": 1200, "min_off_s": 300,
                           "conditions": [{"field": "delta_mv", "above": 20, "below": 500, "hysteresis": 5},
                                          {"field": "trend", "trend": "resting"},
                                          {"field": "time", "span": ["22:00", "06:00"]}]}},
    "pins": {"tx": 17, "led": None},
}  # fmt: skip
ASLEEP = {
    "profile": "telemetry",
    "mqtt": {"enabled": True, "host": "192.168.1.5"},
    "bthome": {"enabled": True, "bindkey": 16 * "c3", "advertise_s": 5},
    "power": {"interval_s": 600, "min_interval_s": 120, "max_interval_s": 3600, "report_s": 3600, "spill_every": 4,
              "low_pack_mv": 11800, "cpu_mhz": 80, "awake_s": 60},
}  # fmt: skip


def write(name: str, folder: str):
    """Write a sample of today's version into a folder, which is made."""
    os.mkdir(folder)
    WRITERS[name](folder)


def _save(path: str, given: dict):
    prepare(path, given)
    commit(path)


def _config(folder: str):
    _save(folder + "/full.json", FULL)
    _save(folder + "/asleep.json", ASLEEP)


def _history(folder: str):
    """Nine records of 15 minutes, so one of two hours; a device started twice, its clock unknown at first."""
    os.mkdir(folder + "/history")
    for windows, now_s in ((range(2), None), (range(7), NOON_S)):
        context = Context()
        context.clock.now_s = now_s
        cells, start = open_store(folder + "/history", "pack1", 4)
        history = history_of(cells, start)
        for window in windows:
            history.begin(window)
            for minute in range(15):
                history.add(reading([3300, 3301 + window, 3302 + minute, 3303]), (15 * window + minute) * 60_000)
            keep(folder + "/history", "pack1", cells, history.record, context.clock)


def _outbox(folder: str):
    """A full flash: values of minutes and hours, whole readings, and the newest in RTC memory; first without a time."""
    context = Context(sinks=(MQTT, INFLUX), max_kib=16, storage=folder)
    context.outbox.run_id = RUN_ID
    context.read(40)
    context.clock.now_s = NOON_S
    context.read(800, every_s=15)
    outbox = context.outbox
    records, position = outbox.batch(INFLUX, 10)
    assert len(records) == 10
    outbox.acknowledge(INFLUX, position)
    with open(folder + "/rtc.bin", "wb") as file:
        file.write(context.rtc.kept)


def _wake(folder: str):
    """What a device that sleeps keeps: a state of two packs, and the checked configuration."""
    context = Context(packs=("pack1", "pack2"), storage=folder)
    buffer = bytearray(RTC_BYTES)
    state = WakeState(buffer)
    state.run_id, state.base_ms, state.interval_s, state.joined = RUN_ID, -1_234_567, 600, bytes(range(24))
    for number in range(2):
        pack = PackState()
        pack.tag, pack.timeout_ms, pack.sequence, pack.frame = number, 1000, 100 + number, bytes(frame_of(3300, 4))
        state.packs.append(pack)
    state.save()
    with open(folder + "/rtc.bin", "wb") as file:
        file.write(buffer)
    marks.save(context, [(state.packs[i], context.hub.packs[i]) for i in range(2)])
    _save(folder + "/config.json", ASLEEP)
    context.board.config_path, context.board.overrides = folder + "/config.json", {}
    config, faults, _ = wake_settings.read_config(context.board)
    wake_settings.save(context.board, context.storage_faults, config, faults)
    os.remove(folder + "/config.json")


def _state(folder: str):
    """The small files of state."""
    context = Context(storage=folder)
    store = KeyValueStore(folder + "/learned.json", context.storage_faults)
    for name, value in LEARNED.items():
        store.put(name, value)
    context.read(5)
    context.hub.clock = context.clock
    extremes = Extremes(context)
    extremes.update()
    extremes.flush()
    update_state.save(context, UPDATE)
    context.board.network_heap = ScriptedHeaps().network_heap
    context.board.gc_heap = ScriptedHeaps().gc_heap
    path, held = folder + "/crashes.json", []
    for part, what in (("mqtt", "a sentence"), ("", None), ("mqtt", "a sentence")):
        crash_file.hold(path, held, part, what, "watchdog", context.board, context.clock)
    for entry in held:
        entry["version"] = FIRMWARE
    crash_file.store(path, held)


LEARNED = {
    "pack1.temperature_scale": "0.1", "wifi_off": True, "announced_packs": 2, "unreachable": False,
    "display": {"brightness": [80, 40], "page": ["glance", "cells"]},
}  # fmt: skip
UPDATE = {
    "kind": "files", "version": "0.2.0", "previous": FIRMWARE, "slot": "b", "held": ["answer", "page"],
    "state": "rolled_back", "reason": "it ended early 3 times",
}  # fmt: skip


WRITERS = {"config": _config, "history": _history, "outbox": _outbox, "wake": _wake, "state": _state}
