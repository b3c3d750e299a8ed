"""What the menu does when it is closed."""

import asyncio
import os

from evencell.display.menu import Menu
from evencell.system.files import exists
from evencell.system.memory import Memory
from host_tests.portable import scratch_path

SETTINGS = ("brightness", "flipped", "page", "temperature_unit", "dark_on_light")
WIFI = len(SETTINGS)  # its line


class Board:
    """One with a radio. Its button is down for some looks to come; `restarts` has how many of them were left then."""

    wired = False
    confirm_firmware = None

    def __init__(self, looks: int):
        self.storage = scratch_path("menu")
        os.mkdir(self.storage)
        self.looks = looks
        self.restarts = []

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
        self.memory = Memory(self.board.storage + "/learned.json")
        self.network = True
        self.extremes = None
        self.supervisor = self
        self.parts = []

    def start(self, _name, run):
        self.parts.append(run)

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


def test_a_switched_radio_restarts_once_the_button_is_let_go():
    """Held on, it would tell the next start to forget the configuration."""
    context = with_the_radio_switched(looks=3)
    assert context.memory.get("wifi_off") and context.board.restarts == []
    asyncio.run(context.parts[0]())
    assert context.board.restarts == [-1]
    context.clear_up()


def test_a_menu_that_closes_by_itself_restarts_at_once():
    context = with_the_radio_switched(looks=0)
    asyncio.run(context.parts[0]())
    assert context.board.restarts == [-1]
    context.clear_up()


def test_nothing_switched_nothing_restarted():
    context = Context(looks=0)
    Menu(context, {}, "glance").close()
    assert context.parts == [] and not exists(context.board.storage + "/learned.json")
    context.clear_up()
