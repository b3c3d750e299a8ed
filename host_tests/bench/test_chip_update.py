"""An update in the model of a chip's two heaps: it is received beside all that a promised set runs, and confirmed."""

import contextlib
import time

import pytest

from host_tests.end_to_end.door import CONFIG, Client
from host_tests.end_to_end.updating import send
from host_tests.needs import need_broker, need_chip_port, need_faketime
from host_tests.update.signing import key
from tools.bench.chip import deliveries
from tools.bench.chip.device import SPEED, ChipDevice
from tools.bench.chip.measure import CASES
from tools.bench.chip.sets import SETS
from tools.bench.fast import Fast
from tools.build.slots import Release, contents_of, manifest
from tools.update.image import of_files

WITHIN_S = 120
BITS = 3072  # of the key, as `evencell keygen` makes it


@pytest.fixture(scope="module", autouse=True)
def needed():
    need_chip_port()
    need_faketime()
    need_broker()


@pytest.mark.parametrize("name", ["page_history", "page_mqtt"])
def test_an_update_fits_beside_what_runs(name, tmp_path):
    wanted = SETS[name]
    case = next(case for case in CASES if case.name == name and case.way == "files")
    with contextlib.ExitStack() as running:
        fast = Fast(tmp_path, running, SPEED)
        broker = fast.broker() if "mqtt" in wanted.features else None
        keys = {"update": {"keys": [key("owner", BITS).public.entry("owner")]}}
        config = {**wanted.config(fast.http_port, broker), **CONFIG, **keys}
        device = ChipDevice(deliveries.files(wanted.profile), config, case.plan, tmp_path / "device", running, fast)
        device.start(fast.simulator())
        wait_for(lambda: "network: connected" in device.text() and "link online" in device.text(), device)
        client = Client.logged_in(fast.http_port)
        answer = send(client, image(device))
        assert answer.status == 200, device.text()
        wait_for(lambda: "is confirmed" in device.text(), device)
        assert device.starts == 2
        assert not any(word in device.text() for word in ("MemoryError", "memory:", "heap has grown")), device.text()


def image(device: ChipDevice) -> bytes:
    """What runs, as a new image."""
    files = {path: content for path, content in contents_of(device.root / "a").items() if path != "manifest.json"}
    slot = {**files, "manifest.json": manifest("host", "9.0.0", files)}
    return of_files(Release("host", "host", "9.0.0", slot, {})).signed(key("owner", BITS)).encode()


def wait_for(condition, device: ChipDevice):
    """Until it is true; fails with the log where the device ends, or takes too long."""
    end_s = time.monotonic() + WITHIN_S
    while not condition():
        assert device.is_running() and time.monotonic() < end_s, device.text()
        time.sleep(0.05)
