"""The device: address of its page, also as a QR code, network, RS485 line, version, heaps."""

from evencell import __version__
from evencell.compat import const
from evencell.display.render.canvas import DIM, TEXT, WARN
from evencell.display.render.code import draw_code, fit, rows_of
from evencell.display.render.prose import wrap
from evencell.display.render.sheet import Sheet

_TURNS = const(3)  # for each part
_MIN_MODULE = const(3)  # pixels of a code that gives way to a line below it


def has_content(_view) -> bool:
    """Always."""
    return True


def draw(canvas, view):
    """Draw the facts, and the address as a code at their left or above them."""
    sheet = Sheet(canvas, view, False)
    address = _address(view.context)
    facts = list(_facts(sheet, address))
    turn = view.turn // _TURNS
    if not address or sheet.is_tiny:
        _draw_facts(sheet, facts, turn, sheet.margin, 0, canvas.height)
        return
    rows = rows_of("http://%s/" % address)
    if canvas.width > canvas.height:
        _draw_beside(sheet, rows, facts, turn)
    else:
        module, side = fit(rows, canvas.height * 9 // 16, canvas.width)
        draw_code(canvas, rows, module, side, (canvas.width - side) // 2, 0)
        _draw_facts(sheet, facts, turn, sheet.margin, side + 15 & ~7, canvas.height)


def _draw_beside(sheet, rows, facts: list, turn: int):
    """Draw the code, and the facts at its right. An address that is too long for that has a line below, or code and
    address alternate."""
    canvas, bottom = sheet.canvas, sheet.canvas.height
    module, side = fit(rows, canvas.width * 9 // 16, bottom)
    is_apart = len(facts[0][0]) * sheet.unit > canvas.width - side
    if is_apart:
        smaller = fit(rows, canvas.width * 9 // 16, bottom - sheet.line)
        if smaller[0] >= _MIN_MODULE:
            module, side = smaller
            bottom -= sheet.line
            _draw_facts(sheet, facts, 0, sheet.margin, bottom, canvas.height)
        elif turn & 1:
            _draw_facts(sheet, facts, turn // 2, sheet.margin, 0, bottom)
            return
        else:
            turn //= 2
    draw_code(canvas, rows, module, side, 0, 0)
    _draw_facts(sheet, facts[is_apart:], turn, side + (canvas.width - side) % sheet.unit // 2, 0, bottom)


def _draw_facts(sheet, facts: list, turn: int, x: int, y: int, bottom: int):
    """Draw the lines of the facts that fit; if not all do, they alternate."""
    columns = (sheet.canvas.width - x) // sheet.unit
    lines = []
    for text, colour in facts:
        lines += [(line, colour) for line in wrap(sheet, text, columns)]
    fitting = (bottom - y) // sheet.line
    first = turn % ((len(lines) + fitting - 1) // fitting) * fitting
    for line, colour in lines[first : first + fitting]:
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
