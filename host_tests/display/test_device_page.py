"""The page about the device: its code is made once for each address, and it says what the balance policy does."""

from evencell.display.pages import device
from evencell.display.render import code
from evencell.display.render.canvas import TEXT, WARN


def test_qr_code_is_encoded_once_per_text():
    made = []

    def call(module: str, function: str, text: str):
        made.append(text)
        return really_call(module, function, text)

    really_call, code.call = code.call, call
    try:
        rows = [code.rows_of(text) for text in ("http://a/", "http://a/", "http://b/", "http://b/", "http://a/")]
    finally:
        code.call = really_call
    a, b = rows[0], rows[2]
    assert a != b and rows == [a, a, b, b, a]
    assert made == ["http://a/", "http://b/", "http://a/"]


class Thing:
    """Something with these attributes."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


def facts_of(language: str, states: list | None):
    """The lines of a device without a network."""
    words = {"policy": "policy", "on": "on", "off": "off", "wait": "waits", "none": "-", "line": "RS485", "ok": "ok"}
    words["free"] = "%d KB free"
    control = None if states is None else Thing(states=states)
    context = Thing(control=control, network=None, config={"display": {"language": language}})
    pack = Thing(diagnosis=Thing(verdict=0, name="ok"))
    for state in states or ():
        state.pack = pack
    view = Thing(context=context, pack=pack, words=lambda _section: words, heap_free=lambda: 98_304)
    view.network_heap = lambda: None
    return list(device._facts(Thing(view=view, pack=pack), ""))


def test_the_policy_has_a_line_with_its_reason_where_one_runs():
    state = Thing(is_on=False, reason="off: the pack is discharging", problem=None)
    assert ("policy off: the pack is discharging", TEXT) in facts_of("en", [state])
    assert ("policy off", TEXT) in facts_of("de", [state])
    state.is_on, state.problem = None, "the pack is read-only"
    assert ("policy waits", WARN) in facts_of("de", [state])
    assert not [text for text, _ in facts_of("en", None) if "policy" in text]
