from evencell.pack.pack import Pack
from evencell.pack.settings import (
    CommandError,
    check_range,
    check_switch_on,
    parse_value,
    value_in,
    value_text,
    warnings,
)
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from evencell.protocol.jk_settings import MODELS, SETTINGS, setting_range
from host_tests.fakes import FakeClock
from host_tests.portable import frame_of, raises

MODEL = "jk_b2a4s"
FRESH_MS = 120


def status_of(**bytes_at):
    """The reading `4s-idle` (4 LFP cells, all well) with some bytes changed: `at_12=2`."""
    frame = bytearray(frame_of("4s-idle"))
    for key, value in bytes_at.items():
        frame[int(key[3:])] = value
    pack = Pack("pack1", MODEL, TemperatureScale("0.1"))
    decode_status(frame, 0, pack.candidate)
    pack.accept_unchecked(FakeClock())
    return pack.accepted


def cell_at(voltage_mv: int):
    """The same with cell 1 at this voltage."""
    return status_of(at_23=voltage_mv >> 8, at_24=voltage_mv & 0xFF)


def refusal(function, *arguments) -> str:
    """The sentence of the CommandError that it raises, or an empty text."""
    try:
        function(*arguments)
    except CommandError as error:
        return str(error)
    return ""


def switching_on(status, age_ms: int | None = FRESH_MS, chemistry: str = "lfp") -> str:
    return refusal(check_switch_on, "balancing_enabled", 1, status, age_ms, chemistry)


def test_values_are_parsed_from_every_usual_notation():
    for setting in ("cell_count", "trigger_mv", "max_balance_ma"):
        for given in ("10", " 10 ", "10.0", 10, 10.0):
            assert parse_value(setting, given) == 10
    assert (parse_value("balancing_enabled", "ON"), parse_value("balancing_enabled", False)) == (1, 0)
    for text, value in (("on", 1), ("off", 0), ("true", 1), ("false", 0), ("1", 1), ("0", 0)):
        assert parse_value("balancing_enabled", text) == value


def test_invalid_value_is_refused_with_a_sentence():
    for text in ("", "x", "-5", "+5", "5.5", "5.", ".0", "1e3", "0x10", "123456", "٣", "on", True):
        assert refusal(parse_value, "trigger_mv", text) == ("trigger_mv is a whole number of at most 5 digits.")
    for text in ("", "2", "On!", "yes"):
        assert refusal(parse_value, "balancing_enabled", text) == "balancing_enabled is on or off."
    assert "there are balancing_enabled, cell_count" in refusal(parse_value, "voltage", 5)


def test_value_text_can_be_parsed_again():
    assert value_text("balancing_enabled", 1) == "on"
    assert value_text("balancing_enabled", 0) == "off"
    assert value_text("trigger_mv", 10) == "10"


def test_each_setting_is_found_in_a_reading():
    status = status_of(at_17=0, at_18=7, at_19=1, at_20=0xF4, at_21=0, at_22=5)
    found = [
        value_in(setting, status) for setting in ("trigger_mv", "max_balance_ma", "balancing_enabled", "cell_count")
    ]
    assert found == [7, 500, 0, 5]


def test_range_of_every_model_is_enforced_at_both_ends():
    for model in MODELS:
        for setting in SETTINGS:
            lowest, highest = setting_range(model, setting)
            for value in (lowest, highest):
                assert refusal(check_range, model, setting, value) == ""
            for value in (lowest - 1, highest + 1):
                assert str(highest) in refusal(check_range, model, setting, value)


def test_value_out_of_range_is_refused_with_the_range():
    assert (
        refusal(check_range, MODEL, "max_balance_ma", 299)
        == "A jk_b2a4s does not take max_balance_ma 299: it takes 300 to 2000."
    )
    assert refusal(check_range, MODEL, "cell_count", 5) == "A jk_b2a4s does not take cell_count 5: it takes 4 only."
    raises(KeyError, lambda: check_range("jk_b9", "trigger_mv", 5))
    raises(KeyError, lambda: check_range(MODEL, "password", 5))


def test_healthy_pack_may_be_switched_on():
    assert switching_on(status_of()) == ""
    assert switching_on(status_of(at_12=1)) == ""


def test_no_switching_on_with_old_data():
    assert switching_on(status_of(), 10_000) == ""
    for age_ms in (10_001, None):
        assert "older than 10 s" in switching_on(status_of(), age_ms)


def test_no_switching_on_with_another_cell_count():
    assert "3 cells are detected and 4 configured" in switching_on(status_of(at_8=3))


def test_no_switching_on_with_a_wire_alarm():
    assert "resistance" in switching_on(status_of(at_12=2))


def test_no_switching_on_beyond_the_limits_of_the_cells():
    for chemistry, lowest_mv, highest_mv in (("lfp", 2500, 3650), ("nmc", 3000, 4200), ("lto", 1500, 2800)):
        others = status_of()
        for cell in range(4):
            others.cells_mv[cell] = lowest_mv
        assert switching_on(others, chemistry=chemistry) == ""
        for voltage_mv, is_refused in (
            (lowest_mv - 1, 1),
            (lowest_mv, 0),
            (highest_mv, 0),
            (highest_mv + 1, 1),
            (0, 1),
        ):
            others.cells_mv[2] = voltage_mv
            assert bool(switching_on(others, chemistry=chemistry)) == bool(is_refused), (chemistry, voltage_mv)
    assert switching_on(cell_at(3700)) == (
        "Balancing should stay off: cell 1 has 3700 mV, and the limits of lfp cells are 2500 to 3650 mV."
    )


def test_no_switching_on_where_the_limits_are_not_known():
    assert "custom" in switching_on(status_of(), chemistry="custom")


def test_only_switching_on_is_forbidden():
    worst = status_of(at_8=3, at_12=2)
    for setting, value in (("balancing_enabled", 0), ("trigger_mv", 10), ("cell_count", 4), ("max_balance_ma", 300)):
        assert refusal(check_switch_on, setting, value, worst, None, "lfp") == ""


def test_trigger_below_accuracy_gives_a_warning():
    assert warnings(MODEL, "trigger_mv", 5, status_of(), 20) == []
    (sentence,) = warnings(MODEL, "trigger_mv", 4, status_of(), 20)
    assert "accuracy" in sentence


def test_current_above_a_tenth_of_the_capacity_gives_a_warning():
    assert warnings(MODEL, "max_balance_ma", 1000, status_of(), 10) == []
    (sentence,) = warnings(MODEL, "max_balance_ma", 1001, status_of(), 10)
    assert sentence == "max_balance_ma 1001 is above 0.1 C of 10 Ah, which is 1000 mA."


def test_below_3_ah_even_the_smallest_current_is_too_much():
    assert warnings(MODEL, "max_balance_ma", 300, status_of(), 3) == []
    (sentence,) = warnings(MODEL, "max_balance_ma", 300, status_of(), 2.9)
    assert sentence == "Even the smallest current of a jk_b2a4s, 300 mA, is above 0.1 C of 2.9 Ah."


def test_switching_on_with_too_much_current_gives_a_warning():
    assert warnings(MODEL, "balancing_enabled", 1, status_of(), 20) == []
    assert len(warnings(MODEL, "balancing_enabled", 1, status_of(), 19)) == 1
    assert warnings(MODEL, "balancing_enabled", 0, status_of(), 2) == []


def test_cell_count_other_than_detected_gives_a_warning():
    assert warnings("jk_b2a24s", "cell_count", 4, status_of(), 20) == []
    assert warnings("jk_b2a24s", "cell_count", 5, status_of(), 20) == ["cell_count 5: the balancer detects 4 cells."]
    sentences = warnings("jk_b2a24s", "cell_count", 4, status_of(at_8=3), 20)
    assert sentences == ["cell_count 4: the balancer detects 3 cells."]


def test_impossible_model_gives_a_warning():
    (sentence,) = warnings(MODEL, "trigger_mv", 10, status_of(at_22=17), 20)
    assert "17 cells" in sentence
    assert warnings("jk_b2a24s", "trigger_mv", 10, status_of(at_22=17), 20) == []
