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
from evencell.control.rule_texts import listing
from evencell.control.trend import SAMPLE_S, TRENDS
from evencell.pack.alarms import ALARMS, names_of
from evencell.pack.pack import ASLEEP
from tools.cli.watch import Axis, cells, details, headline, trend
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.controlled import ControlledPack, SwitchedSupply
from tools.sim.pack import default_pack
from tools.sim.scenarios import SCENARIOS
from tools.sim.supply import Supply

_REDRAW_S = 0.5
_TREND_WIDTH = 50
_EVENTS = 3
_LINES = 24
_LEAST_RULES = 2  # on so many lines
_STYLES = {"danger": "bold red", "warning": "bold yellow", "info": "bold"}
_DAY_S = 86_400


def show(name: str, speed: float, config_path: Path | None):
    """Draw until Ctrl-C. Chemistry, capacity, policy, limits and rules are those of the configuration; without one the
    policy is `top`.
    """
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
            live.update(screen.panel(live.console.height), refresh=True)
            time.sleep(_REDRAW_S)


def make(name: str, config_path: Path | None) -> ControlledPack:
    """The pack of a scenario, with its policy and rules."""
    overrides = {} if config_path else {"control": {"policy": {"preset": "top"}}}
    config, faults, _ = load(str(config_path or ""), overrides)
    if config_path and faults:
        raise click.ClickException(f"{config_path}: {faults[0]}. No scenario is run with a faulty configuration.")
    settings = config["packs"][0]
    random, chemistry = Random(1), CHEMISTRIES.get(settings["chemistry"])
    if chemistry is None:
        raise click.ClickException(f"packs[0].chemistry: no {settings['chemistry']} cells can be simulated.")
    capacity_ah = settings["capacity_ah"] or 20
    pack = default_pack(chemistry, capacity_ah, random)
    pack.use(SCENARIOS[name].phases(pack, chemistry, capacity_ah * 1000, random))
    policy, switch = config["control"]["policy"], None
    if policy["preset"] != "off" and policy["by"] == "w":
        switch = SwitchedSupply()
        switch.level = config["control"]["w"]["resistor"] == "on"
    balancer = Balancer(pack, random, switch or Supply(), SAMPLE_S)
    return ControlledPack(balancer, settings["chemistry"], policy, switch, config)


class Screen:
    """What is drawn, and what was noted between two drawings: deltas, switches and alarms."""

    def __init__(self, name: str, speed: float, controlled: ControlledPack):
        self._title = f"evencell · {name} × {speed:g} · simulated"
        self._controlled = controlled
        self._axis = Axis()
        self._deltas_mv = deque([0], _TREND_WIDTH)
        self._events = deque(maxlen=_EVENTS)
        self._alarms: set[str] = set()
        self._was_on = self._level = None
        self._seen = 0  # of the hub's events

    def note(self):
        """Note what changed with the last step."""
        pack, state = self._controlled.pack, self._controlled.state
        self._deltas_mv.append(pack.accepted.delta_mv or 0)
        if state.is_on != self._was_on:
            if self._was_on is not None:
                self._event(f"balancing {state.reason}")
            self._was_on = state.is_on
        self._note_w()
        self._note_rules()
        alarms = set(names_of(pack.accepted.alarms or 0))
        for name in sorted(alarms ^ self._alarms):
            self._event(f"alarm {name.replace('_', ' ')} {'raised' if name in alarms else 'cleared'}")
        self._alarms = alarms

    def _note_w(self):
        w = self._controlled.w
        if w and w.level != self._level:
            self._level = w.level
            self._event(f"W switch {w.reason if w.reason.startswith('o') else 'on: ' + w.reason}")

    def _note_rules(self):
        hub = self._controlled.hub
        for number in range(self._seen, hub.posted):
            event = hub.event(number)
            if event and event[1] == "rule":
                self._event(f"rule {event[3]} {'raised' if event[4] else 'cleared'}")
        self._seen = hub.posted

    def panel(self, height: int = _LINES) -> Panel:
        """The whole screen, for 80 × 24 characters or more."""
        pack = self._controlled.pack
        body = Text("Waiting for the first reading.")
        if pack.sequence:
            status = pack.accepted
            drawn = headline(status), Text(), cells(status, self._axis), trend(self._deltas_mv), Text(), details(pack)
            rules = self._rules(max(_LEAST_RULES, height - _LINES + _LEAST_RULES))
            events = list(self._events)[len(rules) if height <= _LINES else 0 :]  # a rule may take two lines
            body = Group(*drawn, Text(), *self._policy(), *rules, *map(_line, events))
        return Panel(body, title=self._title, subtitle=self._subtitle(), padding=(0, 2))

    def _subtitle(self) -> str:
        controlled = self._controlled
        when = _when(controlled.clock.now_s)
        if controlled.pack.link != ASLEEP:
            return when
        age_min = (controlled.pack.age_ms(controlled.clock) or 0) // 60_000
        return f"{when} · switched off by W, values of {age_min} min ago"

    def _policy(self) -> list[Text]:
        """What the policy does and why, and what its writes wait for."""
        controlled = self._controlled
        preset, kind = controlled.policy["preset"], controlled.state.trend.kind
        if preset == "off":
            return [_line("policy off · the balancer decides by its own settings", "bold")]
        use = "trend not known yet" if kind is None else f"pack {TRENDS[kind]}"
        count = len(controlled.writes_s)
        done = f"{count} write{'' if count == 1 else 's'} to the balancer"
        if controlled.refusal:
            done += f", {controlled.refusal}"
        reason, w = controlled.state.reason, controlled.w
        if w:
            done = f"W {'on' if w.output.is_on() else 'off'}"
            if not w.output.is_on() and w.is_good:
                done += f", read again in {max(0, w.next_s - controlled.clock.now_s) // 60} min"
            reason = w.reason if w.level else reason
        first = Text.assemble((f"policy {preset}", "bold"), f" · {use} · {done}", no_wrap=True, overflow="ellipsis")
        return [first, Text(reason, "bold")]

    def _rules(self, most: int) -> list[Text]:
        """The rules that are raised, the most dangerous first; alarms are in the headline."""
        controlled = self._controlled
        if controlled.rules is None:
            return []
        found = [
            rule
            for rule in listing(controlled.rules.states[0], controlled.clock.now_s)
            if rule["state"] == "raised" and rule["name"] not in ALARMS
        ]
        found.sort(key=lambda rule: list(_STYLES).index(rule["severity"]))
        lines = [Text(f"{rule['severity'].upper()} {rule['text']}", _STYLES[rule["severity"]]) for rule in found]
        if len(lines) <= most:
            return lines
        return [*lines[: most - 1], Text(f"and {len(lines) - most + 1} more rules")]

    def _event(self, text: str):
        self._events.append(f"{_when(self._controlled.clock.now_s)}  {text}")


def _line(text: str, style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _when(now_s: int) -> str:
    return f"day {now_s // _DAY_S + 1}, {now_s % _DAY_S // 3600:02d}:{now_s % 3600 // 60:02d}"
