"""A week of six devices in a store, written with the firmware's own words: one is well, the others are not."""

import dataclasses
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from evencell.forward.http import metrics_text
from evencell.forward.influx.line_protocol import line_of
from evencell.forward.status_json import status_with_diagnosis
from evencell.link.bus import Rs485Bus
from evencell.link.diagnosis import Diagnosis
from evencell.pack.pack import OFFLINE, ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import OVERVOLTAGE_BIT, decode_status
from evencell.runtime import lazy
from host_tests.fakes import FakeClock
from host_tests.store import Store
from tools.sim.answers import encode_status
from tools.sim.balancer import Balancer, Reading
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack

HOUR_S = 3600
WEEK_S = 7 * 24 * HOUR_S
SILENT_S = 20 * 60
CELLS_MV = (3301, 3302, 3299, 3300)


def nothing(reading: Reading, _ago_s: int) -> Reading:
    return reading


@dataclass
class Past:
    """A device: what became of its readings (`ago_s` before now), and which of its packs fell silent."""

    id: str
    change: Callable[[Reading, int], Reading] = nothing
    packs: tuple[str, ...] = ("pack1",)
    silent: tuple[str, ...] = ()
    is_off: bool = False


def one_cell_high(reading: Reading, ago_s: int) -> Reading:
    return with_cells(reading, (3301, 3302, 3700, 3300)) if ago_s < HOUR_S else reading


def drifting(reading: Reading, ago_s: int) -> Reading:
    return with_cells(reading, (3301, 3302, 3299, 3280)) if ago_s < 2 * 24 * HOUR_S else reading


def overvoltage(reading: Reading, ago_s: int) -> Reading:
    return dataclasses.replace(reading, alarms_raw=OVERVOLTAGE_BIT) if ago_s < HOUR_S else reading


def with_cells(reading: Reading, cells_mv: tuple[int, ...]) -> Reading:
    cells = type(reading.cells_mv)("H", [*cells_mv, *reading.cells_mv[len(cells_mv) :]])
    return dataclasses.replace(reading, cells_mv=cells, pack_mv=sum(cells_mv))


DEVICES = (
    Past("well"),
    Past("off", silent=("pack1",), is_off=True),
    Past("half", packs=("front", "rear"), silent=("rear",)),
    Past("high", one_cell_high),
    Past("drift", drifting),
    Past("alarm", overvoltage),
)
# Which alerts there must be, and no others: (alert, device, what else tells them apart).
ALERTS = {
    ("EvencellDeviceOffline", "off", ""),
    ("EvencellPackOverdue", "half", "rear"),
    ("EvencellCellOutOfLimits", "high", "3"),
    ("EvencellDeltaGrowing", "drift", ""),
    ("EvencellAlarm", "alarm", "overvoltage"),
}


def times_ago_s():
    """Once an hour for more than a week, and each minute of the last three hours."""
    yield from range(WEEK_S + 30 * HOUR_S, 3 * HOUR_S, -HOUR_S)
    yield from range(3 * HOUR_S, 0, -60)


def fill(store: Store):
    """Write it all, as lines and as what a scraper would have found."""
    now_s = int(time.time())
    lines, scraped = [], {device.id: [] for device in DEVICES}
    lazy.keep_modules(True)  # loaded anew for each text they take most of the time
    for device in DEVICES:
        for ago_s in times_ago_s():
            told, metrics_text = moment(device, ago_s, now_s - ago_s)
            lines += told
            scraped[device.id] += stamped(metrics_text, now_s - ago_s)
    lazy.keep_modules(False)
    post(store, "/write?precision=s", b"".join(lines))
    for device_id, texts in scraped.items():
        labels = f"extra_label=job=evencell&extra_label=instance={device_id}"
        post(store, f"/api/v1/import/prometheus?{labels}", "\n".join(texts).encode() + b"\n")


def moment(device: Past, ago_s: int, time_s: int) -> tuple[list[bytes], list[str]]:
    """The lines that a device writes at a time, and what it shows then."""
    packs = []
    for name in device.packs:
        is_silent = name in device.silent and ago_s < SILENT_S
        packs.append(pack_of(name, device.change, ago_s, OFFLINE if is_silent else ONLINE))
    told = [line_of("evencell", device.id, pack, time_s) for pack in packs if pack.link == ONLINE]
    if device.is_off and ago_s < SILENT_S:
        return told, ["up 0"]
    statuses = [status_with_diagnosis(pack, FakeClock()) for pack in packs]
    text = "".join(metrics_text.pieces(DEVICE, {"http": 0}, statuses, False))
    return told, ["up 1", *(line for line in text.splitlines() if not line.startswith("#"))]


def pack_of(name: str, change, ago_s: int, link: int) -> Pack:
    """A pack whose reading was decoded from a frame."""
    pack = Pack(name, "jk_b2a4s", TemperatureScale("0.1"), Rs485Bus(None), Diagnosis(b""))
    reading = change(BALANCER.reading(), ago_s)
    decode_status(encode_status(1, reading), 0, pack.candidate)
    pack.accept_unchecked(FakeClock())
    pack.link = link
    return pack


def stamped(lines: list[str], time_s: int) -> list[str]:
    return [f"{line} {time_s}000" for line in lines]


def post(store: Store, path: str, body: bytes):
    request = urllib.request.Request(store.url + path, body)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 204


BALANCER = Balancer(fixed_pack(CHEMISTRIES["lfp"], 20, CELLS_MV, Random(1)))
# What /api/v1/status says of the device itself: of what no rule needs, null.
DEVICE = defaultdict(lambda: None, {"firmware": "0.1.0", "config_faults": []})
