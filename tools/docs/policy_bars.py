"""Draws one number for each balance policy as a bar: docs/images/policies-….svg."""

from tools.docs.policy_plot import LOOKS, axis, moved, sheet, text

_WIDTH, _COLUMNS = 380, 2  # of a panel, and how many are beside each other
_LEFT, _RIGHT = 92, 50  # its margins: names of the presets, and the number behind the longest bar
_TOP, _BOTTOM, _HEAD = 30, 56, 40  # of a panel, and the title of the sheet
_PITCH, _THICKNESS = 24, 15  # of the bars
_MAX_STEPS = 5


def sheet_of_bars(title: str, panels: list[tuple[str, str, dict]]) -> str:
    """The SVG. `panels`: what each shows, its unit, and a number by preset (None: it never happened)."""
    height = _TOP + _BOTTOM + _PITCH * max(len(values) for _, _, values in panels)
    drawn = "".join(
        moved(i % _COLUMNS * _WIDTH, _HEAD + i // _COLUMNS * height, bars(*each)) for i, each in enumerate(panels)
    )
    rows = -(-len(panels) // _COLUMNS)
    return sheet(title, _WIDTH * _COLUMNS, _HEAD + rows * height, text(16, 28, title, "title") + drawn)


def bars(what: str, unit: str, values: dict[str, float | None]) -> str:
    """A panel: an axis from 0, and a bar for each preset with its number behind it."""
    step, end = axis(max(value or 0 for value in values.values()), _MAX_STEPS)
    low = _TOP + _PITCH * len(values)

    def x_of(value: float) -> float:
        return round(_LEFT + value / end * (_WIDTH - _LEFT - _RIGHT), 1)

    parts = [text(16, 18, what, "what")]
    for value in range(0, end + 1, step):
        parts.append(f'    <path class="grid" d="M{x_of(value)} {_TOP}V{low}"/>\n')
        parts.append(text(x_of(value), low + 17, str(value), "mid"))
    parts.append(text(x_of(end / 2), low + 36, unit, "mid"))
    for i, (preset, value) in enumerate(values.items()):
        colour, y = LOOKS[preset][0], _TOP + i * _PITCH + (_PITCH - _THICKNESS) / 2
        size = f'width="{round(x_of(value or 0) - _LEFT, 1)}" height="{_THICKNESS}"'
        parts.append(text(_LEFT - 8, y + 12, preset, "end"))
        parts.append(f'    <rect x="{_LEFT}" y="{y}" {size} fill="{colour}"/>\n')
        parts.append(text(x_of(value or 0) + 6, y + 12, shown(value)))
    return "".join(parts)


def shown(value: float | None) -> str:
    """The number as written behind its bar: a zero only if it is one."""
    if value is None:
        return "never"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
