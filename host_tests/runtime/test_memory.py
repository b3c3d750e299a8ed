"""The memory policy, with heaps that are set by hand."""

from evencell.runtime.log import Log
from evencell.runtime.memory import MemoryPolicy
from host_tests.fakes import FakeClock, ScriptedHeaps
from host_tests.portable import without_heap

ENOUGH = (30_000, 24_000)
SHORT = (7_999, 7_000)
SCATTERED = (20_000, 5_999)
BETWEEN = (9_000, 7_000)  # above the reserve, but not by so much that load is taken again
DYING = (3_000, 2_047)
ALL = ("stream", "history", "discovery")


class Device:
    """A policy and its heaps, `live(seconds)` by a clock of its own."""

    def __init__(self, gc_limit: int = 0, has_radio: bool = True):
        self.heaps = ScriptedHeaps()
        self.log = Log(FakeClock(), ring_bytes=4096)
        self.policy = MemoryPolicy(self.heaps, self.log)
        self.policy.is_plentiful = False  # this interpreter's heap is larger than a chip's
        self.policy.use_plan(gc_limit, None, None)
        self.radio_resets = 0
        self.after_reset = DYING
        if has_radio:
            self.policy.reset_radio = self._reset_radio
        self.now_ms = 0

    def _reset_radio(self):
        self.radio_resets += 1
        self.heaps.network = self.after_reset

    def live(self, seconds: int, network=None):
        """The reason for a restart, if one comes within so many seconds."""
        if network:
            self.heaps.network = network
        for _ in range(seconds):
            self.now_ms += 1_000
            reason = self.policy.tick(self.now_ms)
            if reason:
                return reason
        return None

    def allowed(self) -> list:
        return [what for what in ALL if self.policy.allows(what)]

    def logged(self) -> list:
        return [line.split(" ", 2)[2] for line in self.log.lines()]


def test_load_is_shed_in_order_while_memory_is_below_the_reserve():
    for network in (SHORT, SCATTERED):
        device = Device()
        device.live(60, ENOUGH)
        assert device.allowed() == list(ALL) and device.logged() == []
        left = []
        for _ in range(10):
            device.live(2, network)
            left.append(len(device.allowed()))
            assert device.allowed() == list(ALL[3 - left[-1] :])
        assert left[0] == 2 and left[-1] == 0 and sorted(left, reverse=True) == left and 1 in left
        assert len(device.logged()) == 3
        assert "off for now: event streams, history requests, announcements" in device.logged()[-1]


def test_load_is_taken_again_step_by_step_and_only_well_above_the_reserve():
    device = Device()
    device.live(60, SHORT)
    device.live(300, BETWEEN)
    assert device.allowed() == []
    left = []
    for _ in range(70):
        device.live(1, ENOUGH)
        left.append(len(device.allowed()))
    assert left[10] == 0 and left[-1] == 3 and sorted(left) == left and {0, 1, 2, 3} == set(left)
    assert device.logged()[-1] == "memory: the network has enough again (30000 bytes free, 24000 in one piece)"


def test_memory_near_the_limit_fills_no_log():
    device = Device()
    for _ in range(10):
        device.live(10, SHORT)
        device.live(50, ENOUGH)
    assert len([line for line in device.logged() if "off for now" in line]) <= 3
    assert len(device.logged()) <= 6
    device.live(700, ENOUGH)
    device.live(2, SHORT)
    assert "off for now" in device.logged()[-1]


def test_growth_beyond_the_plan_asks_for_a_restart():
    device = Device(gc_limit=112_000)
    assert device.live(60) is None
    device.heaps.gc = (112_900, 21_000)
    assert device.live(60) is None
    device.heaps.gc = (139_968, 40_000)
    reason = device.live(10)
    assert "grown beyond its plan" in reason and "; restarting. Running: " in reason


def test_one_reading_of_two_heaps_at_different_moments_is_no_growth():
    device = Device(gc_limit=112_000)
    device.live(10)
    device.heaps.gc = (118_000, 21_000)
    assert device.live(4) is None
    device.heaps.gc = (112_000, 21_000)
    assert device.live(60) is None


def test_growth_that_was_there_at_the_start_asks_for_no_restart():
    device = Device()
    device.heaps.gc = (139_968, 40_000)
    device.policy.use_plan(112_000, None, None)
    assert device.live(60) is None


def test_without_a_planned_size_growth_is_not_checked():
    device = Device(gc_limit=0)
    device.heaps.gc = (999_999, 40_000)
    assert device.live(60) is None


def test_a_dying_network_gets_a_radio_reset_and_recovers():
    device = Device()
    device.after_reset = ENOUGH
    assert device.live(9, DYING) is None and device.radio_resets == 0
    assert device.live(120) is None
    assert device.radio_resets == 1
    assert "resetting the radio" in " ".join(device.logged())


def test_a_radio_reset_that_does_not_help_leads_to_a_restart():
    device = Device()
    assert "out of memory" in device.live(60, DYING)
    assert device.radio_resets == 1


def test_a_radio_reset_that_helps_for_minutes_only_leads_to_a_restart():
    device = Device()
    device.after_reset = ENOUGH
    device.live(60, DYING)
    device.live(120, ENOUGH)
    assert device.live(60, DYING)
    assert device.radio_resets == 1
    device = Device()
    device.after_reset = ENOUGH
    device.live(60, DYING)
    device.live(1_200, ENOUGH)
    assert device.live(60, DYING) is None
    assert device.radio_resets == 2


def test_a_dying_network_without_a_radio_leads_to_a_restart():
    assert Device(has_radio=False).live(60, DYING)


def test_a_network_on_and_off_below_the_limit_is_dying_all_the_same():
    device = Device(has_radio=False)
    for _ in range(8):
        if device.live(4, DYING) or device.live(4, (3_000, 2_100)):
            return
    raise AssertionError("no restart")


def test_a_short_dip_leads_to_nothing():
    device = Device()
    for _ in range(5):
        assert device.live(8, DYING) is None
        assert device.live(4, ENOUGH) is None
    assert device.radio_resets == 0


def test_computer_has_no_network_heap():
    device = Device()
    device.heaps.network = None
    assert device.live(60) is None
    assert device.allowed() == list(ALL)
    assert device.policy.shortage() == ""
    assert MemoryPolicy(device.heaps, device.log).log_bytes == 8_192


def test_shortage_is_a_sentence_with_both_figures():
    device = Device()
    assert device.policy.shortage() == ""
    device.heaps.network = SHORT
    assert device.policy.shortage() == "not enough memory for the network (7999 bytes free, 7000 in one piece)"
    device.heaps.network = SCATTERED
    assert device.policy.shortage()
    device.heaps.network = ENOUGH
    assert device.policy.shortage(33_000)


def test_the_plan_sizes_log_and_streams():
    device = Device()
    device.policy.use_plan(0, 1_024, 2)
    assert (device.policy.log_bytes, device.policy.max_streams) == (1_024, 2)
    device.policy.use_plan(0, None, 0)
    assert device.policy.max_streams == 0


def test_a_check_allocates_nothing_while_nothing_changes():
    device = Device(gc_limit=112_000)
    device.live(10)

    def check():
        device.policy.tick(device.now_ms + 2_000)
        device.policy.allows("history")

    without_heap(check)
