"""What an advertisement holds. That Home Assistant's parser takes it: end_to_end/test_sleep_bthome.py."""

from evencell.forward.bthome import beacon
from host_tests.history.history_helpers import reading

LEGACY_BYTES = 31


def status_of(pack_mv: int = 13_202, temperature_dc=240):
    status = reading([3301, 3302, 3299, 3300])
    status.pack_mv, status.temperature_dc = pack_mv, temperature_dc
    return status


def test_objects_ascend_and_voltages_keep_their_order():
    objects = beacon.objects_of(status_of(), False)
    assert objects == bytes.fromhex("02 6009  0c e30c  0c e60c  0c 9233  26 00".replace(" ", ""))
    objects = beacon.objects_of(status_of(79_248), True)
    assert objects == bytes.fromhex("02 6009  0c e30c  0c e60c  26 01  4a 1803".replace(" ", ""))


def test_temperature_below_zero_is_signed_and_an_unknown_one_is_left_out():
    assert beacon.objects_of(status_of(temperature_dc=-105), False)[:3] == b"\x02\xe6\xfb"
    assert beacon.objects_of(status_of(temperature_dc=None), False)[0] == 0x0C


def test_without_a_reading_the_problem_is_all():
    assert beacon.objects_of(None, True) == b"\x26\x01"


def test_plain_advertisement_counts_readings_and_says_whether_the_device_sleeps():
    objects = beacon.objects_of(status_of(), False)
    sent = beacon.plain(objects, 258, True)
    assert len(sent) <= LEGACY_BYTES
    assert sent[:3] == b"\x02\x01\x06"
    assert sent[3] == len(sent) - 4
    assert sent[4:10] == b"\x16\xd2\xfc\x44\x00\x02"
    assert beacon.plain(objects, 2, False)[7] == 0x40
