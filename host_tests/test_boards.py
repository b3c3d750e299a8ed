"""The contract of a board file, which finds every board by itself; and of the two that make capabilities of one."""

import ast
import importlib
import itertools
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar
from xml.etree import ElementTree

import pytest

from boards import host
from boards.chips import CHIPS, fixed_pins, named_pins, refusal, with_pins
from evencell.display.button import HELD, LONG, SHORT, Button
from host_tests.end_to_end.finger import HELD_MS, LONG_MS, SHORT_MS
from host_tests.portable import ROOT
from tools.build.common import bytecode_compiler, run
from tools.build.tree import board_data, board_module, board_names, board_sources
from tools.cli.boards import all_boards, facts
from tools.docs import boards as board_docs
from tools.docs.board_drawings import picture

CHECK_MS = 20  # display/tasks.py

# What a Board offers, and with which arguments: on both sides the same.
CAPABILITIES = {
    "use_pins": 1, "pins": 0, "port": 1, "display_bus": 1, "unique_id": 0, "station": 0, "access_point": 0,
    "watchdog": 1, "reset_cause": 0, "restart": 0, "button": 0, "button_2": 0, "rtc_memory": 0, "lacks_psram": 0,
    "alarm_output": 0,
    "gc_heap": 0, "network_heap": 0, "firmware": 0, "sleeper": 0, "save_power": 1,
    "w_output": 1, "beacons": 1,
}  # fmt: skip
STATION = {
    "start": 3, "connect": 2, "disconnect": 0, "is_connected": 0, "status": 0, "rssi": 0, "address": 0,
    "gateway": 0, "restart": 0, "is_started": 0,
}  # fmt: skip
RADIO = STATION | {"stop": 0}
SLEEPER = {"cause": 0, "time_ns": 0, "release_pins": 0, "sleep": 1, "rejoin": 1}
W_OUTPUT = {"drive": 1, "release": 0}
BEACONS = {"start": 1, "stop": 0}
REJOIN = {"learned": 0, "bssid": 2, "connect": 5, "give_up": 0}
WORDS = {"idle", "connecting", "connected", "wrong password", "no such network", "failed"}
CAUSES = {"power", "reset", "watchdog", "wake", "soft", "unknown"}
# Key → of which type; `?` where a board may lack it.
KEYS = {
    "name": str, "description": str, "chip": str, "march": str, "micropython": str, "variant?": str, "psram?": str,
    "flash_mb": int,
    "supply_v": tuple, "supply_pin": str, "supply_warning": str, "source": str, "unverified?": str,
    "transceiver?": str, "uarts": dict, "high_at_start?": tuple, "occupied?": dict,
    "i2c?": dict, "display?": dict, "button?": int, "button_2?": int, "led?": dict, "w_output?": int,
    "alarm_output?": int,
    "txpower?": float, "ethernet?": dict,
}  # fmt: skip
MARCH = {"esp32": "xtensawin", "esp32s3": "xtensawin", "esp32c3": "rv32imc"}
CHIP_BOARDS = [name for name in board_names() if name != "host"]


@pytest.fixture(params=[*CHIP_BOARDS, "my_board"])
def board(request):
    data = example() if request.param == "my_board" else board_data(request.param)
    assert data["name"] == request.param
    return data


def example() -> dict:
    """The board that CONTRIBUTING.md explains with: it keeps the contract too."""
    text = (Path(ROOT) / "CONTRIBUTING.md").read_text().split("## A board in 20 lines")[1]
    code = text.split("```python\n")[1].split("```")[0]
    assert len(code.splitlines()) <= 20
    names = {}
    exec(code, names)
    return names["BOARD"]


def test_the_boards_that_are_documented_are_there():
    assert {"host", "esp32_generic", "esp32_c3_supermini", "esp32_s3_generic", "lilygo_t_can485"} <= set(board_names())


def test_has_the_keys_it_needs_and_no_others(board):
    for key, kind in KEYS.items():
        if key.rstrip("?") in board or not key.endswith("?"):
            assert type(board[key.rstrip("?")]) is kind, key
    assert set(board) <= {key.rstrip("?") for key in KEYS}


def test_says_what_it_is_and_where_that_is_from(board):
    for key in ("description", "supply_warning", "source"):
        assert board[key], key
    assert "30 V or more" in board["supply_warning"]  # what the buck converter stands
    assert board["chip"] in CHIPS


def test_the_firmware_fits_the_chip(board):
    assert board["march"] == MARCH[board["chip"]]
    assert board["flash_mb"] in (4, 8, 16)
    assert re.fullmatch("[A-Z0-9_]+", board["micropython"])
    assert re.fullmatch("[A-Z0-9_]+", board.get("variant", "NONE"))


# Chip and kind of PSRAM → the variant that uses it, and the pins it takes. Source: MicroPython's ports/esp32,
# boards/ESP32_GENERIC, boards/ESP32_GENERIC_S3 and machine_pin.h. GPIO26 of the S3 counts as the flash's in chips.py.
PSRAM = {
    ("esp32", "quad"): ("SPIRAM", {16, 17}),
    ("esp32s3", "quad"): (None, set()),
    ("esp32s3", "octal"): ("SPIRAM_OCT", {33, 34, 35, 36, 37}),
}


def test_where_there_is_psram_the_variant_uses_it_and_its_pins_are_taken(board):
    kind = board.get("psram")
    variant, taken = PSRAM[board["chip"], kind] if kind else (None, set())
    assert board.get("variant") == variant
    assert {pin for pin, what in fixed_pins(board).items() if what == "PSRAM"} == taken


def test_boards_with_psram_lead_the_list_then_those_with_a_transceiver():
    kinds = [("psram" in data, "transceiver" in data) for data in all_boards() if data["chip"] != "host"]
    assert kinds == sorted(kinds, reverse=True)
    assert all_boards()[-1]["name"] == "host"


def test_is_fed_with_5_v_and_never_with_the_pack(board):
    lowest, highest = board["supply_v"]
    assert 3 <= lowest < 5 < highest < 8  # a block of four cells has 8 V at least


def test_uses_each_pin_once(board):
    used = [*named_pins(board).values(), *fixed_pins(board)]
    assert len(used) == len(set(used))


def test_uses_no_pin_that_the_chip_refuses(board):
    for name, pin in named_pins(board).items():
        assert refusal(board["chip"], name, pin) is None
    for pin in board.get("high_at_start", ()):
        assert refusal(board["chip"], "high_at_start", pin) is None


def test_keeps_the_consoles_pins_free(board):
    assert not set(named_pins(board).values()) & set(CHIPS[board["chip"]]["console"])


def test_its_own_pins_are_accepted_as_the_configurations(board):
    data, refusals, _ = with_pins(board, named_pins(board))
    assert refusals == []
    assert data == board


def test_every_uart_sends_and_receives(board):
    assert board["uarts"]
    for number, pins in board["uarts"].items():
        assert number in CHIPS[board["chip"]]["uarts"]
        assert {"tx", "rx"} <= set(pins) <= {"tx", "rx", "de"}
        assert "de" in pins or "transceiver" in board  # our own wiring always has a direction pin


def test_its_display_can_be_reached(board):
    if "display" not in board:
        return
    display = board["display"]
    assert {"driver", "bus", "width", "height", "rotation"} <= set(display)
    pins = board["i2c"] if display["bus"] == "i2c" else display["pins"]
    assert {"i2c": {"sda", "scl"}, "spi": {"mosi", "sck", "dc"}}[display["bus"]] <= set(pins)


def test_its_led_and_its_ethernet_are_described(board):
    assert board.get("led", {"kind": "plain"})["kind"] in ("plain", "inverted", "ws2812")
    if "ethernet" in board:
        assert board["chip"] == "esp32"
        assert {"mdc", "mdio", "power", "ref_clk"} <= set(board["ethernet"]["pins"])


def test_everything_can_be_said_about_it(board):
    text = " ".join(text for _, text in facts(board))
    for pin in (*named_pins(board).values(), *fixed_pins(board)):
        assert re.search(rf"(?<!\d){pin}(?!\d)", text), pin


def test_its_tree_has_all_that_makes_capabilities(tmp_path):
    sources = board_sources(board_data("esp32_generic"))
    both = ("esp32_access_point", "esp32_heap", "esp32_network", "esp32_wifi")
    modules = (
        "chips",
        "displays",
        "esp32",
        "esp32_firmware",
        "esp32_i2c",
        "esp32_spi",
        "esp32_ethernet",
        "esp32_sleep",
        "esp32_bluetooth",
        "esp32_rejoin",
        "esp32_saving",
        "esp32_w_output",
    )
    assert set(sources) == {f"boards/{module}.py" for module in (*both, *modules)}
    for name, source in sources.items():
        run([bytecode_compiler(), "-o", str(tmp_path / Path(name).name), str(source)])


def test_the_device_gets_the_data_and_no_prose(board):
    class Board:
        def __init__(self, data: dict):
            self.data = data

    names = {"Board": Board}
    exec(board_module(board).replace("from boards.esp32 import Board", ""), names)
    data = names["board"].data
    assert data.items() <= board.items()
    wanted = set(re.findall(r'(?:data|board)(?:\.get\(|\[)"(\w+)"', sources_of_capabilities()))
    assert {"name", "chip", "uarts", "high_at_start", "button", "i2c", "occupied", "ethernet", "txpower"} <= wanted
    assert set(data) == {key for key in board if key in wanted | {"display", "led", "w_output"}}
    assert with_pins(data, named_pins(board)) == (data, [], with_pins(board, named_pins(board))[2])


def sources_of_capabilities() -> str:
    return "".join(path.read_text() for path in board_sources(board_data("esp32_generic")).values())


def test_host_tree_has_what_an_interpreter_with_two_heaps_and_a_radio_needs():
    modules = (
        "host",
        "host_bluetooth",
        "host_firmware",
        "host_radio",
        "host_saving",
        "host_sleep",
        "host_w_output",
        "displays",
        "esp32_access_point",
        "esp32_heap",
        "esp32_network",
        "esp32_wifi",
    )
    assert set(board_sources(board_data("host"))) == {f"boards/{module}.py" for module in modules}


def test_the_page_of_boards_and_its_drawings_are_up_to_date():
    made = board_docs.files()
    assert [path.name for path, text in made.items() if not path.exists() or path.read_text() != text] == []
    there = set((Path(ROOT) / "docs/images").glob("board-*.svg"))
    assert there == {path for path in made if path.suffix == ".svg"}


def test_a_drawing_has_every_pin_and_both_labels_of_p1(board):
    labels = [node.text for node in ElementTree.fromstring(picture(board)).iter() if node.tag.endswith("text")]
    for label in ("B  (RS485-B)", "V−  (supply)", "V+  (supply)", "B−", "B+", "F1  ≤ 1 A", "TVS", "Buck"):
        assert label in labels
    text = " ".join(labels)
    for pin in named_pins(board).values():
        assert re.search(rf"(?<!\d){pin}(?!\d)", text), pin
    assert ("R1  10 kΩ" in labels) == ("transceiver" not in board)


def methods(file: str, name: str) -> dict[str, int]:
    """Public methods of a class with the number of their arguments, those of its bases in the same file included;
    read, not imported: there is no `machine` here."""
    classes = {node.name: node for node in ast.parse((Path(ROOT) / file).read_text()).body if hasattr(node, "bases")}
    found = {}
    for base in classes[name].bases:
        found |= methods(file, base.id) if base.id in classes else {}
    for node in classes[name].body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found[node.name] = len(node.args.args) - 1
    return found


CHIP_ONLY = {"set_time": 1}  # None on this computer


@pytest.mark.parametrize(("file", "more"), [("boards/esp32.py", CHIP_ONLY), ("boards/host.py", {})])
def test_both_sides_offer_the_same(file, more):
    assert methods(file, "Board") == CAPABILITIES | more
    text = (Path(ROOT) / file).read_text()
    for attribute in ("name", "storage", "config_path", "overrides"):
        assert re.search(rf"^    (?:    self\.)?{attribute} = ", text, re.MULTILINE), attribute
    for name in CHIP_ONLY:
        assert (name in more) != (f"    {name} = None" in text)


@pytest.mark.parametrize(
    ("file", "name", "contract"),
    [
        ("boards/esp32_sleep.py", "Sleeper", SLEEPER),
        ("boards/host_sleep.py", "Sleeper", SLEEPER),
        ("boards/esp32_rejoin.py", "Rejoin", REJOIN),
        ("boards/host_radio.py", "Rejoin", REJOIN),
        ("boards/esp32_w_output.py", "WOutput", W_OUTPUT),
        ("boards/host_w_output.py", "WOutput", W_OUTPUT),
        ("boards/esp32_bluetooth.py", "Beacons", BEACONS),
        ("boards/host_bluetooth.py", "Beacons", BEACONS),
    ],
)
def test_both_sides_have_the_same_methods(file, name, contract):
    assert methods(file, name) == contract


@pytest.mark.parametrize(("module", "name", "contract"), [("wifi", "Wireless", RADIO), ("ethernet", "Wired", STATION)])
def test_both_ways_into_a_network_offer_the_same(module, name, contract):
    both = methods("boards/esp32_network.py", "Interface")
    del both["use"]
    assert both | methods(f"boards/esp32_{module}.py", name) == contract


def test_both_radios_offer_the_same():
    station = methods("boards/host_radio.py", "Station")
    assert station == RADIO
    access_point = methods("boards/host_radio.py", "AccessPoint")
    assert access_point == methods("boards/esp32_access_point.py", "AccessPoint")
    assert access_point == {"start": 2, "stop": 0, "address": 0, "scan": 0}


class Partition:
    """ESP-IDF's two application partitions, as MicroPython shows them."""

    RUNNING = 1
    names = ("ota_0", "ota_1")
    calls: ClassVar[list] = []

    def __init__(self, which):
        self.name = self.names[0] if which == self.RUNNING else which

    def info(self):
        return (0, 16, 0x10000, 0x190000, self.name, False)

    def get_next_update(self):
        if len(self.names) == 1:
            raise OSError(2)
        return Partition(self.names[1])

    def writeblocks(self, number, block):
        self.calls.append((self.name, number, block))

    def set_boot(self):
        self.calls.append((self.name, "boot"))

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        if len(cls.names) == 1:
            raise OSError(-261)
        cls.calls.append("valid")


@pytest.fixture
def partitions(monkeypatch):
    monkeypatch.setattr(Partition, "calls", [])
    monkeypatch.setitem(sys.modules, "esp32", SimpleNamespace(Partition=Partition))
    monkeypatch.delitem(sys.modules, "boards.esp32_firmware", raising=False)
    monkeypatch.setattr(sys, "path", [".frozen", *sys.path])
    return Partition


def test_firmware_goes_into_the_partition_that_is_not_running(partitions):
    firmware = importlib.import_module("boards.esp32_firmware").Firmware()
    assert (firmware.running, firmware.other, firmware.size_bytes) == ("ota_0", "ota_1", 0x190000)
    firmware.write(3, b"block")
    firmware.activate()
    firmware.confirm()
    assert partitions.calls == [("ota_1", 3, b"block"), ("ota_1", "boot"), "valid"]


def test_device_without_a_second_partition_takes_no_firmware(partitions, monkeypatch):
    monkeypatch.setattr(Partition, "names", ("factory",))
    firmware = importlib.import_module("boards.esp32_firmware").Firmware()
    assert firmware.other is None
    firmware.confirm()
    assert partitions.calls == []


@pytest.mark.usefixtures("partitions")
def test_firmware_of_micropython_itself_is_never_replaced(monkeypatch):
    monkeypatch.setattr(sys, "path", ["a", *sys.path[1:]])
    assert importlib.import_module("boards.esp32_firmware").Firmware().other is None


def test_both_sides_have_the_same_partitions():
    offered = methods("boards/esp32_firmware.py", "Firmware")
    assert offered | {"boot": 0} == methods("boards/host_firmware.py", "Firmware")


def test_files_that_stand_for_partitions_start_as_a_boot_loader_does(tmp_path):
    """Once after an update, then the one before, unless it was confirmed in between."""

    def start():
        return host.Board({"data": str(tmp_path), "firmware": str(tmp_path / "partitions")}).firmware()

    firmware = start()
    assert (firmware.running, firmware.other) == ("ota_0", "ota_1")
    firmware.write(0, b"\xff" * 4096)
    with pytest.raises(OSError):
        firmware.activate()
    assert start().running == "ota_0"
    firmware.write(0, b"\xe9" * 4096)
    firmware.write(1, b"\x01" * 4096)
    firmware.activate()
    assert [start().running for _ in range(3)] == ["ota_1", "ota_0", "ota_0"]
    firmware.activate()
    firmware = start()
    firmware.confirm()
    assert [start().running for _ in range(2)] == ["ota_1", "ota_1"]
    firmware.write(0, b"\xe9")
    firmware.activate()
    firmware.confirm()  # the mistake that marks what has never run
    assert [start().running for _ in range(3)] == ["ota_0"] * 3


def test_an_esp32_says_nothing_but_the_words_of_the_contract():
    def words(file: str, within: str) -> set[str]:
        tree = ast.parse((Path(ROOT) / file).read_text())
        nodes = [node for node in ast.walk(tree) if getattr(node, "name", None) == within or name_of(node) == within]
        return {part.value for node in nodes for part in ast.walk(node) if is_word(part)}

    def name_of(node) -> str | None:
        return node.targets[0].id if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) else None

    def is_word(node) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 20

    assert words("boards/esp32_wifi.py", "_WORDS") | {"failed"} == WORDS
    assert words("boards/esp32_ethernet.py", "_WORDS") | {"idle"} <= WORDS
    assert words("boards/esp32.py", "reset_cause") == CAUSES


def test_the_computer_as_a_board(tmp_path):
    board = host.Board({"data": str(tmp_path)})
    assert board.station() is board.watchdog(8000) is board.network_heap() is None
    assert board.gc_heap() == (0, 0)  # on CPython
    assert board.reset_cause() == "power"
    assert host.Board({"data": str(tmp_path), "reset_cause": "watchdog"}).reset_cause() == "watchdog"
    assert re.fullmatch("[0-9a-f]{12}", board.unique_id())
    assert board.unique_id() == board.unique_id()
    assert board.use_pins({"tx": 1}) == (["pins: this computer has none; not used"], [])
    with pytest.raises(SystemExit) as ending:
        board.restart()
    assert ending.value.code == host.RESTART_STATUS


def test_a_computers_button_is_a_file_that_holds_milliseconds(tmp_path):
    is_down = host.Board({"data": str(tmp_path)}).button()
    key = tmp_path / "button"
    assert not is_down()
    key.write_text("60\n")
    assert is_down() and key.read_text()
    while is_down():
        pass
    assert key.read_text() == ""
    for nonsense in ("x", "-5", "1e3", "0", "\n"):
        key.write_text(nonsense)
        while key.read_text():
            assert not is_down()
    assert not host.Board({"data": str(tmp_path)}).button_2()()


# How late the loop checks, and how late the file's clock is read after the loop's. The last is the worst there is: each
# clock leaves out what it takes for a pause, and they take turns with it.
@pytest.mark.parametrize("late_ms", [[(0, 0)], [(300, 0)], [(0, 90)], [(0, 0), (0, 80)], [(80, 0), (0, 80)]])
def test_a_press_is_the_same_however_busy_the_computer_is(tmp_path, monkeypatch, late_ms):
    now, delays = [0], itertools.cycle(late_ms)
    monkeypatch.setattr(host, "ticks_ms", lambda: now[0])
    key, is_down, button = tmp_path / "button", host.Board({"data": str(tmp_path)}).button(), Button(0)

    def check() -> int:
        loop_ms, file_ms = next(delays)
        checked = now[0] = now[0] + CHECK_MS + loop_ms
        now[0] += file_ms
        return button.update(is_down(), checked)

    presses = [check() for _ in range(5)]
    for press_ms in (SHORT_MS, SHORT_MS, LONG_MS, SHORT_MS, HELD_MS, HELD_MS, SHORT_MS, LONG_MS, LONG_MS):
        key.write_text(str(press_ms))
        while key.read_text():
            presses.append(check())
    presses += [check() for _ in range(5)]
    assert [press for press in presses if press] == [SHORT, SHORT, LONG, SHORT, HELD, HELD, SHORT, LONG, LONG]


@pytest.mark.parametrize(
    ("machine", "free"), [("Generic ESP32 module with ESP32", 20_000), ("evencell ESP32 with ESP32", 50_000)]
)
def test_free_memory_is_that_of_the_gc_heap_alone(monkeypatch, machine, free):
    """By what mem_free() counts: the largest other block where the heap can grow, nothing else where it can't."""
    regions = [(100_000, 40_000, 30_000, 0), (60_000, 10_000, 9_000, 0)]
    stand_in = SimpleNamespace(HEAP_DATA=4, idf_heap_info=lambda _kind: regions)
    monkeypatch.setitem(sys.modules, "esp32", stand_in)
    monkeypatch.setattr(sys.implementation, "_machine", machine, raising=False)
    monkeypatch.delitem(sys.modules, "boards.esp32_heap", raising=False)
    heap = importlib.import_module("boards.esp32_heap")
    monkeypatch.delitem(sys.modules, "boards.esp32_heap")
    monkeypatch.setattr(heap, "mem_free", lambda: 50_000)
    monkeypatch.setattr(heap, "mem_alloc", lambda: 46_000)
    assert heap.gc_heap() == (46_000 + free, free)
    assert heap.network_heap() == (50_000, 30_000)
