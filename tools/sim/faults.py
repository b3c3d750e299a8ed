"""The active faults, of the whole line or of one balancer on it."""

import copy
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evencell.config.spelling import nearest
from tools.sim.fault_table import FAULTS, Fault, Number

_ADDRESS = Number(0, 255)
_BY_NAME = {fault.name: fault for fault in FAULTS}


class FaultError(ValueError):
    """An error in a fault's name or argument, in one sentence."""


@dataclass(frozen=True)
class _Active:
    argument: str
    since_s: float


class Faults:
    """The active faults; each name once for a balancer, with its last argument.

    `NAME[:ARG]` is a fault of all balancers on the line, `NAME[:ARG]@ADDRESS` of one of `addresses`, which takes
    precedence. `clock` is in seconds; `cells` has the number of cells at an address, if known.
    """

    def __init__(
        self,
        texts: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        addresses: Iterable[int] = (),
        cells: Mapping[int, int] | None = None,
    ):
        self._clock = clock
        self._active: dict[tuple[str, int | None], _Active] = {}
        self._addresses = tuple(addresses)
        self._cells = cells or {}
        self._address: int | None = None
        for text in texts:
            self.switch_on(text)

    def at(self, address: int) -> "Faults":
        """The same faults, seen by the balancer at `address`."""
        faults = copy.copy(self)
        faults._address = address
        return faults

    def switch_on(self, text: str):
        """Switch on `NAME[:ARG][@ADDRESS]`; raises FaultError."""
        fault, argument, address = parse(text)
        self._check(address)
        self._check_cell(fault, argument, address)
        self._active[fault.name, address] = _Active(argument, self._clock())

    def switch_off(self, text: str):
        """Switch off the fault of this name, its argument not needed; raises FaultError for an unknown one.

        Without an address it is switched off for every balancer.
        """
        text, at, address = text.partition("@")
        name = _named(text.partition(":")[0]).name
        whose = [_address(address)] if at else [None, *self._addresses]
        self._check(whose[0])
        for one in whose:
            self._active.pop((name, one), None)

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def number(self, name: str) -> float:
        """The argument of a fault that takes a number; 0 if it is off."""
        active = self._find(name)
        return float(active.argument) if active else 0.0

    def word(self, name: str) -> str:
        """The argument of an active fault."""
        return self._active_one(name).argument

    def on_for_s(self, name: str) -> float:
        """Seconds since a fault was switched on."""
        return self._clock() - self._active_one(name).since_s

    def __str__(self) -> str:
        """One line, in the order of the table: `faults noise:0.3 echo silent@2`, or `faults none`."""
        texts = [
            name + (f":{active.argument}" if active.argument else "") + ("" if address is None else f"@{address}")
            for fault in FAULTS
            for (name, address), active in self._active.items()
            if name == fault.name
        ]
        return f"faults {' '.join(texts) or 'none'}"

    def _find(self, name: str) -> _Active | None:
        return self._active.get((name, self._address)) or self._active.get((name, None))

    def _active_one(self, name: str) -> _Active:
        active = self._find(name)
        if active is None:
            raise KeyError(name)
        return active

    def _check(self, address: int | None):
        if address is not None and address not in self._addresses:
            raise FaultError(f"no balancer is at address {address}: see --address")

    def _check_cell(self, fault: Fault, argument: str, address: int | None):
        """Raise FaultError for a cell that does not exist."""
        count = self._cells.get(address) if address is not None else max(self._cells.values(), default=None)
        if fault.argument == "CELL" and count is not None and int(argument) > count:
            raise FaultError(f"{fault.name}:{argument}: there are {count} cells")


def parse(text: str) -> tuple[Fault, str, int | None]:
    """The fault that `NAME[:ARG][@ADDRESS]` names, its argument and the address, None for all; raises FaultError."""
    text, at, address = text.partition("@")
    name, colon, argument = text.partition(":")
    fault = _named(name)
    if fault.of_line and at:
        raise FaultError(f"{name} is a fault of the whole line: leave out the address")
    if fault.rule is None and colon:
        raise FaultError(f"{name} takes no argument")
    argument = argument if colon else fault.default
    if fault.rule and not fault.rule.takes(argument):
        raise FaultError(f"{text!r}: {fault.argument} is {fault.rule.allowed}, as in {fault.example}")
    return fault, argument, _address(address) if at else None


def _address(text: str) -> int:
    if not _ADDRESS.takes(text):
        raise FaultError(f"{text!r} is no address: it is {_ADDRESS.allowed}, as in silent@2")
    return int(text)


def _named(name: str) -> Fault:
    if name not in _BY_NAME:
        near = nearest(name[:100], _BY_NAME)
        raise FaultError(
            f"no fault is called {name!r}: " + (f"did you mean {near}?" if near else "--fault list shows them all")
        )
    return _BY_NAME[name]
