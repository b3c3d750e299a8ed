"""Which modules a profile and a board get."""

import pytest

from evencell.start_up import PARTS
from tools.build import board_data, board_sources, build_tree, firmware_sources
from tools.parts import PROFILES, has_network, imported, left_out

I2C = {"name": "x", "chip": "esp32", "i2c": {"sda": 21, "scl": 22}}
BARE = {"name": "x", "chip": "esp32"}


def kept(profile: str, board: dict) -> set[str]:
    sources = firmware_sources()
    return set(sources) - left_out(sources, board, profile)


def has(names: set[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


@pytest.mark.parametrize(
    ("profile", "display", "http", "mqtt"),
    [("full", True, True, True), ("display", True, False, False), ("telemetry", False, True, True)],
)
def test_a_profile_has_the_parts_that_the_application_starts_in_it(profile, display, http, mqtt):
    names = kept(profile, I2C)
    assert has(names, "evencell/display/") == display
    assert has(names, "evencell/forward/http.py") == has(names, "evencell/forward/server.py") == http
    assert has(names, "evencell/forward/mqtt") == mqtt
    assert {"evencell/app.py", "evencell/link/poller.py", "evencell/system/config_spec.py"} <= names


def test_every_profile_with_a_network_has_the_page_of_safe_mode():
    """Profile `safe` is what runs in safe mode, whatever the profile of the build is."""
    needed = {module.replace(".", "/") + ".py" for profiles, _, module in PARTS if "safe" in profiles.split()}
    for profile in PROFILES:
        assert (needed <= kept(profile, I2C)) == has_network(profile)
    assert [profile for profile in PROFILES if has_network(profile)] == ["full", "telemetry"]


def test_a_board_that_can_have_no_display_gets_no_code_for_one():
    assert not has(kept("full", BARE), "evencell/display/")
    assert has(kept("full", BARE | {"display": {"driver": "st7789", "width": 135, "height": 240}}), "evencell/display/")


@pytest.mark.parametrize(
    ("profile", "board", "useless"),
    [
        ("full", I2C, {"esp32_ethernet"}),
        ("full", I2C | {"ethernet": {}}, {"esp32_wifi"}),
        ("full", BARE, {"esp32_ethernet", "displays", "esp32_i2c", "esp32_spi"}),
        ("telemetry", I2C, {"esp32_ethernet", "displays", "esp32_i2c", "esp32_spi"}),
        ("display", I2C, {"esp32_ethernet", "esp32_wifi", "esp32_network"}),
    ],
)
def test_a_board_gets_no_code_for_what_it_lacks_and_for_what_nobody_asks(profile, board, useless):
    sources = {**firmware_sources(), **board_sources(board)}
    left = {name for name in left_out(sources, board, profile) if name.startswith("boards/")}
    assert left == {f"boards/{name}.py" for name in useless}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("board", [I2C, BARE], ids=["i2c", "bare"])
def test_what_is_kept_finds_all_it_imports(profile, board):
    sources = firmware_sources()
    names = kept(profile, board)
    for name in names:
        assert imported(sources[name], sources) <= names, name


def test_a_smaller_profile_leaves_nothing_of_a_larger_one(scratch):
    board = board_data("esp32_generic")
    tree = scratch / "tree"
    build_tree(tree, board, "full")
    assert (tree / "evencell/forward/page.html.gz").exists() and (tree / "evencell/forward/http.mpy").exists()
    build_tree(tree, board, "telemetry")
    left = {path.relative_to(tree).as_posix() for path in tree.glob("**/*")}
    assert not has(left, "evencell/display")
    assert {"evencell/forward/mqtt.mpy", "evencell/forward/http.mpy", "evencell/forward/page.html.gz"} <= left
    build_tree(tree, board, "display")
    left = {path.relative_to(tree).as_posix() for path in tree.glob("**/*")}
    for gone in ("evencell/forward/mqtt", "evencell/forward/http", "evencell/forward/page"):
        assert not has(left, gone)
    assert has(left, "evencell/display")
