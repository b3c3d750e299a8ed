"""Modules that become one on a chip, and those that must not."""

import pytest

from tools.build import board_data, board_sources, firmware_sources, small_sources
from tools.making import BuildError
from tools.merge import homes_of, merged

HUB = "import json\n\nSIZE = 3\n\ndef publish():\n    first, last = 1, SIZE\n    return first, last\n"
START_UP = 'PARTS = ("evencell.forward.http", "evencell.forward.mqtt")\n'
APP = (
    'from evencell.hub import publish\n\ndef main():\n    call("evencell.start_up", "start_up")\n    return publish()\n'
)
LINE = "def line():\n    return 7\n"


def sources(**texts: str) -> dict[str, str]:
    """An application with a hub, and `texts` by their path, `__` for each slash."""
    more = {f"evencell/{name.replace('__', '/')}.py": text for name, text in texts.items()}
    poller = "from evencell.hub import SIZE\n"
    fixed = {"app": APP, "hub": HUB, "start_up": START_UP, "link/poller": poller}
    return {**{f"evencell/{name}.py": text for name, text in fixed.items()}, **more}


def left(**texts: str) -> dict[str, str]:
    """What is left of `texts`."""
    names = {f"evencell/{name.replace('__', '/')}.py": name for name in texts}
    return {names[name]: text for name, text in merged(sources(**texts)).items() if name in names}


def test_what_the_application_always_needs_is_in_it():
    made = merged(sources())
    assert "evencell/hub.py" not in made
    names: dict = {"call": lambda *_: None}
    exec(made["evencell/app.py"], names)
    assert names["main"]() == (1, 3)


def test_nothing_but_imports_changes():
    assert merged(sources())["evencell/app.py"] == HUB + "\n" + APP.replace("from evencell.hub import publish", "pass")


def test_whoever_imports_it_gets_it_from_there():
    made = merged(sources(forward__late="def show():\n    from evencell.hub import SIZE, publish\n    return SIZE\n"))
    assert made["evencell/link/poller.py"] == "from evencell.app import SIZE\n"
    assert "    from evencell.app import SIZE, publish\n" in made["evencell/forward/late.py"]


def test_what_a_part_alone_imports_is_in_it():
    texts = {"forward__http": "from evencell.forward.line import line\n", "forward__line": LINE}
    assert left(**texts, forward__mqtt="") == {"forward__http": LINE + "\npass\n", "forward__mqtt": ""}


def test_what_is_imported_on_demand_from_a_part_need_not_bring_the_part():
    late = "from evencell.forward.line import line\n"
    http = 'from evencell.forward.line import line\nlate = call("evencell.forward.late", "show")\n'
    made = left(forward__http=http, forward__line=LINE, forward__late=late)
    assert made["forward__late"] == "from evencell.forward.http import line\n" and "forward__line" not in made


def test_what_two_parts_import_stays():
    part = "from evencell.forward.line import line\n"
    texts = {"forward__http": part, "forward__mqtt": part, "forward__line": LINE}
    assert left(**texts) == texts


BY_NAME = [
    "from evencell.forward import line\n",
    "from evencell.forward.line import line as at\n",
    'call("evencell.forward.line", "line")\n',
]


@pytest.mark.parametrize("other", BY_NAME)
def test_what_somebody_needs_as_a_module_stays_one(other):
    http = "from evencell.forward.line import line\n"
    texts = {"forward__http": http, "forward__line": LINE, "forward__late": other}
    assert left(**texts) == texts


def test_what_is_let_go_stays_apart():
    """Or what it introduces to each other would keep it in memory."""
    texts = {"link__part": "from evencell.link.writer import line\n", "link__writer": LINE}
    assert left(**texts) == texts


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("SIZE = 4\n", "evencell.hub2"),
        ("from sizes import SIZE\n", "sizes"),
        ("if SIZE > 3:\n    SIZE = 4\n", "evencell.hub2"),
    ],
)
def test_a_name_that_means_two_things_is_one_sentence(text, whose):
    texts = sources(hub2=text, app="from evencell.hub import SIZE\nfrom evencell.hub2 import size\n")
    with pytest.raises(BuildError, match=rf"^SIZE is of evencell.hub and of {whose}, and both are in evencell.app: re"):
        merged(texts)


def test_no_name_of_python_means_something_else_in_another_module():
    with pytest.raises(BuildError, match=r"^open is of Python and of evencell.hub, "):
        merged(sources(hub="def open(): ...\n", link__poller=""))


def test_the_firmware_has_far_fewer_modules_then():
    texts = {name: path.read_text() for name, path in firmware_sources().items()}
    homes = homes_of({name.removesuffix(".py").replace("/", "."): text for name, text in texts.items()})
    assert homes["evencell.hub"] == "evencell.app" and homes["evencell.forward.server"] == "evencell.forward.http"
    assert "evencell.pack.fields" not in homes  # page and MQTT send it, and either may be off
    assert len(merged(texts)) < len(texts) - 25


def test_a_board_keeps_its_names():
    """Its data is given to it by them, as in `I2CBus(**data)`."""
    names = board_sources(board_data("esp32_generic"))
    for name, path in small_sources(names).items():
        before, after = (source.read_text().splitlines() for source in (names[name], path))
        assert [line for line in after if "import" not in line] == [line for line in before if "import" not in line]
