"""Draws how far the cells of a pack differ under each balance policy, day after day: docs/images/policies.svg."""

from html import escape

_WIDTH, _HEIGHT = 760, 360  # of a panel
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 60, 110, 50  # its margins
_LABEL_HEIGHT = 17
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200)  # of an axis
_MAX_STEPS = 8
_DAYS = 5  # of the horizontal one
LOOKS = {
    "off": ("#1b1f24", "2 3"),
    "always": ("#d1152f", ""),
    "top": ("#1763c6", ""),
    "rest": ("#1d8a3d", "8 3"),
    "off-ride": ("#b85c00", "6 3"),
    "storage": ("#7a44c0", "10 3 2 3"),
    "storage, W": ("#0f8796", ""),
    "custom": ("#64707e", "4 4"),
}
_STYLE = """
    text { font-family: Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
    text { font-size: 14px; fill: #1b1f24; }
    .title { font-size: 18px; font-weight: bold; }
    .what { font-weight: bold; }
    .end { text-anchor: end; }
    .mid { text-anchor: middle; }
    .grid { stroke: #d8dde3; stroke-width: 1; }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  """


def drawing(panels: list[tuple[str, str, dict]]) -> str:
    """The SVG. `panels`: title, what it shows, and a value of each day by preset."""
    drawn = "".join(moved(0, i * _HEIGHT, panel(*each)) for i, each in enumerate(panels))
    return sheet("Cells of a pack in 30 days under each balance policy", _WIDTH, _HEIGHT * len(panels), drawn)


def sheet(title: str, width: int, height: int, drawn: str) -> str:
    """An SVG with a white ground: readable on a dark page as well."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    title = f'  <title id="title">{escape(title)}</title>\n'
    ground = f'  <rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    return f'{head} role="img" aria-labelledby="title">\n{title}  <style>{_STYLE}</style>\n{ground}{drawn}</svg>\n'


def moved(x: int, y: int, drawn: str) -> str:
    """The same elsewhere."""
    return f'  <g transform="translate({x} {y})">\n{drawn}  </g>\n'


def axis(highest: float, max_steps: int) -> tuple[int, int]:
    """Step and end of an axis from 0 to the highest value or beyond it."""
    step = next((step for step in _STEPS if highest <= step * max_steps), _STEPS[-1])
    return step, step * max(1, int(-(-highest // step)))


def panel(title: str, shown: str, lines: dict[str, list[float]]) -> str:
    """Axes, and a line for each preset with its name at the end."""
    days = max(len(line) for line in lines.values())
    highest = max(max(line) for line in lines.values())
    step, top = axis(highest, _MAX_STEPS)

    def place(day: float, value: float) -> tuple[float, float]:
        x = _LEFT + day / days * (_WIDTH - _LEFT - _RIGHT)
        return round(x, 1), round(_HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM), 1)

    parts = [text(_LEFT, 28, title, "title"), text(_LEFT, 48, shown)]
    for value in range(0, top + 1, step):
        x, y = place(0, value)
        parts.append(f'    <path class="grid" d="M{x} {y}H{place(days, value)[0]}"/>\n')
        parts.append(text(x - 8, y + 5, str(value), "end"))
    for day in range(0, days + 1, _DAYS):
        parts.append(text(*add(place(day, 0), 20), str(day), "mid"))
    parts.append(text(*add(place(days / 2, 0), 40), "days", "mid"))
    for preset, line in lines.items():
        colour, dash = LOOKS[preset]
        points = "L".join("{} {}".format(*place(day + 0.5, value)) for day, value in enumerate(line))
        parts.append(f'    <path class="line" stroke="{colour}" stroke-dasharray="{dash}" d="M{points}"/>\n')
    ends = {preset: place(days - 0.5, line[-1])[1] for preset, line in lines.items()}
    for preset, y in spread_out(ends, _HEIGHT - _BOTTOM).items():
        colour = LOOKS[preset][0]
        parts.append(f'    <text x="{place(days, 0)[0] + 8}" y="{y + 5}" style="fill: {colour}">{preset}</text>\n')
    return "".join(parts)


def spread_out(ends: dict[str, float], lowest: float) -> dict[str, float]:
    """Places of labels beside the ends of their lines, none over another; from the lowest line upwards."""
    places, limit = {}, lowest
    for preset, y in sorted(ends.items(), key=lambda item: -item[1]):
        places[preset] = min(y, limit)
        limit = places[preset] - _LABEL_HEIGHT
    return places


def add(place: tuple[float, float], down: float) -> tuple[float, float]:
    return place[0], place[1] + down


def text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'    <text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>\n'
