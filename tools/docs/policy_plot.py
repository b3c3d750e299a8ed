"""Draws how far the cells of a pack differ under each balance policy: docs/images/policies.svg."""

from html import escape

_WIDTH, _HEIGHT = 760, 360  # of a panel
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 60, 110, 50  # its margins
_LABEL_HEIGHT = 17
_STEP = 1  # of the vertical axis, in percent
_DAYS = 5  # of the horizontal one
_LOOKS = {
    "off": ("#1b1f24", "2 3"),
    "always": ("#d1152f", ""),
    "top": ("#1763c6", ""),
    "rest": ("#1d8a3d", "8 3"),
    "off-ride": ("#b85c00", "6 3"),
    "storage": ("#7a44c0", "10 3 2 3"),
    "custom": ("#64707e", "4 4"),
}
_STYLE = """
    text { font-family: Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
    text { font-size: 14px; fill: #1b1f24; }
    .title { font-size: 18px; font-weight: bold; }
    .end { text-anchor: end; }
    .mid { text-anchor: middle; }
    .grid { stroke: #d8dde3; stroke-width: 1; }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  """


def drawing(results: dict, titles: dict[str, str]) -> str:
    """The SVG: a panel for each use. `results`: use → preset → result (tools/bench/month.py)."""
    height = _HEIGHT * len(results)
    panels = "".join(
        f'  <g transform="translate(0 {i * _HEIGHT})">\n{panel(titles[use], of_use)}  </g>\n'
        for i, (use, of_use) in enumerate(results.items())
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    title = '  <title id="title">Difference between the cells under each balance policy, over 30 days</title>\n'
    ground = f'  <rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
    return f'{head} role="img" aria-labelledby="title">\n{title}  <style>{_STYLE}</style>\n{ground}{panels}</svg>\n'


def panel(title: str, results: dict) -> str:
    """Axes, and a line for each preset with its name at the end."""
    lines = {preset: result.daily_spreads() for preset, result in results.items()}
    days = max(len(line) for line in lines.values())
    top = _STEP * -(-max(max(line) for line in lines.values()) // _STEP)

    def place(day: float, percent: float) -> tuple[float, float]:
        x = _LEFT + day / days * (_WIDTH - _LEFT - _RIGHT)
        return round(x, 1), round(_HEIGHT - _BOTTOM - percent / top * (_HEIGHT - _TOP - _BOTTOM), 1)

    parts = [text(_LEFT, 28, title, "title"), text(_LEFT, 48, "difference between the cells' charge, %")]
    for percent in range(0, int(top) + 1, _STEP):
        x, y = place(0, percent)
        parts.append(f'    <path class="grid" d="M{x} {y}H{place(days, percent)[0]}"/>\n')
        parts.append(text(x - 8, y + 5, str(percent), "end"))
    for day in range(0, days + 1, _DAYS):
        parts.append(text(*add(place(day, 0), 20), str(day), "mid"))
    parts.append(text(*add(place(days / 2, 0), 40), "days", "mid"))
    for preset, line in lines.items():
        colour, dash = _LOOKS[preset]
        points = "L".join("{} {}".format(*place(day + 0.5, percent)) for day, percent in enumerate(line))
        parts.append(f'    <path class="line" stroke="{colour}" stroke-dasharray="{dash}" d="M{points}"/>\n')
    ends = {preset: place(days - 0.5, line[-1])[1] for preset, line in lines.items()}
    for preset, y in spread_out(ends, _HEIGHT - _BOTTOM).items():
        colour = _LOOKS[preset][0]
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
