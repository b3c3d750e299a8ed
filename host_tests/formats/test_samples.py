"""Every version of a format has a sample; what today's code writes is the newest one, byte by byte."""

import json
from pathlib import Path

import pytest

import evencell
from host_tests.formats.writers import SAMPLES, VERSIONS, WRITERS, write

FOLDER = Path(SAMPLES)
ADVICE = "a format has changed: raise its version in writers.py, then `python -m host_tests.formats.make`"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_today_is_the_newest_sample(name, tmp_path):
    write(name, str(tmp_path / "now"))
    now, sample = files_of(tmp_path / "now"), files_of(FOLDER / name / str(VERSIONS[name]))
    for files in (now, sample):
        files.pop("wake.json", None)  # the whole configuration, each key
    assert now == sample, ADVICE


def test_each_version_up_to_that_of_today_has_a_sample():
    for name, version in VERSIONS.items():
        found = {path.name for path in (FOLDER / name).iterdir()}
        assert str(version) in found, ADVICE
        if isinstance(version, int):
            assert found == {str(each) for each in range(1, version + 1)}, ADVICE


def test_the_configuration_has_a_sample_of_this_release():
    """A release that is out keeps its sample: raise the version of `config` with that of the firmware."""
    assert VERSIONS["config"] == evencell.__version__, ADVICE


def test_numbers_that_formats_have_in_themselves_are_those_of_their_samples():
    for name, key in (("backup", "backup"), ("encrypted_backup", "encrypted_backup")):
        for folder in (FOLDER / name).iterdir():
            assert json.loads((folder / "backup.json").read_text())[key] == int(folder.name)
    for folder in (FOLDER / "wake").iterdir():
        assert (folder / "rtc.bin").read_bytes()[1028] == int(folder.name)
