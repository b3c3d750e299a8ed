"""`/metrics`: link, age, diagnosis and counters. Loaded on demand."""

from evencell.forward.http.metrics_text import choices, sample, thousandth
from evencell.forward.status_json import LINE_COUNTERS
from evencell.pack.acceptance import REASONS
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
    yield from _diagnoses(text, packs)


def _times(text, packs: list):
    yield text.head("reading_age_seconds", "gauge", "Age of the reading", "seconds")
    for status in packs:
        if status["age_ms"] is not None:
            yield sample("reading_age_seconds", (("pack", status["pack"]),), thousandth(status["age_ms"]))
    yield text.head("reading_time_seconds", "gauge", "UNIX time of the reading", "seconds")
    for status in packs:
        if status["time"] is not None:
            yield sample("reading_time_seconds", (("pack", status["pack"]),), status["time"])


def _diagnoses(text, packs: list):
    """Verdict and counters. Packs on one bus share its counters."""
    yield text.head("diagnosis_info", "info", "Verdict on the line")
    for status in packs:
        verdict = status["diagnosis"]["verdict"]
        if verdict:
            yield sample("diagnosis_info", (("pack", status["pack"]), ("verdict", verdict)), 1)
    yield text.head("balance_raw", "gauge", "State byte as sent")
    for status in packs:
        if status["diagnosis"]["balance_raw"] is not None:
            yield sample("balance_raw", (("pack", status["pack"]),), status["diagnosis"]["balance_raw"])
    for counter in LINE_COUNTERS:
        name = "line_%s_total" % counter
        unit = "bytes" if counter.endswith("_bytes") else ""
        yield text.head(name, "counter", "Counter %s of the pack's line" % counter, unit)
        for status in packs:
            yield sample(name, (("pack", status["pack"]),), status["diagnosis"][counter])
    yield text.head("doubted_total", "counter", "Implausible answers that were not published")
    for status in packs:
        for reason in REASONS[1:]:
            labels = (("pack", status["pack"]), ("reason", reason))
            yield sample("doubted_total", labels, status["diagnosis"].get("doubted_" + reason, 0))
