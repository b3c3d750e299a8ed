"""The model of a chip's two heaps: bare rows as measured, recorded lives as predicted, and what sockets take."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from host_tests.needs import need_chip_port
from host_tests.portable import ROOT
from tools.bench.chip import port

RECORDED = json.loads(Path(port.__file__).with_name("recorded.json").read_text())["rows"]
STEPS = Path(__file__).with_name("chip_steps.py")
HEAPS = Path(__file__).with_name("chip_heaps.py")
TRAFFIC = Path(__file__).with_name("chip_traffic.py")
RESERVE_BYTES = 6_000  # of the largest block
ENOUGH_TO_LIVE_BYTES = 20_000


@pytest.fixture(scope="module")
def interpreter() -> Path:
    return need_chip_port()


def answer(interpreter: Path, script: Path, *arguments: str) -> dict:
    """What a script prints on the port, in a first GC area as the chip's."""
    command = [str(interpreter), "-X", "heapsize=57344", str(script), *arguments]
    environment = {**os.environ, "MICROPYPATH": ".frozen", "EVENCELL_CHIP_SPEED": "100"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("row", [row for row in RECORDED if row.get("weights")], ids=lambda row: row["name"])
def test_bare_rows_are_as_measured(interpreter, row):
    left = answer(interpreter, STEPS, json.dumps(row["steps"]))
    _, _, free, largest = row["emulated"]
    assert left["refused"] == []
    assert left["free"] == pytest.approx(free, abs=1000)
    assert left["largest"] == pytest.approx(largest, abs=2048)


@pytest.mark.parametrize("row", [row for row in RECORDED if "outcome" in row], ids=lambda row: row["name"])
def test_recorded_claims_end_as_they_did(interpreter, row):
    left = answer(interpreter, STEPS, json.dumps(row["steps"]))
    if row["outcome"] == "lives":
        assert left["refused"] == [] and left["free"] > ENOUGH_TO_LIVE_BYTES
    elif row["outcome"] == "Wi-Fi never starts":
        assert left["refused"] == ["radio: Wifi Out of Memory"]
    else:
        assert left["refused"] or left["largest"] < RESERVE_BYTES


def test_a_small_write_takes_a_whole_segment(interpreter):
    """7,000 bytes, as measured: 27 KB in small pieces with TCP_NODELAY, 4.9 KB without it, 9.7 KB in one call."""
    taken = answer(interpreter, TRAFFIC)
    assert taken["small pieces, no delay"] == pytest.approx(27_000, rel=0.1)
    assert taken["one call"] == pytest.approx(9_700, rel=0.4)
    assert taken["small pieces"] < taken["small pieces, no delay"] / 3


def test_nothing_is_received_without_a_network_or_without_room(interpreter):
    taken = answer(interpreter, TRAFFIC)
    assert taken["received before joining"] is False
    assert taken["received"] is True
    assert taken["received while starving"] is False
    assert taken["received with room again"] is True


def test_an_eleventh_socket_is_refused(interpreter):
    left = answer(interpreter, STEPS, json.dumps(["radio", "join"] + ["socket"] * 11))
    assert len(left["refused"]) == 1


@pytest.mark.parametrize(
    ("wanted_bytes", "claim"),
    [(75_000, ""), (96_000, ""), (104_000, ""), (112_000, ""), (118_000, ""), (126_000, ""), (118_000, "9999999999")],
)
def test_boot_claims_the_planned_size(interpreter, tmp_path, wanted_bytes, claim):
    """Less than twice the first area, too, and Wi-Fi has started before."""
    (tmp_path / "a").mkdir()
    (tmp_path / "slot").write_text("a")
    (tmp_path / "claim").write_text(claim)
    (tmp_path / "a/plan").write_text(f"network 1\ngc {wanted_bytes}\n")
    code = f"execfile({str(Path(ROOT) / 'firmware/boot.py')!r})\nexecfile({str(HEAPS)!r})"
    environment = {**os.environ, "MICROPYPATH": ":.frozen", "EVENCELL_CHIP_SPEED": "100"}
    command = [str(interpreter), "-X", "heapsize=57344", "-c", code]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    heaps = json.loads(result.stdout.splitlines()[-1])
    assert heaps["gc_total"] == pytest.approx(wanted_bytes, abs=1_500)
    assert heaps["wifi"] is True
    assert heaps["gc_total_later"] == heaps["gc_total"]
    assert heaps["free"] == pytest.approx(101_624 - (heaps["gc_total"] - 56_000) * 131 / 128, abs=600)


def test_what_others_run_is_not_built_again(interpreter):
    """A device that restarts runs its interpreter anew: one that is just being written can't be run."""
    before = interpreter.stat()
    assert port.stock() == interpreter
    after = interpreter.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
