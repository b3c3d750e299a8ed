"""Nothing that was due is lost: no broker or no store, and `kill -9` in the middle. The long form: tools/bench."""

import shutil

import pytest

from host_tests.end_to_end.chain import Firmware, Simulator
from host_tests.end_to_end.process import until
from host_tests.end_to_end.test_influx import times_s
from host_tests.needs import missing, need_broker, need_micropython
from host_tests.store import Store
from tools.bench import backlog

MINUTES = 3
SPEED = 20


@pytest.mark.parametrize("number", [0, 1, 15])
def test_every_reading_arrives_after_outage_and_kill(number):
    """The way to the broker is cut, or swallows all; `kill -9` comes before the broker is back, or in the recovery."""
    need_broker()
    need_micropython()
    if shutil.which("faketime") is None:
        missing("faketime is not installed: apt-get install faketime")
    outcome = backlog.run(number, MINUTES, SPEED, seed=1)
    assert (outcome["lost"], outcome["false"], outcome["tracebacks"]) == (0, 0, 0), outcome
    assert outcome["late"] > 10 and outcome["largest_bytes"] <= 2048


def test_store_gets_every_reading_after_outage_and_kill(tmp_path):
    """More readings than memory holds, and a `kill -9`."""
    replies = tmp_path / "replies.json"
    backlog.write_replies(replies)
    with Store() as store, Simulator(tmp_path, "--capture", replies) as simulator:
        config = {"mqtt": {"publish_s": 1}, "influx": {"url": f"{store.url}/write", "batch_s": 1}}
        with Firmware(tmp_path, simulator.link, config=config) as firmware:
            until(lambda: len(times_s(store, firmware, "pack1")) >= 2, "two readings")
            store.kill()  # it may forget what it took in its last second
            firmware.wait_for_line("influx: ")
            read_s = set()
            until(lambda: look(firmware, read_s)["influx"]["waiting"] > 28, "more than memory holds")
            firmware.kill()
            firmware.start()
            until(lambda: look(firmware, read_s)["journal"]["waiting"] > 13, "more than is held")
            store.start()
            until(lambda: read_s - {None} <= set(times_s(store, firmware, "pack1")), "every reading at its time")
            until(lambda: look(firmware, read_s)["journal"]["bytes"] == 0, "an empty flash")


def look(firmware: Firmware, read_s: set) -> dict:
    """The device's status; the time of the reading is added to `read_s`."""
    status = firmware.status()
    read_s.add(status["packs"][0]["time"])
    return status["device"]
