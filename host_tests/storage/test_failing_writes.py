"""Every write of storage fails in turn, on MicroPython with a file system of that kind: nothing raises, what is lost is
counted, and it goes on once the storage does. The whole device: end_to_end/test_storage.py."""

import os

import vfs  # pyright: ignore[reportMissingImports] (of MicroPython alone)

from evencell.display.extremes import Extremes
from evencell.forward.outbox.outbox import INFLUX, MQTT
from evencell.history.recorder import Keeper
from evencell.runtime import boot_state as boots
from evencell.runtime import lazy
from evencell.runtime.crashes import Crashes
from evencell.storage.key_value import KeyValueStore
from host_tests.faulty_storage import FaultyStorage
from host_tests.forward.outbox.test_outbox import HELD, NOON_S, Context, Rtc, delivered, held, publish_newest, sequences
from host_tests.history.history_helpers import clear
from host_tests.portable import scratch_path

QUARTER_S = 900
PLACE = "/faulty"


class Scene:
    """Storage whose fault is set by hand, and all that writes to it."""

    def __init__(self):
        self.root = scratch_path("faulty")
        os.mkdir(self.root)
        self.fault = ""
        self.storage = FaultyStorage(self.root, lambda: self.fault)
        vfs.mount(self.storage, PLACE)

    def close(self):
        vfs.umount(PLACE)
        clear(self.root)
        os.rmdir(self.root)


class Device:
    """One start. `sinks` as for the outbox."""

    def __init__(self, sinks=(MQTT, INFLUX), before=None):
        rtc = before.context.rtc.after_a_crash() if before else Rtc()
        clock = before.context.clock if before else None
        self.context = context = Context(sinks=sinks, rtc=rtc, storage=PLACE, clock=clock, max_kib=64)
        if not before:
            context.clock.now_s = NOON_S
        context.clock.now_ms = 0
        context.board.gc_heap = lambda: (0, 0)
        context.board.network_heap = lambda: None
        context.board.reset_cause = lambda: "power"
        context.board.firmware = lambda: None
        context.config["packs"][0]["interval_ms"] = 1000
        context.log.without_secrets = lambda text: text
        self.key_values = KeyValueStore(PLACE + "/learned.json", context.storage_faults)
        self.extremes = Extremes(context)
        self.crashes = Crashes(context.board, context.clock, context.log, context.storage_faults)
        self.keeper = Keeper(context, None)
        self.keeper.find()

    def live(self):
        """All that is ever written, some of it twice."""
        context = self.context
        for number in (1, 2):
            context.read(HELD + 2)
            self.keeper.update()
            self.extremes.update()
            self.key_values.put("announced_packs", number)
            self.crashes.keep("a part", "failure %d" % number)
            context.clock.now_ms += 1000 * QUARTER_S
            context.clock.now_s += QUARTER_S
            self.key_values.flush()
        boots.proven(context.board, context.storage_faults)
        self.keeper.update()

    def finish(self):
        """As at a clean end."""
        self.keeper.finish()
        self.extremes.flush()
        self.crashes.flush(True)


def got(device: Device, sink: int) -> list:
    publish_newest(device.context.outbox)
    return sequences(delivered(device.context.outbox, sink, most=7))


def test_each_write_that_fails_is_survived_and_the_lost_are_counted():
    lazy.keep_modules(True)  # compiling them again and again is most of the time
    fails_at = 0
    while True:
        scene = Scene()
        fails_at += 1
        scene.fault = str(fails_at)
        device = Device()
        device.live()
        wanted = list(range(1, 2 * HELD + 5))
        heard = got(device, MQTT)
        dropped = device.context.outbox.dropped
        assert len(wanted) - len(set(heard)) == dropped, (fails_at, dropped, heard)
        device.finish()
        is_over = scene.storage.writes < fails_at
        scene.fault = ""
        again = Device(before=device)
        stored = got(again, INFLUX)
        assert len(wanted) - len(set(stored)) == dropped + again.context.outbox.dropped, (fails_at, dropped, stored)
        again.live()
        assert again.key_values.get("announced_packs") == 2
        assert again.context.storage_faults.status()["problem"] is None, again.context.log.lines
        scene.close()
        if is_over:
            break
    assert fails_at > 40


def test_partly_written_batch_loses_nothing_and_readings_go_on():
    """A segment has room for 102 records: the fourth batch of 28 needs a new one, and that file can't be made."""
    scene = Scene()
    device = Device(sinks=(MQTT,))
    context, outbox = device.context, device.context.outbox
    context.read(4 * HELD)
    assert outbox.store.ring(2).next == 3 * HELD
    scene.fault = str(scene.storage.writes + 3)  # 18 records: a file is opened, and written
    for _ in range(HELD):
        context.read()
        assert 0 < held(outbox) <= HELD, held(outbox)
    assert outbox.dropped == 0 and context.storage_faults.status()["failed_writes"] == 1
    assert got(device, MQTT) == list(range(1, 5 * HELD + 1))
    scene.close()


def test_full_or_read_only_storage_is_survived():
    for fault in ("full", "read-only"):
        for at_start in (True, False):
            scene = Scene()
            scene.fault = fault if at_start else ""
            device = Device(sinks=(MQTT,))
            if not at_start:
                device.live()
            scene.fault = fault
            device.live()
            status = device.context.storage_faults.status()
            assert status["problem"] and status["failed_writes"] > 3 and status["history_lost"] > 0, status
            scene.fault = ""
            device.context.clock.now_ms += 60_000
            device.key_values.flush()
            device.live()
            assert device.context.storage_faults.status()["problem"] is None, device.context.log.lines
            heard = got(device, MQTT)
            wanted = device.context.hub.packs[0].sequence
            assert wanted - len(set(heard)) == device.context.outbox.dropped > 0
            device.finish()
            again = Device(sinks=(MQTT,), before=device)
            assert got(again, MQTT) == []
            assert again.keeper.histories[0].cells == 4
            scene.close()
