"""What counts as a time of day in a broker's message, on every interpreter."""

from evencell.clock.clock import Clock
from evencell.forward.mqtt.time_source import BrokerTime


class Context:
    """What BrokerTime wants to know; it keeps what is logged."""

    def __init__(self):
        self.clock = Clock()
        self.log = self
        self.config = {"mqtt": {"prefix": "evencell"}}
        self.infos, self.warnings = [], []
        self.info, self.warning = self.infos.append, self.warnings.append


def hearer():
    context = Context()
    return BrokerTime(context), context.clock, context


def test_time_in_seconds_is_accepted_with_or_without_fraction():
    times = ((b"1795403431", 0), (b"1795403431.5", 500), (b"1795403431.2567", 256))
    for payload, milliseconds in times:
        handler, clock, log = hearer()
        handler.on_message("evencell/time", payload, False)
        assert 0 <= clock.unix_ms() - 1795403431000 - milliseconds < 60000
        assert clock.source == "mqtt" and log.infos == ["time: UTC from evencell/time"]
        handler.on_message("evencell/time", payload, False)
        assert len(log.infos) == 1 and log.warnings == []


def test_malformed_time_is_refused():
    texts = (b"", b"now", b"-1795403431", b"1795403431.x", b".5", b"17954034310000000", b"1795403431,5", b"\xff")
    for payload in texts:
        handler, clock, log = hearer()
        handler.on_message("evencell/time", payload, False)
        assert clock.source != "mqtt" and len(log.warnings) == 1, payload


def test_retained_time_or_other_topic_is_ignored():
    handler, clock, log = hearer()
    handler.on_message("evencell/time", b"1795403431", True)
    handler.on_message("evencell/aa61002f3d49/time", b"1795403431", False)
    assert clock.source != "mqtt" and log.warnings == []


def test_better_time_source_has_priority():
    handler, clock, _ = hearer()
    assert clock.suggest(1795403431000, "sntp", 3)
    handler.on_message("evencell/time", b"1795407031", False)
    assert clock.source == "sntp" and clock.unix_s() < 1795403500
