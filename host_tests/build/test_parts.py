"""Which modules a profile and a board get."""

import pytest

from evencell.startup import PARTS
from tools.build.flatten import flat_name
from tools.build.imports import graph, module_of
from tools.build.merge import homes_of
from tools.build.select import IS_FROZEN, PROFILES, has_network, left_out, needs
from tools.build.tree import board_data, board_sources, build_tree, firmware_sources

I2C = {"name": "x", "chip": "esp32", "i2c": {"sda": 21, "scl": 22}}
SLEEP = {"esp32_sleep", "esp32_rejoin"}
BARE = {"name": "x", "chip": "esp32"}


def kept(profile: str, board: dict) -> set[str]:
    sources = firmware_sources()
    return set(sources) - left_out(sources, board, profile)


def has(names: set[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


@pytest.mark.parametrize(
    ("profile", "display", "http", "mqtt"),
    [("full", True, True, True), ("display", True, False, False), ("telemetry", True, True, True)],
)
def test_profile_has_the_parts_that_are_started_in_it(profile, display, http, mqtt):
    names = kept(profile, I2C)
    assert has(names, "evencell/display/") == display
    assert has(names, "evencell/forward/http/routes.py") == has(names, "evencell/forward/http/server.py") == http
    assert has(names, "evencell/forward/mqtt") == mqtt
    assert {"evencell/app.py", "evencell/link/poller.py", "evencell/config/table.py"} <= names


def test_profile_with_network_has_the_page_of_safe_mode():
    """Profile `safe` is what runs in safe mode, whatever the profile of the build is."""
    needed = {module.replace(".", "/") + ".py" for profiles, _, module in PARTS if "safe" in profiles.split()}
    for profile in PROFILES:
        assert (needed <= kept(profile, I2C)) == has_network(profile)
    assert [profile for profile in PROFILES if has_network(profile)] == ["full", "telemetry"]


def test_a_build_takes_updates_of_its_own_kind_alone():
    of_files = {f"evencell/update/{name}.py" for name in ("slot_check", "slot_steps", "slot_writer")}
    of_the_firmware = {"evencell/update/partition_writer.py"}
    both = of_files | of_the_firmware | {"evencell/update/upload.py", "evencell/update/keys.py"}
    assert both - kept("full", I2C) == of_the_firmware
    assert both - kept("full", I2C | {IS_FROZEN: True}) == of_files


def test_a_board_that_can_have_no_display_gets_no_code_for_one():
    assert not has(kept("full", BARE), "evencell/display/")
    assert has(kept("full", BARE | {"display": {"driver": "st7789", "width": 135, "height": 240}}), "evencell/display/")


def test_a_board_with_a_colour_display_gets_nothing_for_others():
    board = BARE | {"display": {"driver": "st7789", "width": 135, "height": 240}}
    names = {name.removeprefix("evencell/display/") for name in kept("full", board)}
    assert {"colour/glance.py", "pages/alarms.py", "drivers/st7789.py", "drivers/colour_panel.py"} <= names
    assert names.isdisjoint({"pages/glance.py", "saver.py"})
    assert names.isdisjoint({f"drivers/{name}.py" for name in ("ssd1306", "sh1106", "mono_panel", "ili9341")})


@pytest.mark.parametrize(
    ("profile", "board", "useless"),
    [
        ("full", I2C, {"esp32_ethernet", "esp32_bluetooth", *SLEEP}),
        ("full", I2C | {"ethernet": {}}, {*SLEEP, "esp32_bluetooth", "esp32_wifi"}),
        ("full", BARE, {*SLEEP, "esp32_bluetooth", "esp32_ethernet", "displays", "esp32_i2c", "esp32_spi"}),
        ("telemetry", I2C, {"esp32_ethernet"}),
        ("telemetry", BARE, {"esp32_ethernet", "displays", "esp32_i2c", "esp32_spi"}),
        ("display", I2C, {*SLEEP, "esp32_access_point", "esp32_ethernet", "esp32_wifi", "esp32_network"}),
    ],
)
def test_board_gets_no_code_for_hardware_that_it_lacks_or_that_no_part_uses(profile, board, useless):
    sources = {**firmware_sources(), **board_sources(board)}
    left = {name for name in left_out(sources, board, profile) if name.startswith("boards/")}
    assert left == {f"boards/{name}.py" for name in useless}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("board", [I2C, BARE], ids=["i2c", "bare"])
def test_what_is_kept_is_imported_with_all_it_imports(profile, board):
    sources = firmware_sources()
    names = kept(profile, board)
    for name, needed in needs(sources, lazily=False).items():
        assert name not in names or needed <= names, name


@pytest.mark.parametrize("profile", ["full", "display"])
def test_a_display_has_the_advice_on_settings(profile):
    assert "evencell/control/advisor.py" in kept(profile, I2C)


def test_a_smaller_profile_leaves_nothing_of_a_larger_one(scratch):
    board = board_data("esp32_generic")
    tree = scratch / "tree"
    page, routes, recorder, store, forwarder = (
        flat_name("evencell/" + name).replace(".py", ".mpy")
        for name in (
            *("forward/http/page/index.html.gz", "forward/http/routes.py", "history/recorder.py", "history/store.py"),
            "forward/mqtt/forwarder.py",
        )
    )
    build_tree(tree, board, "full")
    assert {page, routes, recorder, store} <= files_of(tree)
    build_tree(tree, board, "telemetry")
    assert not {recorder, store} & files_of(tree)
    assert {forwarder, "evencell/discovery.txt", routes, page} <= files_of(tree)
    build_tree(tree, board, "display")
    left = files_of(tree)
    assert not {forwarder, "evencell/discovery.txt", routes} & left and not has(left, "evencell/http")
    assert has(left, "evencell/display")


def files_of(tree) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.glob("**/*")}


@pytest.mark.parametrize("profile", PROFILES)
def test_no_module_is_merged_into_one_that_the_profile_lacks(profile):
    texts = {module_of(name): path.read_text() for name, path in firmware_sources().items()}
    modules = {module_of(name) for name in kept(profile, I2C)}
    homes = homes_of(graph(texts))
    assert {module: homes[module] for module in modules & set(homes) if homes[module] not in modules} == {}
