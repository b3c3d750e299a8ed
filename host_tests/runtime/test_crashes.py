import json
import os

from evencell import __version__
from evencell.runtime import crash_file
from evencell.runtime.crashes import Crashes
from evencell.runtime.log import Log
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock
from host_tests.portable import scratch_path

FOLDER = scratch_path("crashes")
PATH = FOLDER + "/crashes.json"


class Board:
    storage = FOLDER

    def __init__(self, cause="power"):
        self._cause = cause

    def reset_cause(self):
        return self._cause

    def gc_heap(self):
        return 112_000, 21_000

    def network_heap(self):
        return 7_000, 1_500


def start(cause="power", fresh=True) -> Crashes:
    """As after a start of the device; `fresh` without anything kept."""
    if not exists(FOLDER):
        os.mkdir(FOLDER)
    if fresh and exists(PATH):
        os.remove(PATH)
    clock = FakeClock()
    log = Log(clock)
    return Crashes(Board(cause), clock, log, StorageFaults(clock, log))


def failure(text: str = "a bug") -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def kept() -> list[dict]:
    with open(PATH) as file:
        return json.load(file)


def entries(crashes: Crashes) -> list[dict]:
    """Every entry, the newest first."""
    from evencell.runtime.crash_file import pieces

    answer = b""
    for piece in pieces(*crashes.kept()):
        answer += piece.encode() if isinstance(piece, str) else piece or b""
    return json.loads(answer)["crashes"]


def test_an_entry_says_when_where_and_what():
    crashes = start(cause="soft")
    crashes._clock.now_ms = 12_345
    crashes._clock.now_s = 1_795_403_431
    crashes.keep("poller", failure())
    entry = entries(crashes)[0]
    assert entry["traceback"].endswith("ValueError: a bug") and "test_crashes.py" in entry["traceback"]
    assert (entry["part"], entry["reset_cause"], entry["count"]) == ("poller", "soft", 1)
    assert (entry["uptime_s"], entry["time"], entry["version"]) == (12, 1_795_403_431, __version__)
    assert (entry["heap_free"], entry["network_heap_free"], entry["network_heap_largest"]) == (21_000, 7_000, 1_500)


def test_an_entry_names_the_table_of_its_build():
    crashes = start()
    plan, path_of = FOLDER + "/plan", crash_file.path_of
    crash_file.path_of = lambda _name, _module: plan
    try:
        for text, names_id in (
            ("network 1\nnames 0123456789ab\n", "0123456789ab"),
            ("gc 0\nnames ", None),
            (None, None),
        ):
            if text:
                with open(plan, "w") as file:
                    file.write(text)
            elif exists(plan):
                os.remove(plan)
            about = ("poller", "a sentence", "power", Board(), FakeClock())
            assert crash_file.entry(*about)["names"] == names_id, text
    finally:
        crash_file.path_of = path_of
    crashes.keep("poller", failure())
    assert entries(crashes)[0]["names"] is None  # these sources are no build


def test_nothing_is_read_or_written_while_nothing_fails():
    crashes = start()
    crashes.flush()
    assert (crashes.count, entries(crashes)) == (0, [])
    assert not exists(PATH)


def test_the_last_eight_survive_a_restart_the_newest_first():
    crashes = start()
    for number in range(11):
        crashes.keep("part%d" % number, failure())
    crashes.flush(True)
    crashes = start(fresh=False)
    assert crashes.count == 8
    assert [entry["part"] for entry in entries(crashes)] == ["part%d" % number for number in range(10, 2, -1)]


def test_repeated_failure_is_counted():
    crashes = start()
    error = failure()
    crashes.keep("mqtt", error)
    crashes.keep("poller", error)
    crashes.keep("mqtt", error)
    assert [(entry["part"], entry["count"]) for entry in entries(crashes)] == [("mqtt", 2), ("poller", 1)]
    crashes.flush(True)
    crashes = start(fresh=False)
    crashes.keep("mqtt", error)
    assert (crashes.count, entries(crashes)[0]["count"]) == (2, 3)


def test_at_most_one_write_a_minute_and_nothing_is_lost():
    crashes = start()
    crashes.keep("mqtt", failure())
    for second in range(1, 60):
        crashes._clock.now_ms = 1000 * second
        crashes.keep("mqtt", failure())
        crashes.flush()
    assert kept()[0]["count"] == 1
    assert entries(crashes)[0]["count"] == 60
    crashes._clock.now_ms = 60_000
    crashes.flush()
    assert kept()[0]["count"] == 60
    assert entries(crashes)[0]["count"] == 60


def test_kept_bytes_are_limited():
    crashes = start()
    crashes.keep("mqtt", "x" * 300 + "é" * 298 + "!")
    crashes.keep("mqtt", failure("x" * 700))
    for entry in entries(crashes):
        assert len(entry["traceback"].encode()) <= 600
    assert entries(crashes)[1]["traceback"].endswith("é!")


def test_an_entry_stays_small_whatever_has_to_be_escaped():
    crashes = start()
    for text in ("\x01" * 600, '"' * 600, "é\n" * 200):
        crashes.keep("mqtt", text)
    crashes.flush(True)
    assert [entry["traceback"][-1] for entry in entries(start(fresh=False))] == ["\n", '"', "\x01"]
    with open(PATH) as file:
        assert max([len(line) for line in file]) < 1024


def test_restart_by_the_watchdog_has_no_traceback():
    crashes = start(cause="watchdog")
    crashes.keep("", None)
    entry = entries(crashes)[0]
    assert (entry["part"], entry["traceback"], entry["reset_cause"]) == (None, None, "watchdog")


def test_damaged_file_counts_as_missing():
    for text in (
        "",
        "{",
        "{}",
        "null",
        "[1, null, {}]",
        '[{"count": "x"}]',
        "\x00",
        "[" * 500,
        '["' + 20_000 * "x" + '"]',
        "[\n",
        "[\n" + 20_000 * "x",
        '[\n{"count": 1}' + 20_000 * " ",
    ):
        start()
        with open(PATH, "w") as file:
            file.write(text)
        crashes = start(fresh=False)
        assert crashes.count == 0, text[:20]
        crashes.keep("mqtt", failure())
        assert len(kept()) == 1


def test_a_damaged_line_costs_that_entry_alone():
    crashes = start()
    for number in range(3):
        crashes.keep("part%d" % number, failure())
    crashes.flush(True)
    with open(PATH) as file:
        text = file.read()
    with open(PATH, "w") as file:
        file.write(text.replace('"part1"', "part1"))
    assert [entry["part"] for entry in entries(start(fresh=False))] == ["part2", "part0"]
    crashes = start(fresh=False)
    crashes.keep("part3", failure())
    assert [entry["part"] for entry in kept()] == ["part0", "part2", "part3"]


def test_the_answer_is_json_whatever_is_kept():
    crashes = start()
    for number in range(3):
        assert [entry["part"] for entry in entries(crashes)] == ["part1", "part0"][2 - number :]
        crashes.keep("part%d" % number, failure())


def test_a_flash_that_takes_nothing_costs_a_line():
    crashes = start()
    crashes._path = FOLDER + "/nowhere/crashes.json"
    crashes.keep("mqtt", failure())
    assert crashes.count == 1
    assert crashes._log.lines()[0].startswith("0 warning storage: crashes.json can't be written: ")


def test_file_access_is_unloaded_after_use():
    import sys

    sys.modules.pop("evencell.runtime.crash_file", None)
    start().keep("mqtt", failure())
    assert "evencell.runtime.crash_file" not in sys.modules
