"""What the menu does when it is closed."""

import asyncio
import os

from evencell.display.menu import _KEPT, Menu
from evencell.display.part import apply_choices
from evencell.runtime.log import Log
from evencell.storage import shapes
from evencell.storage.faults import StorageFaults
from evencell.storage.key_value import KeyValueStore
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock
from host_tests.portable import scratch_path

SETTINGS = ("brightness", "flipped", "page", "temperature_unit", "dark_on_light")
WIFI = len(SETTINGS)  # its line


class Board:
    """One with a radio. Its button is down for some looks to come; `restarts` has how many of them were left then."""

    wired = False

    def __init__(self, looks: int):
        self.storage = scratch_path("menu")
        os.mkdir(self.storage)
        self.looks = looks
        self.restarts = []

    def firmware(self):
        return None

    def button(self):
        return self._is_down

    def _is_down(self) -> bool:
        self.looks -= 1
        return self.looks >= 0

    def restart(self):
        self.restarts.append(self.looks)


class Context:
    """What the menu needs of the application. It is its own supervisor: `parts` are those that were started."""

    def __init__(self, looks: int):
        self.board = Board(looks)
        clock = FakeClock()
        self.storage_faults = StorageFaults(clock, Log(clock))
        self.key_values = KeyValueStore(self.board.storage + "/learned.json", self.storage_faults)
        self.network = True
        self.update = None
        self.extremes = self.rules = self.control = None
        self.hub, self.packs = self, ()
        self.supervisor = self
        self.parts = []

    def start(self, _name, run):
        self.parts.append(run)

    def finish(self):
        """Nothing waits to be written."""

    def clear_up(self):
        for name in os.listdir(self.board.storage):
            os.remove(self.board.storage + "/" + name)
        os.rmdir(self.board.storage)


def with_the_radio_switched(looks: int) -> Context:
    context = Context(looks)
    menu = Menu(context, {}, "glance")
    for _ in range(WIFI):
        menu.next()
    menu.change()
    menu.close()
    return context


def test_switching_wifi_restarts_after_the_button_is_released():
    """Held on, it would tell the next start to forget the configuration."""
    context = with_the_radio_switched(looks=3)
    assert context.key_values.get("wifi_off") and context.board.restarts == []
    asyncio.run(context.parts[0]())
    assert context.board.restarts == [-1]
    context.clear_up()


def test_a_menu_that_closes_by_itself_restarts_at_once():
    context = with_the_radio_switched(looks=0)
    asyncio.run(context.parts[0]())
    assert context.board.restarts == [-1]
    context.clear_up()


def test_menu_without_a_wifi_change_does_not_restart():
    context = Context(looks=0)
    Menu(context, {}, "glance").close()
    assert context.parts == [] and not exists(context.board.storage + "/learned.json")
    context.clear_up()


def test_choices_are_applied_and_unknown_ones_discarded():
    """Some of these names are settings, to which the menu of this version never sets a value."""
    context = Context(looks=0)
    path = context.board.storage + "/learned.json"
    text = (
        '{"wifi_off": true, "display": {"brightness": [80, 40], "page": [null, "cells"], "flipped": [true, false], '
        '"off_after_s": [300, null], "night": [null, 5], "language": ["en", "fr"], "later": [null, []]}}'
    )
    with open(path, "w") as file:
        file.write(text)
    memory = KeyValueStore(path, context.storage_faults)
    settings = {"brightness": 80, "off_after_s": 300, "night": None, "language": "en"}
    apply_choices(memory, settings)
    assert settings == {"brightness": 40, "page": "cells", "off_after_s": 300, "night": None, "language": "en"}
    kept = {"brightness": [80, 40], "page": [None, "cells"]}
    assert KeyValueStore(path, context.storage_faults).get("display") == kept == memory.get("display")
    assert memory.get("wifi_off") and context.storage_faults.set_aside == 0
    context.clear_up()


def test_every_setting_of_the_menu_is_known_when_it_is_read_again():
    assert sorted(_KEPT) == sorted(set(shapes._CHOICES) | {"brightness"})
