"""One wake of a device that sleeps, less the wire and the network: `wake.own_ms`; and its phases: `wake.by_phase_ms`.

On MicroPython's unix port, against a balancer that answers as late as a wire lets it, and a broker on loopback. What a
chip takes to boot, and Wi-Fi to join, is not in these figures.
"""

import contextlib
import statistics
import tempfile
import time
from pathlib import Path

from tools.bench.asleep import Broker
from tools.bench.poll import WIRE_MS
from tools.dev.scripted_balancer import ScriptedBalancer
from tools.dev.sleeper import Sleeper

NOON_S = 1_800_000_000
_WAKES = 15
_STARTS = 3  # until the first wake has reported


def measure() -> dict:
    """Both figures; the phases of a wake without a report add up to the first."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        broker = Broker(Path(folder), running)
        balancer = running.enter_context(ScriptedBalancer(delay_s=WIRE_MS / 1000))
        config = {
            "profile": "telemetry",
            "time": {"servers": []},
            "power": {"interval_s": 900, "report_s": 604_800, "spill_every": 24, "awake_s": 0},
            "mqtt": {"enabled": True, "host": "127.0.0.1", "port": broker.port},
        }
        device = Sleeper(Path(folder) / "device", balancer.port, config, NOON_S)
        device.clock_s = NOON_S
        for _ in range(_STARTS):
            device.wake()
        to_request, to_sleep = phases(device, balancer, "timer")
        _, to_sleep_with_report = phases(device, balancer, "button")
    own = {"value": round(to_request + to_sleep, 1), "unit": "ms"}
    by_phase = {
        "start_to_request": round(to_request, 1),
        "answer_to_sleep": round(to_sleep, 1),
        "answer_to_sleep_with_report": round(to_sleep_with_report, 1),
    }
    total = {"value": round(to_request + to_sleep_with_report, 1), "unit": "ms", "phases": by_phase}
    return {"wake.own_ms": own, "wake.by_phase_ms": total}


def phases(device: Sleeper, balancer: ScriptedBalancer, cause: str) -> tuple[float, float]:
    """Medians in ms: from the start of the interpreter to the request, and from the answer to the sleep."""
    to_request, to_sleep = [], []
    for _ in range(_WAKES):
        began_s = time.monotonic()
        device.wake(cause)
        ended_s = time.monotonic()
        to_request.append(1000 * (balancer.asked_s - began_s))
        to_sleep.append(1000 * (ended_s - balancer.answered_s))
    return statistics.median(to_request), statistics.median(to_sleep)
