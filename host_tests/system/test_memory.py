import os

from evencell.system.files import exists, replace
from evencell.system.memory import Memory
from host_tests.portable import scratch_path

PATH = scratch_path("memory.json")


def fresh():
    for suffix in ("", ".new"):
        if exists(PATH + suffix):
            os.remove(PATH + suffix)


def test_remembers_across_starts_and_forgets():
    fresh()
    memory = Memory(PATH)
    assert memory.get("pack1.temperature_scale") is None
    memory.put("pack1.temperature_scale", "0.1")
    assert Memory(PATH).get("pack1.temperature_scale") == "0.1"
    memory.put("pack1.temperature_scale", None)
    assert Memory(PATH).get("pack1.temperature_scale") is None
    fresh()


def test_what_is_known_is_not_written_again():
    fresh()
    memory = Memory(PATH)
    memory.put("a", None)
    assert not exists(PATH)
    memory.put("a", 1)
    os.remove(PATH)
    memory.put("a", 1)
    assert not exists(PATH)


def test_a_damaged_file_is_as_none():
    for text in ("", "{", '{"a": 2', "[1]", "\x00"):
        fresh()
        with open(PATH, "w") as file:
            file.write(text)
        memory = Memory(PATH)
        assert memory.get("a") is None
        memory.put("a", 1)
        assert Memory(PATH).get("a") == 1
    fresh()


def test_replacing_leaves_no_second_file():
    fresh()
    replace(PATH, "one")
    replace(PATH, "two")
    with open(PATH) as file:
        assert file.read() == "two"
    assert not exists(PATH + ".new")
    fresh()
