"""The firmware on a board whose clock has to be set, and real SNTP servers: good ones, broken ones, liars."""

import contextlib
import shutil
import threading
from pathlib import Path

import pytest

from host_tests.end_to_end import time_server
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.process import until
from host_tests.end_to_end.time_server import TimeServer
from host_tests.portable import ROOT
from tools.build.tree import build

YEAR_S = 31_557_600
WRONG_S = 20 * YEAR_S


@pytest.fixture
def tree(tmp_path):
    """The built firmware on a board that can set its clock."""
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/clock_board.py", tree / "board.py")
    return tree


def time_config(*servers: TimeServer) -> dict:
    return {"time": {"servers": [server.host for server in servers]}}


def device_of(firmware: Firmware) -> dict:
    return firmware.status()["device"]


def kept_s(firmware: Firmware) -> list[int]:
    """Every time that the board was given to keep."""
    path = firmware.data / "rtc"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_a_server_sets_the_clock_and_what_was_before_is_dated_afterwards(tmp_path, tree):
    opened = threading.Event()
    ahead_s = 12 * YEAR_S  # beyond February 2036, where the seconds of NTP begin anew
    with (
        TimeServer(ahead_s, lambda _question, good: [good] if opened.is_set() else []) as server,
        Simulator(tmp_path, *FIXED) as simulator,
        Firmware(tmp_path / "clock", simulator.link, config=time_config(server), tree=tree) as firmware,
    ):
        firmware.wait_for_line("link online")
        simulator.kill()
        firmware.wait_for_line("link offline")
        before = firmware.pack()
        opened.set()
        until(lambda: device_of(firmware)["time_source"] == "sntp", "a time")
        after = firmware.pack()
        assert after["sequence"] == before["sequence"]
        assert abs(after["time"] - before["time"] - ahead_s) <= 2
        assert 0 <= device_of(firmware)["time_age_s"] < 60
        (set_s,) = kept_s(firmware)
        assert 0 <= server.now_s() + 1 - set_s < 60
        log = firmware.log()
    assert f"UTC from {server.host}" in log and log.count("time: ") == 2


@pytest.mark.parametrize(
    "liars",
    [
        (time_server.late, time_server.wrong_origin, time_server.kiss),
        (time_server.Replay(), time_server.unsynchronised, time_server.silent),
        (time_server.no_time, time_server.malformed),
    ],
    ids=["late, wrong origin, kiss", "replay, unsynchronised, silent", "no time, malformed"],
)
def test_what_is_no_good_answer_never_sets_the_clock(tmp_path, tree, liars):
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(TimeServer(WRONG_S, liar)) for liar in liars]
        good = stack.enter_context(TimeServer(-YEAR_S // 2))
        firmware = Firmware(tmp_path / "clock", "nowhere", config=time_config(*servers, good), tree=tree)
        with firmware:
            until(lambda: device_of(firmware)["time_source"] == "sntp", "a time")
            (set_s,) = kept_s(firmware)
            assert abs(set_s - good.now_s()) < 60
            log = firmware.log()
        assert [server.asked for server in servers] == [1] * len(servers)
    for server in servers:
        assert log.count(f"warning time: {server.host}: ") == 1
    if time_server.kiss in liars:
        assert "DENY" in log


def test_a_server_that_wants_to_be_left_alone_is(tmp_path, tree):
    with TimeServer(WRONG_S, time_server.kiss) as unwilling, TimeServer(WRONG_S, time_server.silent) as other:
        firmware = Firmware(tmp_path / "clock", "nowhere", config=time_config(unwilling, other), tree=tree)
        with firmware:
            until(lambda: other.asked == 3, "the other one's turn, again and again")
            assert device_of(firmware)["time_source"] == "system"
        assert (unwilling.asked, kept_s(firmware)) == (1, [])


@pytest.mark.parametrize("servers", [["127.0.0.1:9"], []], ids=["a computer", "no servers"])
def test_client_is_not_loaded_where_it_is_not_wanted(tmp_path, tree, servers):
    if servers:
        shutil.copy(build("host") / "board.py", tree / "board.py")
    for module in ("sntp", "sntp_query"):
        (tree / f"evencell/clock/{module}.mpy").unlink()
    with Firmware(tmp_path / "clock", "nowhere", config={"time": {"servers": servers}}, tree=tree) as firmware:
        device = device_of(firmware)
        assert (device["time_source"], device["time_age_s"]) == ("system", None)
        assert "is not in this build" not in firmware.log()
