"""`evencell run --scenario`: a simulated pack, its balance policy and its alarms on one terminal screen."""

import signal
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from random import Random

import click
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from evencell.config.load import load
from evencell.control.trend import SAMPLE_S, TRENDS
from evencell.pack.alarms import names_of
from tools.cli.watch import Axis, cells, details, headline, trend
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.controlled import ControlledPack
from tools.sim.pack import default_pack
from tools.sim.scenarios import SCENARIOS
from tools.sim.supply import Supply

_REDRAW_S = 0.5
_TREND_WIDTH = 50
_EVENTS = 3
_DAY_S = 86_400


def show(name: str, speed: float, config_path: Path | None):
    """Draw until Ctrl-C. The policy, chemistry and capacity are those of the configuration; without one it is `top`."""
    if not sys.stdout.isatty():
        raise click.ClickException("--scenario needs a terminal. `evencell sim --scenario` is for programs.")
    controlled = make(name, config_path)
    screen = Screen(name, speed, controlled)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), Live(screen=True, auto_refresh=False) as live:
        start_s = time.monotonic()
        while True:
            while controlled.clock.now_s < (time.monotonic() - start_s) * speed:
                controlled.step()
                screen.note()
            live.update(screen.panel(), refresh=True)
            time.sleep(_REDRAW_S)


def make(name: str, config_path: Path | None) -> ControlledPack:
    """The pack of a scenario, and its policy."""
    overrides = {} if config_path else {"control": {"policy": {"preset": "top"}}}
    config, faults, _ = load(str(config_path or ""), overrides)
    if config_path and faults:
        raise click.ClickException(f"{config_path}: {faults[0]}.")
    settings = config["packs"][0]
    random, chemistry = Random(1), CHEMISTRIES.get(settings["chemistry"])
    if chemistry is None:
        raise click.ClickException(f"packs[0].chemistry: no {settings['chemistry']} cells can be simulated.")
    capacity_ah = settings["capacity_ah"] or 20
    pack = default_pack(chemistry, capacity_ah, random)
    pack.use(SCENARIOS[name].phases(pack, chemistry, capacity_ah * 1000, random))
    balancer = Balancer(pack, random, Supply(), SAMPLE_S)
    return ControlledPack(balancer, settings["chemistry"], config["control"]["policy"])


class Screen:
    """What is drawn, and what was noted between two drawings: deltas, switches and alarms."""

    def __init__(self, name: str, speed: float, controlled: ControlledPack):
        self._title = f"evencell · {name} × {speed:g} · simulated"
        self._controlled = controlled
        self._axis = Axis()
        self._deltas_mv = deque([0], _TREND_WIDTH)
        self._events = deque(maxlen=_EVENTS)
        self._alarms: set[str] = set()
        self._was_on = None

    def note(self):
        """Note what changed with the last step."""
        pack, state = self._controlled.pack, self._controlled.state
        self._deltas_mv.append(pack.accepted.delta_mv or 0)
        if state.is_on != self._was_on:
            self._was_on = state.is_on
            self._event(f"balancing {state.reason}")
        alarms = set(names_of(pack.accepted.alarms or 0))
        for name in sorted(alarms ^ self._alarms):
            self._event(f"alarm {name.replace('_', ' ')} {'raised' if name in alarms else 'cleared'}")
        self._alarms = alarms

    def panel(self) -> Panel:
        """The whole screen, for 80 × 24 characters or more."""
        pack = self._controlled.pack
        body = Text("Waiting for the first reading.")
        if pack.sequence:
            status = pack.accepted
            drawn = headline(status), Text(), cells(status, self._axis), trend(self._deltas_mv), Text(), details(pack)
            body = Group(*drawn, Text(), *self._policy(), *map(Text, self._events))
        return Panel(body, title=self._title, subtitle=_when(self._controlled.clock.now_s), padding=(0, 2))

    def _policy(self) -> list[Text]:
        """What the policy does and why, and what its writes wait for."""
        controlled = self._controlled
        preset, kind = controlled.policy["preset"], controlled.state.trend.kind
        use = "trend not known yet" if kind is None else f"pack {TRENDS[kind]}"
        reason = "there is no policy" if preset == "off" else controlled.state.reason
        writes = f"{len(controlled.writes_s)} F6 writes"
        if controlled.refusal:
            writes += f", {controlled.refusal}"
        first = Text.assemble((f"policy {preset}", "bold"), f" · {use} · {writes}", no_wrap=True, overflow="ellipsis")
        return [first, Text(reason, "bold")]

    def _event(self, text: str):
        self._events.append(f"{_when(self._controlled.clock.now_s)}  {text}")


def _when(now_s: int) -> str:
    return f"day {now_s // _DAY_S + 1}, {now_s % _DAY_S // 3600:02d}:{now_s % 3600 // 60:02d}"
