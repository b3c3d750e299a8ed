"""`evencell run` with a device that sleeps: it wakes again and again, and Ctrl-C ends it also while it sleeps."""

import json
import signal
import subprocess

from host_tests.end_to_end.asleep import asleep
from host_tests.end_to_end.chain import EVENCELL

PATIENCE_S = 60


def test_device_that_sleeps_is_started_again_until_ctrl_c(tmp_path):
    with asleep(tmp_path, power={"report_s": 3600, "awake_s": 300}, http={"enabled": False}) as device:
        data, config = tmp_path / "data", tmp_path / "config.json"
        config.write_text(json.dumps(device.config_of(power={"report_s": 3600, "awake_s": 300})))
        command = [
            EVENCELL,
            "run",
            "--port",
            device.balancer.port,
            "--config",
            config,
            "--data",
            data,
            "--speed",
            "3000",
        ]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            states = [device.listener.wait("/pack1/state", since=0).json()]
            since = len(device.listener.messages)
            states.append(device.listener.wait("/pack1/state", since=since).json())
            first, second = (state["sequence"] for state in states)
            assert second - first >= 3  # an hour later
            (data / "button").write_text("200")
            lines = iter(run.stdout.readline, "")
            assert any("awake for 300 s" in line for line in lines)
            run.send_signal(signal.SIGINT)
            assert run.wait(PATIENCE_S) == 0
        finally:
            run.kill()
            run.communicate()


def test_ctrl_c_ends_it_while_it_sleeps(tmp_path):
    with asleep(tmp_path) as device:
        data, config = tmp_path / "data", tmp_path / "config.json"
        config.write_text(json.dumps(device.config_of()))
        command = [EVENCELL, "run", "--port", device.balancer.port, "--config", config, "--data", data]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            assert any(line.startswith("asleep for") for line in iter(run.stdout.readline, ""))
            run.send_signal(signal.SIGINT)
            assert run.wait(PATIENCE_S) == 0
        finally:
            run.kill()
            run.communicate()
