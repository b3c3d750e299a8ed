"""`/metrics`: diagnosis and counters. Loaded on demand."""

from evencell.forward.http.metrics_text import sample
from evencell.forward.status_json import LINE_COUNTERS
from evencell.pack.acceptance import REASONS


def families(text, packs: list):
    """Generate verdict and counters. `text`: metrics_text.Text. Packs on one bus share its counters."""
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
