"""Which display a device has: what its board brings, and what the configuration wants instead.

Pure: data in, data out. On a device it is imported for that moment only.
"""

# Driver → sizes of glass, the usual one first; and the fastest SPI in Hz that its data sheet allows. SH1106: what Linux
# found there (its commit 079306e979d7). Sources of the rest: the drivers.
DRIVERS = {
    "ssd1306": (((128, 64), (128, 32)), 10_000_000),
    "sh1106": (((128, 64),), 2_000_000),
    "st7789": (((240, 240), (135, 240), (170, 320), (240, 320)), 40_000_000),
    "ili9341": (((240, 320),), 10_000_000),
    "picture": (((128, 64), (128, 32), (240, 240), (135, 240), (170, 320), (240, 320)), None),
}
_OLED_WIDTH = 128  # no page has room on 64 pixels
COLOURS = ("st7789", "ili9341")
_WISHES = ("width", "height", "rotation", "x_offset", "y_offset", "inverted", "bgr")


def display_data(board: dict, wishes: dict) -> dict | None:
    """Arguments of a driver's `make`, and `bus` (`i2c`, `spi` or None) and `spi_hz`; None where there is no
    display. ValueError, with a sentence, where it can't be had.

    `wishes`: `display` of the configuration; None there leaves it to the board.
    """
    own = board.get("display", {})
    usual = own.get("driver") or ("ssd1306" if "i2c" in board else None)
    driver = usual if wishes["driver"] == "auto" else wishes["driver"]
    if driver is None:
        return None
    data = dict(own) if driver == usual else {}  # another display has other sizes
    data["driver"] = driver
    data["pins"] = own.get("pins", {})
    for key in _WISHES:
        if wishes.get(key) is not None:
            data[key] = wishes[key]
    _check_size(data)
    data["bus"] = _bus(data, board)
    data["spi_hz"] = DRIVERS[driver][1]
    return data


def _check_size(data: dict):
    sizes = DRIVERS[data["driver"]][0]
    data["width"] = data.get("width", sizes[0][0])
    data["height"] = data.get("height", sizes[0][1])
    if (data["width"], data["height"]) not in sizes:
        text = " or ".join("%d×%d" % size for size in sizes)
        raise ValueError(
            "display.width: %s has %s (before rotation), not %d×%d; the display stays off"
            % (data["driver"], text, data["width"], data["height"])
        )
    _check_rotation(data.get("rotation", 0), data["width"], data["height"])


def check_picture(width: int, height: int):
    """Raise ValueError, with a sentence, where no layout is for a picture of this size, after rotation."""
    found = DRIVERS["picture"][0]
    sizes = found + tuple([(size[1], size[0]) for size in found if size[0] not in (size[1], _OLED_WIDTH)])
    if (width, height) not in sizes:
        text = " or ".join(["%d×%d" % size for size in sizes])
        raise ValueError("display.width: a picture has %s, not %d×%d; the display stays off" % (text, width, height))


def _check_rotation(rotation: int, width: int, height: int):
    if width == _OLED_WIDTH and rotation not in (0, 180):
        raise ValueError(
            "display.rotation: must be 0 or 180, for %d×%d is too narrow to stand upright; the display stays off"
            % (width, height)
        )
    if rotation not in (0, 90, 180, 270):
        raise ValueError("display.rotation: must be 0, 90, 180 or 270; the display stays off")


def _bus(data: dict, board: dict) -> str | None:
    if data["driver"] == "picture":
        return None
    if "mosi" in data["pins"]:
        return "spi"
    if data["driver"] in COLOURS:
        raise ValueError("display.driver: %s needs pins.mosi, sck and dc; the display stays off" % data["driver"])
    if "i2c" in board:
        return "i2c"
    raise ValueError("display.driver: %s needs pins.sda and pins.scl; the display stays off" % data["driver"])
