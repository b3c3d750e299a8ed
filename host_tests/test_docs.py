"""The documents name everything there is, and point at nothing that isn't there."""

import ast
import json
import re
import subprocess
from pathlib import Path

import click
import pytest

from evencell.config.wrong_value import allowed
from evencell.forward.http.router import ROUTES
from evencell.forward.status_json import status_with_diagnosis
from evencell.link.bus import Rs485Bus
from evencell.link.diagnosis import VERDICTS, Diagnosis
from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS
from evencell.pack.pack import LINKS, Pack
from evencell.pack.status import BALANCE_STATES
from evencell.pack.temperature import TemperatureScale
from host_tests.config_rules import RULES
from host_tests.fakes import FakeClock
from host_tests.portable import ROOT
from tools.cli.main import COMMANDS, main

REPOSITORY = Path(ROOT)
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((REPOSITORY / "docs").glob("**/*.md")),
]
API = (REPOSITORY / "docs/api.md").read_text()
README = (REPOSITORY / "README.md").read_text()
ARCHITECTURE = (REPOSITORY / "docs/architecture.md").read_text()
TREE = ARCHITECTURE.split("## The tree")[1].split("```")[1]
DECISIONS = sorted((REPOSITORY / "docs/decisions").glob("[0-9]*.md"))
LINE = (REPOSITORY / "docs/line.md").read_text()

PACKAGE = REPOSITORY / "firmware/evencell"
NOT_IN_THE_REPOSITORY = ("board.py",)  # the build writes it

NOT_PLAIN = re.compile(r"\b(?:whoever|nobody|somebody|rubbish|by and by|tells|speaks|hears|for ever)\b", re.IGNORECASE)
IN_PLAIN_WORDS = [
    *(
        REPOSITORY / name
        for name in ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/decisions/README.md")
    ),
    *DECISIONS,
]

DIALECT = re.compile(r"\b(?:whoever|nobody|somebody|rubbish|by and by)\b", re.IGNORECASE)

# Folders of some machine, at the start of a path: no reader has them.
MACHINE_PATH = re.compile(r"(?<![\w./~<>-])/(?:work|root|tmp|home|mnt|Users)\b/?\S*")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def status_keys() -> dict:
    """A status as the firmware writes it, before the first reading."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(), Rs485Bus(None), Diagnosis(b""))
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
    words = allowed(rule) + (", or null" if rule.default is None else "")
    assert f"| `{key}` | `{json.dumps(rule.default)}` | {words} |" in API


def test_no_configuration_key_is_made_up():
    section = API.split("## config.json")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert documented == list(RULES)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_api(command):
    assert f"| `evencell {command}` |" in API


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_with_its_command(name):
    command = main.get_command(click.Context(main), name)
    assert command and command.name == name
    section = API.split("### The simulator")[1] if command.name == "sim" else command_line(command.name)
    for option in command.params:
        if isinstance(option, click.Option):
            assert re.search(rf"`{option.opts[0]}[ `]", section), option.opts[0]


def command_line(name: str) -> str:
    return next(line for line in API.splitlines() if line.startswith(f"| `evencell {name}` |"))


def test_every_path_and_every_topic_is_documented():
    forward = REPOSITORY / "firmware/evencell/forward"
    routes = [tuple(line.split()[:2]) for line in ROUTES.strip().splitlines()]
    resident = re.findall(r'"(/[^"]*)": ', (forward / "http/routes.py").read_text())
    topics = ("availability", "link", "verdict", "state", "event")
    assert resident and all(topic in (forward / "mqtt/forwarder.py").read_text() for topic in topics)
    for method, path in routes + [("GET", path) for path in resident]:
        path = path.replace("*", "<pack>")
        assert f"| `{method} {path}`" in API or (method == "GET" and f"| `{path}` |" in API), path
    for topic in topics:
        assert re.search(rf"^\| `evencell/<id>/\S*{topic}` \|", API, re.MULTILINE), topic


@pytest.mark.parametrize("folder", ["firmware/evencell", "boards", "tools"])
def test_every_folder_is_in_the_tree_and_says_what_it_is(folder):
    part = re.search(rf"^{folder}/.*?(?=^\S|\Z)", TREE, re.MULTILINE | re.DOTALL).group()
    for path in (REPOSITORY / folder).glob("**/__init__.py"):
        assert re.search(rf"(?<![\w]){path.parent.name}/ ", part), path
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_every_folder_in_the_tree_exists():
    parents = []
    for line in TREE.strip().splitlines():
        indent, name = re.match(r"( *)(\S+)", line).groups()
        parents[len(indent) // 2 :] = [name]
        assert REPOSITORY.joinpath(*parents).exists(), line


@pytest.mark.parametrize("path", [REPOSITORY / "docs/architecture.md", *DECISIONS], ids=by_name)
def test_paths_and_the_names_behind_them_exist(path):
    """`folder/file.py` or `folder/file.py::Class.method`, from the repository's root or from `firmware/evencell/`."""
    code = re.findall(r"`([^`\n]+)`", CODE_BLOCK.sub("", path.read_text()))
    named = [re.fullmatch(r"(?!/|ports/)([\w./-]+/[\w.-]*|[\w-]+\.py)(?:::([\w.]+))?", text) for text in code]
    for file, symbol in [match.groups() for match in named if match and match[1] not in NOT_IN_THE_REPOSITORY]:
        found = [folder / file for folder in (REPOSITORY, PACKAGE, PACKAGE.parent) if (folder / file).exists()]
        assert found, file
        assert not symbol or symbol in names_defined(found[0]), f"{file}::{symbol}"


def names_defined(path: Path) -> set[str]:
    """Functions, classes, methods and constants of a file."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            names |= {f"{node.name}.{part.name}" for part in node.body if hasattr(part, "name")}
    return names


def test_the_architecture_is_short():
    assert len(ARCHITECTURE.splitlines()) <= 150


@pytest.mark.parametrize("path", DECISIONS, ids=by_name)
def test_a_decision_is_short_and_in_the_index(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 25
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    number, title = re.match(r"# (\d+)\. (.+)", text).groups()
    assert int(number) == int(path.name[:4])
    assert f"| {number} | [{title}]({path.name}) |" in (path.parent / "README.md").read_text()


@pytest.mark.parametrize("path", IN_PLAIN_WORDS, ids=by_name)
def test_plain_words(path):
    assert NOT_PLAIN.findall(path.read_text()) == []


@pytest.mark.parametrize("folder", ["firmware", "docs", "tools", "boards", "host_tests"])
def test_standard_words_everywhere(folder):
    """`docs/heap.md` quotes the firmware's docstrings, and this file the words."""
    for path in (REPOSITORY / folder).glob("**/*.*"):
        is_text = path.suffix in (".py", ".js", ".json", ".html", ".md", ".svg", ".h", ".c", ".sh", ".yml")
        if is_text and path.name not in ("heap.md", "test_docs.py"):
            assert DIALECT.findall(path.read_text("utf-8")) == [], path


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
def test_no_path_of_a_developers_machine(path):
    assert MACHINE_PATH.findall(path.read_text()) == []


def test_each_attack_of_the_security_document_is_a_test():
    named = set(re.findall(r"`(test_\w+)`", (REPOSITORY / "docs/security.md").read_text()))
    texts = [path.read_text() for path in REPOSITORY.glob("host_tests/**/test_*.py")]
    assert named - {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)} == set()
    assert len(named) > 50


def test_the_readme_begins_with_what_evencell_is_not():
    assert "**evencell is not a BMS. It disconnects nothing.**" in "\n".join(README.splitlines()[:8])


def test_configurations_that_the_documents_name_are_ignored_by_git():
    """They hold passwords. So are a broker's certificates beside them; no file of the project is."""
    named = {name for path in DOCUMENTS for name in re.findall(r"CONFIG=(\w[\w.-]*\.json)", path.read_text())}
    assert "my.json" in named
    for name in (*named, "config.json", "my-other.json", "ca.pem", "ca.der", "ca.crt"):
        assert subprocess.run(["git", "check-ignore", "-q", name], cwd=REPOSITORY).returncode == 0, name
    assert subprocess.check_output(["git", "ls-files", "-ci", "--exclude-standard"], cwd=REPOSITORY) == b""


def test_the_readme_is_short():
    assert len(README.split()) <= 1200
