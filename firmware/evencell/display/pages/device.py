"""The device: address of its page, also as a QR code, network, RS485 line, version, heaps."""

from evencell import __version__
from evencell.compat import const
from evencell.display.render.canvas import DIM, TEXT, WARN
from evencell.display.render.prose import wrap
from evencell.display.render.sheet import Sheet
from evencell.runtime.lazy import call

_QR = "evencell.display.render.qr"
_MODULES = const(25)
_MIN_QUIET = const(3)  # modules of margin; with the standard's four, each module would be smaller
_cached = "", ()  # an address and its code: encoding leaves 11 KB of garbage (unix port)


def has_content(_view) -> bool:
    """Always."""
    return True


def draw(canvas, view):
    """Draw the QR code at the left of the facts, or above them."""
    sheet = Sheet(canvas, view, False)
    address = _address(view.context)
    x, y = sheet.margin, 0
    if address and not sheet.is_tiny:
        side = _side(canvas)
        is_beside = canvas.width > canvas.height
        _draw_code(canvas, "http://%s/" % address, 0 if is_beside else (canvas.width - side) // 2)
        if is_beside:
            x = sheet.on_grid(side + (canvas.width - side) % sheet.unit // 2)
        else:
            y = side + 15 & ~7
    rows = []
    columns = (canvas.width - x) // sheet.unit
    for text, colour in _facts(sheet, address):
        rows += [(line, colour) for line in wrap(sheet, text, columns)]
    fitting = (canvas.height - y) // sheet.line
    first = view.turn // 3 % ((len(rows) + fitting - 1) // fitting) * fitting
    for line, colour in rows[first : first + fitting]:
        sheet.text(line, x, y + sheet.inset, colour)
        y += sheet.line


def _address(context) -> str:
    """The page's address for a browser; empty without one."""
    http = context.config.get("http")  # missing while it is switched off
    address = getattr(context.network, "address", None)
    if not address or not http:
        return ""
    return address if http["port"] == 80 else "%s:%d" % (address, http["port"])


def _facts(sheet, address: str):
    """Generate lines with their colours."""
    view, words = sheet.view, sheet.view.words("device")
    network = view.context.network
    yield (address, TEXT) if address else (words["none"], WARN)
    if network and network.rssi is not None:
        yield "%d dBm" % network.rssi, TEXT
    verdict = sheet.pack.diagnosis
    name = view.words("names")[verdict.name] if verdict.verdict else words["ok"]
    yield "%s: %s" % (words["line"], name), WARN if verdict.verdict else TEXT
    yield "v" + __version__, DIM
    yield words["free"] % (view.heap_free() // 1024), DIM
    heap = view.network_heap()
    if heap:
        yield words["network"] % (heap[0] // 1024, heap[1] // 1024), WARN if view.context.heap.is_short else DIM


def _module(canvas) -> int:
    """Side of a module in pixels, so that there is room for the facts."""
    room = min(canvas.width, canvas.height, max(canvas.width, canvas.height) * 9 // 16)
    return room // (_MODULES + 2 * _MIN_QUIET)


def _side(canvas) -> int:
    """Side of the code with its margin, in pixels."""
    module = _module(canvas)
    return min(canvas.width, canvas.height, (_MODULES + 8) * module)


def _draw_code(canvas, address: str, left: int):
    """Draw the code dark on light at the upper edge."""
    side, module = _side(canvas), _module(canvas)
    margin = (side - _MODULES * module) // 2
    canvas.pixels.fill_rect(left, 0, side, side, 1)
    canvas.tint(0, 0, canvas.width, side, TEXT)
    for row, bits in enumerate(_code(address)):
        for column in range(_MODULES):
            if bits >> (_MODULES - 1 - column) & 1:
                x = left + margin + column * module
                canvas.pixels.fill_rect(x, margin + row * module, module, module, 0)


def _code(address: str):
    """The rows of the code, encoded once per address."""
    global _cached
    if _cached[0] != address:
        _cached = address, call(_QR, "encode", address)
    return _cached[1]
