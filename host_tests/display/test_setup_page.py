"""The display in setup mode: one page and nothing else, with what is needed to join the access point."""

import asyncio

from evencell import startup as start_up
from evencell.display.button import HELD, LONG, SHORT
from evencell.display.pages.setup import join_text, progress
from evencell.display.text.de import TEXTS
from evencell.runtime.lazy import call
from host_tests.display.test_absent import PATIENCE_S, Device, loaded, until
from tools.screens.draw import Thing

OPEN = {"ssid": "evencell-3d49aa", "password": "k7mzq2hxwb", "address": "192.168.4.1", "state": "open"}
NOTHING = {"problem": None, "field": None, "new_ssid": None, "new_address": None}


class SetupDevice(Device):
    """A device in setup mode, with its display alone."""

    async def _live(self, then):
        start_up.load(self.context)
        self.context.setup = Thing(dict(OPEN, **NOTHING))
        call("evencell.display.part", "start", self.context)
        await asyncio.wait_for(then(self), PATIENCE_S)


def pages() -> list:
    """Pages that are in memory."""
    return sorted(name for name in loaded() if name.split(".")[0] in ("pages", "colour") and "." in name)


def test_setup_mode_has_one_page():
    async def then(device):
        await until(device.shows)
        assert pages() == ["pages.setup"]
        assert device.context.display.summary()["page"] == "setup"
        before = device.bench.chip.picture()
        for press in (SHORT, LONG, HELD):
            device.context.display.screen.press(press, False)
        assert pages() == ["pages.setup"] and "menu" not in loaded()
        device.context.setup.state = "done"
        device.context.setup.new_address = "192.168.1.20"
        await until(lambda: device.bench.chip.picture() != before)
        assert device.shows()

    SetupDevice(plugged=True).live(then)


def test_a_picture_that_is_not_served_gets_no_password():
    async def then(device):
        await asyncio.sleep(0)
        assert device.context.display is None

    SetupDevice(plugged=True, display={"driver": "picture"}).live(then)


def test_special_characters_are_escaped():
    assert join_text("evencell-3d49aa", "k7mzq2hxwb") == "WIFI:T:WPA;S:evencell-3d49aa;P:k7mzq2hxwb;;"
    assert join_text("a;b", 'p\\q,r:s"t') == 'WIFI:T:WPA;S:a\\;b;P:p\\\\q\\,r\\:s\\"t;;'
    assert join_text("Höhle", None) == "WIFI:T:nopass;S:Höhle;;"


def test_what_went_wrong_is_said_in_the_displays_own_words():
    words = TEXTS["setup"]
    for field, key in (("network.password", "network.password"), ("pack.cells", "failed"), (None, "failed")):
        setup = Thing({"state": "failed", "problem": "an English sentence", "field": field, "new_ssid": "Home"})
        assert progress(setup, words)[0] == words[key]
