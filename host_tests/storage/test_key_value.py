import os

from evencell.runtime.log import Log
from evencell.storage.faults import StorageFaults
from evencell.storage.files import replace
from evencell.storage.key_value import KeyValueStore
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock
from host_tests.portable import scratch_path

PATH = scratch_path("values.json")


def values_of() -> KeyValueStore:
    clock = FakeClock()
    return KeyValueStore(PATH, StorageFaults(clock, Log(clock)))


def fresh():
    for suffix in ("", ".new", ".bad"):
        if exists(PATH + suffix):
            os.remove(PATH + suffix)


def test_value_is_kept_across_starts_and_none_deletes_it():
    fresh()
    values = values_of()
    assert values.get("pack1.temperature_scale") is None
    values.put("pack1.temperature_scale", "0.1")
    assert values_of().get("pack1.temperature_scale") == "0.1"
    values.put("pack1.temperature_scale", None)
    assert values_of().get("pack1.temperature_scale") is None
    fresh()


def test_unchanged_value_is_not_written():
    fresh()
    values = values_of()
    values.put("a", None)
    assert not exists(PATH)
    values.put("a", 1)
    os.remove(PATH)
    values.put("a", 1)
    assert not exists(PATH)


def test_damaged_file_counts_as_missing():
    for text in ("", "{", '{"a": 2', "[1]", "\x00"):
        fresh()
        with open(PATH, "w") as file:
            file.write(text)
        values = values_of()
        assert values.get("a") is None
        values.put("a", 1)
        assert values_of().get("a") == 1
    fresh()


def test_what_the_next_start_would_refuse_is_not_written():
    fresh()
    values = values_of()
    assert values.put("kept", True)
    assert not values.put("long", "x" * 8192)
    assert values.get("long"), "it counts until the end of this run"
    assert values_of().get("kept") is True
    assert values.put("long", None)
    rules = {"%d%s" % (number, 22 * "x"): False for number in range(27)}
    for number in range(8):
        assert values.put("rules:%d%s" % (number, 23 * "y"), rules), "as large as it can be in use"
    assert values_of().get("rules:7" + 23 * "y") == rules
    fresh()


def test_replaced_value_leaves_no_second_file():
    fresh()
    replace(PATH, "one")
    replace(PATH, "two")
    with open(PATH) as file:
        assert file.read() == "two"
    assert not exists(PATH + ".new")
    fresh()
