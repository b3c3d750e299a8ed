"""Tracebacks of built trees on MicroPython, in words of the sources."""

import json
import re
import subprocess

import pytest
from click.testing import CliRunner

from evencell import __version__
from host_tests.needs import need_micropython
from tools.build import frozen, names
from tools.build.common import BUILD, ROOT
from tools.build.flatten import letters
from tools.build.passes import FROZEN_PASSES
from tools.build.tree import build, flash_folder, sources_folder
from tools.cli.main import main
from tools.cli.traceback import Names, Stream, rewritten
from tools.dev.device import micropython

# A private function, a method of a module that became a part of app.py, and the module that called both.
CRASH = """import sys
sys.path.insert(0, "")
from %(tcp_errors)s import %(private)s as private
from evencell.app import Hub
class Clock:
    def uptime_ms(self):
        return 0
def fails(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        sys.print_exception(error)
fails(private, 5, None)
fails(Hub([], Clock()).post, "alarm", None, "name", 1, None, *[2])
fails(Hub([], None).post, "alarm", None, "name", 1)
fails(lambda: Hub([], Clock()).event("x"))
"""
PARSE = "evencell/config/parse.py"


@pytest.fixture(scope="module")
def names_file(tmp_path_factory):
    need_micropython()
    folder = tmp_path_factory.mktemp("names")
    assert re.fullmatch(r"[0-9a-f]{12}", frozen.write_names(folder))
    return folder / names.FILE


def printed(folder, module: str, private: str) -> str:
    """What MicroPython prints of the failures of CRASH, with the tree in the folder."""
    script = CRASH % {"tcp_errors": module, "private": private}
    command = [micropython(), "-c", script]
    result = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=True)
    return result.stdout + result.stderr


def line_of(source: str, text: str) -> int:
    """The number of the first line of a source that has this text."""
    lines = (ROOT / source).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def shown(path, text: str, *more) -> str:
    result = CliRunner().invoke(main, ["traceback", "--names", str(path), *more], input=text)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_firmware_of_files_gives_file_and_function(names_file):
    build("esp32_generic")
    known = Names(names_file.read_text())
    module = "evencell." + letters()[PARSE]
    private = next(
        row.split()[1] for row in names_file.read_text().splitlines() if row.endswith(" _quoted") and PARSE in row
    )
    assert len(private) <= 2
    text = printed(flash_folder("esp32_generic").with_name("tree"), module, private)
    assert f'File "{letters()[PARSE]}", line 1, in {private}\n' in text  # no line number survives
    new = rewritten(text, known)
    line = line_of(f"firmware/{PARSE}", "def _quoted(")
    assert f'  File "firmware/{PARSE}", in _quoted (defined in line {line}) (on the device: ' in new
    line = line_of("firmware/evencell/hub.py", "def post(")
    assert f'  File "firmware/evencell/hub.py", in Hub.post (defined in line {line}) (on the device: app, post)' in new
    assert shown(names_file, text) == new


def test_own_firmware_gives_the_line_too(names_file):
    folder = BUILD / sources_folder(FROZEN_PASSES)
    text = printed(folder, module="evencell.config.parse", private="_quoted")
    new = shown(names_file, text)
    line = line_of("firmware/evencell/hub.py", "self._events[self.posted % _MAX_EVENTS] = (self.clock")
    assert f'  File "firmware/evencell/hub.py", line {line}, in Hub.post (on the device: evencell/app.py, line ' in new
    line = line_of(f"firmware/{PARSE}", 'end = data.find(b"\\n", at)')
    assert f'  File "firmware/{PARSE}", line {line}, in _quoted (on the device: ' in new


def test_each_line_of_own_firmware_is_found_in_its_source(names_file):
    """Every statement of a function in app.py, which is made of several files, has its line of the source."""
    known = Names(names_file.read_text())
    compiled = (BUILD / sources_folder(FROZEN_PASSES) / "evencell/app.py").read_text().splitlines()
    found = 0
    for number, text in enumerate(compiled, 1):
        if text.startswith("        self.") and "=" in text:
            frame = known.frame("evencell/app.py", number, "__init__")
            path, line = re.match(r'File "([^"]+)", line (\d+), in', frame).groups()
            assert (ROOT / path).read_text().splitlines()[int(line) - 1].split("=")[0] == text.split("=")[0], frame
            found += 1
    assert found > 50


TABLE = """evencell 9.8.7 names 0123456789ab
ax <module> - firmware/evencell/a.py:1 <module>
ax <module> - firmware/evencell/b.py:1 <module>
ax c - firmware/evencell/b.py:7 B._read
ax read - firmware/evencell/a.py:3 A.read
ax read - firmware/evencell/b.py:9 B.read
ax d - - _count
"""
ENTRY = {
    "time": 1795403431, "uptime_s": 3, "version": "9.8.7", "part": "display", "reset_cause": "power", "count": 2,
    "traceback": "Traceback (most recent call last):\n  File \"ax\", line 1, in c\nAttributeError: no attribute 'd'",
}  # fmt: skip


@pytest.fixture
def small(tmp_path):
    (tmp_path / "names.txt").write_text(TABLE)
    return tmp_path / "names.txt"


def test_lines_of_the_log_keep_what_is_before_and_what_is_no_frame(small):
    text = "1.250 error http failed\n1.250 error   File \"ax\", line 1, in c\n1.251 error   OSError: 'd'\n'd' again\n"
    assert shown(small, text) == (
        '1.250 error http failed\n1.250 error   File "firmware/evencell/b.py", in B._read (defined in line 7) '
        "(on the device: ax, c)\n1.251 error   OSError: 'd' (d is _count)\n'd' again\n"
    )


def test_functions_of_one_name_are_all_named(small):
    assert shown(small, '  File "ax", line 1, in read\n') == (
        '  File "firmware/evencell/a.py", in A.read (defined in line 3) or '
        'File "firmware/evencell/b.py", in B.read (defined in line 9) (on the device: ax, read)\n'
    )
    assert 'a.py" or File "firmware/evencell/b.py", in <listcomp> (on the device: ax)' in shown(
        small, '  File "ax", line 1, in <listcomp>\n'
    )


@pytest.mark.parametrize("form", [lambda entries: entries, lambda entries: {"crashes": entries}])
def test_crashes_as_json(small, form, tmp_path):
    file = tmp_path / "crashes.json"
    file.write_text(json.dumps(form([ENTRY, {**ENTRY, "time": None, "traceback": None}])))
    text = shown(small, "", str(file))
    assert text.startswith("display, evencell 9.8.7, 2026-11-23 03:10:31 UTC, 3 s after the start (power), count 2\n")
    assert "B._read (defined in line 7)" in text and "'d' (d is _count)" in text and "no clock" in text


def test_names_of_another_version_are_reported(small):
    result = CliRunner().invoke(
        main, ["traceback", "--names", str(small)], input=json.dumps([{**ENTRY, "version": "9.9.9"}])
    )
    assert "is of evencell 9.8.7, and there are failures of 9.9.9" in result.stderr
    result = CliRunner().invoke(main, ["traceback", "--names", str(small)], input='File "zz", line 1, in zz')
    assert result.stdout == 'File "zz", line 1, in zz\n' and "Nothing in it is in" in result.stderr
    small.write_text("a\n")
    assert CliRunner().invoke(main, ["traceback", "--names", str(small)], input="").exit_code == 2


def test_names_of_another_build_of_the_same_version_are_reported(small):
    for names_id, is_reported in ((Names(TABLE).id, False), (None, False), ("ba9876543210", True)):
        failures = json.dumps([{**ENTRY, "names": names_id}])
        result = CliRunner().invoke(main, ["traceback", "--names", str(small)], input=failures)
        assert ("of the build ba9876543210: their names may be wrong" in result.stderr) == is_reported
        assert "B._read" in result.stdout


def test_a_stream_gives_lines_at_once_and_the_rest_when_nothing_comes():
    stream = Stream(Names(TABLE))
    assert stream.feed(b'a\n  File "ax", li') == b"a\n"
    assert b"B._read" in stream.feed(b"ne 1, in c\n>>>")
    assert stream.feed(b"") == b">>>"
    assert stream.feed(b" 1\n\xff\n") == b" 1\n\xff\n"


def test_an_image_names_its_table(names_file):
    assert names_file.read_text().startswith(f"evencell {__version__} names {names.id_in(names_file.parent)}\n")


def test_a_device_knows_its_table(names_file):
    """Each failure that it keeps names it."""
    assert f"\nnames {names.id_in(names_file.parent)}\n" in (build("esp32_generic") / "plan").read_text()
