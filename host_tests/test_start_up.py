"""What happens once, at the start."""

from evencell.start_up import drop_sections
from evencell.system import config


def test_sections_of_parts_that_stay_off_are_forgotten():
    loaded, _faults = config.load("none.json", {"profile": "display"})
    drop_sections(loaded, ["evencell.link.part", "evencell.display.part"])
    assert {"mqtt", "influx", "http", "wifi", "journal", "history"} & set(loaded) == set()
    assert {"display", "time", "packs", "name", "log"} <= set(loaded)
