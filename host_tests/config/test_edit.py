"""What an edit of the configuration changes in the running device, and what waits for a restart."""

import os
import sys

from evencell.config import change, check_changed, checked, complete, edit, live, load, lockout, merge, unchecked
from evencell.config.check import check
from evencell.config.faults import Faults
from evencell.pack.temperature import TemperatureScale
from evencell.runtime.lazy import keep_modules, lazy
from evencell.storage.paths import exists
from host_tests.fakes import FakeKeyValue, FakeLog
from host_tests.portable import raises, scratch_path, without_modules

PATH = scratch_path("edited.json")


class Thing:
    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


def save(given: dict):
    """The file as the device writes it."""
    edit.prepare(PATH, given)
    edit.commit(PATH)


class Device:
    """A context with the configuration that runs. `given` is what the file has, `crc` its checksum if it is checked."""

    def __init__(self, crc=1, **given):
        self.given = given
        self.config_crc = crc
        self.heap = Thing(gc_limit=0)
        self.board = Thing(config_path=PATH, overrides={}, wired=False)
        self.config = check(given)[0]
        self.control = None
        self.log = FakeLog()
        self.key_values = FakeKeyValue()
        self.outbox = Thing(max_interval_s=10)
        packs = [Thing(name=pack["name"], scale=TemperatureScale()) for pack in self.config["packs"]]
        self.hub = Thing(packs=packs)

    def patch(self, **patch) -> dict:
        new = merge.merge(self.given, patch, [])
        try:
            if self.config_crc is None:
                result = unchecked.replace(self, self.given, new)
            else:
                save(self.given)
                names, changed = change.begin(self.given, new, self.board.config_path)
                faults = Faults(())
                complete.examine(changed, names, faults)
                check_changed.check(self, names, faults)
                result = change.finish(self, names, changed)
        finally:
            for suffix in ("", ".new", ".old"):
                if exists(PATH + suffix):
                    os.remove(PATH + suffix)
        self.given = new
        return result


def test_a_policy_that_cannot_write_to_its_balancer_is_warned_of():
    """Once, when it is changed; not where it needs no writing."""
    warning = "control.policy.preset: it changes nothing at a until packs[0].writable is true"
    packs = [{"name": "a", "address": 1}, {"name": "b", "address": 2, "writable": True}]
    for crc in (1, None):
        device = Device(crc=crc, packs=packs)
        del device.config["control"]  # as where nothing uses it
        for patch, warnings in (
            ({"control": {"policy": {"preset": "rest"}}}, [warning]),
            ({"control": {"rules": [{"name": "low", "field": "lowest_mv", "below": 3000}]}}, []),
            ({"control": {"policy": {"min_on_s": 900}}, "name": "Rear"}, [warning]),
            ({"control": {"policy": {"preset": "off"}}}, []),
            ({"packs": [dict(pack, writable=True) for pack in packs], "control": {"policy": {"preset": "top"}}}, []),
        ):
            assert device.patch(**patch)["warnings"] == warnings, (crc, patch)
        w = {"enabled": True, "resistor": "off"}
        of_form = "control.policy.preset: it changes nothing at pack1 until packs[0].writable is true"
        for by, warnings in (("w", []), (None, []), ("f6", [of_form])):
            by_w = {"w": w, "policy": {"preset": "storage", "by": by}}
            assert Device(crc=crc).patch(control=by_w)["warnings"] == warnings, by


def test_a_policy_that_a_sleeping_device_does_not_carry_out_is_warned_of():
    """Where the policy is changed, and where the device begins to sleep."""
    warning = "control.policy.preset: it is not carried out while the device sleeps: power.interval_s is set"
    mqtt, packs = {"enabled": True, "host": "192.168.1.5"}, [{"writable": True}]
    for crc in (1, None):
        device = Device(crc=crc, packs=packs, mqtt=mqtt, profile="telemetry", power={"interval_s": 900})
        for patch, warnings in (
            ({"control": {"policy": {"preset": "rest"}}}, [warning]),
            ({"name": "Rear"}, []),
            ({"power": {"interval_s": 0}}, []),
            ({"power": {"interval_s": 600}}, [warning]),
            ({"power": {"interval_s": 300}}, []),
            ({"control": {"policy": {"preset": "off"}}}, []),
        ):
            found = device.patch(**patch)["warnings"]
            assert [each for each in found if "control." in each] == warnings, (crc, patch)


# Patches whose values count at once: what of the running configuration they change.
LIVE = (
    ({"name": "Rear"}, lambda config: config["name"], "Rear"),
    ({"http": {"public_read": False}}, lambda config: config["http"]["public_read"], False),
    ({"http": {"origins": ["http://a"]}}, lambda config: config["http"]["origins"], ["http://a"]),
    ({"time": {"zone": "UTC0"}}, lambda config: config["time"]["zone"], "UTC0"),
    ({"time": {"utc_offset_min": 60}}, lambda config: config["time"]["utc_offset_min"], 60),
    ({"time": {"interval_s": 900}}, lambda config: config["time"]["interval_s"], 900),
    ({"mqtt": {"publish_s": 60}}, lambda config: config["mqtt"]["publish_s"], 60),
    ({"display": {"brightness": 40}}, lambda config: config["display"]["brightness"], 40),
    ({"display": {"night": ["22:00", "06:00"]}}, lambda config: config["display"]["night"], ["22:00", "06:00"]),
    ({"display": {"temperature_unit": "F"}}, lambda config: config["display"]["temperature_unit"], "F"),
    ({"packs": [{"chemistry": "lto"}]}, lambda config: config["packs"][0]["chemistry"], "lto"),
)  # fmt: skip


def test_what_is_simple_counts_at_once():
    for patch, value_of, value in LIVE:
        device = Device()
        result = device.patch(**patch)
        assert len(result["applied"]) == 1 and result["restart"] == [], patch
        assert value_of(device.config) == value, patch


def test_what_is_applied_once_reaches_its_user():
    device = Device()
    device.patch(log={"level": "error"}, mqtt={"publish_s": 60})
    assert device.log.level == 3
    assert device.outbox.max_interval_s == 60


def test_other_keys_wait_for_a_restart_and_change_nothing_that_runs():
    for patch in ({"mqtt": {"port": 1884}}, {"wifi": {"hostname": "a"}}, {"packs": [{"interval_ms": 500}]}):
        device = Device()
        before = str(device.config)
        result = device.patch(**patch)
        assert result["applied"] == [] and len(result["restart"]) == 1, patch
        assert str(device.config) == before


def test_a_pin_that_is_the_boards_own_again_waits_for_a_restart():
    device = Device(pins={"tx": 25, "rx": 26})
    assert device.patch(pins={"tx": None}) == {"applied": [], "restart": ["pins.tx"], "warnings": []}


def test_a_section_that_does_not_run_is_stored_alone():
    device = Device()
    for section in ("display", "mqtt"):
        del device.config[section]
    device.outbox = None
    assert device.patch(display={"brightness": 40}, mqtt={"publish_s": 60})["restart"] == []
    assert "display" not in device.config


def test_a_temperature_scale_is_settled_and_unsettled():
    device = Device()
    device.key_values.kept["pack1.temperature_scale"] = "0.1"
    assert device.patch(packs=[{"temperature_scale": "1"}])["applied"] == ["packs[0].temperature_scale"]
    assert device.hub.packs[0].scale.name == "1"
    assert device.key_values.get("pack1.temperature_scale") is None
    device.patch(packs=[{"temperature_scale": "auto"}])
    scale = device.hub.packs[0].scale
    assert scale.name == "unknown"
    for _ in range(3):
        scale.observe(163)
    assert device.key_values.get("pack1.temperature_scale") == "0.1"


def test_a_pack_that_does_not_run_yet_waits_for_a_restart():
    device = Device()
    assert device.patch(packs=[{"name": "front"}, {"name": "rear"}])["restart"] == ["packs"]
    result = device.patch(packs=[{"name": "front"}, {"name": "rear", "capacity_ah": 60, "temperature_scale": "1"}])
    assert result["applied"] == [] and len(result["restart"]) == 2
    assert [pack["name"] for pack in device.config["packs"]] == ["pack1"]


def test_a_choice_of_the_menu_gives_way_to_a_new_value():
    device = Device()
    device.key_values.kept["display"] = {"brightness": [80, 20], "flipped": [None, True]}
    device.patch(display={"brightness": 60})
    assert device.key_values.get("display") == {"flipped": [None, True]}
    device.patch(display={"temperature_unit": "F"})
    assert device.key_values.get("display") == {"flipped": [None, True]}


# Patches after which the owner may not reach the device any more: the key that the warning is about.
LOCKOUTS = (
    ({"http": {"enabled": False}}, "http.enabled"),
    ({"http": {"port": 1}}, "http.port"),
    ({"http": {"host": "192.168.1.20"}}, "http.host"),
    ({"wifi": {"networks": []}}, "wifi.networks"),
    ({"wifi": None}, "wifi.networks"),
    ({"profile": "display"}, "profile"),
    ({"profile": "telemetry"}, "profile"),
)


def test_what_may_lock_the_owner_out_is_warned_about():
    home = {"networks": [{"ssid": "Home", "password": "correct horse"}]}
    for patch, key in LOCKOUTS:
        device = Device(wifi=home)
        warnings = device.patch(**patch)["warnings"]
        assert [warning.split(":")[0] for warning in warnings] == [key], warnings
        assert device.patch(name="Rear")["warnings"] == []  # said once
        assert device.patch(**Device(wifi=home, http={"host": "0.0.0.0", "port": 8080}).given)["warnings"] == []
    cable = Device(wifi=home)
    cable.board.wired = True
    assert cable.patch(wifi=None)["warnings"] == []


def test_what_would_lock_the_owner_out_by_a_fault_is_refused():
    for patch in (
        {"wifi": {"fallback_ap": True}},
        {"wifi": {"static": {"address": "192.168.1.20"}}},
        {"wifi": {"static": {"address": "192.168.1.20", "gateway": "10.0.0.1"}}},
        {"wifi": {"static": {"address": "192.168.1.20", "gateway": "192.168.1.1", "netmask": "0.0.0.0"}}},
        {"http": {"port": 0}},
    ):
        try:
            Device().patch(**patch)
        except edit.EditError:
            continue
        raise AssertionError(patch)


# Patches of which some are refused, with more than one fault, or with what follows from it.
JUDGED = (
    {"nam": "Rear"},
    {"name": ""},
    {"mqtt": {"enabled": True}},
    {"mqtt": {"enabled": True, "host": "a b", "tls": "yes"}},
    {"mqtt": {"usr": "a", "password": "b"}},
    {"time": {"mqtt": True}},
    {"power": {"interval_s": 60, "min_interval_s": 90}},
    {"http": {"public_reed": False}},
    {"wifi": {"networks": [{"ssid": "Home"}, {"ssid": "Home"}, {"password": "correct horse"}]}},
    {"packs": [{"name": "front", "writable": True, "cells": 99}]},
    {"packs": [{"name": "front"}, {"name": "rear"}], "control": {"w": {"enabled": True, "resistor": "on"}}},
    {"control": {"policy": {"preset": "custom"}}},
    {"control": {"rules": [{"name": "drift"}, {"name": "mine"}]}},
    {"display": {"width": 0, "height": 0, "rotation": 1}, "log": 5},
    {"http": {"origins": ["http://a"], "public_read": False}, "name": " Rear ", "display": None},
)


def test_a_file_that_was_checked_is_judged_like_one_that_was_not():
    given = {
        "name": "Front",
        "wifi": {"networks": [{"ssid": "Home", "password": "correct horse"}]},
        "mqtt": {"host": "192.168.1.5", "user": "scooter"},
        "packs": [{"name": "front", "cells": 4}],
        "display": {"brightness": 40},
    }
    patches = list(JUDGED) + [patch for patch, _ in LOCKOUTS] + [patch for patch, _, _ in LIVE]
    for patch in patches:
        assert outcome(Device(1, **given), patch) == outcome(Device(None, **given), patch), patch


def outcome(device: Device, patch: dict):
    """What a patch brings about: lists of keys and sentences in any order, and what runs then."""
    before = str(device.given)
    try:
        result = device.patch(**patch)
    except edit.EditError as refusal:
        assert str(device.given) == before
        return sorted(refusal.args)
    return [sorted(result[key]) for key in sorted(result)] + [device.config]


def test_a_refused_change_leaves_no_file():
    device = Device()
    files = []
    for patch in JUDGED[:3]:
        names, new = change.begin({}, merge.merge({}, patch, []), PATH)
        try:
            faults = Faults(())
            complete.examine(new, names, faults)
            check_changed.check(device, names, faults)
        except edit.EditError:
            files.append(exists(PATH + ".new"))
            change.discard(device)
            files.append(exists(PATH + ".new"))
    assert files == [True, False] * 3


def test_a_file_is_taken_for_checked_only_while_it_is_the_same():
    texts = {
        '{"name": "K\\u00fcche"}': True,
        '{"name": "\\ud83d\\udd0b"}': False,  # MicroPython's parser does not join these
        '\ufeff{"name": "a"}': False,
        "": False,
        " \n": False,
    }
    device = Device()
    try:
        for text in texts:
            write(text)
            checked.mark(device)
            assert (device.config_crc is not None) is texts[text], text
            assert (checked.read(device) is not None) is texts[text], text
        write('{"name": "a"}')
        checked.mark(device)
        assert checked.read(device) == {"name": "a"}
        write('{"name": "b"}')
        assert checked.read(device) is None and device.config_crc is None
        os.remove(PATH)
        checked.mark(device)
        assert device.config_crc is None
        device.board.overrides = {"name": "c"}
        write('{"name": "a"}')
        checked.mark(device)
        assert device.config_crc is None
    finally:
        os.remove(PATH)


def test_a_password_is_kept_in_a_file_of_either_kind():
    for crc in (True, None):
        device = Device()
        write('{"name": "a", "auth": 5}')
        if crc:
            write('{"name": "a"}')
            checked.mark(device)
        try:
            assert edit.set_auth(device, "password_hash", "secret") is None
            for suffix in ("", ".old"):
                assert load.read(PATH + suffix)[0] == {"name": "a", "auth": {"password_hash": "secret"}}
            assert device.config["auth"]["password_hash"] == "secret"
            assert (device.config_crc is not None) is bool(crc)
        finally:
            os.remove(PATH)
            os.remove(PATH + ".old")


def failing(*_):
    raise MemoryError


def test_what_is_written_is_not_refused_for_lack_of_memory_to_use_it():
    kept = live.use
    try:
        for crc in (1, None):
            live.use = lambda context, before, config, applied, restart: (
                failing() if "mqtt" in config else kept(context, before, config, applied, restart)
            )
            result = Device(crc).patch(name="Rear", mqtt={"publish_s": 60}, log={"level": "error"})
            assert "mqtt" in result["restart"], crc
            assert sorted(result["applied"]) == ([] if crc is None else ["log.level", "name"])
            assert sorted(result["restart"]) == (["log", "mqtt", "name"] if crc is None else ["mqtt"])
    finally:
        live.use = kept


def test_a_file_is_renamed_last():
    """What takes memory comes before: else a request would be refused although it was carried out."""
    modules = {"lockout": (lockout, "warnings"), "checksum": (checked, "checksum")}
    for name in modules:
        module, function = modules[name]
        device, kept = Device(), getattr(module, function)
        write('{"name": "a"}')
        setattr(module, function, failing)
        try:
            names, new = change.begin({"name": "a"}, {"name": "b", "http": {"port": 8080}}, PATH)
            raises(MemoryError, lambda device=device, names=names, new=new: change.finish(device, names, new))
            change.discard(device)
            assert load.read(PATH)[0] == {"name": "a"}, name
            assert not exists(PATH + ".new") and not exists(PATH + ".old"), name
        finally:
            setattr(module, function, kept)
            os.remove(PATH)


def test_a_password_counts_once_it_is_stored():
    device, kept, writes = Device(), edit.write, []
    write('{"name": "a"}')
    checked.mark(device)

    def write_once(*arguments):
        if writes:
            raise MemoryError
        writes.append(arguments)
        kept(*arguments)

    edit.write = write_once
    try:
        assert edit.set_auth(device, "password_hash", "secret") is None
        assert load.read(PATH)[0]["auth"] == {"password_hash": "secret"}
        assert device.config["auth"]["password_hash"] == "secret"
        assert "auth.password_hash" in str(device.log.lines) and "secret" not in str(device.log.lines)
    finally:
        edit.write = kept
        os.remove(PATH)
        os.remove(PATH + ".old")


def write(text: str):
    with open(PATH, "wb") as file:
        file.write(text.encode())


def test_a_file_that_has_to_be_checked_needs_memory():
    device = Device(None)
    write('{"name": "a"}')
    try:
        for free_bytes in (20_000, 5_000):
            device.heap.gc_limit = 1
            device.board.gc_heap = lambda free_bytes=free_bytes: (100_000, free_bytes)
            try:
                assert edit.read_given(device) == {"name": "a"} and free_bytes == 20_000
            except MemoryError:
                assert free_bytes == 5_000
    finally:
        os.remove(PATH)


def test_what_the_file_says_already_is_not_written():
    written = []
    device = Device(name="Rear", packs=[{"name": "front"}])
    device.board.config_path = PATH + "/nowhere"  # a write would fail
    nothing = {"applied": [], "restart": [], "warnings": []}
    assert device.patch(name="Rear") == device.patch(packs=[{"name": "front"}]) == device.patch() == nothing
    repaired = {"http": {"public_read": 1}}, {"http": {"public_read": True}}
    for given, patch in (({"name": "Rear"}, {"name": "Front"}), repaired):
        device = Device(**given)
        device.board.config_path = PATH + "/nowhere"
        try:
            device.patch(**patch)
        except edit.EditError:
            written.append(patch)
    assert len(written) == 2


def test_the_whole_configuration_is_read_in_steps_and_its_code_unloaded():
    names = ["evencell.config." + name for name in ("complete", "table", "kinds", "faults", "reconcile")]
    device = Device(name="Scooter", unknown=1)
    device.board.overrides = {"http": {"port": 8080}}
    save({"name": "Scooter", "unknown": 1})
    found, pauses = [], []

    async def pause(ms):
        pauses.append(ms)

    def scenario():
        keep_modules(False)
        scope = lazy()
        try:
            unchecked.read_all(device, scope.load).send(None)
        except StopIteration as end:
            found.append(end.value)
        finally:
            scope.unload()
        found.append([name for name in names if name in sys.modules])

    before, unchecked.sleep_ms = unchecked.sleep_ms, pause
    try:
        without_modules(names, scenario)
    finally:
        unchecked.sleep_ms = before
        os.remove(PATH)
    assert found == [check({"name": "Scooter", "unknown": 1, "http": {"port": 8080}}), []]
    assert len(pauses) >= len(device.config)  # other tasks may run between the sections
