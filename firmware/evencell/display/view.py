"""What the pages may know of the device, and what of theirs is in memory: the shown page, its fonts and its words."""

import gc
import json

from evencell.compat import const
from evencell.display.trend import Trend
from evencell.pack.pack import OFFLINE, STALE
from evencell.storage.data_files import open_data
from evencell.system.on_demand import forget

# Bits of `View.troubles` beyond those of the alarms (pack/alarms.py).
ALARM_BITS = const(0xFFFF)
LINK_TROUBLE = const(0x10000)  # the balancer doesn't answer, or late
LINE_TROUBLE = const(0x20000)  # the diagnosis has a verdict
CONFIG_TROUBLE = const(0x40000)  # faults in the configuration

_DISPLAY = "evencell.display."
_FOLDER = __file__.rsplit("/", 1)[0] + "/"


class View:
    """What a page draws: `pack` (one of `hub.packs`), at redraw number `turn`; where several things are to be said,
    they take turns.

    Whoever shows pages sets these two, calls `note` whenever the hub woke it, and `open` when another page is due.
    """

    __slots__ = ("_loaded", "_trends", "_words", "clock", "context", "faults", "fonts", "hub", "pack", "page", "turn")

    def __init__(self, context):
        self.context = context  # config, network, device_id, hostname: what the page about the device shows
        self.clock = context.clock
        self.hub = context.hub
        self.faults = context.config_faults
        self.pack = None
        self.page = None
        self.fonts = {}  # of the page, by role (sheet.py)
        self.turn = 0
        self._loaded = []  # full names of the modules that go with the page
        self._words = {}
        self._trends = {}

    def open(self, name: str):
        """Import the page of this name; the one before is forgotten, with all that came with it. Returns its module."""
        self.close()
        self.page = self.load("pages." + name)
        return self.page

    def close(self):
        """Forget the page, and all that came with it: the display is dark."""
        self.page = None
        self.fonts = {}
        self._words = {}
        forget(_DISPLAY + "sheet", _DISPLAY + "font", _DISPLAY + "prose", *self._loaded)
        self._loaded = []
        gc.collect()  # what comes next takes that room, not what is free between the things that stay

    def load(self, name: str):
        """A module of the display (a page, the menu) that stays until the page is closed."""
        name = _DISPLAY + name
        if name not in self._loaded:
            self._loaded.append(name)
        return __import__(name, None, None, ("",))

    def words(self, section: str) -> dict[str, str]:
        """A section of the texts, in the configured language. It stays in memory until the page is closed."""
        words = self._words.get(section)
        if words is None:
            name = "%s_%s.json" % (section, self.context.config["display"]["language"])
            file = open_data(file_of(name))
            words = self._words[section] = json.load(file)
            file.close()
        return words

    def note(self):
        """Take what was read since the last call into the trends."""
        now_ms = self.clock.uptime_ms()
        for pack in self.hub.packs:
            if pack.sequence:
                self.trend_of(pack).note(now_ms, pack)

    def trend_of(self, pack) -> Trend:
        """The course of this pack's delta and voltage, as far as it is known."""
        if pack.name not in self._trends:
            self._trends[pack.name] = Trend()
        return self._trends[pack.name]

    def heap_free(self) -> int:
        """Bytes of MicroPython's heap that are free now."""
        gc.collect()
        return self.context.board.gc_heap()[1]

    def network_heap(self) -> "tuple[int, int] | None":
        """Free bytes and largest block of the network's heap; None where there is no such heap."""
        return self.context.board.network_heap()

    def troubles(self, pack) -> int:
        """Bits of all that an owner should know now; one that was not set before is worth a look at `alarms`."""
        bits = (pack.accepted.alarms or 0) & ALARM_BITS
        if pack.link in (STALE, OFFLINE):
            bits |= LINK_TROUBLE
        if pack.diagnosis.verdict:
            bits |= LINE_TROUBLE
        if self.faults:
            bits |= CONFIG_TROUBLE
        return bits


def file_of(name: str) -> str:
    """Path of a font or of texts, made by the build: beside this module."""
    return _FOLDER + name
