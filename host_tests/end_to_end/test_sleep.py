"""A device that sleeps, from wake to wake: the firmware on MicroPython, a real broker, and time that passes at once."""

import pytest

from evencell.pack.low_level import RADIO_OFF
from evencell.power.state import STATE_AT
from host_tests.end_to_end.asleep import HOURS, NOON_S, asleep
from host_tests.end_to_end.time_server import TimeServer, unsynchronised
from host_tests.forward.outbox.test_outbox import Context
from tools.dev.sleeper import NEVER_SET_S

BROKEN = """from evencell.power import cycle
def fail(*_):
    raise ValueError("broken")
cycle.next_interval_s = fail
"""
BROKEN_REPORT = """from evencell.power import session
async def fail(*_):
    print("radio")
    raise ValueError("broken")
session.call_async = fail
"""


def test_it_reads_each_quarter_of_an_hour_and_reports_each_six_hours(tmp_path):
    with asleep(tmp_path) as device:
        device.begin()
        assert device.reports() == 1
        ended = device.wake(23)
        assert device.reports() == 1
        assert 890 < ended.sleep_s <= 900  # in time for the report
        device.wake()
        assert device.reports() == 2
        assert device.sequences() == list(range(1, 26))
        state = device.listener.wait("/pack1/state", since=5).json()
        assert (state["sequence"], state["link"], state["cells_mv"]) == (25, "asleep", [3301, 3302, 3299, 3300])


def test_one_exchange_is_the_rule(tmp_path):
    with asleep(tmp_path) as device:
        device.begin()
        assert device.balancer.answered == 2  # the first reading needs another that agrees
        device.wake(5)
        assert device.balancer.answered == 7


def test_a_wake_imports_nothing_that_it_does_not_need(tmp_path):
    """A reading alone takes neither the outbox nor the application nor anything of the network."""
    with asleep(tmp_path) as device:
        device.begin()
        device.run_before("", after="print('loaded', *sorted(sys.modules))")
        loaded = device.wake().output.split("loaded ")[1].split()
        assert "evencell.power.reading" in loaded
        prefixes = (
            "evencell.app",
            "evencell.config",
            "evencell.net",
            "evencell.forward.mqtt",
            "evencell.storage.record",
        )
        assert [name for name in loaded if name.startswith(prefixes)] == []
        assert "evencell.forward.outbox.outbox" not in loaded


def test_clock_is_set_with_a_report_and_dates_what_came_before(tmp_path):
    is_right = []
    server = TimeServer(0, lambda question, good: [good] if is_right else unsynchronised(question, good))
    with server, asleep(tmp_path, time={"servers": [server.host]}, power={"report_s": 2 * HOURS}) as device:
        server.now_s = device.sleeper.time_s
        device.begin()
        woken_s = [NOON_S]  # by sequence, from 1 on
        for _ in range(7):
            device.wake()
            woken_s.append(device.sleeper.woken_s)
        assert device.sleeper.clock_s < NEVER_SET_S + 3 * HOURS
        assert [reading["time"] for reading in device.readings()] == [None]
        is_right.append(True)
        device.wake()
        assert abs(device.sleeper.clock_s - device.sleeper.now_s) < 2
        for reading in device.readings()[1:]:
            if reading["sequence"] <= len(woken_s):
                assert -2 <= reading["time"] - woken_s[reading["sequence"] - 1] < 60


def test_lost_clock_postpones_no_report(tmp_path):
    """As after a brown-out that leaves RTC memory: the clock of a chip begins in 2000 again."""
    with asleep(tmp_path) as device:
        device.sleeper.clock_s = NOON_S
        device.begin().wake(20)
        device.sleeper.clock_s = NEVER_SET_S
        assert device.wake().sleep_s == 900
        device.wake(4)
        assert device.reports() == 2
        assert device.sequences() == list(range(1, device.sequences()[-1] + 1))
        assert [reading["time"] is None for reading in device.readings()[-3:]] == [True] * 3


def test_new_alarm_is_reported_at_once(tmp_path):
    with asleep(tmp_path) as device:
        device.begin().wake()
        device.balancer.cells_mv = (3301, 3302, 900, 3300)
        device.wake()
        assert device.reports() == 2
        assert ("alarm", "cell_voltage", True) in device.events()
        device.wake(3)
        assert device.reports() == 2


def test_button_reports_at_once(tmp_path):
    with asleep(tmp_path) as device:
        device.begin().wake(cause="button")
        assert device.reports() == 2
        assert device.sequences() == [1, 2]


def test_broker_that_is_away_is_tried_less_and_less_and_nothing_is_lost(tmp_path):
    with asleep(tmp_path, power={"report_s": 2 * HOURS}) as device:
        device.begin()
        device.broker.kill()
        device.wake(40)
        failures = device.output.count("report: connection refused")
        assert 3 <= failures <= 9, device.output
        device.start_broker()
        while device.reports() == 1:
            device.wake()
        assert device.sequences() == list(range(1, device.sequences()[-1] + 1))
        assert device.sequences()[-1] >= 42


def test_loss_of_rtc_memory_costs_what_was_not_spilled_and_is_reported(tmp_path):
    with asleep(tmp_path, power={"spill_every": 4}) as device:
        device.begin().wake(6)
        assert device.sequences() == [1]
        device.sleeper.lose_power()
        device.wake(2)
        assert device.sequences() == [1, 2, 3, 4, 5, 10]  # 6 and 7 were lost, 8 and 9 skipped
        assert ("power", "gap", 4) in device.events()
        device.wake(24)
        assert device.sequences()[6:] == list(range(11, 11 + len(device.sequences()[6:])))


def test_no_number_is_used_twice_where_rtc_memory_is_lost_again_at_once(tmp_path):
    """A reading with it may have reached the broker before anything was written."""
    with asleep(tmp_path, power={"spill_every": 4}) as device:
        device.begin()
        device.sleeper.lose_power()
        device.wake()  # a start that reads the configuration, and no wake
        first = device.state.packs[0].sequence
        device.sleeper.lose_power()
        device.wake()
        assert (first, device.state.packs[0].sequence) == (5, 9)
        device.wake(3)
        assert device.sequences() == [1, 10, 11]


def test_damaged_state_in_rtc_memory_is_logged(tmp_path):
    text = "the state in RTC memory is damaged, or of another version"
    with asleep(tmp_path) as device:
        device.begin()
        assert text not in device.output
        path = device.sleeper.folder / "rtc"
        memory = bytearray(path.read_bytes())
        memory[STATE_AT + 40] ^= 1
        path.write_bytes(memory)
        device.wake()
        assert text in device.output


@pytest.mark.parametrize("loses_memory", [False, True])
def test_fifty_aborted_wakes_in_a_row_end_in_a_long_sleep_and_then_in_a_normal_one(tmp_path, loses_memory):
    """As from a supply that breaks down at each start."""
    with asleep(tmp_path) as device:
        device.begin()
        sleeps_s = []
        for _ in range(50):
            process = device.sleeper.start()
            asked_s = device.balancer.asked_s
            while process.poll() is None and device.balancer.asked_s == asked_s:
                pass
            if process.poll() is None:
                device.sleeper.kill(process)
                if loses_memory:
                    device.sleeper.lose_power()
            else:
                sleeps_s.append(device.sleeper.finish(process).sleep_s)
        assert sleeps_s[-1] == 6 * HOURS
        assert len(sleeps_s) >= 20  # each second start at least
        ended = device.wake()
        if ended.sleep_s == 6 * HOURS:  # the pause before the next try
            ended = device.wake()
        assert (ended.sleep_s, device.state.aborted) == (900, 0)


def test_reset_in_a_report_postpones_the_next_one(tmp_path):
    """A radio that breaks down the supply must not be tried at each wake."""
    with asleep(tmp_path) as device:
        device.begin().wake(23)
        device.broker.freeze()
        process = device.sleeper.start()
        while process.poll() is None and not (device.sleeper.folder / "rtc").exists():
            pass
        while not device.state.is_transmitting:
            assert process.poll() is None
        device.sleeper.kill(process, "power")
        device.broker.thaw()
        ended = device.wake(2)
        assert (device.reports(), device.state.failed_reports) == (1, 1)
        assert ended.sleep_s == 900
        device.wake()
        assert device.reports() == 2
        assert device.sequences() == list(range(1, 28))


def test_pack_of_eight_volts_is_only_guarded(tmp_path):
    with asleep(tmp_path, packs=[{"writable": True, "timeout_ms": 100}]) as device:
        device.begin()
        device.balancer.cells_mv = (2000, 2001, 1999, 2000)
        ended = device.wake()
        assert device.state.level == RADIO_OFF
        assert ended.sleep_s == 4 * 900
        assert device.balancer.settings["balancing_enabled"] == 0
        assert ("power", "low_pack", RADIO_OFF) in device.events()
        assert device.reports() == 2
        device.balancer.is_silent = True  # it needs 8 V itself
        assert device.wake(6).sleep_s == 4 * 900
        assert device.reports() == 2
        device.balancer.is_silent = False
        device.balancer.cells_mv = (3301, 3302, 3299, 3300)
        assert device.wake(2).sleep_s == 900
        assert device.state.level == 0
        assert device.balancer.settings["balancing_enabled"] == 0  # switching on is the owner's matter
        assert device.reports() == 3


def test_low_pack_that_is_read_only_is_not_written(tmp_path):
    with asleep(tmp_path) as device:
        device.begin()
        device.balancer.cells_mv = (2700, 2701, 2699, 2700)
        device.wake()
        assert device.balancer.settings["balancing_enabled"] == 1


class Refusing(dict):
    """Settings that stay as they are."""

    def __setitem__(self, name, value):
        pass


def test_balancer_that_refuses_is_written_24_times_a_day(tmp_path):
    """Not at each wake: whether settings wear its memory is not known."""
    with asleep(tmp_path, packs=[{"writable": True, "timeout_ms": 100}]) as device:
        device.begin()
        device.balancer.settings = Refusing(device.balancer.settings)
        device.balancer.cells_mv = (2750, 2751, 2749, 2750)
        device.wake(24)
        written = len(device.balancer.written)
        assert written >= 24
        assert "balancing stays on" not in device.output
        device.wake(3)
        assert len(device.balancer.written) == written
        assert "The pack is low, and balancing stays on: written 24 times within a day" in device.output


def test_a_wake_that_crashes_is_stored_and_ends_in_a_long_sleep(tmp_path):
    """Not in safe mode, whose radio is on."""
    with asleep(tmp_path) as device:
        device.begin()
        device.run_before(BROKEN)
        sleeps_s = []
        for _ in range(12):
            ended = device.sleeper.wake()
            sleeps_s.append(ended.sleep_s)
        assert sleeps_s[:2] == [900, 900]
        assert sleeps_s[-1] == 6 * HOURS
        crashes = (device.sleeper.folder / "crashes.json").read_text()
        assert "ValueError: broken" in crashes


def test_a_report_that_crashes_is_tried_less_and_less(tmp_path):
    """Nor does it keep the radio on, and no reading is lost by it."""
    with asleep(tmp_path, power={"report_s": 2 * HOURS}) as device:
        device.begin()
        assert device.reports() == 1
        device.run_before(BROKEN_REPORT)
        outputs = [device.sleeper.wake().output for _ in range(40)]
        assert 3 <= sum("radio" in output for output in outputs) <= 9
        assert device.state.failed_reports >= 3
        device.run_before("")
        while device.state.failed_reports:
            device.wake()
        assert device.sequences() == list(range(1, device.state.packs[0].sequence + 1))


def test_configuration_without_sleep_wakes_the_device_up(tmp_path):
    with asleep(tmp_path) as device:
        device.begin()
        device.sleeper.configure({"profile": "display"})
        device.sleeper.reset_cause = "reset"
        ended = device.sleeper.wake()
        assert (ended.status, ended.sleep_s) == (75, None)
        assert not (device.sleeper.folder / "wake.json").exists()


def test_changed_configuration_counts_from_the_next_start(tmp_path):
    with asleep(tmp_path) as device:
        device.begin()
        device.sleeper.configure(device.config_of(power={"interval_s": 300, "max_interval_s": 300}))
        assert device.wake().sleep_s == 900
        assert device.start_again().sleep_s == 300
        assert device.sequences() == [1]


def test_several_packs_each_have_their_own_numbers(tmp_path):
    packs = [{"name": "front", "address": 1}, {"name": "rear", "address": 2}]
    with asleep(tmp_path, packs=packs) as device:
        device.begin().wake(24)
        found = {}
        for reading in device.readings():
            found.setdefault(reading["pack"], {})[reading["sequence"]] = True
        assert {name: list(numbers) for name, numbers in found.items()} == {
            "front": list(range(1, 26)),
            "rear": list(range(1, 26)),
        }


def test_full_store_is_thinned_out_and_reported(tmp_path):
    """As after weeks without a broker: the readings of before are written by the outbox itself."""
    with asleep(tmp_path, journal={"max_kib": 64}) as device:
        device.begin()
        device.broker.kill()
        before = Context(rtc=None, max_kib=64, storage=str(device.sleeper.folder))
        before.clock.now_s = NOON_S
        before.read(1500, every_s=20)
        device.wake(8)
        device.start_broker()
        device.wake(24)
        readings = device.readings()
        assert {reading.get("thinned") for reading in readings} == {"lowest", "mean", "highest", None}
        assert device.state.failed_reports == 0
        own = [reading["sequence"] for reading in readings if "thinned" not in reading][-24:]
        assert sorted(set(own)) == list(range(min(own), max(own) + 1))
        assert max(own) >= 25
