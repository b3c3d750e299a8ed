"""boot.py on MicroPython's unix port, with a folder for the flash and everything in it damaged in turn."""

import ast
import itertools
import re
import resource
import shutil
import subprocess

import pytest

from host_tests.boot_flash import Flash, damaged

DAMAGE = ("a byte", "short", "empty", "gone", "a folder")
_SOME = 6  # files of a slot that are damaged so
PLAN = "network 1\ngc 118000\nlives page history\n"
# Stand-ins for two modules of an ESP32: they print what boot.py does with them.
NETWORK = """STA_IF = 0
class WLAN:
    def __init__(self, interface):
        self.interface = interface
    def active(self, is_active):
        print("WLAN", self.interface, "active", is_active)
"""
HEAP = """HEAP_DATA = 4
def idf_heap_info(capabilities):
    print("heap")
    return [(113_840, 68_204, 68_204, 60_000)]
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A flash without faults."""
    return Flash(tmp_path_factory.mktemp("whole") / "flash")


@pytest.fixture
def flash(tmp_path):
    return Flash(tmp_path / "flash")


@pytest.mark.parametrize(
    ("slot", "boots", "cause", "chosen", "count"),
    [
        (None, None, "power", "a", "1 1 a"),
        ("a", None, None, "a", "1 1 a"),  # a port that can't say why: power
        ("b\n", "1 1 b", "power", "b", "1 1 b"),  # switched off within 5 minutes: no crash
        ("a", "1 1 a", "reset", "a", "2 2 a"),
        ("a", "1 a", "reset", "a", "2 2 a"),  # as earlier versions wrote it
        ("a", "2", "watchdog", "a", "3 3 a"),
        ("a", "4 4 a", "soft", "a", "4 4 a"),  # more changes nothing, and costs no flash
        ("a", "3 3 b", "reset", "a", "1 1 a"),
        ("a", "3 b", "reset", "a", "1 1 a"),  # the other slot's
        ("b new", "2 2 b", "reset", "b", "3 3 b"),
        ("b new", "3 3 b", "reset", "a", "1 1 a"),
        ("b new", "3 3 a", "reset", "b", "1 1 b"),  # just deployed, by a firmware that had crashed
        ("b fell-back: x is damaged in a", None, "reset", "b", "1 1 b"),
        ("", "", "reset", "a", "2 2 a"),
        ("c", "x y z", "reset", "a", "2 2 a"),
        ("\x00" * 5000, "9" * 5000, "reset", "a", "2 2 a"),
        ("a", "77 a", "reset", "a", "2 2 a"),  # never written so: no reason for safe mode
        ("a", "9 9 a", "reset", "a", "2 2 a"),
        ("a", "3 1 a", "reset", "a", "2 2 a"),  # a flipped bit: no reason for safe mode
        ("b new", "3 1 b", "reset", "b", "2 2 b"),  # nor to leave a slot
    ],
)
def test_boot_selects_the_slot_and_counts_the_start(whole, slot, boots, cause, chosen, count):
    whole.write("slot", slot)
    whole.write("boots", boots)
    assert whole.boot(cause) == (chosen, "")
    assert whole.read("boots") == count


def test_a_new_slot_that_keeps_ending_early_is_left(flash):
    flash.write("slot", "b new")
    assert [flash.boot("reset")[0] for _ in range(5)] == ["b", "b", "b", "a", "a"]
    assert flash.read("slot") == "a fell-back: b ended early 3 times"
    assert flash.read("boots") == "2 2 a"


def test_a_new_slot_that_keeps_ending_early_is_kept_where_the_other_is_damaged(flash):
    flash.write("slot", "b new")
    damaged(flash.path / "a/board.py", "a byte")
    assert [flash.boot("reset")[0] for _ in range(5)] == ["b"] * 5
    assert (flash.read("slot"), flash.read("boots")) == ("b new", "4 4 b")


@pytest.mark.parametrize("how", DAMAGE)
def test_any_damaged_file_is_noticed_and_the_other_slot_taken(flash, how):
    """After a deploy and after a boot that ended early, in turn; a share of the files, which are checked alike: another
    for each damage."""
    states = itertools.cycle([("b new", None), ("b", "1 b")])
    files = flash.files("b")
    apart = len(files) // _SOME
    first = DAMAGE.index(how) * apart // len(DAMAGE)
    some = [path for path in files if path.name == "manifest.json"] + files[first::apart]
    for path, (slot, boots) in zip(some, states, strict=False):
        name = path.relative_to(flash.path / "b").as_posix()
        flash.write("slot", slot)
        flash.write("boots", boots)
        damaged(path, how)
        assert flash.boot("reset") == ("a", ""), name
        # A flipped byte in the manifest may also make it disagree with a file that is whole.
        blamed = r".+" if name == "manifest.json" else re.escape(name[:60])
        assert re.fullmatch(f"a fell-back: {blamed} is damaged in b", flash.read("slot"))
        restore(flash, path)


def restore(flash, path):
    """From the other slot, which holds the same."""
    if path.is_dir():
        path.rmdir()
    shutil.copy(flash.path / "a" / path.relative_to(flash.path / "b"), path)


@pytest.mark.parametrize(
    "manifest",
    ["", "{", "null", "[]", "[" * 10_000, '{"files": {}}', '{"files": []}', '{"files": {"board.py": 1}}', "\x00"],
)
def test_invalid_manifest_is_damage(flash, manifest):
    flash.write("slot", "b new")
    flash.write("b/manifest.json", manifest)
    assert flash.boot("reset") == ("a", "")
    assert "damaged in b" in flash.read("slot")


def test_both_slots_damaged_leave_the_repl(flash):
    flash.write("boots", "1 a")
    damaged(flash.path / "a/evencell/hub.mpy", "a byte")
    shutil.rmtree(flash.path / "b")
    chosen, said = flash.boot("reset")
    assert chosen is None
    assert said == (
        "evencell can't start: evencell/hub.mpy is damaged in a, and manifest.json is damaged in b. Deploy it again."
    )
    assert flash.read("boots") == "1 a"


def test_a_wake_from_sleep_checks_and_writes_nothing(flash):
    flash.write("slot", "b new")
    flash.write("boots", "2 b")
    damaged(flash.path / "b/evencell/hub.mpy", "a byte")
    before = {path: path.stat().st_mtime_ns for path in flash.path.glob("*")}
    assert flash.boot("wake") == ("b", "")
    assert {path: path.stat().st_mtime_ns for path in flash.path.glob("*")} == before


def test_a_wake_without_a_slot_is_no_normal_one(flash):
    damaged(flash.path / "a/evencell/hub.mpy", "a byte")
    assert flash.boot("wake")[0] == "b"


@pytest.mark.parametrize("name", ["slot", "boots", "slot.new", "boots.new"])
def test_folder_in_the_place_of_a_file_does_not_stop_the_boot(flash, name):
    (flash.path / name).mkdir()
    damaged(flash.path / "a/evencell/hub.mpy", "a byte")
    flash.write("slot", None) if name != "slot" else None
    assert flash.boot("reset")[0] == "b"


def test_a_flash_that_takes_nothing_does_not_stop_the_boot(flash):
    """A limit on the size of files stands for a full flash."""
    flash.write("slot", "b new")
    damaged(flash.path / "b/evencell/hub.mpy", "a byte")

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    chosen, said = flash.boot("reset", preexec_fn=no_room, restore_signals=False)
    assert chosen == "a"
    assert "slot can't be written" in said and "boots can't be written" in said
    assert flash.read("slot") == "b new"


def test_nothing_of_boot_stays_in_the_namespace_of_main(whole):
    _, printed = whole.boot("power", then="print([name for name in dir() if name[0] != '_'])\n")
    assert not {"choose", "fault_in", "write"} & set(ast.literal_eval(printed))


@pytest.fixture
def esp32(flash):
    """A flash on an interpreter with an ESP32's modules; both slots have a plan."""
    flash.stand_in("network", NETWORK)
    flash.stand_in("esp32", HEAP)
    for slot in "ab":
        flash.write(f"{slot}/plan", PLAN)
        flash.write_manifest(slot)
    return flash


def test_driver_is_started_before_the_heap_is_read(esp32):
    assert esp32.boot("power") == ("a", "WLAN 0 active True\nheap")


@pytest.mark.parametrize(
    ("plan", "claim", "printed"),
    [
        (None, None, ""),
        ("", None, ""),
        ("network 0\ngc 0\n", None, ""),
        ("gc 118000\n", None, ""),
        ("network cable\ngc 118000\n", None, "heap"),
        ("network 1\n", None, "WLAN 0 active True\nheap"),
        ("network 1\ngc 0\n", None, "WLAN 0 active True\nheap"),
        (PLAN, "off", ""),
        (PLAN, "102000\n", "WLAN 0 active True\nheap"),
        (PLAN, "9999999999", "WLAN 0 active True\nheap"),
        (PLAN, "9" * 99, "WLAN 0 active True\nheap"),
        (PLAN, "x", "WLAN 0 active True\nheap"),
        ("\x00" * 5000, None, ""),
        ("network 1\ngc 1x8000\n", None, "WLAN 0 active True\nmemory for the network can't be claimed: .*"),
    ],
)
def test_planned_memory_is_claimed(esp32, plan, claim, printed):
    esp32.write("a/plan", plan)
    esp32.write_manifest("a")
    esp32.write("claim", claim)
    chosen, said = esp32.boot("power")
    assert chosen == "a"
    assert re.fullmatch(printed, said)


def test_the_plan_is_that_of_the_slot_that_starts(esp32):
    esp32.write("slot", "b")
    esp32.write("a/plan", "network 0\ngc 0\n")
    assert esp32.boot("power") == ("b", "WLAN 0 active True\nheap")


def test_a_wake_from_sleep_claims_nothing(esp32):
    esp32.write("slot", "a")
    assert esp32.boot("wake") == ("a", "")


@pytest.mark.parametrize(
    ("cause", "boots", "printed"),
    [
        ("wake", None, "watchdog 120000"),
        ("wake", "4 4 a", "watchdog 120000"),  # one try after the long sleep
        ("power", "4 4 a", "watchdog 120000"),
        ("watchdog", "2 2 a", "watchdog 120000"),
        ("watchdog", "3 3 a", "sleep 3600000\nwatchdog 120000"),  # of the fourth start; on a chip the sleep is the end
        ("reset", "3 3 a", "sleep 3600000\nwatchdog 120000"),
        ("soft", "3 3 a", ""),  # an owner is at the prompt
    ],
)
def test_a_wake_is_limited_and_a_loop_of_failures_ends_in_a_long_sleep(esp32, cause, boots, printed):
    """Nor is memory claimed, or the radio started."""
    esp32.write("slot", "a")
    esp32.write("boots", boots)
    esp32.write("wake.json", "{}")
    assert esp32.boot(cause) == ("a", printed)


def test_a_device_that_does_not_sleep_gets_no_watchdog_from_boot(esp32):
    esp32.write("boots", "3 3 a")
    assert esp32.boot("watchdog") == ("a", "WLAN 0 active True\nheap")


@pytest.mark.parametrize("text", ["STA_IF = 0", "raise OSError('WiFi Out of Memory')"])
def test_a_radio_that_fails_does_not_stop_the_boot(esp32, text):
    esp32.stand_in("network", text)
    chosen, said = esp32.boot("power")
    assert chosen == "a"
    assert said.startswith("memory for the network can't be claimed: ")


def test_an_interpreter_without_a_radio_claims_nothing(esp32):
    esp32.stand_in("network", "raise ImportError")
    assert esp32.boot("power") == ("a", "")


def test_the_manifest_is_read_in_lines_of_bounded_length(flash):
    for path in (flash.path / "a/manifest.json", flash.path / "b/manifest.json"):
        lines = path.read_text().splitlines(keepends=True)
        assert len(lines) > 50
        assert max(map(len, lines)) < 200


@pytest.mark.parametrize("end", ["", "}", "}}}", "}}\n", "}}x", "\n}}"])
def test_a_manifest_with_another_end_is_damaged(flash, end):
    text = flash.read("b/manifest.json")
    assert text.endswith("\n}}")
    flash.write("slot", "b new")
    flash.write("b/manifest.json", text[:-2] + end)
    assert flash.boot("reset")[0] == "a"
    assert flash.read("slot") == "a fell-back: manifest.json is damaged in b"


@pytest.mark.parametrize("broken", ["board.py", "evencell/app.py"])
def test_a_version_that_can_not_be_imported_restarts_and_is_left(flash, broken):
    for path in (flash.path / "b" / broken, (flash.path / "b" / broken).with_suffix(".mpy")):
        path.unlink(missing_ok=True)
    (flash.path / "b" / broken).write_text("import nothing_there\n")
    flash.write_manifest("b")
    flash.write("slot", "b new")
    options = flash.options("reset")
    with (flash.path.parent / "flash-machine/machine.py").open("a") as machine:
        machine.write("def reset(): raise SystemExit(75)\n")
    result = subprocess.run(flash.command(), **options, capture_output=True, text=True)
    assert result.returncode == 75 and "nothing_there" in result.stdout + result.stderr
    assert flash.read("boots") == "1 1 b"
    flash.write("boots", "3 3 b")
    assert flash.boot("reset")[0] == "a" and flash.read("slot") == "a fell-back: b ended early 3 times"
