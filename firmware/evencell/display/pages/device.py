"""The device: its page's address, also as a QR code, its network, the line to the balancer, version and heaps."""

from evencell import __version__
from evencell.compat import const
from evencell.display.canvas import DIM, TEXT, WARN
from evencell.display.prose import wrap
from evencell.display.sheet import Sheet
from evencell.system.on_demand import call

_QR = "evencell.display.qr"
_MODULES = const(25)
_QUIET = const(3)  # modules of margin at least; a fourth, as the standard wants it, would make each module smaller
_made = "", ()  # an address and its code, whose making leaves 11 KB of garbage (unix port); they go with the page


def wanted(_view) -> bool:
    """Always."""
    return True


def draw(canvas, view):
    """The code at the left of the facts, or above them."""
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
    """Of the page, as a browser takes it; empty where there is none."""
    http = context.config.get("http")  # not there while it is switched off
    address = getattr(context.network, "address", None)
    if not address or not http:
        return ""
    return address if http["port"] == 80 else "%s:%d" % (address, http["port"])


def _facts(sheet, address: str):
    """Lines with their colours."""
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
    """Pixels of a module's side: as large as leaves room for the facts."""
    room = min(canvas.width, canvas.height, max(canvas.width, canvas.height) * 9 // 16)
    return room // (_MODULES + 2 * _QUIET)


def _side(canvas) -> int:
    """Pixels of the code's side, with its margin."""
    module = _module(canvas)
    return min(canvas.width, canvas.height, (_MODULES + 8) * module)


def _draw_code(canvas, address: str, left: int):
    """Dark on light, at the upper edge."""
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
    """The rows of the code, made once for each address."""
    global _made
    if _made[0] != address:
        _made = address, call(_QR, "encode", address)
    return _made[1]
