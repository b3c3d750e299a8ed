"""Examples of config.json in the documents."""

import json
import re

import pytest

from evencell.config import table
from evencell.config.check import check
from evencell.power import settings
from tools.build.common import ROOT

SECTIONS = {name for name, _ in table.sections()}
PLACEHOLDER = "…"  # of a password
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def examples(text: str) -> list[dict]:
    """The JSON objects in it all of whose keys are sections of a configuration."""
    found = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    return [each for each in found if isinstance(each, dict) and each.keys() <= SECTIONS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_example_is_a_configuration_without_faults(path):
    for example in examples(path.read_text().replace(PLACEHOLDER, 8 * PLACEHOLDER)):
        assert check(example, [])[1] == [], example


def test_device_of_the_example_on_a_computer_sleeps_and_reports():
    section = (ROOT / "docs" / "power.md").read_text().split("### On a computer")[1].split("\n## ")[0]
    (example,) = examples(section)
    config, _ = check(example, [])
    assert settings.is_wanted(config) and config["mqtt"]["enabled"]
    assert config["power"]["awake_s"] and config["http"]["host"] == "127.0.0.1"  # a press shows the page
