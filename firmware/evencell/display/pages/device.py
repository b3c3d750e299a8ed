"""The device: address of its page, also as a QR code, network, RS485 line, balance policy, version, heaps."""

from evencell import __version__
from evencell.compat import const
from evencell.display.render.canvas import DIM, TEXT, WARN
from evencell.display.render.code import draw_facts, draw_with_code
from evencell.display.render.sheet import Sheet

_TURNS = const(3)  # for each part


def has_content(_view) -> bool:
    """Always."""
    return True


def draw(canvas, view):
    """Draw the facts, and the address as a code at their left or above them."""
    sheet = Sheet(canvas, view, False)
    address = _address(view.context)
    facts = list(_facts(sheet, address))
    turn = view.turn // _TURNS
    if address and not sheet.is_tiny:
        draw_with_code(sheet, "http://%s/" % address, facts, 1, turn)
    else:
        draw_facts(sheet, facts, turn, sheet.margin, 0, canvas.height)


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
    if view.context.control:
        for state in view.context.control.states:
            if state.pack is view.pack:
                yield "%s %s" % (words["policy"], _policy(view, words, state)), WARN if state.problem else TEXT
    yield "v" + __version__, DIM
    yield words["free"] % (view.heap_free() // 1024), DIM
    heap = view.network_heap()
    if heap:
        yield words["network"] % (heap[0] // 1024, heap[1] // 1024), WARN if view.context.heap.is_short else DIM


def _policy(view, words: dict, state) -> str:
    """What the policy does and why. Reasons are English: in other languages the word alone."""
    if view.context.config["display"]["language"] == "en":
        return state.reason
    return words["wait" if state.is_on is None else "on" if state.is_on else "off"]
