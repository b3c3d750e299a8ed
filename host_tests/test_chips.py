"""Pins that the configuration moves: what is refused, what is doubted, and what becomes of the board."""

from boards.chips import CHIPS, fixed_pins, named_pins, pin_warning, refusal, with_pins

BOARD = {
    "chip": "esp32",
    "uarts": {2: {"tx": 17, "rx": 16, "de": 4}},
    "i2c": {"sda": 21, "scl": 22},
    "display": {"driver": "ssd1306", "bus": "i2c", "width": 128, "height": 64},
    "button": 0,
    "led": {"pin": 2, "kind": "ws2812"},
    "high_at_start": (19,),
    "ethernet": {"pins": {"mdc": 23}},
    "occupied": {26: "CAN"},
}
SPI_DISPLAY = {"driver": "st7789", "bus": "spi", "pins": {"mosi": 19, "sck": 18, "dc": 16, "backlight": 4}}
SPI_BOARD = {"chip": "esp32", "uarts": {1: {"tx": 27, "rx": 25}}, "display": SPI_DISPLAY}


def refused(pins: dict, board: dict = BOARD) -> list[str]:
    """The refusals; nothing else of the board may have changed by what was refused."""
    data, refusals, _ = with_pins(board, pins)
    if len(refusals) == len(pins):
        assert named_pins(data) == named_pins(board)
    return refusals


def changed(pins: dict, board: dict = BOARD) -> dict:
    """The board with `pins`, all of which must be accepted."""
    data, refusals, _ = with_pins(board, pins)
    assert refusals == []
    return data


def test_no_pins_change_nothing():
    assert with_pins(BOARD, {}) == (BOARD, [], [])


def test_a_pin_is_moved_and_the_board_file_stays_as_it_is():
    assert changed({"tx": 13, "button": 32})["uarts"] == {2: {"tx": 13, "rx": 16, "de": 4}}
    assert BOARD["uarts"] == {2: {"tx": 17, "rx": 16, "de": 4}}
    assert changed({"button": 32})["button"] == 32


def test_pins_may_change_places():
    assert changed({"tx": 16, "rx": 17})["uarts"] == {2: {"tx": 16, "rx": 17, "de": 4}}


def test_null_takes_a_pin_away():
    data = changed({"de": None, "button": None, "led": None})
    assert data["uarts"] == {2: {"tx": 17, "rx": 16}}
    assert "button" not in data and "led" not in data


def test_a_pin_taken_away_is_free_for_another():
    assert changed({"button": None, "tx": 0})["uarts"][2]["tx"] == 0


def test_what_the_board_lacks_can_be_added():
    data = changed({"de": 32, "led": 33, "sda": 21, "scl": 22, "w_output": 13}, SPI_BOARD)
    assert data["uarts"] == {1: {"tx": 27, "rx": 25, "de": 32}}
    assert (data["led"], data["w_output"]) == ({"pin": 33, "kind": "plain"}, 13)
    assert data["i2c"] == {"sda": 21, "scl": 22}


def test_the_kind_of_the_led_stays():
    assert changed({"led": 32})["led"] == {"pin": 32, "kind": "ws2812"}


def test_without_its_bus_the_display_goes_too():
    data = changed({"sda": None, "scl": None})
    assert "i2c" not in data and "display" not in data


def test_pins_of_a_display_on_spi():
    pins = changed({"mosi": 23, "backlight": None}, SPI_BOARD)["display"]["pins"]
    assert pins == {"mosi": 23, "sck": 18, "dc": 16}
    assert refused({"sck": None}, SPI_BOARD) == ["pins.sck: mosi, sck and dc go together; not used"]
    assert SPI_DISPLAY["pins"]["mosi"] == 19


def test_pins_for_a_display_on_spi_that_the_board_lacks():
    added = changed({"mosi": 13, "sck": 18, "dc": 32, "cs": 5})
    assert added["display"]["pins"] == {"mosi": 13, "sck": 18, "dc": 32, "cs": 5}
    assert added["i2c"] == BOARD["i2c"] and "pins" not in BOARD["display"]
    texts = refused({"mosi": 13, "cs": 5})
    assert [text.split(": ")[1] for text in texts] == ["mosi, sck and dc go together; not used"] * 2


def test_pins_that_no_chip_would_bear():
    assert refused({"tx": 34}) == ["pins.tx: GPIO34 of ESP32 can only be an input; not used"]
    assert refused({"de": 6}) == ["pins.de: GPIO6 of ESP32 belongs to its flash; not used"]
    assert refused({"rx": 11}) == ["pins.rx: GPIO11 of ESP32 belongs to its flash; not used"]
    for pin in (-1, 20, 24, 40, 1 << 40):
        assert refused({"led": pin}) == ["pins.led: ESP32 has no GPIO%d that could be used; not used" % pin]


def test_an_input_only_pin_may_be_an_input():
    assert changed({"rx": 34, "button": 39})["uarts"][2]["rx"] == 34


def test_each_chip_has_its_own_rules():
    assert refusal("esp32c3", "tx", 18) and refusal("esp32c3", "tx", 12) and not refusal("esp32c3", "tx", 6)
    assert refusal("esp32s3", "tx", 24) and refusal("esp32s3", "tx", 30) and not refusal("esp32s3", "tx", 34)
    assert (
        pin_warning("esp32c3", 9)
        and pin_warning("esp32s3", 45)
        and pin_warning("esp32s3", 20)
        and not pin_warning("esp32", 13)
    )


def test_pins_that_deserve_a_second_look():
    _, refusals, warnings = with_pins(BOARD, {"tx": 12, "rx": 3})
    assert refusals == []
    assert [text.split(" is ")[0] for text in warnings] == ["pins.rx: GPIO3", "pins.tx: GPIO12"]
    assert "is a strapping pin" in warnings[1]


def test_no_pin_twice():
    assert refused({"de": 22}) == ["pins.de: GPIO22 is scl already; not used"]
    assert refused({"tx": 13, "de": 13}) == ["pins.de: GPIO13 is tx already; not used"]
    assert refused({"tx": 19}) == ["pins.tx: GPIO19 is taken: held high for the board's own parts; not used"]
    assert refused({"tx": 23}) == ["pins.tx: GPIO23 is taken: Ethernet; not used"]
    assert refused({"tx": 26}) == ["pins.tx: GPIO26 is taken: CAN; not used"]


def test_a_refusal_brings_back_a_pin_that_another_had_taken():
    # `rx` may not go to 26, so it stays on 16, where `tx` wanted to go
    data, refusals, _ = with_pins(BOARD, {"rx": 26, "tx": 16})
    assert len(refusals) == 2
    assert data["uarts"] == BOARD["uarts"]


def test_a_bus_has_both_of_its_pins():
    assert refused({"sda": None}) == ["pins.sda: sda and scl go together; not used"]
    assert refused({"scl": 32}, SPI_BOARD) == ["pins.scl: sda and scl go together; not used"]


def test_what_is_needed_and_what_there_is_not():
    assert refused({"tx": None}) == ["pins.tx: it is needed; not used"]
    for secret in ("hunter2", "geheim", "a\x1b[2J"):
        assert refused({secret: 1})[0].startswith("pins.%s…: this board" % ("g" if secret == "geheim" else ""))
    assert refused({"txd": 1})[0].startswith("pins.txd: this board has no such pin; it has tx, rx, de, sda, scl, ")


def test_no_refusal_changes_what_was_accepted_beside_it():
    data, refusals, _ = with_pins(BOARD, {"tx": 6, "button": 32})
    assert len(refusals) == 1
    assert (data["uarts"], data["button"]) == (BOARD["uarts"], 32)


def test_no_combination_uses_a_pin_twice():
    candidates = (None, 0, 4, 6, 13, 16, 17, 21, 26, 34)
    for tx in candidates:
        for de in candidates:
            for sda in candidates:
                data, _, _ = with_pins(BOARD, {"tx": tx, "de": de, "sda": sda})
                used = list(named_pins(data).values()) + list(fixed_pins(data))
                assert len(used) == len(set(used)), (tx, de, sda)


def test_flash_and_missing_pins_are_within_the_chip():
    for rules in CHIPS.values():
        for kind in ("flash", "input_only", "memory", "strapping", "console", "usb"):
            for pin in rules[kind]:
                assert 0 <= pin <= rules["highest"] and pin not in rules["missing"], (rules["name"], kind)
