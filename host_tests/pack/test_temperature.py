from evencell.pack.temperature import TemperatureScale


def scale_after(*raws: int) -> TemperatureScale:
    scale = TemperatureScale("auto")
    for raw in raws:
        scale.observe(raw)
    return scale


def test_a_configured_scale_is_used():
    assert TemperatureScale("0.1").temperature_dc(163) == 163
    assert TemperatureScale("1").temperature_dc(22) == 220


def test_unknown_until_settled():
    assert scale_after(22, 22, 22, 22).temperature_dc(22) is None
    assert scale_after(163, 163).temperature_dc(163) is None


def test_three_in_a_row_beyond_the_sensor_settle_it():
    scale = scale_after(163, 164, 163)
    assert scale.temperature_dc(163) == 163
    assert scale.temperature_dc(22) == 22


def test_they_must_be_in_a_row():
    assert scale_after(163, 163, 22, 163, 163).temperature_dc(163) is None


def test_cold_settles_it_too():
    assert scale_after(-53, -53, -53).temperature_dc(-53) == -53


def test_what_no_probe_can_send_settles_nothing():
    assert scale_after(0x7FFF, 0x7FFF, 0x7FFF).temperature_dc(163) is None
    assert scale_after(-500, -500, -500).temperature_dc(163) is None


def test_no_probe_no_temperature():
    assert TemperatureScale("0.1").temperature_dc(0x7FFF) is None
    assert TemperatureScale("1").temperature_dc(163) is None


def test_settling_is_told_once():
    told = []
    scale = TemperatureScale("auto", told.append)
    for _ in range(10):
        scale.observe(163)
    assert told == ["0.1"]


def test_alarms_use_the_worse_scale_until_it_is_known():
    """80 is too hot in whole degrees, and harmless in tenths (safety rule: the worse of the two)."""
    assert TemperatureScale("auto").may_be_outside(80, -200, 700)
    assert not TemperatureScale("0.1").may_be_outside(80, -200, 700)
    assert TemperatureScale("1").may_be_outside(80, -200, 700)
    assert not TemperatureScale("auto").may_be_outside(22, -200, 700)
    assert not TemperatureScale("auto").may_be_outside(0x7FFF, -200, 700)
