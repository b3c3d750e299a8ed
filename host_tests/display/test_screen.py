"""Which page is shown, and what presses, alarms and time do to that. Pages and canvas are scripts: they only say who
was asked to draw."""

from evencell.display.button import HELD, LONG, SHORT
from evencell.display.light import OFF
from evencell.display.pages import PAGES
from evencell.display.screen import Screen
from evencell.pack.pack import OFFLINE, ONLINE, STALE
from host_tests.fakes import FakeClock

FIRST, SECOND, THIRD = PAGES[:3]


class Thing:
    """Whatever it is given."""

    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


class Pixels:
    def __init__(self, calls):
        self._calls = calls

    def scroll(self, right, down):
        self._calls.append(("scroll", right, down))

    def vline(self, *_):
        pass

    hline = vline


class Canvas:
    """`drawn`: who drew last."""

    width, height = 128, 64

    def __init__(self):
        self.drawn = None
        self.calls = []
        self.pixels = Pixels(self.calls)

    def clear(self):
        self.drawn = None


class Page:
    def __init__(self, name: str, view):
        self.name = name
        self._view = view

    def draw(self, canvas, _view):
        canvas.drawn = self.name

    def has_content(self, _view) -> bool:
        return self.name not in self._view.unwanted


class Menu:
    """Stands for the module and its menu."""

    def __init__(self):
        self.said = []
        self.busy = False

    def Menu(self, _context, _settings, page):
        self.said.append("open " + page)
        return self

    def next(self):
        self.said.append("next")

    def change(self):
        self.said.append("change")

    def close(self):
        self.said.append("close")

    def is_busy(self):
        return self.busy

    def draw(self, canvas, _view):
        canvas.drawn = "menu"


class View:
    def __init__(self):
        self.page = None
        self.menu = Menu()
        self.unwanted = ()
        self.noted = 0

    def open(self, name):
        self.page = Page(name, self)
        return self.page

    def close(self):
        self.page = None

    def load(self, name):
        return self.menu if name == "menu" else Page(name, self)

    def update(self):
        self.noted += 1


class Scene:
    """A screen with one pack, and a clock that is moved by hand."""

    def __init__(self, burns_in: bool = True, **changes):
        self.clock = FakeClock()
        accepted = Thing(alarms=0, pack_mv=13_200)
        self.pack = Thing(name="pack1", accepted=accepted, sequence=1, link=ONLINE, rules=())
        self.settings = {
            "brightness": 80,
            "dim_after_s": 60,
            "off_after_s": 300,
            "saver_after_s": 3_600,
            "night": None,
            "night_brightness": 10,
            "dark_on_light": False,
        }
        self.settings.update(changes)
        hub = Thing(packs=[self.pack], low_level=0)
        self.time = {"utc_offset_min": 60, "zone": None}
        context = Thing(clock=self.clock, hub=hub, config={"time": self.time})
        self.view = View()
        self.screen = Screen(context, self.view, self.settings, burns_in)
        self.canvas = Canvas()

    def after_s(self, seconds: int):
        self.clock.now_ms += 1000 * seconds
        self.screen.tick()

    def press(self, *presses, second: bool = False):
        for press in presses:
            self.screen.press(press, second)

    def drawn(self) -> str:
        self.screen.draw(self.canvas)
        assert self.canvas.drawn == self.screen.shown
        return self.canvas.drawn

    def alarm(self, alarms: int, link: int = ONLINE):
        self.pack.accepted.alarms = alarms
        self.pack.link = link
        self.screen.update()
        self.screen.tick()


def test_a_raised_rule_opens_the_page_of_alarms_until_it_is_cleared():
    scene = Scene()
    scene.pack.rules = ("rule:mine",)
    scene.alarm(0)
    assert scene.screen.shown == "alarms"
    scene.pack.rules = ()
    scene.alarm(0)
    assert scene.screen.shown == FIRST


def test_short_presses_cycle_through_the_pages():
    scene = Scene()
    seen = []
    for _ in range(len(PAGES) + 1):
        seen.append(scene.drawn())
        scene.press(SHORT)
    assert tuple(seen[:-1]) == PAGES
    assert seen[-1] == FIRST


def test_the_second_button_goes_back():
    scene = Scene()
    scene.press(SHORT, second=True)
    assert scene.drawn() == PAGES[-1]
    scene.press(SHORT)
    assert scene.drawn() == FIRST


def test_page_without_content_is_skipped():
    scene = Scene()
    scene.view.unwanted = (SECOND,)
    scene.press(SHORT)
    assert scene.drawn() == THIRD
    scene.view.unwanted = PAGES[:2] + PAGES[3:]
    scene.press(SHORT)
    assert scene.drawn() == THIRD


def test_press_that_wakes_has_no_other_effect():
    for press in (SHORT, LONG):
        scene = Scene()
        scene.after_s(300)
        assert scene.screen.level == OFF
        scene.press(press)
        assert scene.screen.level == 80
        assert scene.drawn() == FIRST


def test_a_long_press_switches_it_off():
    scene = Scene(off_after_s=0)
    scene.press(SHORT, LONG)
    assert (scene.screen.level, scene.screen.shown) == (OFF, SECOND)
    assert scene.view.page is None  # and out of memory
    scene.after_s(100_000)
    assert scene.screen.level == OFF
    scene.press(SHORT)
    assert scene.drawn() == SECOND


def test_the_menu_takes_the_presses():
    scene = Scene()
    scene.press(HELD, SHORT, LONG, SHORT)
    assert scene.drawn() == "menu"
    scene.press(SHORT, second=True)
    assert scene.view.menu.said == ["open " + FIRST, "next", "change", "next", "change"]
    scene.press(HELD)
    assert scene.view.menu.said[-1] == "close"
    assert scene.drawn() == FIRST


def test_the_menu_opens_from_the_dark():
    scene = Scene()
    scene.after_s(1_000)
    scene.press(HELD)
    assert scene.screen.level == 80
    assert scene.drawn() == "menu"


def test_menu_closes_after_20_s():
    scene = Scene()
    scene.press(HELD)
    scene.after_s(19)
    scene.press(SHORT)
    scene.after_s(19)
    assert scene.drawn() == "menu"
    scene.after_s(1)
    assert scene.view.menu.said[-1] == "close"
    assert scene.drawn() == FIRST


def test_a_menu_with_a_command_stays_for_its_result():
    scene = Scene()
    scene.press(HELD)
    scene.view.menu.busy = True
    scene.after_s(15)
    scene.after_s(30)
    assert scene.drawn() == "menu"
    scene.view.menu.busy = False
    scene.after_s(19)
    assert scene.drawn() == "menu"
    scene.after_s(1)
    assert scene.view.menu.said[-1] == "close"


def test_menu_is_saved_when_the_display_goes_off():
    scene = Scene(off_after_s=10)
    scene.press(HELD)
    scene.after_s(10)
    assert scene.view.menu.said[-1] == "close"
    assert scene.screen.level == OFF


def test_alarm_opens_its_page_and_the_previous_page_returns():
    scene = Scene()
    scene.press(SHORT)
    scene.alarm(0)
    scene.after_s(1_000)
    scene.alarm(4)
    assert scene.screen.level == 80
    assert scene.drawn() == "alarms"
    scene.after_s(100)
    assert scene.drawn() == "alarms"
    scene.alarm(0)
    assert scene.drawn() == SECOND


def test_offline_balancer_opens_alarms_but_a_stale_one_does_not():
    scene = Scene()
    scene.alarm(0, STALE)
    assert scene.drawn() == FIRST
    scene.alarm(0, OFFLINE)
    assert scene.drawn() == "alarms"
    scene.alarm(0)
    assert scene.drawn() == FIRST


def test_an_alarm_wakes_once_and_a_further_one_again():
    scene = Scene()
    scene.alarm(4)
    scene.after_s(300)
    scene.alarm(4)
    assert scene.screen.level == OFF
    scene.alarm(6)
    assert scene.screen.level == 80
    scene.alarm(4)
    assert scene.drawn() == "alarms"


def test_page_chosen_during_an_alarm_stays():
    scene = Scene()
    scene.alarm(4)
    scene.press(SHORT)
    there = scene.drawn()
    assert there != "alarms"
    scene.alarm(0)
    assert scene.drawn() == there


def test_an_alarm_leaves_an_open_menu_alone():
    scene = Scene()
    scene.press(HELD)
    scene.alarm(4)
    assert scene.drawn() == "menu"
    scene.press(HELD)
    assert scene.drawn() == "alarms"


def test_a_locked_page_stays_but_for_alarms():
    scene = Scene(page=THIRD)
    assert scene.drawn() == THIRD
    scene.press(SHORT)
    assert scene.drawn() == THIRD
    scene.alarm(4)
    assert scene.drawn() == "alarms"
    scene.press(SHORT)
    assert scene.drawn() == THIRD


def test_a_voltage_that_rises_wakes():
    scene = Scene()
    scene.alarm(0)
    scene.after_s(300)
    scene.pack.accepted.pack_mv += 40
    scene.alarm(0)
    assert scene.screen.level == OFF
    scene.pack.accepted.pack_mv += 10
    scene.alarm(0)
    assert scene.screen.level == 80


def test_pack_without_a_reading_neither_wakes_nor_opens_alarms():
    scene = Scene()
    scene.pack.sequence = 0
    scene.pack.accepted = Thing(alarms=None, pack_mv=None)
    scene.screen.update()
    assert scene.drawn() == FIRST


def test_the_screensaver_comes_where_a_picture_burns_in_and_a_press_ends_it():
    scene = Scene(off_after_s=0)
    scene.after_s(3_600)
    assert scene.drawn() == "saver"
    scene.press(SHORT)
    assert scene.drawn() == FIRST
    glowing = Scene(burns_in=False, off_after_s=0)
    glowing.after_s(3_600)
    assert glowing.drawn() == FIRST
    assert glowing.canvas.calls == []


def test_the_picture_moves():
    scene = Scene()
    for _ in range(3):
        scene.drawn()
        scene.after_s(60)
    assert scene.canvas.calls == [("scroll", 0, 0), ("scroll", 1, 0), ("scroll", 1, 1)]


def test_the_night_is_of_the_local_day():
    scene = Scene(night=["22:00", "06:00"])
    scene.clock.now_s = 20 * 3600 + 3540  # 20:59 UTC is 21:59
    scene.after_s(1)
    assert scene.screen.level == 80
    scene.clock.now_s += 60
    scene.after_s(1)
    assert scene.screen.level == 10


def test_a_zone_wins_over_the_offset_and_its_changes_count():
    scene = Scene(night=["22:00", "06:00"])
    scene.time["zone"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    for now_s, level in (
        (1_774_645_199, 80),  # 27 March 2026, 21:59:59 in winter
        (1_774_645_200, 10),
        (1_774_814_399, 80),  # 29 March, 21:59:59 in summer
        (1_774_814_400, 10),
        (1_774_641_600, 80),  # set back by two days
    ):
        scene.clock.now_s = now_s
        scene.after_s(1)
        assert scene.screen.level == level, now_s
    for zone, offset_min, level in (("UTC-2", 0, 10), ("UTC-1", 0, 80), (None, 120, 10), (None, 60, 80)):
        scene.time.update({"zone": zone, "utc_offset_min": offset_min})  # 20:00 UTC
        scene.after_s(1)
        assert scene.screen.level == level, zone


def test_tick_reports_whether_the_picture_changes():
    scene = Scene()
    assert not scene.screen.tick()
    scene.clock.now_ms += 2_000  # the next of several sentences
    assert scene.screen.tick()
    scene.after_s(300)
    assert scene.screen.level == OFF
    for _ in range(10):
        scene.clock.now_ms += 1_000
        assert not scene.screen.tick()
