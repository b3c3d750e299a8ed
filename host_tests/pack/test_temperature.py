from evencell.pack.temperature import TemperatureScale


def scale_after(*raws: int) -> TemperatureScale:
    scale = TemperatureScale("auto")
    for raw in raws:
        scale.observe(raw)
    return scale


def test_configured_scale_is_used():
    assert TemperatureScale("0.1").temperature_dc(163) == 163
    assert TemperatureScale("1").temperature_dc(22) == 220


def test_temperature_is_unknown_until_the_scale_is_settled():
    assert scale_after(22, 22, 22, 22).temperature_dc(22) is None
    assert scale_after(163, 163).temperature_dc(163) is None


def test_three_readings_beyond_the_sensor_settle_the_scale():
    scale = scale_after(163, 164, 163)
    assert scale.temperature_dc(163) == 163
    assert scale.temperature_dc(22) == 22


def test_readings_that_settle_the_scale_must_be_in_a_row():
    assert scale_after(163, 163, 22, 163, 163).temperature_dc(163) is None


def test_cold_readings_settle_the_scale_too():
    assert scale_after(-53, -53, -53).temperature_dc(-53) == -53


def test_impossible_readings_do_not_settle_the_scale():
    assert scale_after(0x7FFF, 0x7FFF, 0x7FFF).temperature_dc(163) is None
    assert scale_after(-500, -500, -500).temperature_dc(163) is None


def test_missing_probe_has_no_temperature():
    assert TemperatureScale("0.1").temperature_dc(0x7FFF) is None
    assert TemperatureScale("1").temperature_dc(163) is None


class Kept:
    """A key-value store and a log that note what they get."""

    def __init__(self):
        self.entries = []

    def put(self, key, value):
        self.entries.append((key, value))

    def info(self, text):
        self.entries.append(text)


def test_settled_scale_is_logged_and_kept_once():
    kept = Kept()
    scale = TemperatureScale("auto", kept, kept, "pack1")
    for _ in range(10):
        scale.observe(163)
    text = "pack1: the temperature can only be in tenths of a degree"
    assert kept.entries == [text, ("pack1.temperature_scale", "0.1")]


def test_with_an_unknown_scale_only_a_temperature_outside_on_both_is_outside():
    """80 is too hot in whole degrees and harmless in tenths; -25 is too cold in whole degrees alone."""
    for raw, outside in (
        (22, ()),
        (80, ("1",)),
        (116, ("1",)),
        (125, ("1",)),
        (126, ()),
        (163, ()),
        (701, ("0.1", "auto")),
        (1250, ("0.1", "auto")),
        (1251, ()),
        (0x7FFF, ()),
        (-2, ()),
        (-25, ("1",)),
        (-40, ("1",)),
        (-53, ()),
        (-201, ("0.1", "auto")),
        (-400, ("0.1", "auto")),
        (-401, ()),
        (-0x8000, ()),
    ):
        for setting in ("auto", "1", "0.1"):
            assert TemperatureScale(setting).is_outside(raw, -200, 700) == (setting in outside), (raw, setting)


def test_scale_has_the_published_name():
    assert (TemperatureScale("1").name, TemperatureScale("0.1").name) == ("1", "0.1")
    assert scale_after(163, 163).name == "unknown"
    assert scale_after(163, 163, 163).name == "0.1"
