"""View model of the pages, and what of them is loaded: the shown page, its fonts and its texts."""

import gc
import json

from evencell.compat import const
from evencell.display.trend import Trend
from evencell.pack.pack import OFFLINE, STALE
from evencell.runtime.lazy import call, lazy
from evencell.storage.data_files import open_data

# Bits of `View.troubles` beside those of the alarms (pack/alarms.py).
ALARM_BITS = const(0xFFFF)
LINK_TROUBLE = const(0x10000)  # the balancer is stale or offline
LINE_TROUBLE = const(0x20000)  # the diagnosis has a verdict
CONFIG_TROUBLE = const(0x40000)  # faults in the configuration
RULE_TROUBLE = const(0x80000)  # a rule is raised
SETTING_TROUBLE = const(0x100000)  # a setting breaks a rule of the manual
LOW_TROUBLE = const(0x200000)  # a pack is low

_TURNS_OF_ADVICE = const(30)  # a minute (screen.py): its code is loaded for it

_DISPLAY = "evencell.display."
_FOLDER = __file__.rsplit("/", 1)[0] + "/"


class View:
    """View model: what a page draws is `pack` (one of `hub.packs`). Several texts in one place alternate with `turn`.

    The screen sets these two, calls `update` when the hub woke it, and `open` to change the page.
    """

    __slots__ = (
        "_advice",
        "_folder",
        "_modules",
        "_trends",
        "_words",
        "clock",
        "context",
        "faults",
        "fonts",
        "hub",
        "pack",
        "page",
        "turn",
    )

    def __init__(self, context, folder: str = "pages."):
        self.context = context  # for the page "device"
        self._folder = folder  # of the pages; "colour." for colour displays
        self.clock = context.clock
        self.hub = context.hub
        self.faults = context.config_faults
        self.pack = None
        self.page = None
        self.fonts = {}  # of the page, by role (sheet.py)
        self.turn = 0
        self._modules = lazy()  # those that go with the page
        self._words = {}
        self._trends = {}
        self._advice = {}  # of each pack, by name: when it was given, and the settings

    def open(self, name: str):
        """Unload the previous page with all it loaded, and import this one; returns its module."""
        self.close()
        try:
            self.page = self.load(self._folder + name)
        except ImportError:  # one page for all displays
            self.page = self.load("pages." + name)
        return self.page

    def close(self):
        """Unload the page and all it loaded."""
        self.page = None
        self.fonts = {}
        self._words = {}
        self._modules.unload()
        gc.collect()  # against fragmentation: what is loaded next takes this room

    def load(self, name: str):
        """Import a module of the display, which stays until the page is closed."""
        return self._modules.load(_DISPLAY + name)

    def words(self, section: str) -> dict[str, str]:
        """A section of the texts in the configured language; cached until the page is closed."""
        words = self._words.get(section)
        if words is None:
            file = open_data(file_of("texts_%s.txt" % self.context.config["display"]["language"]))
            start = section.encode() + b"\t"
            line = file.readline()
            while line and not line.startswith(start):
                line = file.readline()
            words = self._words[section] = json.loads(line[len(start) :])
            file.close()
        return words

    def update(self):
        """Add new readings to the trends."""
        now_ms = self.clock.uptime_ms()
        for pack in self.hub.packs:
            if pack.sequence:
                self.trend_of(pack).update(now_ms, pack)

    def trend_of(self, pack) -> Trend:
        """The trend of this pack."""
        if pack.name not in self._trends:
            self._trends[pack.name] = Trend()
        return self._trends[pack.name]

    def heap_free(self) -> int:
        """Free bytes of MicroPython's heap."""
        gc.collect()
        return self.context.board.gc_heap()[1]

    def network_heap(self) -> "tuple[int, int] | None":
        """Free bytes and largest block of the network's heap; None if there is no such heap."""
        return self.context.board.network_heap()

    def troubles(self, pack) -> int:
        """Alarms and troubles of this pack, as bits."""
        bits = (pack.accepted.alarms or 0) & ALARM_BITS
        if pack.rules:
            bits |= RULE_TROUBLE
        if pack.link in (STALE, OFFLINE):
            bits |= LINK_TROUBLE
        if pack.diagnosis.verdict:
            bits |= LINE_TROUBLE
        if pack.low_level:
            bits |= LOW_TROUBLE
        if self.faults:
            bits |= CONFIG_TROUBLE
        if not bits & ALARM_BITS and self.broken_settings(pack):  # an alarm comes first
            bits |= SETTING_TROUBLE
        return bits

    def broken_settings(self, pack) -> list[tuple]:
        """Settings that break a rule of the manual, each with the recommended value or None."""
        given, found = self._advice.get(pack.name) or (None, [])
        minute = self.turn // _TURNS_OF_ADVICE
        if pack.sequence and given != minute:
            try:
                found = call("evencell.control.advisor", "broken", self.context, pack)
            except MemoryError:
                pass  # a minute later there may be enough
            self._advice[pack.name] = minute, found
        return found


def file_of(name: str) -> str:
    """Path of a font or text file, which the build puts beside this module."""
    return _FOLDER + name
