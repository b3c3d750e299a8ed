"""What generates /metrics. Prometheus' own parsers read it in end_to_end/test_metrics.py."""

from evencell.forward.http import metrics, metrics_text
from evencell.forward.status_json import status_with_diagnosis
from evencell.link.bus import Rs485Bus
from evencell.link.diagnosis import Diagnosis
from evencell.pack.fields import FIELDS
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from host_tests.fakes import FakeClock
from host_tests.portable import ROOT, frame_of

DEVICE = {
    "id": "aa61002f3d49", "name": "evencell", "firmware": "0.1.0", "board": "host", "profile": "full", "uptime_s": 20,
    "heap_free": 1000, "network_heap_free": None, "network_heap_largest": None, "wifi_rssi": None,
    "config_faults": [], "crashes": 0, "reset_cause": "power", "safe_mode": None,
    "mqtt": None, "influx": None, "journal": None,
}  # fmt: skip
TEXT = metrics.content_type("")
OPENMETRICS = metrics.content_type("application/openmetrics-text; version=1.0.0")
MOST_BYTES = 1024  # of a piece, whatever is in it


def status_of_24_cells(number: int) -> dict:
    pack = Pack(
        "a-name-of-24-characters%d" % number, "jk_b2a24s", TemperatureScale("0.1"), Rs485Bus(None), Diagnosis(b"")
    )
    decode_status(frame_of("maker-example-20s"), 0, pack.candidate)
    for cell in range(24):
        pack.candidate.cells_mv[cell] = 3301 + cell
    pack.accept_unchecked(FakeClock())
    return status_with_diagnosis(pack, FakeClock())


def generated(packs: list, content_type: str, **changes) -> list:
    device = dict(DEVICE)
    device.update(changes)
    return list(metrics_text.pieces(device, {"poller": 2}, packs, content_type == OPENMETRICS))


def test_no_piece_is_large_however_many_packs_there_are():
    packs = [status_of_24_cells(number) for number in range(8)]
    for content_type in (TEXT, OPENMETRICS):
        sizes = [len(piece) for piece in generated(packs, content_type)]
        assert max(sizes) < MOST_BYTES
        assert sum(sizes) > 20 * MOST_BYTES


def test_numbers_are_exact_and_names_escaped():
    text = "".join(generated([status_of_24_cells(1)], TEXT, name='a "b" \\ \n'))
    assert 'evencell_cell_volts{pack="a-name-of-24-characters1",cell="24"} 3.324\n' in text
    assert 'name="a \\"b\\" \\\\ \\n"' in text
    assert 'evencell_part_restarts_total{part="poller"} 2\n' in text


def test_before_the_first_reading_there_is_neither_link_nor_verdict():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"), Rs485Bus(None), Diagnosis(b""))
    text = "".join(generated([status_with_diagnosis(pack, FakeClock())], TEXT))
    assert "evencell_pack_info{" in text
    assert "evencell_link{" not in text and "evencell_diagnosis_info{" not in text


def test_network_heap_is_there_where_the_device_has_one():
    assert "network_heap" not in "".join(generated([], TEXT))
    text = "".join(generated([], TEXT, network_heap_free=20_000, network_heap_largest=16_000))
    assert "evencell_network_heap_free_bytes 20000\n" in text
    assert "evencell_network_heap_largest_bytes 16000\n" in text


def test_only_openmetrics_has_units_and_an_end():
    for content_type, is_open in ((TEXT, False), (OPENMETRICS, True)):
        text = "".join(generated([], content_type))
        assert ("# UNIT evencell_cell_volts volts\n" in text) == is_open
        assert text.endswith("# EOF\n") == is_open
        assert ("# TYPE evencell_readings counter\n" in text) == is_open
        assert ("# TYPE evencell_readings_total counter\n" in text) != is_open


def test_what_is_unknown_is_left_out():
    assert "wifi_rssi" not in "".join(generated([], TEXT))
    assert "evencell_wifi_rssi_dbm -61\n" in "".join(generated([], TEXT, wifi_rssi=-61))


def test_the_connection_to_the_broker_is_there_where_one_is_wanted():
    assert "mqtt" not in "".join(generated([], TEXT))
    lost = {"state": "waiting", "problem": "the broker does not answer", "sent": 7, "dropped": 2}
    text = "".join(generated([], TEXT, mqtt=lost))
    for line in ("evencell_mqtt_connected 0", "evencell_mqtt_sent_total 7", "evencell_mqtt_dropped_total 2"):
        assert line + "\n" in text
    assert "evencell_mqtt_connected 1\n" in "".join(generated([], TEXT, mqtt=dict(lost, state="connected")))


def test_what_the_journal_keeps_is_there_where_there_is_one():
    assert "journal" not in "".join(generated([], TEXT))
    kept = {"waiting": 412, "bytes": 8192, "thinned": 30, "dropped": 2}
    text = "".join(generated([], OPENMETRICS, journal=kept))
    for line in ("waiting 412", "bytes 8192", "thinned_total 30", "dropped_total 2"):
        assert "evencell_journal_%s\n" % line in text
    for line in ("TYPE evencell_journal_thinned counter", "UNIT evencell_journal_bytes bytes"):
        assert "# %s\n" % line in text


def test_each_field_has_its_meaning_in_order():
    with open(ROOT + "/firmware/evencell/forward/http/metrics_fields.txt") as file:
        assert [line.split(" ")[0] for line in file] == [field for field, _ in FIELDS]
