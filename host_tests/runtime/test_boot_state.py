import os
import sys

from evencell.runtime import boot_state as boots
from evencell.runtime.log import Log
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock
from host_tests.portable import scratch_path

FOLDER = scratch_path("boots")


class Board:
    storage = FOLDER

    def __init__(self):
        self.calls = []

    def firmware(self):
        return self

    def confirm(self):
        self.calls.append("confirm")

    def restart(self):
        self.calls.append("restart")

    def button(self):
        return None

    def reset_cause(self) -> str:
        return "power"


def faults() -> StorageFaults:
    clock = FakeClock()
    return StorageFaults(clock, Log(clock))


def write(name: str, text: str | None):
    """None removes the file."""
    if not exists(FOLDER):
        os.mkdir(FOLDER)
    path = FOLDER + "/" + name
    if text is not None:
        with open(path, "w") as file:
            file.write(text)
    elif exists(path):
        os.remove(path)


def read(name: str) -> str | None:
    if not exists(FOLDER + "/" + name):
        return None
    with open(FOLDER + "/" + name) as file:
        return file.read()


def test_safe_mode_after_three_starts_that_ended_early():
    for text in (
        None,
        "",
        "1 a",
        "3 a",
        "3",
        "x",
        "-5",
        "\x00",
        "99",
        "5 a",
        "40 a",
        "3 3 a",
        "4 1 a",
        "4 3 b",
        "4 5",
        "404 a",
    ):
        write("boots", text)
        assert boots.why_safe(FOLDER) is None, text
    for text in ("4 4 a", "4 4", "4 a", "4"):  # of two slots, of one image, and as earlier versions wrote them
        write("boots", text)
        assert "3 starts" in boots.why_safe(FOLDER)


def test_flipped_bit_gives_no_safe_mode():
    for count in (1, 2, 3):
        for whole in (b"%d %d a" % (count, count), b"%d %d" % (count, count)):
            for bit in range(8 * len(whole)):
                damaged = bytearray(whole)
                damaged[bit // 8] ^= 1 << bit % 8
                with open(FOLDER + "/boots", "wb") as file:
                    file.write(damaged)
                assert boots.why_safe(FOLDER) is None, damaged


def test_reason_for_the_fallback_is_noted():
    for text in (None, "", "a", "b new", "a fell-back: "):
        write("slot", text)
        assert boots.why_fallen_back(FOLDER) is None
    write("slot", "a fell-back: evencell/hub.mpy is damaged in b\n")
    assert boots.why_fallen_back(FOLDER) == "evencell/hub.mpy is damaged in b"


def test_a_micropython_that_is_too_old_is_named_with_what_to_do():
    assert boots.why_too_old((1, 23, 0, "")) == (
        "MicroPython 1.23.0 is too old: evencell needs 1.24.0 or newer, which comes with: make flash"
    )
    assert "1.9.4" in boots.why_too_old((1, 9, 4))
    for version in ((1, 24, 0), (1, 24, 0, "preview"), (1, 24, 1, ""), (1, 29, 0, ""), (2, 0, 0, "")):
        assert boots.why_too_old(version) is None
    assert boots.why_too_old(sys.implementation.version) is None


def test_a_start_notes_a_micropython_that_is_too_old():
    write("boots", None)
    write("slot", None)
    oldest = boots.OLDEST_MICROPYTHON
    boots.OLDEST_MICROPYTHON = (99, 0, 0)
    try:
        safe, notes = boots.begin(Board(), faults())
    finally:
        boots.OLDEST_MICROPYTHON = oldest
    assert safe is None and len(notes) == 1 and "needs 99.0.0 or newer" in notes[0]
    assert boots.begin(Board(), faults()) == (None, [])


def test_a_start_that_lasted_is_proven():
    board = Board()
    write("boots", "2 b")
    for before, after in (
        ("b new", "b"),
        ("b new\n", "b"),
        ("a", "a"),
        (None, None),
        ("a fell-back: x", "a fell-back: x"),
    ):
        write("slot", before)
        assert boots.proven(board, faults())
        assert read("slot") == after
        assert read("boots") is None
    assert board.calls == ["confirm"] * 5


class Context:
    """A device that is restarted; `update`: what is still to be confirmed."""

    def __init__(self, update):
        self.board = Board()
        self.storage_faults = faults()
        self.update = update

    def finish(self):
        self.board.calls.append("finish")


def test_restart_by_an_owner_is_no_start_that_ended_early():
    for update, slot, calls in ((None, "b", ["confirm"]), ({"state": "confirming"}, "b new", [])):
        write("slot", "b new")
        write("boots", "1 1 b")
        context = Context(update)
        boots.restart_by_owner(context)
        assert (read("slot"), read("boots")) == (slot, None)
        assert context.board.calls == calls + ["finish", "restart"]  # noqa: RUF005


def test_the_button_must_be_held():
    presses = [True, True, False, True]
    assert not boots.button_held(lambda: presses.pop(0))
    assert presses == [True]
    assert boots.button_held(lambda: True)


def test_a_configuration_is_set_aside_with_all_that_would_take_its_place():
    for suffix in ("json", "json.old", "json.new", "reset"):
        write("config." + suffix, suffix)
    sentence = boots.set_config_aside(FOLDER + "/config.json")
    assert "config.reset" in sentence
    assert [read("config." + suffix) for suffix in ("json", "json.old", "json.new", "reset")] == [
        None,
        None,
        None,
        "json",
    ]
    boots.set_config_aside(FOLDER + "/config.json")
    assert read("config.reset") == "json"
