"""`/metrics`: the text, in four parts that are loaded one at a time. Loaded on demand."""

from evencell.runtime.lazy import lazy

_DEVICE = "evencell.forward.http.metrics_device"
_FIELDS = "evencell.forward.http.metrics_fields"
_PACKS = "evencell.forward.http.metrics_packs"
_LINES = "evencell.forward.http.metrics_lines"

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"))


def pieces(device: dict, restarts: dict, statuses, is_open: bool):
    """Generate the text, a line or a few at a time.

    `device` and `restarts`: as in /api/v1/status and /healthz. `is_open`: OpenMetrics. `statuses`: an iterable of the
    packs' statuses, used once, after the device: there is no room for both at a time. All lines of a pack are of one
    reading.
    """
    text = Text(is_open)
    scope = lazy()
    try:
        yield from scope.load(_DEVICE).families(text, device, restarts)
        del device  # its memory, and that of the code, is needed now
        scope.unload()
        packs = list(statuses)
        for part in (_FIELDS, _PACKS, _LINES):
            yield from scope.load(part).families(text, packs)
            scope.unload()
    finally:
        scope.unload()
    if text.is_open:
        yield "# EOF\n"


class Text:
    """The format's head of a family."""

    def __init__(self, is_open: bool):
        self.is_open = is_open

    def head(self, name: str, kind: str, meaning: str, unit: str = "") -> str:
        """HELP, TYPE and UNIT. OpenMetrics calls a family by its name without the ending of its kind."""
        if not self.is_open:
            kind = "gauge" if kind == "info" else kind
            return "# HELP evencell_%s %s.\n# TYPE evencell_%s %s\n" % (name, meaning, name, kind)
        if kind != "gauge":
            name = name.rsplit("_", 1)[0]
        head = "# HELP evencell_%s %s.\n# TYPE evencell_%s %s\n" % (name, meaning, name, kind)
        return head + "# UNIT evencell_%s %s\n" % (name, unit) if unit else head


def sample(name: str, labels, value) -> str:
    """One line. `labels` are pairs of strings."""
    shown = ",".join(['%s="%s"' % (label, _escaped(text)) for label, text in labels])
    return "evencell_%s%s %s\n" % (name, "{%s}" % shown if shown else "", value)


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def thousandth(value: int) -> str:
    """A thousandth as a decimal: exact, as floats of a board are not."""
    return "%d.%03d" % (value // 1000, value % 1000)


def choices(name: str, pack: tuple, choice: tuple, value):
    """One line for each word: 1 for `value`, which is one of them or a list, else 0."""
    label, words = choice
    for word in words:
        holds = value == word or (isinstance(value, list) and word in value)
        yield sample(name, pack + ((label, word),), 1 if holds else 0)
