"""What happens once, at the start."""

from evencell.config import load as config
from evencell.startup import drop_sections


def test_sections_of_parts_that_stay_off_are_discarded():
    loaded, _, _ = config.load("none.json", {"profile": "display"})
    drop_sections(loaded, ["evencell.link.part", "evencell.display.part"])
    assert {"mqtt", "influx", "http", "wifi", "journal", "history"} & set(loaded) == set()
    assert {"display", "time", "packs", "name", "log"} <= set(loaded)
