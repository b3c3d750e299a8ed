"""Months of a device that sleeps: `python -m tools.bench.asleep --days 90`.

The real firmware and a real mosquitto, whose outages and restarts are random, as are resets in the middle of a wake and
losses of RTC memory, between two wakes and within one. Each reading that the device took, as RTC memory shows after
each wake, must arrive in order, or be accounted for: by a thinned summary with right values, or by a loss of RTC memory
that cost no more than is allowed. The long outage at the start fills the flash.
"""

import contextlib
import getpass
import itertools
import json
import math
import os
import random
import signal
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from evencell.power.state import PackState, WakeState
from tools.dev.broker import mosquitto
from tools.dev.demo import free_port, listens, start, wait_until
from tools.dev.scripted_balancer import ScriptedBalancer
from tools.dev.sleeper import Sleeper
from tools.energy.figures import TYPICAL
from tools.energy.model import lived
from tools.energy.plan import Plan

PLAN = Plan("esp32_c3_supermini", balancer="v+", converter="low-iq")  # of which the energy is calculated
START_S = 1_800_000_000
DAY_S = 86_400
POWER = {
    "interval_s": 900,
    "min_interval_s": 300,
    "max_interval_s": 1800,
    "report_s": 21_600,
    "spill_every": 8,
    "awake_s": 0,
}
_ARRIVES_WITHIN_S = 60
_MEMORY = "/dev/shm"  # writing to a disk may block
_MAX_KIB = 64
_CLOCKS_S = 60  # by which our time of a reading and the device's may differ: a slow machine
_BUSY_DAYS = 6  # at the start, in which the cells change: four readings an hour, which the full flash thins out

# Chances of each wake in a life of 90 days; a shorter one is as much rougher as is asked for.
_KILLED = 0.02
_KILLED_IN_REPORT = 0.1
_MEMORY_LOST = 0.4  # of those that are killed, in every life
_POWER_LOST = 0.005
_BROKER_RESTARTS = 0.01
_OUTAGE = 0.004
_OUTAGES_S = (1_800, 3 * DAY_S)  # shortest and longest, of that life


@dataclass
class Outcome:
    """What became of the readings. `lost` were taken and are accounted for by nothing."""

    days: float = 0
    wakes: int = 0
    reports: int = 0
    killed: int = 0
    power_losses: int = 0
    power_losses_in_wake: int = 0
    outages: int = 0
    taken: int = 0
    arrived: int = 0
    twice: int = 0
    summaries: int = 0
    in_summaries: int = 0
    lost_with_memory: int = 0
    lost: list[int] = field(default_factory=list)
    out_of_order: int = 0
    false: int = 0
    most_lost_at_once: int = 0
    too_much_lost: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether every reading arrived in order and right, or is accounted for."""
        return not (self.lost or self.out_of_order or self.false or self.too_much_lost)


class Broker:
    """Mosquitto, which keeps sessions and messages while it is stopped."""

    def __init__(self, folder: Path, running: contextlib.ExitStack):
        self.port = free_port(0)
        self._running = running
        self._file = folder / "mosquitto.conf"
        lines = (
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\nmax_queued_messages 0\n"
        )
        self._file.write_text(f"{lines}persistence true\npersistence_location {folder}/\n")
        self._process = None
        self.start()

    def start(self):
        program = mosquitto()
        if program is None:
            raise click.ClickException("mosquitto is missing: apt-get install mosquitto")
        options = {"stdout": -3, "stderr": -3}
        self._process = start(self._running, [program, "-c", str(self._file)], **options)
        wait_until(lambda: listens(self.port), "the MQTT broker")

    def stop(self):
        """As at a normal end: it writes what it has."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None


class Subscriber:
    """Collects the readings that arrive, in their order. The broker keeps its session."""

    def __init__(self, port: int):
        self.readings: list[dict] = []
        self.reports = 0
        self._marker = ""
        self._came = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "subscriber", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def sync(self):
        """Wait until everything has come that the broker has acknowledged."""
        marker = str(time.monotonic_ns())
        self._client.publish("evencell/marker", marker, 1)
        with self._came:
            if not self._came.wait_for(lambda: self._marker == marker, _ARRIVES_WITHIN_S):
                raise TimeoutError("the broker passes nothing on")

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, *_):
        self._client.subscribe("evencell/#", 1)

    def _take(self, _client, _userdata, message):
        with self._came:
            if message.topic == "evencell/marker":
                self._marker = message.payload.decode()
                self._came.notify_all()
            elif message.topic.endswith("/backlog"):
                self.readings += json.loads(message.payload)
            elif message.topic.endswith("/state") and not message.retain:
                self.readings.append(json.loads(message.payload))
            self.reports += message.topic.endswith("/availability") and message.payload == b"online"


class Life:
    """A device, and all that happens to it."""

    def __init__(self, folder: Path, running: contextlib.ExitStack, seed: int, roughness: float):
        self._roughness = roughness
        self._random = random.Random(seed)
        self._broker = Broker(folder, running)
        self._subscriber = Subscriber(self._broker.port)
        running.callback(self._subscriber.stop)
        self._balancer = running.enter_context(ScriptedBalancer())
        config = {
            "profile": "telemetry",
            "time": {"servers": []},
            "power": POWER,
            "journal": {"max_kib": _MAX_KIB},
            "mqtt": {"enabled": True, "host": "127.0.0.1", "port": self._broker.port},
        }
        self._device = Sleeper(folder / "device", self._balancer.port, config, START_S)
        self._device.clock_s = START_S
        self._outage_until_s = 0.0
        self._losses: list[tuple[range, int]] = []  # of RTC memory: numbers it may have cost, and how many at most
        self._killed_in_row = 0
        self._taken: dict[int, tuple] = {}  # by sequence, time and cells
        self.outcome = Outcome()

    def live(self, days: float, long_outage_days: float = 0):
        """Let so many days pass, then a day without any disturbance."""
        end_s = START_S + days * DAY_S
        if long_outage_days:
            self._begin_outage(long_outage_days * DAY_S)
        while self._device.now_s < end_s:
            self._disturb()
            self._wake(is_killed=self._happens(_KILLED_IN_REPORT if self._reports_next() else _KILLED))
        self._end_outage()
        while self._device.now_s < end_s + DAY_S:
            self._wake(is_killed=False)
        self._wake(is_killed=False, cause="button")  # which reports
        self.outcome.days = round((self._device.now_s - START_S) / DAY_S, 1)
        self._subscriber.sync()
        self._account()

    def _wake(self, is_killed: bool, cause: str = "timer"):
        self.outcome.wakes += 1
        self._balancer.cells_mv = self._cells_mv()
        process, loses_memory = self._device.start(cause), False
        if is_killed:
            self.outcome.killed += 1
            self._killed_in_row += 1
            time.sleep(self._random.uniform(0, 0.4))  # at any moment of a wake
            loses_memory = self._happens(_MEMORY_LOST / self._roughness)
            self._device.kill(process, self._random.choice(["watchdog", "reset", "power"]))
            self._device.pass_time(1)
        else:
            ended = self._device.finish(process)
            if ended.sleep_s is None or "Traceback" in ended.output:
                raise RuntimeError(f"a wake failed: {ended}")
            state = self._state()
            if state is None or state.aborted == 0:  # else it was the pause after several that ended early
                self._killed_in_row = 0
        self._note_taken()
        if loses_memory:
            self.outcome.power_losses_in_wake += 1
            self._lose_power()
        if self._broker.is_running:
            self._subscriber.sync()

    def _cells_mv(self) -> tuple:
        """A pack that is used by day and rests at night; in the first days it never rests."""
        day = self._device.now_s / DAY_S
        is_busy = self._device.now_s < START_S + _BUSY_DAYS * DAY_S
        level_mv = 3300 + 12 * math.sin(2 * math.pi * day) * (day % 1 < 0.5) + self._random.randint(0, 3)
        level_mv += is_busy * 10 * (self.outcome.wakes % 2)
        return tuple(round(level_mv) + offset_mv for offset_mv in (1, 2, -1, self._random.randint(-2, 2)))

    def _note_taken(self):
        pack = self._pack()
        if pack and any(pack.frame) and pack.sequence not in self._taken:
            cells_mv = [int.from_bytes(pack.frame[at : at + 2], "big") for at in (23, 25, 27, 29)]
            self._taken[pack.sequence] = self._device.woken_s, cells_mv

    def _state(self) -> WakeState | None:
        path = self._device.folder / "rtc"
        if not path.exists():
            return None
        state = WakeState(bytearray(path.read_bytes()))
        return state if state.load() else None

    def _pack(self) -> PackState | None:
        state = self._state()
        return state.packs[0] if state and state.packs else None

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance * self._roughness

    def _disturb(self):
        """What happens before this wake."""
        if self._outage_until_s and self._device.now_s >= self._outage_until_s:
            self._end_outage()
        if not self._outage_until_s and self._happens(_OUTAGE):
            self._begin_outage(self._random.uniform(*_OUTAGES_S) / self._roughness)
        if not self._outage_until_s and self._happens(_BROKER_RESTARTS):
            self._broker.stop()
            self._broker.start()
        if self._happens(_POWER_LOST):
            self.outcome.power_losses += 1
            self._lose_power()

    def _reports_next(self) -> bool:
        """Whether the next wake reports."""
        state = self._state()
        return bool(state and state.report_due_s <= self._device.clock_s - state.base_ms / 1000)

    def _lose_power(self):
        pack = self._pack()
        if pack:
            most = POWER["spill_every"] - 1 + self._killed_in_row  # docs/power.md, "Losses"
            self._losses.append((range(pack.marked + 1, pack.sequence + 1), most))
        self._device.lose_power()
        self._device.clock_s = self._device.now_s  # as if a time server answered

    def _begin_outage(self, seconds: float):
        self.outcome.outages += 1
        self._broker.stop()
        self._outage_until_s = self._device.now_s + seconds

    def _end_outage(self):
        if self._outage_until_s:
            self._outage_until_s = 0.0
            self._broker.start()

    def _account(self):
        outcome, received = self.outcome, self._subscriber.readings
        whole = [reading for reading in received if "thinned" not in reading]
        first = {}
        for reading in whole:
            first.setdefault(reading["sequence"], reading)
        outcome.reports = self._subscriber.reports
        outcome.taken, outcome.arrived = len(self._taken), len(first)
        outcome.twice = len(whole) - len(first)
        outcome.false = sum(
            sequence in self._taken and reading["cells_mv"] != self._taken[sequence][1]
            for sequence, reading in first.items()
        )
        missing = set(self._taken) - set(first)
        with_memory = [missing.intersection(sequences) for sequences, _ in self._losses]
        outcome.most_lost_at_once = max((len(lost) for lost in with_memory), default=0)
        outcome.too_much_lost = sum(len(lost) > most for lost, (_, most) in zip(with_memory, self._losses, strict=True))
        summaries = distinct(received)
        outcome.summaries = len(summaries)
        outcome.out_of_order = _steps_back(list(first)) + _steps_back([each["time"] for each in summaries])
        missing -= set().union(*with_memory)
        outcome.lost_with_memory = len(self._taken) - len(set(self._taken) & set(first)) - len(missing)
        outcome.lost = sorted(missing - summarized(summaries, {each: self._taken[each] for each in missing}))
        outcome.in_summaries = len(missing) - len(outcome.lost)
        outcome.false += false_summaries(summaries, list(self._taken.values()))


def _steps_back(order: list) -> int:
    return sum(after < before for before, after in itertools.pairwise(order))


def distinct(received: list[dict]) -> list[dict]:
    """The thinned summaries among what arrived, each once, in their order."""
    summaries = [reading for reading in received if "thinned" in reading]
    return list({(each["time"], each["thinned"], str(each["cells_mv"])): each for each in summaries}.values())


def summarized(summaries: list[dict], taken: dict[int, tuple]) -> set[int]:
    """Which of these readings, (time, cells) by sequence, a summary of each kind covers."""
    limits: dict[tuple, dict] = {}
    for each in summaries:
        limits.setdefault((each["time"], each["span_s"]), {}).setdefault(each["thinned"], []).append(each["cells_mv"])
    found = set()
    for (begin_s, span_s), kinds in limits.items():
        if set(kinds) != {"lowest", "mean", "highest"}:
            continue
        lowest = [min(column) for column in zip(*kinds["lowest"], strict=True)]
        highest = [max(column) for column in zip(*kinds["highest"], strict=True)]
        for sequence, (time_s, cells_mv) in taken.items():
            is_within = all(low <= mv <= high for low, mv, high in zip(lowest, cells_mv, highest, strict=True))
            if begin_s - _CLOCKS_S <= time_s < begin_s + span_s + _CLOCKS_S and is_within:
                found.add(sequence)
    return found


def false_summaries(summaries: list[dict], taken: list[tuple]) -> int:
    """How many have a value that no reading of their span, (time, cells), has; a mean lies among them."""
    count = 0
    for each in summaries:
        begin_s, end_s = each["time"] - _CLOCKS_S, each["time"] + each["span_s"] + _CLOCKS_S
        columns = list(zip(*(cells_mv for time_s, cells_mv in taken if begin_s <= time_s < end_s), strict=True))
        if not columns:
            count += 1
        elif each["thinned"] == "mean":
            count += not all(
                min(column) <= mv <= max(column) for mv, column in zip(each["cells_mv"], columns, strict=True)
            )
        else:
            count += not all(mv in column for mv, column in zip(each["cells_mv"], columns, strict=True))
    return count


def run(days: float, seed: int, long_outage_days: float = 0, roughness: float = 1) -> Outcome:
    """Such a life."""
    folder = _MEMORY if os.path.isdir(_MEMORY) else None
    with tempfile.TemporaryDirectory(prefix="evencell-", dir=folder) as name, contextlib.ExitStack() as running:
        life = Life(Path(name), running, seed, roughness)
        life.live(days, long_outage_days)
        return life.outcome


@click.command()
@click.option("--days", type=float, default=90, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--long-outage-days", type=float, default=27, show_default=True, help="Without a broker, at the start.")
def asleep(days, seed, long_outage_days):
    """Live so many days; print as JSON what became of the readings, and what a day typically takes by the model."""
    outcome = run(days, seed, min(long_outage_days, days / 3))
    click.echo(json.dumps({**vars(outcome), "is_sound": outcome.is_sound, "mah_per_day": mah_per_day(outcome)}))


def mah_per_day(outcome: Outcome) -> dict[str, float]:
    """What a day of this life takes from the pack of the plan, by consumer."""
    energy = lived(PLAN, outcome.days, outcome.wakes, outcome.reports)
    return {line.name: round(line.mah[TYPICAL], 2) for line in energy.lines}


if __name__ == "__main__":
    asleep()
