"""Draws where the balancer of a device that sleeps is switched: docs/images/power-w.svg and power-supply.svg."""

from tools.docs.wiring_symbols import WIDTH, box, dot, pin, sheet, text, use, wire

_HEIGHT = 640
_P1_X = 950
_P1 = ((130, "5", "V+  (print: B+)"), (190, "4", "V−  (print: B−)"), (250, "3", "W"), (310, "2", "A  (RS485-A)"))
_P1 += ((370, "1", "B  (RS485-B, print: B)"),)


def switched_at_w() -> str:
    """The switch drives W; V+ stays connected."""
    warning = "Unverified: what the balancer draws with W shut was not measured. It may save nothing."
    wires = [wire("vp", f"M330 130H{_P1_X}M600 130V200"), wire("v3", f"M780 250H{_P1_X}"), dot(600, 130, "dvp")]
    notes = [
        "1. W at 5 V to 20 V: balancer on. Below 1 V: off. Floating: undefined, so never leave it open. Take the link "
        "from P1-3 to P1-5 out first.",
        "2. The switch lies on the high side: it feeds W from V+, never from a 5 V rail. Its resistor R5 holds W below "
        "1 V while GPIO25 is low.",
    ]
    parts = [*_switch("Switch for W", "circuit A of docs/wiring.md", 250), text(800, 242, "W", "h2")]
    return _drawing("Switching the balancer at its pin W", warning, wires, parts, notes)


def switched_in_supply() -> str:
    """The switch lies in V+; W joins the switched side."""
    warning = "Not measured: what the balancer still draws through its balance leads (P2)."
    switched = f"M780 230H850V130H{_P1_X}M850 230V250H{_P1_X}"
    wires = [
        wire("vp", "M330 130H600V200"),
        wire("v3", switched),
        '  <circle fill="#7a44c0" cx="850" cy="230" r="5"/>\n',
    ]
    notes = [
        "1. The supply itself is cut. W joins the switched V+: the balancer must not get 5 V to 20 V at W while it "
        "has no supply.",
        "2. Converter and TVS stay on the pack's side, so that the ESP32 keeps running. R5 of the switch holds its "
        "output low while GPIO25 is low.",
    ]
    parts = [*_switch("Switch for V+", "circuit C of docs/wiring.md", 230), text(740, 118, "switched V+")]
    return _drawing("Switching the balancer in its supply, V+", warning, wires, parts, notes)


def _drawing(title: str, warning: str, wires: list[str], parts: list[str], notes: list[str]) -> str:
    body = [text(30, 68, warning, "warn"), *wires, *_common_wires(), *parts, *_pack(), *_esp32(), *_balancer()]
    frame = f'  <rect class="note" x="30" y="545" width="{WIDTH - 60}" height="75" rx="6"/>\n'
    lines = [text(46, 574 + 26 * place, note, "s") for place, note in enumerate(notes)]
    return sheet(title, _HEIGHT, [*body, frame, *lines])


def _common_wires() -> list[str]:
    """Feed of the ESP32, the V− conductor, the switch's own pins, and the bus; hops where they cross."""
    return [
        wire("vp", "M190 130H330V330H350"),
        wire("vm", f"M190 490H230M245 475H890V258a8 8 0 0 1 0 -16V190H{_P1_X}"),
        wire("vm", "M245 510H730M430 390V467a8 8 0 0 1 0 16V510M730 440V467a8 8 0 0 1 0 16V510"),
        wire("vm", "M590 270V362a8 8 0 0 1 0 16V475"),
        wire("v5", "M510 370H620"),
        wire("sig", "M690 350V270"),
        wire("a", f"M840 380H882a8 8 0 0 1 16 0H915V310H{_P1_X}"),
        wire("b", f"M840 410H882a8 8 0 0 1 16 0H930V370H{_P1_X}"),
        dot(430, 510, "dvm"),
        dot(590, 475, "dvm"),
        dot(330, 130, "dvp"),
    ]


def _pack() -> list[str]:
    """Pack, fuse, star point and converter."""
    labels = (
        (176, 136, "+", "end"),
        (176, 496, "−", "end"),
        (110, 300, "one block of", "s mid"),
        (110, 318, "4 cells", "s mid"),
        (260, 106, "F1  ≤ 1 A", "h2 mid"),
        (206, 534, "star point: the battery's negative", "s"),
        (745, 466, "V− conductor", "s"),
        (430, 330, "Converter", "h2 mid"),
        (430, 350, "30 V or more to 5 V", "s mid"),
        (430, 368, "TVS before it", "s mid"),
    )
    star = '  <rect class="dvm" x="216" y="458" width="30" height="62" rx="3"/>\n'
    pins = _pins((190, 130), (190, 490), (350, 330), (510, 370), (430, 390))
    return [box(40, 90, 150, 440), box(350, 300, 160, 90), star, use("fuse", 260, 130), *pins, *_labels(labels)]


def _esp32() -> list[str]:
    labels = (
        (702, 372, "GPIO25", "s"),
        (634, 375, "5 V", "s"),
        (740, 428, "GND", "s"),
        (820, 385, "A", "end"),
        (820, 415, "B", "end"),
        (634, 404, "ESP32", "h2"),
        (634, 424, "and RS485", "s"),
    )
    pins = _pins((620, 370), (690, 350), (730, 440), (840, 380), (840, 410))
    return [box(620, 350, 220, 90), *pins, *_labels(labels)]


def _switch(name: str, circuit: str, output_y: int) -> list[str]:
    """The switch; its output is at this height."""
    labels = ((675, 231, name, "h2 mid"), (675, 251, circuit, "s mid"))
    return [box(570, 200, 210, 70), *_pins((600, 200), (590, 270), (690, 270), (780, output_y)), *_labels(labels)]


def _balancer() -> list[str]:
    parts = [box(_P1_X, 80, 250, 320), text(_P1_X + 20, 106, "Balancer, P1", "h2")]
    for y, number, label in _P1:
        parts += [pin(_P1_X, y), text(_P1_X + 20, y + 5, number), text(_P1_X + 44, y + 5, label)]
    return parts


def _pins(*places: tuple[int, int]) -> list[str]:
    return [pin(*place) for place in places]


def _labels(labels: tuple) -> list[str]:
    return [text(*label) for label in labels]
