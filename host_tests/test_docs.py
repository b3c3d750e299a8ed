"""The documents name everything there is, and point at nothing that isn't there."""

import json
import re
from pathlib import Path

import click
import pytest

from evencell.forward.status_json import status_with_diagnosis
from evencell.link.diagnosis import VERDICTS, Diagnosis
from evencell.link.exchange import Line
from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS
from evencell.pack.pack import LINKS, Pack
from evencell.pack.status import BALANCE_STATES
from evencell.pack.temperature import TemperatureScale
from host_tests.config_rules import RULES
from host_tests.portable import ROOT, FakeClock
from tools.cli import main

REPOSITORY = Path(ROOT)
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((REPOSITORY / "docs").glob("**/*.md")),
]
API = (REPOSITORY / "docs/api.md").read_text()
README = (REPOSITORY / "README.md").read_text()
LINE = (REPOSITORY / "docs/line.md").read_text()

# Folders of some machine, at the start of a path: no reader has them.
MACHINE_PATH = re.compile(r"(?<![\w./~<>-])/(?:work|root|tmp|home|mnt|Users)\b/?\S*")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def status_keys() -> dict:
    """A status as the firmware writes it, before the first reading."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(), Line(None), Diagnosis(b""))
    return json.loads(json.dumps(status_with_diagnosis(pack, FakeClock())))


def by_name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def headings(path: Path) -> set[str]:
    """The anchors that a forge makes of a document's headings."""
    titles = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", [name.replace("_dc", "_c") for name, *_ in FIELDS])
def test_every_field_has_its_line(name):
    assert name in status_keys()
    assert f"| `{name}` |" in API


def test_every_key_of_a_status_is_explained():
    status = status_keys()
    for name in (*status, *status["diagnosis"]):
        assert re.search(rf'`"?{name}"?`', API), name


@pytest.mark.parametrize("word", [*ALARMS, *LINKS, *BALANCE_STATES])
def test_every_word_that_a_status_may_hold_is_explained(word):
    assert f"`{word}`" in API


@pytest.mark.parametrize("verdict", sorted(set(VERDICTS)))
def test_every_verdict_is_explained(verdict):
    assert f"\n| `{verdict}` |" in LINE
    assert f"`{verdict}`" in API.split("| `verdict` |")[1].split("\n")[0]


@pytest.mark.parametrize("reason", REASONS[1:])
def test_every_reason_for_doubt_is_explained(reason):
    assert f"\n| `{reason}` |" in LINE
    assert f"`doubted_{reason}`" in API


@pytest.mark.parametrize(("key", "rule"), list(RULES.items()))
def test_every_configuration_key_has_its_line_with_default_and_range(key, rule):
    allowed = rule.allowed() + (", or null" if rule.default is None else "")
    assert f"| `{key}` | `{json.dumps(rule.default)}` | {allowed} |" in API


def test_no_configuration_key_is_made_up():
    section = API.split("## config.json")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert documented == list(RULES)


@pytest.mark.parametrize("command", list(main.commands))
def test_every_command_is_in_readme_and_api(command):
    assert f"`evencell {command}" in README
    assert f"| `evencell {command}` |" in API


@pytest.mark.parametrize("command", list(main.commands.values()), ids=lambda command: command.name)
def test_every_option_is_documented_with_its_command(command):
    section = API.split("### The simulator")[1] if command.name == "sim" else command_line(command.name)
    for option in command.params:
        if isinstance(option, click.Option):
            assert re.search(rf"`{option.opts[0]}[ `]", section), option.opts[0]


def command_line(name: str) -> str:
    return next(line for line in API.splitlines() if line.startswith(f"| `evencell {name}` |"))


def test_every_path_and_every_topic_is_documented():
    forward = REPOSITORY / "firmware/evencell/forward"
    paths = re.findall(r'"[A-Z]+ (/[^"]*)":', (forward / "http.py").read_text())
    topics = ("availability", "link", "verdict", "state", "event")
    assert paths and all(topic in (forward / "mqtt.py").read_text() for topic in topics)
    for path in paths:
        assert f"| `{path}` |" in API, path
    for topic in topics:
        assert re.search(rf"^\| `evencell/<id>/\S*{topic}` \|", API, re.MULTILINE), topic


@pytest.mark.parametrize("folder", ["firmware/evencell", "boards", "tools"])
def test_the_tree_names_every_module_and_no_other(folder):
    tree = (REPOSITORY / "docs/architecture.md").read_text().split("## The tree")[1].split("```")[1]
    part = re.search(rf"^{folder}/.*?(?=^\S|\Z)", tree, re.MULTILINE | re.DOTALL).group()
    named = re.findall(r"(?<= )\w+\.py\b", part)
    there = [path.name for path in (REPOSITORY / folder).glob("**/*.py") if path.name != "__init__.py"]
    assert sorted(named) == sorted(there)


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_links_and_pictures_lead_somewhere(path):
    for pair in LINK.findall(CODE.sub("", path.read_text())):
        target = "".join(pair)
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), target
        if anchor:
            assert anchor in headings(there), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_no_path_of_anybodys_machine(path):
    assert MACHINE_PATH.findall(path.read_text()) == []


def test_the_readme_begins_with_what_evencell_is_not():
    assert "**evencell is not a BMS. It disconnects nothing.**" in "\n".join(README.splitlines()[:8])
