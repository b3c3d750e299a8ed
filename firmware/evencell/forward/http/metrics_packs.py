"""`/metrics`: link and age. Loaded on demand."""

from evencell.forward.http.metrics_text import choices, sample, thousandth
from evencell.pack.pack import LINKS


def families(text, packs: list):
    """Generate the families beside the fields. `text`: metrics_text.Text."""
    yield text.head("pack_info", "info", "Configured model")
    for status in packs:
        yield sample("pack_info", (("pack", status["pack"]), ("model", status["model"])), 1)
    yield text.head("link", "gauge", "Link to the balancer")
    for status in packs:
        if status["link"]:
            yield from choices("link", (("pack", status["pack"]),), ("state", LINKS), status["link"])
    yield text.head("readings_total", "counter", "Readings accepted since the start")
    for status in packs:
        yield sample("readings_total", (("pack", status["pack"]),), status["sequence"])
    yield from _times(text, packs)


def _times(text, packs: list):
    yield text.head("reading_age_seconds", "gauge", "Age of the reading", "seconds")
    for status in packs:
        if status["age_ms"] is not None:
            yield sample("reading_age_seconds", (("pack", status["pack"]),), thousandth(status["age_ms"]))
    yield text.head("reading_time_seconds", "gauge", "UNIX time of the reading", "seconds")
    for status in packs:
        if status["time"] is not None:
            yield sample("reading_time_seconds", (("pack", status["pack"]),), status["time"])
