"""Modules that become one on a chip, and those that must not."""

import pytest

from tools.build.common import BuildError
from tools.build.imports import graph, module_of
from tools.build.merge import homes_of, merged
from tools.build.tree import board_data, board_sources, firmware_sources, small_sources

HUB = "import json\n\nSIZE = 3\n\ndef publish():\n    first, last = 1, SIZE\n    return first, last\n"
START_UP = 'PARTS = ("evencell.forward.http.routes", "evencell.forward.mqtt.forwarder")\n'
APP = (
    'from evencell.hub import publish\n\ndef main():\n    call("evencell.startup", "start_up")\n    return publish()\n'
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


def test_module_that_is_always_loaded_is_merged_into_the_application():
    made = merged(sources())
    assert "evencell/hub.py" not in made
    names: dict = {"call": lambda *_: None}
    exec(made["evencell/app.py"], names)
    assert names["main"]() == (1, 3)


def test_nothing_but_imports_changes():
    assert merged(sources())["evencell/app.py"] == HUB + "\n" + APP.replace("from evencell.hub import publish", "pass")


def test_imports_of_a_merged_module_are_redirected():
    made = merged(sources(forward__late="def show():\n    from evencell.hub import SIZE, publish\n    return SIZE\n"))
    assert made["evencell/link/poller.py"] == "from evencell.app import SIZE\n"
    assert "    from evencell.app import SIZE, publish\n" in made["evencell/forward/late.py"]


def test_module_imported_by_one_part_is_merged_into_it():
    texts = {"forward__http__routes": "from evencell.forward.line import line\n", "forward__line": LINE}
    assert left(**texts, forward__mqtt__forwarder="") == {
        "forward__http__routes": LINE + "\npass\n",
        "forward__mqtt__forwarder": "",
    }


def test_what_is_imported_on_demand_from_a_part_need_not_bring_the_part():
    late = "from evencell.forward.line import line\n"
    http = 'from evencell.forward.line import line\nlate = call("evencell.forward.late", "show")\n'
    made = left(forward__http__routes=http, forward__line=LINE, forward__late=late)
    assert made["forward__late"] == "from evencell.forward.http.routes import line\n" and "forward__line" not in made


def test_module_imported_by_two_parts_is_not_merged():
    part = "from evencell.forward.line import line\n"
    texts = {"forward__http__routes": part, "forward__mqtt__forwarder": part, "forward__line": LINE}
    assert left(**texts) == texts


def test_what_is_in_memory_whenever_another_is_becomes_one_with_it():
    both = "from evencell.pack.fields import FIELDS\nfrom evencell.forward.status_json import status_of\n"
    json = "from evencell.pack.fields import FIELDS\n\ndef status_of():\n    return FIELDS\n"
    texts = {
        "forward__http__routes": both,
        "forward__mqtt__forwarder": both,
        "forward__status_json": json,
        "pack__fields": "FIELDS = 1\n",
    }
    made = left(**texts)
    assert set(made) == {"forward__http__routes", "forward__mqtt__forwarder", "forward__status_json"}
    assert made["forward__mqtt__forwarder"].startswith("from evencell.forward.status_json import FIELDS\n")
    assert made["forward__status_json"].startswith("FIELDS = 1\n")


BY_NAME = [
    "from evencell.forward import line\n",
    "from evencell.forward.line import line as at\n",
    'call("evencell.forward.line", "line")\n',
]


@pytest.mark.parametrize("other", BY_NAME)
def test_module_used_by_its_name_is_not_merged(other):
    http = "from evencell.forward.line import line\n"
    texts = {"forward__http__routes": http, "forward__line": LINE, "forward__late": other}
    assert left(**texts) == texts


def test_unloaded_part_is_not_merged():
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
def test_name_with_two_meanings_in_one_module_is_a_build_error(text, whose):
    texts = sources(hub2=text, app="from evencell.hub import SIZE\nfrom evencell.hub2 import size\n")
    with pytest.raises(BuildError, match=rf"^SIZE is of evencell.hub and of {whose}, and both are in evencell.app: re"):
        merged(texts)


def test_no_name_of_python_means_something_else_in_another_module():
    with pytest.raises(BuildError, match=r"^open is of Python and of evencell.hub, "):
        merged(sources(hub="def open(): ...\n", link__poller=""))


def test_firmware_has_25_fewer_modules():
    texts = {name: path.read_text() for name, path in firmware_sources().items()}
    homes = homes_of(graph({module_of(name): text for name, text in texts.items()}))
    assert homes["evencell.hub"] == "evencell.app"
    assert homes["evencell.forward.http.event_stream"] == "evencell.forward.http.routes"
    assert homes["evencell.net.tcp"] == "evencell.net.station"
    assert "evencell.forward.http.server" not in homes  # setup mode has it without the rest
    assert "evencell.forward.status_json" not in homes  # page and MQTT send it, and either may be off
    assert len(merged(texts)) < len(texts) - 25


def test_board_code_changes_only_its_imports():
    """Its data is given to it by them, as in `I2CBus(**data)`."""
    names = board_sources(board_data("esp32_generic"))
    for name, path in small_sources(names).items():
        before, after = (source.read_text().splitlines() for source in (names[name], path))
        assert [line for line in after if "import" not in line] == [line for line in before if "import" not in line]
