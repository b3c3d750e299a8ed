"""Every language has every text, and each of them fits its place on every display."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from evencell.config.table import lines
from evencell.control.rule_state import BUILTIN
from evencell.display import view
from evencell.display.text.en import TEXTS as ENGLISH
from evencell.link import writer
from evencell.link.diagnosis import VERDICTS
from evencell.link.remedies import REMEDIES
from evencell.pack.alarms import ALARMS
from evencell.pack.limits import REASONS
from evencell.protocol.jk_settings import SETTINGS
from host_tests.display.test_view import new_view
from host_tests.portable import ROOT
from tools.build.fonts import languages
from tools.build.select import DISPLAY_SIZES
from tools.build.tree import build
from tools.dev.device import micropython

SCRIPT = Path(ROOT) / "host_tests/display/fitting.py"


def texts(language: str) -> dict:
    return __import__(f"evencell.display.text.{language}", fromlist=["TEXTS"]).TEXTS


def test_the_configuration_knows_every_language():
    rule = next(lines("display.language"))
    assert rule.split("choice ")[1].split() == sorted(languages(), key="en".__ne__)


@pytest.mark.parametrize("language", languages())
def test_all_languages_have_the_same_keys(language):
    assert {name: sorted(section) for name, section in texts(language).items()} == {
        name: sorted(section) for name, section in ENGLISH.items()
    }


@pytest.mark.parametrize("language", languages())
def test_no_capital_letter_is_so_tall_that_all_letters_get_smaller(language):
    assert not set("ÄÖÜ") & set("".join(value for section in texts(language).values() for value in section.values()))


@pytest.mark.parametrize("language", languages())
def test_places_for_numbers_are_the_same(language):
    for name, section in ENGLISH.items():
        for key, text in section.items():
            assert texts(language)[name][key].count("%") == text.count("%"), (name, key)


def test_a_device_reads_each_section_of_its_language(monkeypatch):
    folder = build("esp32_generic") / "display"
    monkeypatch.setattr(view, "file_of", lambda name: str(folder / name))
    for language in languages():
        reader = new_view(language)
        for section, words in texts(language).items():
            assert reader.words(section) == words


def test_everything_that_can_be_wrong_has_a_name_and_a_remedy():
    wanted = {*ALARMS, *BUILTIN, "rule", *VERDICTS[1:], "link", "config", *SETTINGS, "model", "low_pack", "radio_off"}
    assert set(ENGLISH["names"]) == set(ENGLISH["remedies"]) == wanted


def test_every_reason_to_write_nothing_has_its_words():
    words = dict(ENGLISH["refusals"])
    assert words.pop("silent") and words.pop("asleep")
    assert {name: text.count("%") for name, text in words.items()} == {
        name: text.count("%") for name, text in REASONS.items()
    }


def test_every_outcome_of_a_write_has_its_words():
    failures = {name for name, sentence in writer._OUTCOMES if sentence} | {writer._NOT_WRITTEN}
    assert failures <= set(ENGLISH["control"])


def test_remedies_that_touch_wires_take_the_fuse_out_first():
    assert REMEDIES[VERDICTS.index("swapped")].startswith("Fuse out, then exchange A and B at the transceiver")
    for remedy in (*REMEDIES, *ENGLISH["remedies"].values()):
        if re.search(r"plugs|cable|leads|crimps|\bA and B\b|ground|line of its own|exchange", remedy):
            assert "fuse out, then" in remedy.lower(), remedy


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("size", DISPLAY_SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_off(size, language):
    """Every trouble on every page that tells it, every state of balancing, every link."""
    command = [micropython(), str(SCRIPT), json.dumps([*size, size[0] > 128]), language]
    result = subprocess.run(
        command, env={"MICROPYPATH": f"{build('host')}:.frozen:{ROOT}"}, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    drawn, *cut = result.stdout.splitlines()
    assert int(drawn) > 100
    assert cut == []
