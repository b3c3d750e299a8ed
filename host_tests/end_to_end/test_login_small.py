"""Login, settings and configuration as compiled for a chip, in a heap as small as one: all code is loaded on demand."""

import pytest

from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, PASSWORD, SMALL_HEAP_KIB, Client


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    config = {**CONFIG, "packs": [{"writable": True, "interval_ms": 200}], "log": {"level": "debug"}}
    with (
        Simulator(folder, *FIXED) as simulator,
        Firmware(folder, simulator.link, config=config, heap_kib=SMALL_HEAP_KIB) as firmware,
    ):
        firmware.wait_for_line("link online")
        yield firmware


def test_all_that_needs_a_login(firmware):
    client = Client(firmware.http_port)
    assert client.log_in("wrong").status == 401
    for _ in range(3):
        assert client.log_in().status == 204
        path = "/api/v1/packs/pack1/settings"
        assert client.send("PATCH", path, {"trigger_mv": 11}).json()["trigger_mv"]["active"] == 11
        assert client.send("PATCH", path, {"trigger_mv": 5}).json()["trigger_mv"]["active"] == 5
        assert client.send("GET", path).json()["settings"]["trigger_mv"]["active"] == 5
        config = client.send("GET", "/api/v1/config")
        assert config.status == 200, config.body
        patched = client.send("PATCH", "/api/v1/config", {"log": {"level": "info"}})
        assert patched.json() == {"applied": ["log.level"], "restart": [], "warnings": []}
        policy = client.send("PATCH", "/api/v1/config", {"control": {"policy": {"preset": "rest"}}})
        assert policy.json() == {"applied": [], "restart": ["control.policy.preset"], "warnings": []}
        client.send("PATCH", "/api/v1/config", {"control": {"policy": {"preset": "off"}}})
        backup = client.send("GET", "/api/v1/backup")
        assert client.send("PATCH", "/api/v1/config", {"log": {"level": "debug"}}).status == 200
        assert client.send("POST", "/api/v1/restore", backup.body).json()["applied"] == ["log.level"]
        client.send("PATCH", "/api/v1/config", {"log": {"level": "debug"}})
        encrypted = client.send("POST", "/api/v1/backup", {"passphrase": PASSWORD})
        file = {**encrypted.json(), "passphrase": PASSWORD}
        assert client.send("POST", "/api/v1/restore", file).json() == {"applied": [], "restart": [], "warnings": []}
        token = client.send("POST", "/api/v1/tokens", {"name": "script"}).json()["token"]
        assert Client(firmware.http_port, token=token).send("GET", "/api/v1/config").status == 200
        assert client.send("DELETE", "/api/v1/tokens", {"name": "script"}).status == 200
        assert client.send("GET", "/api/v1/log").json()["lines"]
        assert client.send("POST", "/api/v1/password", {"old": PASSWORD, "new": PASSWORD}).status == 204
        assert client.send("GET", "/api/v1/config").status == 401
