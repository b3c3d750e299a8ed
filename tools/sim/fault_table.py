"""The table of faults of a balancer or its line.

They are implemented elsewhere: `fault_readings` changes measurements, `fault_answers` the bytes of an answer, `line`
the timing, the echo and the baud rate.
"""

import re
from dataclasses import dataclass

from evencell.protocol.jk_balancer import CELL_SLOTS
from tools.sim.foreign_frames import FOREIGN_FRAMES

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Number:
    """An argument from `lowest` to `highest`."""

    lowest: float
    highest: float
    whole: bool = True

    @property
    def allowed(self) -> str:
        """The allowed values, as the end of a sentence."""
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
        """The allowed values, as the end of a sentence."""
        return f"one of {', '.join(self.words)}"

    def takes(self, text: str) -> bool:
        """Whether `text` is one of them."""
        return text in self.words


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    `leads_to` lists its visible effects, one or several in turn: `ok` or another verdict of the diagnosis,
    `alarm NAME`, `link NAME`, `temperature null`, `diagnose VERDICT` and `set VERDICT` (found by
    `evencell diagnose` and `evencell set` alone: the firmware writes on command only).
    `of_line`: the fault is the whole line's, not one balancer's.
    """

    name: str
    argument: str
    explanation: str
    leads_to: tuple[str, ...]
    example: str
    rule: Number | Word | None = None
    default: str = ""
    of_line: bool = False

    @property
    def usage(self) -> str:
        """Its notation: `noise:P`, `wrong_baud[:RATE]`, `echo`."""
        if not self.argument:
            return self.name
        return f"{self.name}[:{self.argument}]" if self.default else f"{self.name}:{self.argument}"


_CHANCE = Number(0, 1, whole=False)

FAULTS = (
    Fault(
        "swapped",
        "",
        "A and B are swapped: every answer is 55 95 01 FF 01, as recorded.",
        ("swapped",),
        "swapped",
        of_line=True,
    ),
    Fault(
        "noise",
        "P",
        "With chance P an answer is damaged: flipped bits, bytes lost or inserted, a burst, the end missing, garbage.",
        ("noise", "checksum errors"),
        "noise:0.3",
        _CHANCE,
    ),
    Fault("lost", "P", "With chance P a request gets no answer.", ("lost answers",), "lost:0.3", _CHANCE),
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
        "Answers come MS milliseconds later: slow from 300 on, during the next request beyond 1000.",
        ("slow answers", "silent", "link stale"),
        "late:400",
        Number(0, 60_000),
        of_line=True,
    ),
    Fault(
        "echo",
        "",
        "The request comes back before the answer; with `silent`: echo only.",
        ("ok",),
        "echo",
        of_line=True,
    ),
    Fault(
        "wrong_baud",
        "RATE",
        "The balancer runs at RATE (19200): garbage, unless the other side's terminal is set to RATE too.",
        ("wrong baud",),
        "wrong_baud:19200",
        Number(300, 115_200),
        default="19200",
        of_line=True,
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
        ("link stale", "link offline", "silent", "lost answers", "ok"),
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
        of_line=True,
    ),
    Fault(
        "wire_off",
        "CELL",
        "This cell's wire is off: it reads 0, and one cell fewer is detected.",
        ("alarm cell_count",),
        "wire_off:2",
        Number(1, CELL_SLOTS),
    ),
    Fault(
        "dead_cell",
        "CELL",
        "This cell reads 0 V, and is still counted.",
        ("alarm cell_voltage",),
        "dead_cell:2",
        Number(1, CELL_SLOTS),
    ),
    Fault(
        "count_mismatch",
        "",
        "One cell more is configured than there are.",
        ("alarm cell_count",),
        "count_mismatch",
    ),
    Fault("wire_resistance", "", "Alarm bit 1 is set.", ("alarm wire_resistance",), "wire_resistance"),
    Fault("overvoltage", "", "Alarm bit 2 is set.", ("alarm overvoltage",), "overvoltage"),
    Fault("alarm_bit0", "", "Alarm bit 0 is set, as on every healthy unit recorded.", ("ok",), "alarm_bit0"),
    Fault("cold", "", "The probe reads -25 °C.", ("alarm temperature",), "cold"),
    Fault("whole_degrees", "", "Temperature in whole degrees.", ("ok", "temperature null"), "whole_degrees"),
    Fault(
        "probe_missing",
        "",
        "No probe: temperature raw 7F FF (assumed: the real value is not recorded).",
        ("ok", "temperature null"),
        "probe_missing",
    ),
    Fault(
        "summary_lag",
        "",
        "Highest, lowest, delta and average are those of the answer before.",
        ("ok",),
        "summary_lag",
    ),
    Fault(
        "signed_current", "", "The balance current is negative while a cell is discharged.", ("ok",), "signed_current"
    ),
    Fault("refuse_writes", "", "A write brings the old value back.", ("ok", "set refused write"), "refuse_writes"),
    Fault("ignore_writes", "", "A write is neither answered nor taken.", ("ok", "set refused write"), "ignore_writes"),
)
