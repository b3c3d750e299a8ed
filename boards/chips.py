"""What each chip lets its pins do, and what becomes of a board whose pins the configuration moves.

Pure: data in, data out. On a device it is imported only where `pins` is not empty. Sources: the table of pins that the
ESP-IDF Programming Guide has for each chip ("GPIO & RTC GPIO"), and MicroPython 1.29, ports/esp32/machine_pin.h. The
strapping pins of the plain ESP32, and GPIO11 of the C3, are from their data sheets ("Strapping Pins", "Pin Overview"),
at second hand.
"""

from evencell.config.spelling import nearest, shown

CHIPS = {
    "esp32": {
        "name": "ESP32",
        "highest": 39,
        "missing": (20, 24, 28, 29, 30, 31),
        "flash": tuple(range(6, 12)),
        "input_only": tuple(range(34, 40)),
        "memory": (16, 17),
        "strapping": (0, 2, 5, 12, 15),
        "console": (1, 3),
        "usb": (),
        "uarts": (1, 2),
    },
    "esp32c3": {
        "name": "ESP32-C3",
        "highest": 21,
        "missing": (18, 19),  # USB: MicroPython, whose prompt is there, doesn't hand them out
        "flash": tuple(range(11, 18)),  # 11 is the flash's supply (VDD_SPI)
        "input_only": (),
        "memory": (),
        "strapping": (2, 8, 9),
        "console": (20, 21),
        "usb": (),
        "uarts": (1,),
    },
    "esp32s3": {
        "name": "ESP32-S3",
        "highest": 48,
        "missing": (22, 23, 24, 25),
        "flash": tuple(range(26, 33)),
        "input_only": (),
        "memory": tuple(range(33, 38)),
        "strapping": (0, 3, 45, 46),
        "console": (43, 44),
        "usb": (19, 20),
        "uarts": (1, 2),
    },
}

_WARNINGS = (
    ("strapping", "is a strapping pin: nothing may pull it during reset"),
    ("memory", "belongs to the memory inside some modules (PSRAM); check yours"),
    ("console", "is the serial console, which the chip writes to during reset"),
    ("usb", "is a data line of USB, which is lost with it"),
)
_UART = ("tx", "rx", "de")
_BUS = ("sda", "scl")
_SINGLE = ("button", "button_2", "w_output", "alarm_output")
_INPUTS = ("rx", "button", "button_2")
_NEEDED = ("tx", "rx")
_SPI = ("mosi", "sck", "dc")
_DISPLAY = ("mosi", "sck", "dc", "cs", "rst", "backlight")
NAMES = _UART + _BUS + _SINGLE + ("led",) + _DISPLAY


def refusal(chip: str, name: str, pin: int) -> str | None:
    """Why `pin` of `chip` can't be used as `name`, or None. Names other than `rx` and buttons are outputs."""
    rules = CHIPS[chip]
    if not 0 <= pin <= rules["highest"] or pin in rules["missing"]:
        return "%s has no GPIO%d that could be used" % (rules["name"], pin)
    if pin in rules["flash"]:
        return "GPIO%d of %s belongs to its flash" % (pin, rules["name"])
    if pin in rules["input_only"] and name not in _INPUTS:
        return "GPIO%d of %s can only be an input" % (pin, rules["name"])
    return None


def pin_warning(chip: str, pin: int) -> str | None:
    """What to know about `pin` of `chip` before using it, or None."""
    for kind, text in _WARNINGS:
        if pin in CHIPS[chip][kind]:
            return "GPIO%d %s" % (pin, text)
    return None


def named_pins(board: dict) -> dict:
    """The pins of a board that the configuration may move: name → number."""
    pins = {}
    if board["uarts"]:
        pins.update(board["uarts"][min(board["uarts"])])
    pins.update(board.get("i2c", {}))
    pins.update(board.get("display", {}).get("pins", {}))
    for name in _SINGLE:
        if name in board:
            pins[name] = board[name]
    if "led" in board:
        pins["led"] = board["led"]["pin"]
    return pins


def fixed_pins(board: dict) -> dict:
    """The pins of a board that nothing else may use: number → what they are there for."""
    pins = dict(board.get("occupied", {}))
    for pin in board.get("high_at_start", ()):
        pins[pin] = "held high for the board's own parts"
    for pin in board.get("ethernet", {}).get("pins", {}).values():
        pins[pin] = "Ethernet"
    return pins


def with_pins(board: dict, pins: dict) -> tuple[dict, list[str], list[str]]:
    """The board with `pins` of the configuration in place of its own (None takes one away), a sentence for each that
    was refused, and a warning for each that needs care. Instead of a refused one the board's own stays."""
    refusals = []
    accepted = {}
    for name in sorted(pins):
        reason = _reason_against(board, name, pins[name])
        if reason is None:
            accepted[name] = pins[name]
        else:
            refusals.append(_sentence(name if name in NAMES else shown(name, nearest(name, NAMES)), reason))
    _drop_clashes(board, accepted, refusals)
    warnings = []
    for name in sorted(accepted):
        text = None if accepted[name] is None else pin_warning(board["chip"], accepted[name])
        if text:
            warnings.append("pins.%s: %s" % (name, text))
    return _merged(board, accepted), refusals, warnings


def use_pins(board, pins: dict) -> tuple[list[str], list[str]]:
    """Take these pins for a Board; refusals and warnings."""
    board.data, refusals, warnings = with_pins(board.data, pins)
    return refusals, warnings


def _sentence(name: str, reason: str) -> str:
    return "pins.%s: %s; not used" % (name, reason)


def _reason_against(board: dict, name: str, pin: int | None) -> str | None:
    if name not in NAMES:
        return "this board has no such pin; it has " + ", ".join(NAMES)
    if pin is None:
        return "it is needed" if name in _NEEDED else None
    return refusal(board["chip"], name, pin)


def _drop_clashes(board: dict, accepted: dict, refusals: list):
    """Take out of `accepted`, one by one, what clashes with another pin; the board's own comes back, so repeat."""
    while True:
        pins = named_pins(board)
        pins.update(accepted)
        clash = _first_clash(board, pins, accepted)
        if clash is None:
            return
        name, reason = clash
        del accepted[name]
        refusals.append(_sentence(name, reason))


def _first_clash(board: dict, pins: dict, accepted: dict) -> tuple[str, str] | None:
    fixed = fixed_pins(board)
    for name in sorted(accepted):
        if name in _BUS and (pins.get("sda") is None) != (pins.get("scl") is None):
            return name, "sda and scl go together"
        spi = [pins.get(needed) is not None for needed in _SPI]
        if name in _DISPLAY and not all(spi) and (any(spi) or name not in _SPI):
            return name, "mosi, sck and dc go together"
        if pins[name] is None:
            continue
        if pins[name] in fixed:
            return name, "GPIO%d is taken: %s" % (pins[name], fixed[pins[name]])
        for other in sorted(pins):
            if other != name and pins[other] == pins[name]:
                return name, "GPIO%d is %s already" % (pins[name], other)
    return None


def _merged(board: dict, accepted: dict) -> dict:
    merged = dict(board)
    usual = min(board["uarts"])
    merged["uarts"] = dict(board["uarts"])
    merged["uarts"][usual] = _over(board["uarts"][usual], accepted, _UART)
    for name in _SINGLE:
        if name in accepted:
            _put(merged, name, accepted[name])
    if "led" in accepted:
        pin = accepted["led"]
        kind = board.get("led", {}).get("kind", "plain")
        _put(merged, "led", None if pin is None else {"pin": pin, "kind": kind})
    _put(merged, "i2c", _over(board.get("i2c", {}), accepted, _BUS) or None)
    _put(merged, "display", _display(board, accepted, "i2c" in merged))
    return merged


def _display(board: dict, accepted: dict, has_i2c: bool) -> dict | None:
    """The board's display with its moved or added pins; None where there is none, or where its bus was taken away."""
    display = dict(board.get("display", {}))
    _put(display, "pins", _over(display.get("pins", {}), accepted, _DISPLAY) or None)
    return display if "pins" in display or (display and has_i2c) else None


def _over(own: dict, accepted: dict, names: tuple) -> dict:
    """The pins of these names: the configuration's, else the board's own; without those taken away."""
    pins = {name: accepted.get(name, own.get(name)) for name in names}
    return {name: pin for name, pin in pins.items() if pin is not None}


def _put(board: dict, key: str, value):
    """Set a key; None takes it away."""
    if value is None:
        board.pop(key, None)
    else:
        board[key] = value
