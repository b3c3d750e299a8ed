"""Sentences on a display: line breaks, names of alarms and faults. Loaded on demand."""

from evencell.display.view import (
    ALARM_BITS,
    CONFIG_TROUBLE,
    LINE_TROUBLE,
    LINK_TROUBLE,
    LOW_TROUBLE,
    SETTING_TROUBLE,
)
from evencell.pack.alarms import ALARMS, cells_of, names_of
from evencell.pack.low_level import RADIO_OFF

_UNITS = {"trigger_mv": "mV", "max_balance_ma": "mA"}  # of settings with a recommended value


def wrap(sheet, text: str, columns: int = 0) -> list[str]:
    """Break into lines of at most `columns` characters (0: as many as fit). Longer words are broken, an address only
    before its port."""
    columns = columns or (sheet.right - sheet.margin) // sheet.unit
    lines = [""]
    for word in text.split(" "):
        while len(word) > columns:
            cut = word.find(":", 1, columns + 1)
            cut = columns if cut < 0 else cut
            lines.append(word[:cut])
            word = word[cut:]
        if lines[-1] and len(lines[-1]) + 1 + len(word) > columns:
            lines.append(word)
        else:
            lines[-1] += " " + word if lines[-1] else word
    return [line for line in lines if line]


def troubles(sheet) -> list[str]:
    """Alarms, rules (`rule:NAME`), faults, and last settings (`set:NAME`), see `key_of`. A verdict replaces `link`."""
    bits = sheet.view.troubles(sheet.pack)
    names = names_of(bits & ALARM_BITS) + list(sheet.pack.rules)
    if bits & LOW_TROUBLE:
        names.append("radio_off" if sheet.pack.low_level >= RADIO_OFF else "low_pack")
    if bits & LINE_TROUBLE:
        names.append(sheet.pack.diagnosis.name)
    elif bits & LINK_TROUBLE:
        names.append("link")
    if bits & CONFIG_TROUBLE:
        names.append("config")
    if bits & SETTING_TROUBLE:
        names += ["set:" + setting for setting, _ in sheet.view.broken_settings(sheet.pack)]
    return names


def key_of(sheet, name: str) -> str:
    """The key of a trouble in the sections `names` and `remedies`: all own rules have one."""
    if name == "set:cell_count":
        return "model"  # an alarm has the other name
    if name[:4] == "set:":
        return name[4:]
    if name[:5] != "rule:":
        return name
    return name[5:] if name[5:] in sheet.view.words("remedies") else "rule"


def detail(sheet, name: str) -> str:
    """The cells of an alarm, an own rule's name, the share of lost answers, or a recommended value; empty if the name
    says all."""
    if key_of(sheet, name) == "rule":
        return name[5:]
    if name == "lost answers":
        return "%d %%" % sheet.pack.diagnosis.lost_percent
    for setting, value in sheet.view.broken_settings(sheet.pack):
        if name[4:] == setting and setting in _UNITS and value is not None:
            return "%d %s" % (value, _UNITS[setting])
    cells = cells_of(sheet.status, name) if name in ALARMS else ()
    return sheet.view.words("alarms")["cell"] % ", ".join([str(cell) for cell in cells]) if cells else ""


def title(sheet, name: str, columns: int = 0) -> str:
    """Name of an alarm or fault, with its detail if both fit into so many characters (0: into a line)."""
    text = sheet.view.words("names")[key_of(sheet, name)]
    if name[:4] == "set:":
        return text  # else the recommended value would look like the one that is too low
    longer = ("%s %s" % (text, detail(sheet, name))).strip()
    return longer if len(longer) <= (columns or (sheet.right - sheet.margin - 1) // sheet.unit) else text
