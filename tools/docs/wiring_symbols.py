"""What the drawings of wiring are made of: style, symbols, and the sheet. In the style of docs/images/wiring.svg.

Places are in pixels of the sheet, from its upper left corner; each function returns a line of SVG.
"""

from html import escape

WIDTH = 1240
_STYLE = """
    text { font-family: Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
    text { font-size: 15px; fill: #1b1f24; }
    .h1 { font-size: 24px; font-weight: bold; }
    .h2 { font-size: 16px; font-weight: bold; }
    .s { font-size: 13px; }
    .warn { fill: #a30f2d; font-weight: bold; }
    .mid { text-anchor: middle; }
    .end { text-anchor: end; }
    .bg { fill: #ffffff; stroke: #c9ced6; stroke-width: 2; }
    .box { fill: #f3f5f8; stroke: #39424e; stroke-width: 2; }
    .part { fill: #ffffff; stroke: #1b1f24; stroke-width: 2; }
    .line { fill: none; stroke: #1b1f24; stroke-width: 2; }
    .pin { fill: #ffffff; stroke: #39424e; stroke-width: 2; }
    .dash { fill: none; stroke: #6b7480; stroke-width: 2; stroke-dasharray: 7 5; }
    .note { fill: #fff8e1; stroke: #d0b25a; stroke-width: 1; }
    .wire { fill: none; stroke-width: 3; stroke-linejoin: round; }
    .vp { stroke: #d1152f; }
    .vm { stroke: #111111; }
    .a { stroke: #1763c6; }
    .b { stroke: #1d8a3d; }
    .v5 { stroke: #b85c00; }
    .v3 { stroke: #7a44c0; }
    .sig { stroke: #64707e; }
    .dvp { fill: #d1152f; }
    .dvm { fill: #111111; }
    .dsig { fill: #64707e; }
  """
_SYMBOLS = """
    <rect id="pin" class="pin" x="-6" y="-6" width="12" height="12"/>
    <rect id="resistor" class="part" x="-8" y="-18" width="16" height="36"/>
    <g id="fuse"><rect class="part" x="-28" y="-10" width="56" height="20"/><path class="line" d="M-28 0H28"/></g>
    <g id="tvs"><path class="part" d="M-15 14H15L0 -12Z"/><path class="line" d="M-22 -5L-16 -12H16L22 -19"/></g>
  """


def sheet(title: str, height: int, body: list[str]) -> str:
    """A whole SVG: its frame, its title, and what is on it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    frame = (
        f'  <title id="title">{title}</title>\n  <style>{_STYLE}</style>\n  <defs>{_SYMBOLS}</defs>\n'
        f'  <rect class="bg" x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="10"/>\n'
    )
    lines = "".join([frame, text(30, 42, title, "h1"), *body])
    return f'{head} role="img" aria-labelledby="title">\n{lines}</svg>\n'


def text(x: int, y: int, words: str, kind: str = "") -> str:
    """Words that begin at `x`; nothing for none. `kind`: classes of the style, as `mid` or `end` of the line."""
    return f'  <text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>\n' if words else ""


def wire(kind: str, path: str) -> str:
    """`kind`: what it carries."""
    return f'  <path class="wire {kind}" d="{path}"/>\n'


def box(x: int, y: int, width: int, height: int) -> str:
    """A device."""
    return f'  <rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>\n'


def dot(x: int, y: int, kind: str) -> str:
    """Where wires of this kind meet."""
    return f'  <circle class="{kind}" cx="{x}" cy="{y}" r="5"/>\n'


def pin(x: int, y: int) -> str:
    """A terminal."""
    return use("pin", x, y)


def use(name: str, x: int, y: int) -> str:
    """One of the symbols: `fuse`, `tvs`, `resistor`."""
    return f'  <use href="#{name}" x="{x}" y="{y}"/>\n'
