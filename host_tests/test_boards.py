"""The contract of a board file, which finds every board by itself."""

import importlib
import pkgutil

import pytest

import boards

NAMES = sorted(module.name for module in pkgutil.iter_modules(boards.__path__) if module.name != "esp32")
CHIPS = ("esp32", "esp32c3", "esp32s3", "host")
INPUT_ONLY = {"esp32": range(34, 40)}
FLASH = {"esp32": range(6, 12)}
KEYS = {
    "name", "description", "chip", "supply_v", "supply_warning", "source", "uarts",
    "display", "button", "w_output", "i2c", "high_at_start",
}  # fmt: skip


def pins_of(board: dict) -> list[int]:
    """Every pin that the board drives or reads."""
    pins = [pin for uart in board["uarts"].values() for pin in uart.values()]
    pins += board.get("i2c", {}).values()
    pins += board.get("high_at_start", ())
    return pins + [board[key] for key in ("button", "w_output") if key in board]


@pytest.fixture(params=NAMES)
def board(request):
    data = importlib.import_module(f"boards.{request.param}").BOARD
    assert data["name"] == request.param
    return data


def test_says_what_it_is_and_where_that_is_from(board):
    for key in ("description", "supply_warning", "source"):
        assert board[key], key
    assert board["chip"] in CHIPS
    assert set(board) <= KEYS


def test_states_its_supply(board):
    if board["chip"] != "host":
        lowest, highest = board["supply_v"]
        assert 3 <= lowest < highest <= 60


def test_uses_each_pin_once(board):
    pins = pins_of(board)
    assert len(pins) == len(set(pins))


def test_drives_no_pin_that_only_reads_and_none_of_the_flash(board):
    outputs = [pins["tx"] for pins in board["uarts"].values()]
    outputs += [pins["de"] for pins in board["uarts"].values() if "de" in pins]
    outputs += board.get("high_at_start", ())
    assert not set(outputs) & set(INPUT_ONLY.get(board["chip"], ()))
    assert not set(pins_of(board)) & set(FLASH.get(board["chip"], ()))


def test_every_uart_sends_and_receives(board):
    for pins in board["uarts"].values():
        assert {"tx", "rx"} <= set(pins) <= {"tx", "rx", "de"}
