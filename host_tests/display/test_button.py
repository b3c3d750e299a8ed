"""A button that is looked at as the device does, with contacts that bounce and a loop that is held up."""

from evencell.display.button import HELD, LONG, SHORT, Button

LOOK_MS = 20
NEAR_WRAP = 2**30 - 500  # MicroPython's ticks wrap there; CPython's never do


class Hand:
    """Presses a button. `presses` are those that were told."""

    def __init__(self):
        self.now = 5_000
        self.button = Button(self.now)
        self.presses = []
        self.let_go(100)

    def hold(self, ms: int, is_down: bool = True, look_ms: int = LOOK_MS):
        for _ in range(ms // look_ms):
            self.now += look_ms
            press = self.button.update(is_down, self.now)
            if press:
                self.presses.append(press)

    def let_go(self, ms: int = 200):
        self.hold(ms, False)


def pressed(ms: int) -> list:
    hand = Hand()
    hand.hold(ms)
    hand.let_go()
    return hand.presses


def test_duration_classifies_a_press():
    assert [pressed(ms) for ms in (60, 200, 600)] == [[SHORT]] * 3
    assert [pressed(ms) for ms in (800, 1_500, 2_900)] == [[LONG]] * 3
    assert [pressed(ms) for ms in (3_200, 10_000, 100_000)] == [[HELD]] * 3


def test_held_is_reported_before_release():
    hand = Hand()
    hand.hold(3_100)
    assert hand.presses == [HELD]
    hand.hold(60_000)
    hand.let_go()
    assert hand.presses == [HELD]


def test_pulses_shorter_than_the_debounce_time_are_ignored():
    hand = Hand()
    for _ in range(100):
        hand.hold(LOOK_MS)
        hand.let_go(LOOK_MS)
    hand.let_go()
    assert hand.presses == []


def test_bouncing_contacts_are_one_press():
    hand = Hand()
    for _ in range(4):
        hand.hold(10, look_ms=10)
        hand.hold(10, False, 10)
    hand.hold(300)
    for _ in range(4):
        hand.hold(10, False, 10)
        hand.hold(10, look_ms=10)
    hand.let_go()
    assert hand.presses == [SHORT]


def test_short_loss_of_contact_does_not_end_a_long_press():
    hand = Hand()
    hand.hold(2_000)
    hand.let_go(LOOK_MS)
    hand.hold(2_000)
    hand.let_go()
    assert hand.presses == [HELD]


def test_button_down_at_the_start_counts_after_its_release():
    hand = Hand()
    hand.button = Button(hand.now)
    hand.hold(5_000)
    hand.let_go()
    assert hand.presses == []
    hand.hold(200)
    hand.let_go()
    assert hand.presses == [SHORT]


def test_delayed_poll_does_not_lengthen_a_press():
    hand = Hand()
    hand.hold(100)
    hand.now += 4_000
    hand.let_go()
    assert hand.presses == [SHORT]


def test_time_between_distant_polls_is_not_counted():
    hand = Hand()
    hand.hold(100)
    hand.now += 4_000
    hand.hold(100)
    hand.let_go()
    assert hand.presses == [SHORT]


def test_several_presses_in_a_row():
    hand = Hand()
    for ms in (100, 1_000, 100, 3_500, 100):
        hand.hold(ms)
        hand.let_go(100)
    assert hand.presses == [SHORT, LONG, SHORT, HELD, SHORT]


def test_ticks_that_wrap():
    hand = Hand()
    hand.now = NEAR_WRAP
    hand.button = Button(hand.now)
    hand.let_go(100)
    for _ in range(50):
        hand.now = (hand.now + LOOK_MS) % 2**30 if wraps() else hand.now + LOOK_MS
        assert hand.button.update(True, hand.now) == 0
    hand.let_go(100)
    assert hand.presses == [LONG]


def wraps() -> bool:
    """Whether this interpreter's ticks wrap at 2 ** 30, as the ESP32's do; on 64 bits they do so later."""
    from evencell.compat import ticks_diff

    return ticks_diff(0, 2**30 - 1) == 1
