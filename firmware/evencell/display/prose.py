"""Sentences on a display: broken into lines, and what there is to say. In memory with the pages that say much."""

from evencell.display.view import ALARM_BITS, CONFIG_TROUBLE, LINE_TROUBLE, LINK_TROUBLE
from evencell.pack.alarms import names_of


def wrap(sheet, text: str, columns: int = 0) -> list[str]:
    """Lines of at most so many characters (0: as many as have room). A longer word is broken, if need be."""
    columns = columns or (sheet.right - sheet.margin) // sheet.unit
    lines = [""]
    for word in text.split(" "):
        while len(word) > columns:
            cut = word.rfind(".", 0, columns) + 1 or columns  # an address
            lines.append(word[:cut])
            word = word[cut:]
        if lines[-1] and len(lines[-1]) + 1 + len(word) > columns:
            lines.append(word)
        else:
            lines[-1] += " " + word if lines[-1] else word
    return [line for line in lines if line]


def troubles(sheet) -> list[str]:
    """What is wrong, as keys of the sections `names` and `remedies`. A verdict says why there is no answer."""
    bits = sheet.view.troubles(sheet.pack)
    names = names_of(bits & ALARM_BITS)
    if bits & LINE_TROUBLE:
        names.append(sheet.pack.diagnosis.name)
    elif bits & LINK_TROUBLE:
        names.append("link")
    if bits & CONFIG_TROUBLE:
        names.append("config")
    return names
