"""What counts as a time of day in a broker's message, on every interpreter."""

from evencell.forward.mqtt_time import TimeOfBroker
from evencell.system.clock import Clock


class Context:
    """What TimeOfBroker wants to know; it keeps what is logged."""

    def __init__(self):
        self.clock = Clock()
        self.log = self
        self.config = {"mqtt": {"prefix": "evencell"}}
        self.infos, self.warnings = [], []
        self.info, self.warning = self.infos.append, self.warnings.append


def hearer():
    context = Context()
    return TimeOfBroker(context), context.clock, context


def test_a_time_is_taken_as_seconds_with_or_without_a_fraction():
    times = ((b"1795403431", 0), (b"1795403431.5", 500), (b"1795403431.2567", 256))
    for payload, milliseconds in times:
        speaker, clock, log = hearer()
        speaker.hear("evencell/time", payload, False)
        assert 0 <= clock.unix_ms() - 1795403431000 - milliseconds < 60000
        assert clock.source == "mqtt" and log.infos == ["time: UTC from evencell/time"]
        speaker.hear("evencell/time", payload, False)
        assert len(log.infos) == 1 and log.warnings == []


def test_what_is_no_time_is_refused():
    texts = (b"", b"now", b"-1795403431", b"1795403431.x", b".5", b"17954034310000000", b"1795403431,5", b"\xff")
    for payload in texts:
        speaker, clock, log = hearer()
        speaker.hear("evencell/time", payload, False)
        assert clock.source != "mqtt" and len(log.warnings) == 1, payload


def test_an_old_time_or_one_on_another_topic_is_ignored():
    speaker, clock, log = hearer()
    speaker.hear("evencell/time", b"1795403431", True)
    speaker.hear("evencell/aa61002f3d49/time", b"1795403431", False)
    assert clock.source != "mqtt" and log.warnings == []


def test_a_better_source_goes_before():
    speaker, clock, _ = hearer()
    assert clock.suggest(1795403431000, "sntp", 3)
    speaker.hear("evencell/time", b"1795407031", False)
    assert clock.source == "sntp" and clock.unix_s() < 1795403500
