"""A day in minutes: what the device keeps of its readings against what is computed from all of them."""

import contextlib
import itertools
import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator, assert_no_traceback
from host_tests.end_to_end.past import DRIFT_MV, DRIFTING, cells_at, make_past
from host_tests.end_to_end.process import PATIENCE_S, until
from host_tests.needs import need_faketime
from tools.bench.fast import Fast
from tools.dev.demo import signal_group

MINUTES = 32  # of each start, so that two quarters of an hour are whole
SPEED = 120
CELLS = 4
INTERVAL_S = 10
EDGE_S = 3
LEAKING = 3  # this cell, far more than any that is sound
SIMULATED = ("--leakage-ma", "0,0,900,0", "--packet-ms", "100")
HEAP = "400k"


class Eyewitness:
    """Sees the readings on the event stream of a device, by their sequence; comes back when it is thrown out."""

    def __init__(self, http_port: int):
        self.readings = {}
        self.goes_on = True
        self._port = http_port
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while self.goes_on:
            with contextlib.suppress(OSError, ValueError):
                self._read()
            time.sleep(0.01)

    def _read(self):
        with socket.create_connection((web.LOOPBACK, self._port), PATIENCE_S) as stream:
            stream.sendall(b"GET /api/v1/events HTTP/1.0\r\n\r\n")
            for line in stream.makefile("rb"):
                if line.startswith(b'data: {"pack": "pack1", "pack_mv"'):
                    status = json.loads(line[6:])
                    if status["time"] is not None:
                        self.readings[status["sequence"]] = status


def of_minute(readings: list[dict], start_s: int) -> list[list[dict]]:
    """The readings of a minute, in all ways it could be: at this pace a clock that is looked at twice is a second off.

    None where one of them, or of those before and after, was not seen.
    """
    near = [reading for reading in readings if -1.5 * INTERVAL_S < reading["time"] - start_s < 60 + 1.5 * INTERVAL_S]
    inside = [reading for reading in near if EDGE_S < reading["time"] - start_s < 60 - EDGE_S]
    edge = [reading for reading in near if min(abs(reading["time"] - start_s - end_s) for end_s in (0, 60)) <= EDGE_S]
    sequences = [reading["sequence"] for reading in near]
    is_whole = bool(inside) and near[0]["time"] < start_s - EDGE_S and near[-1]["time"] > start_s + 60 + EDGE_S
    if not is_whole or sequences != list(range(sequences[0], sequences[0] + len(sequences))):
        return []
    return [[*inside, *some] for count in range(len(edge) + 1) for some in itertools.combinations(edge, count)]


def summary(readings: list[dict], cell: int) -> tuple[int, int, float]:
    """Minimum, maximum, and the mean to the tenth below."""
    values = [reading["cells_mv"][cell] for reading in readings]
    return min(values), max(values), sum(values) * 10 // len(values) / 10


def column(answer: dict, number: int) -> list[tuple]:
    """(minimum, maximum, mean) of every cell in this step."""
    return [tuple(cell[kind][number] for kind in ("minimum_mv", "maximum_mv", "mean_mv")) for cell in answer["cells"]]


def seen_minutes(answer: dict, readings: list[dict]) -> tuple[int, int]:
    """How many minutes of the answer were seen whole, and how many of them are wrong."""
    whole = wrong = 0
    for number, start_s in enumerate(answer["time"]):
        possible = [[summary(some, cell) for cell in range(CELLS)] for some in of_minute(readings, start_s)]
        if possible and number < len(answer["time"]) - 1:
            wrong += column(answer, number) not in possible
            whole += 1
    return whole, wrong


def assert_minutes(answer: dict, readings: list[dict]) -> int:
    """Every minute of the answer that was seen whole is right; returns how many.

    But one in 20: where this computer stood still while a clock was looked at, a reading's time is wrong.
    """
    whole, wrong = seen_minutes(answer, readings)
    assert wrong <= whole // 20
    return whole


def assert_quarters(month: dict, day: dict):
    """Each 15 minutes are those of the minutes in it."""
    for number, start_s in enumerate(month["time"][:-1]):
        minutes = [column(day, i) for i, at_s in enumerate(day["time"]) if -2 < at_s - start_s < 898]
        for cell, (minimum, maximum, mean) in enumerate(column(month, number)):
            assert minimum == min(minute[cell][0] for minute in minutes)
            assert maximum == max(minute[cell][1] for minute in minutes)
            means = [round(10 * minute[cell][2]) for minute in minutes]
            assert round(10 * mean) == sum(means) // len(means)


def assert_health(health: dict, readings: list[dict]):
    """Times, shares and charges, within what seconds without fractions can say."""
    times = {"observed": 0, "lowest": 0, "balancing": 0}
    given_mas = 0
    for before, reading in itertools.pairwise(readings):
        seconds = min(reading["time"] - before["time"], 2 * INTERVAL_S)
        times["observed"] += seconds
        times["lowest"] += seconds * (reading["lowest_cell"] == LEAKING and reading["delta_mv"] >= 5)
        times["balancing"] += seconds * (reading["balance_state"] != "waiting")
        given_mas += seconds * reading["balance_ma"] * (reading["balance_state"] == "charging_lowest")
    assert health["observed_s"] == pytest.approx(times["observed"], rel=0.02)
    assert health["balancing_s"] == pytest.approx(times["balancing"], rel=0.05)
    assert health["given_mah"] == pytest.approx(given_mas / 3600, rel=0.05)
    leaking = health["cells"][LEAKING - 1]
    assert leaking["lowest_percent"] == pytest.approx(100 * times["lowest"] / times["observed"], abs=2)
    assert leaking["given_mah"] > 0.9 * health["given_mah"] > 0


class Day:
    """A leaking cell, the firmware, and a client that watches, all with clocks that run faster."""

    def __init__(self, folder: Path, running: contextlib.ExitStack):
        self._fast = Fast(folder, running, SPEED)
        self._port = self._fast.simulator(*SIMULATED)
        self._log = folder / "log"
        (folder / "data").mkdir()
        packs = [{"interval_ms": 1000 * INTERVAL_S, "timeout_ms": 10_000}]
        (folder / "data/config.json").write_text(json.dumps({"packs": packs}))

    def start(self):
        overrides = {"http": {"enabled": True, "host": web.LOOPBACK, "port": self._fast.http_port}}
        self.firmware = self._fast.firmware(self._port, overrides, heap=HEAP, log=self._log)
        self.witness = Eyewitness(self._fast.http_port)
        until(lambda: self.witness.readings, "a reading")

    def kill(self):
        """`kill -9` for faketime, and for MicroPython, which is its child."""
        self.witness.goes_on = False
        signal_group(self.firmware, signal.SIGKILL)
        self.firmware.wait()
        assert_no_traceback(self._log.read_text())

    def get(self, span: str) -> dict:
        answer = until(lambda: self._get(span), f"a history of {span}")
        assert len({len(answer["time"]), *(len(cell[kind]) for cell in answer["cells"] for kind in cell)}) == 1
        return answer

    def _get(self, span: str) -> dict | None:
        try:
            answer = web.request(self._fast.http_port, f"/api/v1/history?span={span}").json()
        except ValueError:
            return None  # cut off: five minutes of the device are two and a half seconds of ours
        return answer if "time" in answer else None

    def until_seen(self, minutes: int) -> tuple[dict, list[dict]]:
        """The history of a day, and the readings in it, once so many minutes of this start were seen whole."""

        def look():
            answer, seen = self.get("24h"), self.readings()
            return (answer, seen) if seen_minutes(answer, seen)[0] >= minutes else None

        found = until(look, f"{minutes} whole minutes")
        assert_minutes(*found)
        return found

    def readings(self) -> list[dict]:
        """What was seen, in order."""
        return [self.witness.readings[sequence] for sequence in sorted(self.witness.readings)]


def test_a_day_is_kept_as_it_was_and_through_a_power_cut(tmp_path):
    need_faketime()
    with contextlib.ExitStack() as running:
        day = Day(tmp_path, running)
        day.start()
        before, seen = day.until_seen(MINUTES)
        month = day.get("30d")
        assert_quarters(month, day.get("24h"))
        assert_health(day.get("1h")["health"], day.readings())
        assert len(day.get("1h")["time"]) <= 61
        day.kill()
        day.start()
        after, _ = day.until_seen(MINUTES)
        kept = set(before["time"]) & set(after["time"])
        assert len(kept) >= len(before["time"]) - 16
        assert assert_minutes(after, seen) >= MINUTES - 16
        assert_quarters(day.get("30d"), after)
        assert after["health"]["observed_s"] > 0.6 * 2 * MINUTES * 60
        day.kill()


def path_of(**query) -> str:
    return "/api/v1/history?" + "&".join(f"{key}={value}" for key, value in query.items())


def test_a_month_that_was_there_before_is_answered_unchanged(tmp_path):
    """The last day ends on the flash; what is read now comes behind it, in the same start of nothing."""
    days, end_s = 31, int(time.time()) - 600
    firmware = Firmware(tmp_path, tmp_path / "missing")
    make_past(firmware.data, CELLS, days, end_s)
    with firmware:
        day, month = (until(lambda span=span: firmware.get(path_of(span=span)), span).json() for span in ("24h", "30d"))
    begin_s = end_s - days * 86_400
    assert 1425 <= len(day["time"]) <= 1431
    for number, at_s in enumerate(day["time"]):
        window, minute = divmod((at_s - begin_s) // 60, 15)
        assert column(day, number) == [(mv, mv, mv) for mv in cells_at(window, minute, CELLS)]
    assert 2878 <= len(month["time"]) <= 2880 and month["time"][-1] == end_s - 900
    for number, at_s in enumerate(month["time"]):
        minutes = [cells_at((at_s - begin_s) // 900, minute, CELLS) for minute in range(15)]
        means = [sum(10 * cells[cell] for cells in minutes) // 15 / 10 for cell in range(CELLS)]
        assert [value[0] for value in column(month, number)] == [min(values) for values in zip(*minutes, strict=True)]
        assert [value[2] for value in column(month, number)] == means
    health = month["health"]
    assert health == day["health"]
    assert health["weakest_cell"] == DRIFTING
    assert health["cells"][DRIFTING - 1]["drift_mv_per_day"] == pytest.approx(-0.75 * DRIFT_MV, abs=0.1)
    assert health["balancing_s"] == pytest.approx(health["observed_s"] / 24, rel=0.05)


@pytest.mark.parametrize(("cells", "heap_kib"), [(4, 240), (24, 264)])
def test_a_day_is_answered_in_a_small_heap_while_a_browser_watches(tmp_path, cells, heap_kib):
    cells_mv = ",".join(str(mv) for mv in cells_at(0, 0, cells))
    with Simulator(tmp_path, "--cells", cells_mv) as simulator:
        firmware = Firmware(tmp_path, simulator.link, heap_kib=heap_kib)
        make_past(firmware.data, cells, 2, int(time.time()) - 600)
        with firmware, firmware.events() as stream:
            firmware.wait_for_line("link online")
            for span in ("1h", "24h", "30d", "24h"):
                answer = firmware.get(path_of(span=span)).json()
                lengths = {len(cell[kind]) for cell in answer["cells"] for kind in cell}
                assert lengths == {len(answer["time"])}
                assert len(answer["cells"]) == len(answer["health"]["cells"]) == cells
            assert stream.statuses()


def test_one_answer_at_a_time_and_a_sentence_for_what_is_wrong(tmp_path):
    config = {"packs": [{"name": "front"}, {"name": "rear", "uart": 1}]}
    with Simulator(tmp_path, *FIXED) as simulator:
        firmware = Firmware(tmp_path, simulator.link, config=config)
        with firmware:
            firmware.wait_for_line("front: link online")
            until(lambda: firmware.get(path_of(pack="front")).json()["time"], "a minute")
            assert firmware.get("/api/v1/history").json()["pack"] == "front"
            rear = firmware.get(path_of(pack="rear", span="1h")).json()
            assert (rear["pack"], rear["time"], rear["cells"], rear["health"]) == ("rear", [], [], None)
            for query, status, field in (
                ({"span": "2h"}, 400, "span"),
                ({"span": ""}, 400, "span"),
                ({"pack": "left"}, 404, "pack"),
                ({"pack": "../front"}, 404, "pack"),
            ):
                answer = firmware.get(path_of(**query))
                assert (answer.status, answer.json()["field"]) == (status, field)
            assert firmware.get(path_of(span="%zz")).status == 400
            head = web.request(firmware.http_port, path_of(span="1h"), "HEAD")
            assert (head.status, head.body) == (200, b"")
            slow = web.connect(firmware.http_port, b"GET /api/v1/history HTTP/1.1\r\n\r\n")
            slow.close()
            until(lambda: firmware.get(path_of(span="24h")).status == 200, "its turn, after one who left")


def test_several_read_at_once_where_memory_is_plentiful(tmp_path):
    firmware = Firmware(tmp_path, tmp_path / "missing")
    make_past(firmware.data, 24, 2, int(time.time()) - 600)
    with firmware:
        until(lambda: firmware.get(path_of(span="1h")).json()["time"] is not None, "the history")
        request = b"GET /api/v1/history?span=24h HTTP/1.0\r\n\r\n"
        with web.connect(firmware.http_port, request) as first:
            assert b"200" in first.recv(64)
            assert firmware.get(path_of(span="1h")).status == 200
            assert web.rest_of(first).endswith(b"}")
        assert firmware.get(path_of(span="1h")).status == 200


@pytest.mark.parametrize("config", [{"history": {"enabled": False}}, {"profile": "telemetry"}])
def test_switched_off_it_keeps_nothing(tmp_path, config):
    with Simulator(tmp_path, *FIXED) as simulator:
        firmware = Firmware(tmp_path, simulator.link, config=config, http="profile" not in config)
        with firmware:
            firmware.wait_for_line("link online")
            if "profile" not in config:
                answer = firmware.get("/api/v1/history")
                assert answer.status == 404 and "history.enabled" in answer.json()["error"]
        assert not (firmware.data / "history").exists()
