"""A picture of the result as SVG: what takes the charge of a day, and how long the pack lasts."""

from html import escape

from tools.energy.advice import Change
from tools.energy.figures import HIGH, LOW, TYPICAL
from tools.energy.model import Energy

_WIDTH, _LEFT, _RIGHT, _ROW = 980, 400, 190, 34
_STYLE = """
    text { font-family: Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
    text { font-size: 15px; fill: #1b1f24; }
    .h1 { font-size: 20px; font-weight: bold; }
    .h2 { font-weight: bold; }
    .end { text-anchor: end; }
    .bg { fill: #ffffff; stroke: #c9ced6; stroke-width: 2; }
    .taken { fill: #b85c00; }
    .lasts { fill: #1763c6; }
    .span { stroke: #1b1f24; stroke-width: 2; fill: none; }
  """


def svg(energy: Energy, changes: list[Change]) -> str:
    """The whole picture; `changes` as of advice.py."""
    plan = energy.plan
    taken = [(line.name, line.mah) for line in energy.lines]
    lasts = [("as planned", energy.days)]
    lasts += [(f"+ {change.name}", (change.days,) * 3) for change in changes]
    height = 180 + _ROW * (len(taken) + len(lasts))
    title = f"{plan.board}: a pack of {plan.pack_ah:g} Ah, {plan.cells} cells {plan.chemistry.upper()}"
    body = [
        _text(30, 42, title, "h1"),
        _text(30, 80, "Charge that is taken from the pack, mAh a day (lines: low and high)", "h2"),
        *_bars(100, taken, "taken"),
    ]
    below = 100 + _ROW * len(taken)
    body.append(_text(30, below + 36, "How long the pack lasts, days", "h2"))
    body += _bars(below + 56, lasts, "lasts")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    frame = f'<rect class="bg" x="1" y="1" width="{_WIDTH - 2}" height="{height - 2}" rx="10"/>\n'
    lines = f'  <title id="title">{escape(title)}</title>\n  <style>{_STYLE}</style>\n  {frame}{"".join(body)}'
    return f'{head} role="img" aria-labelledby="title">\n{lines}</svg>\n'


def _bars(top: int, rows: list[tuple[str, tuple]], kind: str) -> list[str]:
    most = max(max(values) for _, values in rows)
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    return [_bar(top + _ROW * place, name, values, scale, kind) for place, (name, values) in enumerate(rows)]


def _bar(y: int, name: str, values: tuple, scale: float, kind: str) -> str:
    length = max(1, round(scale * values[TYPICAL]))
    low, high = (round(scale * values[case]) for case in (LOW, HIGH))
    bar = f'  <rect class="{kind}" x="{_LEFT}" y="{y}" width="{length}" height="20"/>\n'
    if low != high:
        bar += f'  <path class="span" d="M{_LEFT + low} {y + 10}H{_LEFT + high}"/>\n'
    right = _LEFT + max(length, low, high) + 10
    return _text(_LEFT - 12, y + 16, name, "end") + bar + _text(right, y + 16, in_words(values))


def in_words(values: tuple) -> str:
    """The typical value, with low and high in brackets where they differ."""
    low, typical, high = (short(each) for each in (min(values), values[TYPICAL], max(values)))
    return typical if low == high else f"{typical} ({low} to {high})"


def short(number: float) -> str:
    """Two significant digits below 100, none behind the point above."""
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    return f'  <text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>\n'
