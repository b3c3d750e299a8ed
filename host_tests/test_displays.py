"""Which display a device has: its board's, or the configuration's; and what of that is refused."""

from boards.displays import DRIVERS, check_picture, display_data
from host_tests.portable import raises

I2C_BOARD = {"i2c": {"sda": 21, "scl": 22}, "display": {"driver": "ssd1306", "bus": "i2c", "width": 128, "height": 64}}
SPI_PINS = {"mosi": 19, "sck": 18, "dc": 16}
SPI_BOARD = {
    "display": {
        "driver": "st7789", "bus": "spi", "width": 135, "height": 240, "x_offset": 52, "y_offset": 40,
        "rotation": 0, "inverted": True, "pins": SPI_PINS,
    },
}  # fmt: skip
WITH_BOTH = {"i2c": I2C_BOARD["i2c"], "display": dict(I2C_BOARD["display"], pins=SPI_PINS)}


def data(board: dict, **wishes) -> dict:
    """What the driver is told; `wishes` as in a configuration, where most is None."""
    found = display_data(board, dict({"driver": "auto", "rotation": None, "brightness": 80}, **wishes))
    assert found is not None
    return found


def fault(board: dict, **wishes) -> str:
    """The sentence with which it is refused."""
    return raises(ValueError, lambda: data(board, **wishes))


def test_the_boards_own_display():
    found = data(I2C_BOARD)
    assert (found["driver"], found["bus"], found["width"], found["height"]) == ("ssd1306", "i2c", 128, 64)
    found = data(SPI_BOARD)
    assert (found["bus"], found["x_offset"], found["inverted"], found["spi_hz"]) == ("spi", 52, True, 40_000_000)
    assert found["pins"] == SPI_PINS


def test_a_board_without_one():
    assert display_data({}, {"driver": "auto"}) is None
    assert data({"i2c": {"sda": 21, "scl": 22}})["driver"] == "ssd1306"


def test_wishes_go_before_the_boards_data_and_leave_it_as_it_is():
    found = data(SPI_BOARD, rotation=90, inverted=False, x_offset=0, width=240, height=240)
    assert (found["rotation"], found["inverted"], found["x_offset"], found["width"]) == (90, False, 0, 240)
    assert SPI_BOARD["display"]["rotation"] == 0
    assert "brightness" not in found


def test_another_display_takes_nothing_of_the_boards_own_but_its_pins():
    found = data(SPI_BOARD, driver="ili9341")
    assert (found["width"], found["height"], found["pins"]) == (240, 320, SPI_PINS)
    assert "x_offset" not in found and "inverted" not in found
    assert data(I2C_BOARD, driver="sh1106")["bus"] == "i2c"
    assert data(WITH_BOTH, driver="st7789")["bus"] == "spi"
    assert data(WITH_BOTH)["bus"] == "spi"  # who names pins for it, has it there


def test_a_picture_needs_no_pins():
    found = data({}, driver="picture", width=240, height=320)
    assert (found["bus"], found["width"]) == (None, 240)


def test_what_is_refused_is_refused_in_a_sentence():
    assert fault(I2C_BOARD, driver="st7789") == (
        "display.driver: st7789 needs pins.mosi, sck and dc; the display stays off"
    )
    assert fault({}, driver="ssd1306") == "display.driver: ssd1306 needs pins.sda and pins.scl; the display stays off"
    assert fault(I2C_BOARD, height=32, width=64) == (
        "display.width: ssd1306 has 128×64 or 128×32 (before rotation), not 64×32; the display stays off"
    )
    assert fault(SPI_BOARD, rotation=45) == "display.rotation: must be 0, 90, 180 or 270; the display stays off"
    for driver in ("auto", "sh1106", "picture"):
        assert fault(I2C_BOARD, driver=driver, rotation=90) == (
            "display.rotation: must be 0 or 180, for 128×64 is too narrow to stand upright; the display stays off"
        )


def test_each_driver_has_a_usual_size():
    for driver in DRIVERS:
        found = data(WITH_BOTH, driver=driver)
        assert (found["width"], found["height"]) in DRIVERS[driver][0]


def test_a_picture_of_this_computer_has_a_size_that_there_is_a_layout_for():
    """With another one the pages may divide by zero, or draw without end."""
    for size in ((128, 64), (240, 135), (135, 240), (320, 170)):
        check_picture(*size)
    for size in ((1, 1), (64, 128), (96, 96), (320, 64), (240, 136)):
        sentence = raises(ValueError, lambda: check_picture(*size))  # noqa: B023 - called at once
        assert "135×240" in sentence and "%d×%d" % size in sentence
