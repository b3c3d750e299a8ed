"""Small files of state: written and read again, and whatever else may be in their place."""

import json
import os

from evencell.display.pages import PAGES
from evencell.runtime.log import Log
from evencell.storage import shapes
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from evencell.storage.record_ring import RecordRing
from evencell.storage.state_file import load_json, save_json
from host_tests.config_rules import RULES
from host_tests.fakes import FakeClock
from host_tests.history.history_helpers import clear, folder

LEARNED = {"wifi_off": True, "pack1.temperature_scale": "0.1", "display": {"brightness": [80, 40]}}

OTHER_SHAPES = ["", "{", "[]", "3", "null", '"x"', "\x00" * 99, "[" * 3000, '{"display": 3}', '{"wifi_off": "no"}']
OTHER_SHAPES += ['{"display": {"brightness": 3}}', '{"display": {"brightness": [1, "2"]}}', '{"announced_packs": []}']
OTHER_SHAPES += ['{"display": {"page": [null, "gone"]}}', '{"pack1.temperature_scale": 7}']
OTHER_SHAPES += ['{"announced_packs": %s}' % count for count in ("2000000000", "9", "-1", "1.5", "true")]
OTHER_SHAPES += ['{"display": {"brightness": [80, %s]}}' % value for value in ("101", "-1", "true", "1.0", "null")]
OTHER_SHAPES += ['{"display": {"flipped": [null, %s]}}' % value for value in ("0", "null", '"no"')]
OTHER_SHAPES += ['{"display": {"temperature_unit": ["C", "K"]}}', '{"display": {"off_after_s": 3}}']


def faults() -> StorageFaults:
    clock = FakeClock()
    return StorageFaults(clock, Log(clock))


def made(name: str) -> str:
    path = folder(name)
    os.mkdir(path)
    return path


def write(path: str, data: bytes):
    with open(path, "wb") as file:
        file.write(data)


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def test_a_value_comes_back_and_a_file_without_a_checksum_is_accepted():
    path = made("state-value") + "/learned.json"
    found = faults()
    assert load_json(found, path, "learned") is None
    assert save_json(found, path, LEARNED)
    assert load_json(found, path, "learned") == LEARNED
    write(path, json.dumps(LEARNED).encode())
    assert load_json(found, path, "learned") == LEARNED
    assert found.status() == {"problem": None, "failed_writes": 0, "set_aside": 0, "history_lost": 0}


def test_every_flipped_bit_is_noticed():
    path = made("state-bits") + "/learned.json"
    save_json(faults(), path, LEARNED)
    whole = read(path)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        write(path, damaged)
        found = faults()
        assert load_json(found, path, "learned") is None, at
        assert found.set_aside == 1 and read(path + ".bad") == damaged and not exists(path)


def test_file_of_another_shape_is_set_aside_and_logged():
    path = made("state-shape") + "/learned.json"
    for text in OTHER_SHAPES:
        write(path, text.encode())
        found = faults()
        assert load_json(found, path, "learned") is None, text
        assert found.set_aside == 1 and "learned.json is damaged" in found.log.lines()[0]
    write(path, b"\xff\xfe\x00")
    assert load_json(faults(), path, "learned") is None and not exists(path)


def test_the_pages_that_can_be_locked_are_those_that_there_are():
    assert shapes._PAGES[0] is None and shapes._PAGES[1:] == PAGES


def test_configuration_and_state_allow_the_same():
    for number in range(-1, 12):
        count = {"announced_packs": number}
        assert shapes.SHAPES["learned"][1](count) == (number == 0 or RULES["packs"].accepts([{}] * number))
    values = (None, True, False, 0, 1, 1.0, -1, 50, 100, 101, "C", "F", "K", "", [], {}, "glance", ["22:00", "06:00"])
    for key, rule in RULES.items():
        section, _, name = key.partition(".")
        if section == "display" and (name == "brightness" or name in shapes._CHOICES):
            assert [shapes.is_choice(name, value) for value in values] == [rule.accepts(value) for value in values], key


def test_a_folder_or_a_large_file_in_its_place_is_set_aside():
    root = made("state-place")
    path = root + "/extremes.json"
    os.mkdir(path)
    write(path + "/x", b"1")
    found = faults()
    assert load_json(found, path, "extremes") is None and os.listdir(root) == ["extremes.json.bad"]
    write(path, b"9" * 100_000)
    assert load_json(found, path, "extremes") is None and os.listdir(root) == ["extremes.json.bad"]  # deleted
    os.mkdir(path)
    os.mkdir(path + ".new")
    assert save_json(found, path, {}) and load_json(found, path, "extremes") == {}
    clear(root)


RECORD = b"12345"
GEOMETRY = (5, 3, 3)


def ring_with_cursors(root: str) -> RecordRing:
    ring = RecordRing(root, *GEOMETRY, faults())
    ring.append(RECORD * 7)
    ring.move_cursors(2, 4)
    return ring


def test_a_damaged_cursor_never_skips_a_record():
    root = folder("state-cursors")
    ring_with_cursors(root)
    whole = read(root + "/cursors")
    assert RecordRing(root, *GEOMETRY).cursors == (2, 4)
    for at in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            write(root + "/cursors", damaged)
            ring = RecordRing(root, *GEOMETRY)
            assert ring.cursors == () and ring.first == 0 and ring.next == 7, (at, bit)
    for text, cursors in ((b"2 4", (2, 4)), (b"9" * 20 + b" 4", ()), (b"", ())):  # without a checksum: earlier versions
        write(root + "/cursors", text)
        assert RecordRing(root, *GEOMETRY).cursors == cursors


def test_foreign_file_is_not_taken_for_a_segment():
    root = folder("state-strays")
    ring_with_cursors(root)
    for name in ("99999999999999999999", "5000000", "12345"):
        write(root + "/" + name, b"x" * 40)
    os.mkdir(root + "/7")
    os.mkdir(root + "/02")
    write(root + "/001", b"x" * 40)
    os.remove(root + "/cursors")
    os.mkdir(root + "/cursors")
    found = faults()
    ring = RecordRing(root, *GEOMETRY, found)
    assert (ring.first, ring.next, ring.cursors) == (0, 7, ()) and found.set_aside == 7
    record = bytearray(5)
    assert [ring.read_into(i, record) for i in range(7)] == [True] * 7
    ring.append(RECORD * 4)
    assert ring.move_cursors(8, 8) is None
    again = RecordRing(root, *GEOMETRY)
    assert (again.next, again.cursors) == (11, (8, 8))


def test_only_segment_without_a_record_starts_no_number_that_is_never_found_again():
    root = made("state-only")
    write(root + "/9999999", b"x" * 40)
    found = faults()
    ring = RecordRing(root, *GEOMETRY, found)
    assert ring.next == 0 and found.set_aside == 1
    ring.append(RECORD * 4)
    assert RecordRing(root, *GEOMETRY, found).next == 4


def test_next_segment_without_a_record_pushes_no_record_out():
    """Whole but damaged, it is set aside; what a power cut left of a record is written again."""
    for content, set_aside in ((b"x" * 40, 1), (b"x" * 3, 0), (b"", 0)):
        root = folder("state-next")
        RecordRing(root, *GEOMETRY).append(RECORD * 9)
        write(root + "/3", content)
        found = faults()
        ring = RecordRing(root, *GEOMETRY, found)
        assert (ring.first, ring.next, found.set_aside) == (0, 9, set_aside), content
        ring.append(RECORD)
        again = RecordRing(root, *GEOMETRY)
        record = bytearray(5)
        assert (again.first, again.next) == (3, 10) and again.read_into(9, record) and record == RECORD
