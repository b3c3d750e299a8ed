"""A device that sleeps whose button is pressed: awake with its page, then asleep again, with nothing lost."""

import contextlib
import json
import urllib.request

from boards.host import RESTART_STATUS
from host_tests.broker import free_port
from host_tests.end_to_end.asleep import Asleep, asleep

RUNNING = "awake for "


def press(device: Asleep):
    """Press it while the device sleeps; returns the start that follows, in which it is awake."""
    ended = device.sleeper.wake("button")
    assert (ended.status, ended.sleep_s) == (RESTART_STATUS, None), ended
    return device.sleeper.start()


def status(http_port: int, process) -> dict:
    """What the page shows, once it has a reading."""
    while process.poll() is None:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/api/v1/status", timeout=60) as answer:
                found = json.load(answer)
            if found["packs"][0]["link"] == "online":
                return found
    raise AssertionError(process.communicate())


def test_button_keeps_the_device_awake_with_its_page_and_then_it_sleeps_again(tmp_path):
    http_port = free_port()
    http = {"enabled": True, "host": "127.0.0.1", "port": http_port}
    with asleep(tmp_path, power={"awake_s": 5}, http=http) as device:
        device.begin().wake(2)
        process = press(device)
        found = status(http_port, process)
        assert found["packs"][0]["cells_mv"] == [3301, 3302, 3299, 3300]
        assert (found["device"]["mqtt"], found["device"]["journal"]) == (None, None)
        assert device.reports() == 1
        ended = device.sleeper.finish(process)
        assert ended.status == RESTART_STATUS and "going to sleep" in ended.output, ended.output
        device.wake(3)  # two starts as before the first sleep, and a wake
        assert device.reports() == 2
        assert device.sequences() == [1, 2, 3, 4]
        assert ("power", "gap", 8) not in device.events()
        assert not (device.sleeper.folder / "awake.json").exists()


def test_changed_configuration_counts_after_the_device_was_awake(tmp_path):
    with asleep(tmp_path, power={"awake_s": 1}, http={"enabled": False}) as device:
        device.begin()
        process = press(device)
        power = {"awake_s": 1, "interval_s": 300, "max_interval_s": 300}
        device.sleeper.configure(device.config_of(power=power, http={"enabled": False}))
        assert device.sleeper.finish(process).status == RESTART_STATUS
        assert device.wake(3).sleep_s == 300


def test_power_cut_while_awake_ends_in_sleep(tmp_path):
    with asleep(tmp_path, power={"awake_s": 300}, http={"enabled": False}) as device:
        device.begin()
        process = press(device)
        while RUNNING not in process.stdout.readline():
            assert process.poll() is None
        device.sleeper.kill(process, "power")
        assert device.wake(3).sleep_s == 900
        assert device.sequences() == [1, 2]


def test_pack_that_is_only_guarded_keeps_the_radio_off(tmp_path):
    with asleep(tmp_path, power={"awake_s": 300}) as device:
        device.begin()
        device.balancer.cells_mv = (2000, 2001, 1999, 2000)
        device.wake()
        assert device.wake(cause="button").sleep_s == 4 * 900
