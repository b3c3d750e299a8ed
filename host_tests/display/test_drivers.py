"""Every driver, through its bus and a model of its chip: what one sees on the glass is what was drawn."""

import asyncio

from evencell.display.render import canvas as colours
from evencell.display.render import netpbm
from evencell.display.render.canvas import Canvas
from host_tests.display import wires
from host_tests.display.chips import ColourChip, MonoChip, as_seen
from host_tests.display.wires import Bench

displays, I2CBus, SPIBus = wires.drivers_and_buses()

I2C_PINS = {"sda": 21, "scl": 22}
SPI_PINS = {"mosi": 19, "sck": 18, "dc": 16, "cs": 5, "rst": 23, "backlight": 4}
ROTATIONS = (0, 90, 180, 270)
MONO = (("ssd1306", 128, 64), ("ssd1306", 128, 32), ("sh1106", 128, 64))
COLOUR = (
    ("st7789", 135, 240, 52, 40),
    ("st7789", 240, 240, 0, 0),
    ("st7789", 170, 320, 35, 0),
    ("st7789", 240, 320, 0, 0),
    ("ili9341", 240, 320, 0, 0),
)
LONGEST_MS = 20


class Device:
    """A display of this kind at an ESP32: its bench, and the panel that its driver makes."""

    def __init__(self, chip, on_i2c: bool, wishes: dict, address: int = 0x3C, usual_size: bool = True):
        self.bench = Bench(chip, address)
        self.rotation = wishes.get("rotation", 0)
        board = {"i2c": I2C_PINS} if on_i2c else {"display": {"driver": None, "pins": SPI_PINS}}
        wishes = dict(wishes, driver=chip.name)
        data = displays.display_data(board, wishes) if usual_size else dict(wishes, spi_hz=10_000_000)
        bus = I2CBus(**I2C_PINS) if on_i2c else SPIBus(data["spi_hz"], SPI_PINS)
        driver = __import__("evencell.display.drivers." + chip.name, None, None, ("make",))
        self.panel = driver.make(bus, data)
        self.canvas = Canvas(self.panel.width, self.panel.height, self.panel.colours)
        self.panel.start()

    def show(self):
        """Bytes that went out."""
        before = self.bench.bytes
        asyncio.run(self.panel.show(self.canvas))
        return self.bench.bytes - before

    def assert_seen(self):
        """The glass shows the canvas."""
        assert_shown(self.bench.chip, self.canvas, self.rotation)


def assert_shown(chip, canvas, rotation: int):
    """The chip's glass shows the canvas, turned."""
    assert chip.is_lit()
    seen = as_seen(chip.picture(), 1 if canvas.tints is None else 3, rotation)
    count = 0
    for row in drawn(canvas):
        assert next(seen) == row, "row %d" % count
        count += 1
    assert count == canvas.height


def drawn(canvas):
    """Rows of the canvas, one by one: a byte a pixel, or three with colours."""
    if canvas.tints is not None:
        rows = netpbm.ppm(canvas)
        assert next(rows) == b"P6\n%d %d\n255\n" % (canvas.width, canvas.height)
        yield from rows
        return
    for y in range(canvas.height):
        yield bytes(canvas.pixels.pixel(x, y) for x in range(canvas.width))


def scribble(canvas, seed: int = 1):
    """Something without any symmetry, in every colour."""
    canvas.clear()
    for at in range(len(canvas.buffer)):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        canvas.buffer[at] = seed >> 16 & 255
    canvas.pixels.fill_rect(3, 2, 20, 5, 1)
    for tint in range(len(colours.COLOURS)):
        canvas.tint(tint * 17 - 5, tint * 11, 9 + tint * 5, 30, tint)
    canvas.tint(0, canvas.height - 9, 500, 500, colours.WARN)


def mono(name: str, width: int, height: int, on_i2c: bool, **wishes) -> Device:
    chip = MonoChip(name, width, height, 2 if name == "sh1106" else 0)
    return Device(chip, on_i2c, dict(wishes, width=width, height=height))


def colour(name: str, width: int, height: int, left: int, top: int, **wishes) -> Device:
    is_ili = name == "ili9341"
    negative, bgr = wishes.get("inverted", False), wishes.get("bgr", is_ili)
    chip = ColourChip(name, width, height, left, top, negative, bgr, is_ili)
    return Device(chip, False, dict(wishes, width=width, height=height, x_offset=left, y_offset=top))


def test_mono_displays_show_what_was_drawn():
    for name, width, height in MONO:
        for on_i2c in (True, False):
            for rotation in (0, 180):
                device = mono(name, width, height, on_i2c, rotation=rotation)
                assert (device.panel.width, device.panel.height) == (width, height)
                scribble(device.canvas)
                device.show()
                device.assert_seen()


def test_colour_displays_show_what_was_drawn():
    for kind in COLOUR:
        for rotation in ROTATIONS:
            device = colour(*kind, rotation=rotation)
            assert device.panel.colours
            scribble(device.canvas)
            device.show()
            device.assert_seen()


def test_mirrored_or_inverted_glass():
    for wishes in ({"inverted": True}, {"bgr": True}, {"bgr": False}, {"inverted": True, "bgr": False}):
        for kind in (COLOUR[1], COLOUR[4]):
            device = colour(*kind, **wishes)
            scribble(device.canvas)
            device.show()
            device.assert_seen()
    inverted = mono("ssd1306", 128, 64, True, inverted=True)
    scribble(inverted.canvas)
    inverted.show()
    assert inverted.bench.chip.inverted


def test_offset_from_the_configuration():
    chip = MonoChip("sh1106", 128, 64, 0)
    for rotation in (0, 180):
        device = Device(chip, True, {"x_offset": 0, "rotation": rotation})
        scribble(device.canvas)
        device.show()
        device.assert_seen()


def test_only_changes_are_sent():
    for device, whole, part in (
        (mono("ssd1306", 128, 64, True), 8 * (128 + 7), 128 + 7),
        (mono("sh1106", 128, 64, False), 8 * (128 + 3), 128 + 3),
    ):
        Bench.now = device.bench
        assert device.show() >= whole
        assert device.show() == 0
        device.canvas.pixels.pixel(100, 63, 1)
        assert device.show() == part
        device.assert_seen()
    device = colour(*COLOUR[0])
    device.show()
    assert device.show() == 0
    device.canvas.pixels.pixel(100, 9, 1)
    assert device.show() == 2 * (68 * 8 * 2 + 11)  # two pieces, which share a column
    device.canvas.tint(100, 9, 1, 1, colours.ALARM)
    assert device.show() == 2 * (68 * 8 * 2 + 11)
    assert device.show() == 0
    device.assert_seen()


def test_canvas_inverts_a_rectangle():
    for x, y, width, height in (
        (0, 0, 40, 24),
        (3, 5, 7, 2),
        (1, 3, 39, 21),
        (0, 8, 40, 9),
        (5, 7, 1, 1),
        (9, 9, 0, 9),
    ):
        canvas, before = Canvas(40, 24), Canvas(40, 24)
        scribble(canvas)
        scribble(before)
        canvas.invert(x, y, width, height)
        for row in range(24):
            for column in range(40):
                is_inside = x <= column < x + width and y <= row < y + height
                assert canvas.pixels.pixel(column, row) == before.pixels.pixel(column, row) ^ is_inside


def test_panel_is_dark_until_its_first_picture_is_sent():
    for device in (mono("ssd1306", 128, 64, True), mono("sh1106", 128, 64, False), colour(*COLOUR[1])):
        Bench.now = device.bench
        assert not device.bench.chip.is_lit()
        device.panel.power(True)
        assert not device.bench.chip.is_lit()
        device.show()
        device.assert_seen()


def test_power():
    for device in (mono("ssd1306", 128, 64, True), colour(*COLOUR[1])):
        Bench.now = device.bench
        device.panel.power(False)
        device.show()
        assert not device.bench.chip.is_lit()
        scribble(device.canvas)
        device.show()
        device.panel.power(True)
        device.assert_seen()
        device.panel.power(False)
        assert not device.bench.chip.is_lit()


def test_brightness():
    device = mono("ssd1306", 128, 64, True)
    for percent, contrast in ((0, 0), (80, 204), (100, 255)):
        device.panel.brightness(percent)
        assert device.bench.chip.brightness() == contrast
    device = colour(*COLOUR[1])
    for percent, duty in ((0, 0), (80, 52428), (100, 65535)):
        device.panel.brightness(percent)
        assert device.bench.duties == {4: duty}


def test_invert():
    device = mono("ssd1306", 128, 64, True)
    device.show()
    device.panel.invert(True)
    assert device.bench.chip.picture() == [b"\x01" * 128] * 64
    device.panel.invert(False)
    device.assert_seen()


def test_invert_on_a_colour_display_is_dark_on_white_and_keeps_the_hue():
    device = colour(*COLOUR[1], inverted=True)
    device.canvas.pixels.fill_rect(0, 0, 8, 8, 1)
    device.canvas.pixels.fill_rect(16, 0, 8, 8, 1)
    device.canvas.tint(16, 0, 8, 8, colours.ALARM)
    device.show()
    device.panel.invert(True)
    device.show()
    row = device.bench.chip.picture()[0]
    assert row[:24] == bytes(24) and row[24:48] == b"\xff" * 24
    red, green, blue = row[48:51]
    assert red > 2 * green and red > 2 * blue and row[72:] == b"\xff" * 648
    device.panel.invert(False)
    device.show()
    device.assert_seen()


def test_i2c_address_that_answers_is_used():
    device = Device(MonoChip("ssd1306", 128, 64, 0), True, {}, address=0x3D)
    scribble(device.canvas)
    device.show()
    device.assert_seen()
    device.bench.address = 0x3C
    device.canvas.clear()
    assert fails(device.show)
    device.panel.start()
    device.show()
    device.assert_seen()


def fails(call) -> bool:
    """Whether `call()` raises OSError."""
    try:
        call()
    except OSError:
        return True
    return False


def test_a_display_with_no_more_pins_than_it_needs():
    chip = ColourChip("st7789", 240, 240)
    Bench(chip, cs=None)
    board = {"display": {"pins": {"mosi": 19, "sck": 18, "dc": 16}}}
    data = displays.display_data(board, {"driver": "st7789"})
    from evencell.display.drivers import st7789

    panel = st7789.make(SPIBus(data["spi_hz"], data["pins"]), data)
    canvas = Canvas(panel.width, panel.height, True)
    scribble(canvas)
    for _ in range(2):  # the second time it is awake, and has no pin to be reset by
        panel.start()
        panel.brightness(80)
        asyncio.run(panel.show(canvas))
        assert_shown(chip, canvas, 0)
    assert Bench.now.duties == {}


def test_a_boards_own_display():
    from boards import esp32, esp32_generic, lilygo_t_display

    for board, chip in (
        (esp32_generic.BOARD, MonoChip("ssd1306", 128, 64, 0)),
        (lilygo_t_display.BOARD, ColourChip("st7789", 135, 240, 52, 40, negative=True)),
    ):
        Bench(chip)
        bus, data = esp32.Board(board).display_bus({"driver": "auto"})
        panel = __import__("evencell.display.drivers." + data["driver"], None, None, ("make",)).make(bus, data)
        canvas = Canvas(panel.width, panel.height, panel.colours)
        scribble(canvas)
        panel.start()
        panel.brightness(80)
        asyncio.run(panel.show(canvas))
        assert_shown(chip, canvas, 0)
        assert Bench.now.duties == ({} if bus.__class__ is I2CBus else {4: 52428})


def test_a_board_without_a_display():
    from boards import esp32, lilygo_t_can485

    assert esp32.Board(lilygo_t_can485.BOARD).display_bus({"driver": "auto"}) is None
    assert esp32.Board(lilygo_t_can485.BOARD).display_bus({"driver": "picture"})[0] is None


def test_missing_acknowledge_on_i2c_raises_at_once():
    bench = Bench(MonoChip("ssd1306", 128, 64, 0))
    bench.plugged = False
    data = displays.display_data({"i2c": I2C_PINS}, {"driver": "auto"})
    from evencell.display.drivers import ssd1306

    assert fails(ssd1306.make(I2CBus(**I2C_PINS), data).start)


def unplug_everywhere(device, step: int):
    """Cut the wires at every `step`-th byte of set-up and picture: plugged in again, everything is right."""
    scribble(device.canvas)
    device.panel.start()
    whole = device.show() + 60
    count = 0
    for position in range(0, whole, step):
        bench = device.bench
        bench.plug_in()
        bench.unplug_after(position)
        failed = fails(lambda: (device.panel.start(), device.panel.brightness(50), device.show()))
        count += failed
        bench.plug_in()
        bench.now_ms += 1000
        device.panel.start()
        device.show()
        device.assert_seen()
    assert count > (whole - 120) // step


def test_a_mono_display_unplugged_at_any_byte():
    unplug_everywhere(mono("ssd1306", 128, 32, True), 1)
    unplug_everywhere(mono("ssd1306", 128, 64, True, rotation=180), 37)
    unplug_everywhere(mono("sh1106", 128, 64, True), 41)


def small(name: str, rotation: int) -> Device:
    """A colour glass of 12 × 20 pixels."""
    is_ili = name == "ili9341"
    chip = ColourChip(name, 12, 20, 5, 9, bgr=is_ili, mirrored=is_ili)
    wishes = {"width": 12, "height": 20, "x_offset": 5, "y_offset": 9, "rotation": rotation}
    return Device(chip, False, wishes, usual_size=False)


def test_a_colour_display_unplugged_at_any_byte():
    unplug_everywhere(small("st7789", 0), 1)
    unplug_everywhere(small("ili9341", 90), 1)


def test_unplugged_while_only_a_part_is_sent():
    for device in (mono("ssd1306", 128, 64, True), small("st7789", 180)):
        Bench.now = device.bench
        for position in range(0, 130, 3):
            scribble(device.canvas)
            device.show()
            device.canvas.pixels.pixel(3, 3, 1 - device.canvas.pixels.pixel(3, 3))
            device.bench.unplug_after(position)
            assert fails(device.show)
            device.bench.plug_in()
            device.bench.now_ms += 1000
            device.panel.start()
            device.show()
            device.assert_seen()


def test_longest_transfer_is_bounded():
    worst = {}
    for name, width, height in MONO:
        for on_i2c in (True, False):
            note(worst, mono(name, width, height, on_i2c))
    for kind in COLOUR:
        for rotation in (0, 90):
            note(worst, colour(*kind, rotation=rotation))
    assert max(worst.values()) <= LONGEST_MS * 1000, worst


def note(worst: dict, device):
    """The longest piece of set-up and a whole picture in one colour, in µs."""
    device.panel.brightness(80)
    device.show()
    worst[device.bench.chip.name] = max(worst.get(device.bench.chip.name, 0), device.bench.longest_us)


def test_the_models_are_strict():
    chip = MonoChip("sh1106", 128, 64, 2)
    assert refuses(lambda: chip.command(0x8D, 0))  # SSD1306's alone
    assert refuses(lambda: chip.write(bytes(133), 0))
    chip = MonoChip("ssd1306", 128, 64, 0)
    assert refuses(lambda: chip.command(0xAF, 0))  # without its charge pump
    chip.command(0x81, 0)
    assert refuses(lambda: chip.write(b"\x00", 0))
    chip = ColourChip("st7789", 240, 240)
    assert refuses(lambda: chip.command(0xC0, 0))
    assert refuses(lambda: chip.command(0x2C, 0))  # not yet 16 bits
    tell(chip, 0x3A, b"\x55")
    tell(chip, 0x2A, b"\x00\x00\x00\x01")
    tell(chip, 0x2B, b"\x00\x00\x00\x01")
    chip.command(0x2C, 0)
    chip.write(bytes(8), 0)
    assert refuses(lambda: chip.write(bytes(2), 0))  # beyond the window
    chip = ColourChip("ili9341", 240, 320)
    chip.command(0x01, 0)
    assert refuses(lambda: chip.command(0x28, 4))
    assert refuses(lambda: chip.command(0x11, 119))


def tell(chip, code: int, parameters: bytes):
    chip.command(code, 0)
    chip.write(parameters, 0)


def refuses(call) -> bool:
    try:
        call()
    except AssertionError:
        return True
    return False
