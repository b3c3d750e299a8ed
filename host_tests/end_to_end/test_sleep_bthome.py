"""Beacons of a device that sleeps, judged by the parser that Home Assistant uses."""

import json
from pathlib import Path

from bluetooth_data_tools import parse_advertisement_data_bytes
from bthome_ble import BTHomeBluetoothDeviceData
from habluetooth import BluetoothServiceInfoBleak

from evencell.forward.bthome.counter import RESERVED
from host_tests.end_to_end.asleep import asleep

BINDKEY = "231d39c1d7cc1ab1aee224cd096db932"
BEACONS = {"enabled": True, "advertise_s": 1}
ONLY_BEACONS = {"enabled": False}
LEGACY_BYTES = 31


def sent(path: Path) -> list[BluetoothServiceInfoBleak]:
    """The advertisements, as a receiver has them."""
    found = []
    for number, line in enumerate(path.read_text().splitlines()):
        beacon = json.loads(line)
        data = bytes.fromhex(beacon["data"])
        assert len(data) <= LEGACY_BYTES
        _, uuids, services, manufacturers, power = parse_advertisement_data_bytes(data)
        found.append(
            BluetoothServiceInfoBleak(
                name=beacon["name"],
                address=":".join(beacon["address"][at : at + 2] for at in range(0, 12, 2)).upper(),
                rssi=-60,
                manufacturer_data=manufacturers,
                service_data=services,
                service_uuids=uuids,
                source="local",
                device=None,
                advertisement=None,
                connectable=False,
                time=900.0 * number,
                tx_power=power,
            )
        )
    return found


def parsed(parser: BTHomeBluetoothDeviceData, info) -> dict:
    update = parser.update(info)
    values = {key.key: value.native_value for key, value in update.entity_values.items()}
    return values | {key.key: value.native_value for key, value in update.binary_entity_values.items()}


def test_each_wake_sends_its_reading_without_a_network(tmp_path):
    with asleep(tmp_path, mqtt=ONLY_BEACONS, bthome=BEACONS) as device:
        device.begin()
        device.balancer.cells_mv = (3301, 3302, 900, 3300)
        device.wake()
        parser = BTHomeBluetoothDeviceData()
        first, second = [parsed(parser, info) for info in sent(device.sleeper.beacons)]
        assert (first["voltage_1"], first["voltage_2"], first["voltage_3"]) == (3.299, 3.302, 13.2)
        assert first["problem"] is False
        assert second["voltage_1"] == 0.9
        assert second["problem"] is True
        assert parser.sleepy_device
        assert not device.output.count("report")
        assert not (device.sleeper.folder / "journal").exists()


def test_a_balancer_that_stops_answering_is_a_problem(tmp_path):
    with asleep(tmp_path, mqtt=ONLY_BEACONS, bthome=BEACONS) as device:
        device.begin()
        device.balancer.is_silent = True
        device.wake(3)
        parser = BTHomeBluetoothDeviceData()
        last = [parsed(parser, info) for info in sent(device.sleeper.beacons)][-1]
        assert last["problem"] is True


def test_a_low_pack_sends_one_more_beacon_at_the_last_level(tmp_path):
    with asleep(tmp_path, mqtt=ONLY_BEACONS, bthome=BEACONS) as device:
        device.begin()
        device.balancer.cells_mv = (2750, 2751, 2749, 2750)
        device.wake()
        before = len(sent(device.sleeper.beacons))
        device.balancer.cells_mv = (2600, 2601, 2599, 2600)
        device.wake(2)
        assert (device.state.level, len(sent(device.sleeper.beacons))) == (3, before + 1)  # why it falls silent
        device.balancer.cells_mv = (3301, 3302, 3299, 3300)
        device.wake()
        assert len(sent(device.sleeper.beacons)) == before + 2


def test_a_key_encrypts_and_no_number_comes_twice_over_power_cuts(tmp_path):
    with asleep(tmp_path, mqtt=ONLY_BEACONS, bthome={**BEACONS, "bindkey": BINDKEY}) as device:
        device.begin().wake()
        (device.sleeper.folder / "rtc").unlink()
        device.start_again("power")
        parser = BTHomeBluetoothDeviceData(bindkey=bytes.fromhex(BINDKEY))
        beacons = sent(device.sleeper.beacons)
        assert len(beacons) == 3
        for info in beacons:
            assert parsed(parser, info)["voltage_3"] == 13.2
            assert parser.bindkey_verified
        counters = [int.from_bytes(next(iter(info.service_data.values()))[-8:-4], "little") for info in beacons]
        assert counters == [0, 1, RESERVED]
        assert BINDKEY not in device.output


def test_beacons_and_reports_go_together(tmp_path):
    with asleep(tmp_path, bthome=BEACONS) as device:
        device.begin().wake(2)
        assert device.reports() == 1
        assert len(sent(device.sleeper.beacons)) == 3
