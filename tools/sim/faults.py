"""What can be wrong with a balancer or its line: one table, and which of it is on now.

What each fault does stands elsewhere: `fault_readings` changes what was measured, `fault_answers` the bytes that go
back or whether any do, `line` the time and what the far side's terminal makes of the bits.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.system.spelling import nearest
from tools.sim.foreign_frames import FOREIGN_FRAMES

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class FaultError(ValueError):
    """What is wrong with a fault's name or argument, in one sentence."""


@dataclass(frozen=True)
class Number:
    """An argument from `lowest` to `highest`."""

    lowest: float
    highest: float
    whole: bool = True

    @property
    def allowed(self) -> str:
        """What may stand there, as the end of a sentence."""
        return f"{'a whole' if self.whole else 'a'} number from {self.lowest:g} to {self.highest:g}"

    def takes(self, text: str) -> bool:
        """Whether `text` is such a number."""
        if not _NUMBER.fullmatch(text) or (self.whole and "." in text):
            return False
        return self.lowest <= float(text) <= self.highest


@dataclass(frozen=True)
class Word:
    """An argument that is one of `words`."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What may stand there, as the end of a sentence."""
        return f"one of {', '.join(self.words)}"

    def takes(self, text: str) -> bool:
        """Whether `text` is one of them."""
        return text in self.words


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    `leads_to` is what may be seen of it, one of these or several in turn: `ok` or another verdict of the diagnosis,
    `alarm NAME`, `link NAME`, `temperature null`, `diagnose VERDICT` and `set VERDICT` (what only `evencell diagnose`
    and `evencell set` find: the firmware never writes).
    """

    name: str
    argument: str
    explanation: str
    leads_to: tuple[str, ...]
    example: str
    rule: Number | Word | None = None
    default: str = ""

    @property
    def usage(self) -> str:
        """As it is written: `noise:P`, `wrong_baud[:RATE]`, `echo`."""
        if not self.argument:
            return self.name
        return f"{self.name}[:{self.argument}]" if self.default else f"{self.name}:{self.argument}"


_CHANCE = Number(0, 1, whole=False)

FAULTS = (
    Fault("swapped", "", "A and B are swapped: every answer is 55 95 01 FF 01, as recorded.", ("swapped",), "swapped"),
    Fault(
        "noise",
        "P",
        "With chance P an answer is damaged: flipped bits, bytes lost or inserted, a burst, the end missing, garbage.",
        ("noise", "checksum errors"),
        "noise:0.3",
        _CHANCE,
    ),
    Fault("drop", "P", "With chance P one to four bytes of an answer are lost.", ("noise",), "drop:0.5", _CHANCE),
    Fault(
        "burst",
        "P",
        "With chance P a burst of noise drowns 2 to 20 bytes of an answer.",
        ("noise", "checksum errors"),
        "burst:0.5",
        _CHANCE,
    ),
    Fault(
        "late",
        "MS",
        "Answers come MS milliseconds later: slow from 300 on, during the next question beyond 1000.",
        ("slow answers", "silent", "link stale"),
        "late:400",
        Number(0, 60_000),
    ),
    Fault("echo", "", "The request is heard back before the answer; with `silent`: echo only.", ("ok",), "echo"),
    Fault(
        "wrong_baud",
        "RATE",
        "The balancer runs at RATE (19200): garbage, unless the other side's terminal is set to RATE too.",
        ("wrong baud",),
        "wrong_baud:19200",
        Number(300, 115_200),
        default="19200",
    ),
    Fault(
        "address",
        "N",
        "It listens at address N only.",
        ("silent", "link offline", "diagnose wrong address"),
        "address:7",
        Number(0, 255),
    ),
    Fault("silent", "", "No answers.", ("silent", "link offline"), "silent"),
    Fault(
        "flap",
        "SECONDS",
        "Answers for SECONDS, is silent for SECONDS, and so on.",
        ("link stale", "link offline", "silent", "ok"),
        "flap:5",
        Number(0.1, 3600, whole=False),
    ),
    Fault(
        "other_protocol",
        "NAME",
        "Answers with a frame of jk_bms, modbus or jk_bluetooth.",
        ("other protocol",),
        "other_protocol:jk_bms",
        Word(tuple(FOREIGN_FRAMES)),
    ),
    Fault(
        "wire_off",
        "CELL",
        "This cell's wire is off: it reads 0, and one cell fewer is detected.",
        ("alarm cell_count",),
        "wire_off:2",
        Number(1, CELL_SLOTS),
    ),
    Fault("count_mismatch", "", "The settings say one cell too many.", ("alarm cell_count",), "count_mismatch"),
    Fault("wire_resistance", "", "Alarm bit 1 is set.", ("alarm wire_resistance",), "wire_resistance"),
    Fault("overvoltage", "", "Alarm bit 2 is set.", ("alarm overvoltage",), "overvoltage"),
    Fault("alarm_bit0", "", "Alarm bit 0 is set, as on every healthy unit recorded.", ("ok",), "alarm_bit0"),
    Fault("cold", "", "The probe says -25 °C.", ("alarm temperature",), "cold"),
    Fault("whole_degrees", "", "Temperature in whole degrees.", ("ok", "temperature null"), "whole_degrees"),
    Fault(
        "probe_missing",
        "",
        "No probe: temperature raw 7F FF (assumed: nobody has recorded the real value).",
        ("ok", "temperature null"),
        "probe_missing",
    ),
    Fault("summary_lag", "", "Highest, lowest, delta and average are of the answer before.", ("ok",), "summary_lag"),
    Fault("refuse_writes", "", "A write brings the old value back.", ("ok", "set refused write"), "refuse_writes"),
    Fault("ignore_writes", "", "A write is neither answered nor taken.", ("ok", "set refused write"), "ignore_writes"),
)

_BY_NAME = {fault.name: fault for fault in FAULTS}


@dataclass(frozen=True)
class _Active:
    argument: str
    since_s: float


class Faults:
    """The faults that are on; each name once, and the last word about it counts. `clock` is in seconds."""

    def __init__(self, texts: Iterable[str] = (), clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._active: dict[str, _Active] = {}
        for text in texts:
            self.switch_on(text)

    def switch_on(self, text: str):
        """Switch on what `NAME[:ARG]` names; raises FaultError."""
        fault, argument = parse(text)
        self._active[fault.name] = _Active(argument, self._clock())

    def switch_off(self, text: str):
        """Switch off what `text` names, its argument not needed; raises FaultError if there is no such fault."""
        self._active.pop(_named(text.partition(":")[0]).name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._active

    def number(self, name: str) -> float:
        """The argument of a fault that takes a number; 0 while it is off."""
        return float(self._active[name].argument) if name in self._active else 0.0

    def word(self, name: str) -> str:
        """The argument of a fault that is on."""
        return self._active[name].argument

    def on_for_s(self, name: str) -> float:
        """How long a fault has been on."""
        return self._clock() - self._active[name].since_s

    def __str__(self) -> str:
        """One line, in the order of the table: `faults noise:0.3 echo`, or `faults none`."""
        on = [fault.name for fault in FAULTS if fault.name in self]
        texts = [f"{name}:{self.word(name)}" if self.word(name) else name for name in on]
        return f"faults {' '.join(texts) or 'none'}"


def parse(text: str) -> tuple[Fault, str]:
    """The fault that `NAME[:ARG]` names, and its argument; raises FaultError."""
    name, colon, argument = text.partition(":")
    fault = _named(name)
    if fault.rule is None and colon:
        raise FaultError(f"{name} takes no argument")
    argument = argument if colon else fault.default
    if fault.rule and not fault.rule.takes(argument):
        raise FaultError(f"{text!r}: {fault.argument} is {fault.rule.allowed}, as in {fault.example}")
    return fault, argument


def _named(name: str) -> Fault:
    if name not in _BY_NAME:
        near = nearest(name[:100], _BY_NAME)
        raise FaultError(
            f"no fault is called {name!r}: " + (f"did you mean {near}?" if near else "--fault list names them all")
        )
    return _BY_NAME[name]
