"""The firmware while the memory of its network runs out, on a board whose network heap is what a file says."""

import json

from boards.host import RESTART_STATUS
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.process import until

CONFIG = {"wifi": {"networks": [{"ssid": "Home", "password": "correct horse"}]}}
ENOUGH = [30_000, 24_000]
SHORT = [7_000, 6_500]
DYING = [1_500, 900]


def wireless(folder, tree, port) -> Firmware:
    """Firmware in reach of its network, which has memory enough."""
    firmware = Firmware(folder / "wireless", port, config=CONFIG, tree=tree)
    (firmware.data / "air.json").write_text(json.dumps({"Home": "correct horse"}))
    has(firmware, ENOUGH)
    return firmware


def has(firmware: Firmware, network_heap: list):
    """From now on the network has so many bytes, and such a largest block."""
    new = firmware.data / "heap.json.new"
    new.write_text(json.dumps(network_heap))
    new.replace(firmware.data / "heap.json")


def test_load_is_shed_and_the_readings_go_on(tmp_path, tree):
    with Simulator(tmp_path, *FIXED) as simulator, wireless(tmp_path, tree, simulator.link) as firmware:
        firmware.wait_for_line("network: connected")
        with firmware.events() as first, firmware.events() as second:
            assert first.status == second.status == 200
            has(firmware, SHORT)
            firmware.wait_for_line("off for now: event streams, history requests, announcements")
            assert first.events.ended() and second.events.ended()
        with firmware.events() as refused:
            assert refused.status == 503
            assert "not enough memory" in json.loads(refused.body)["error"]
        assert firmware.get("/api/v1/history").status == 503
        device = firmware.status()["device"]
        assert (device["network_heap_free"], device["network_heap_largest"]) == tuple(SHORT)
        assert "evencell_network_heap_free_bytes 7000\n" in firmware.get("/metrics").body.decode()
        sequence = firmware.pack()["sequence"]
        until(lambda: firmware.pack()["sequence"] > sequence + 2, "readings")


def test_a_dying_network_ends_in_a_restart_with_its_reason(tmp_path, tree):
    with wireless(tmp_path, tree, "nowhere") as firmware:
        firmware.wait_for_line("network: connected")
        has(firmware, DYING)
        firmware.wait_for_line("the network is out of memory; resetting the radio")
        assert firmware.wait() == RESTART_STATUS
        has(firmware, ENOUGH)
        firmware.start()
        crash = web.request(firmware.http_port, "/api/v1/crashes").json()["crashes"][0]
        assert (crash["part"], crash["traceback"]) == ("network", "the network is out of memory; restarting")
        assert (crash["network_heap_free"], crash["network_heap_largest"]) == tuple(DYING)
