"""Stand-ins that several tests share, on CPython and on MicroPython alike.

A class is here if what it stands for is not what the test is about, and needs hardware, time or the whole application.
Scripted ports are in link/ports.py, scripted radios in net/stations.py.
"""

import time


class FakeClock:
    """A clock that stands until it is set. `now_ms`: uptime; `now_s`: time of day, None while it is unknown."""

    def __init__(self, now_s=None):
        self.now_ms = 0
        self.now_s = now_s

    def uptime_ms(self) -> int:
        return self.now_ms

    def unix_s(self):
        return self.now_s

    def unix_s_at(self, uptime_ms: int):
        return None if self.now_s is None else self.now_s - (self.now_ms - uptime_ms) // 1000

    def utc(self, unix_s: int) -> tuple:
        return tuple(time.gmtime(unix_s)[:6])

    def iso(self, unix_s: int) -> str:
        return "%04d-%02d-%02dT%02d:%02d:%02dZ" % self.utc(unix_s)


class FakeLog:
    """Keeps what is logged: `lines` of every level, and of them `warnings`; `errors` are exceptions."""

    def __init__(self):
        self.lines = []
        self.warnings = []
        self.errors = []

    def debug(self, text: str):
        self.lines.append(text)

    info = debug

    def warning(self, text: str):
        self.lines.append(text)
        self.warnings.append(text)

    def exception(self, error: Exception, _where: str):
        self.errors.append(error)


class FakeKeyValue:
    """A key-value store in memory. `kept` may be looked at and changed."""

    def __init__(self):
        self.kept = {}

    def get(self, key: str):
        return self.kept.get(key)

    def put(self, key: str, value) -> bool:
        self.kept[key] = value
        return True


class ScriptedHeaps:
    """`gc`: (total, free) of the GC heap; `network`: (free, largest block) of the network's, or None."""

    def __init__(self, gc: tuple = (112_000, 21_000), network: "tuple | None" = (30_000, 24_000)):
        self.gc = gc
        self.network = network

    def gc_heap(self) -> tuple:
        return self.gc

    def network_heap(self):
        return self.network
