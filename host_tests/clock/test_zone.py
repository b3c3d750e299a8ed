"""Local time by rule: known changes, the forms of a rule, and what is no rule."""

from evencell.clock.zone import is_rule, local_offset, offset_at

HOUR_S = 3_600
DAY_S = 86_400
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
SYDNEY = "AEST-10AEDT,M10.1.0,M4.1.0/3"

# Rule, and for some UNIX seconds how many minutes local time is ahead. The times are from `zdump -v`.
KNOWN = (
    (BERLIN, (1_774_745_999, 60), (1_774_746_000, 120), (1_792_889_999, 120), (1_792_890_000, 60)),
    ("EST5EDT,M3.2.0,M11.1.0", (1_772_953_199, -300), (1_772_953_200, -240), (1_793_512_800, -300)),
    (SYDNEY, (1_767_225_600, 660), (1_775_318_399, 660), (1_775_318_400, 600), (1_791_043_200, 660)),
    ("<+0530>-5:30", (0, 330), (1_800_000_000, 330)),
    ("<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", (1_767_225_600, 825), (1_780_000_000, 765)),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", (1_767_225_600, 0), (1_780_000_000, 60)),  # Dublin: summer is its standard time
    ("EST5EDT,0/0,J365/25", (1_767_225_600, -240), (1_780_000_000, -240), (1_798_779_600, -240)),  # all year
    ("UTC0", (1_767_225_600, 0)),
)  # fmt: skip


def test_known_changes_are_to_the_second():
    for rule, *moments in KNOWN:
        for unix_s, minutes in moments:
            assert offset_at(rule, unix_s)[0] == 60 * minutes, (rule, unix_s)


def test_an_offset_counts_until_the_next_change_and_a_day_at_most():
    change_s = 1_774_746_000
    assert offset_at(BERLIN, change_s - 1) == (HOUR_S, change_s)
    assert offset_at(BERLIN, change_s - HOUR_S) == (HOUR_S, change_s)
    assert offset_at(BERLIN, change_s) == (2 * HOUR_S, change_s + DAY_S)
    assert offset_at("UTC0", 100) == (0, 100 + DAY_S)


def test_a_day_of_the_year_counts_29_february_only_without_the_j():
    for rule, day_2027, day_2028 in (("AAA0BBB,J60/0,J300", 60, 61), ("AAA0BBB,59/0,J300", 60, 60)):
        for new_year_s, day in ((1_798_761_600, day_2027), (1_830_297_600, day_2028)):
            change_s = new_year_s + (day - 1) * DAY_S
            assert offset_at(rule, change_s - 1)[0] == 0, rule
            assert offset_at(rule, change_s)[0] == HOUR_S, rule


def test_the_fifth_week_is_the_last_one():
    """The last Sunday of February 2032 is the 29th, of February 2027 the 28th."""
    for change_s in (1_961_625_600, 1_803_772_800):
        assert offset_at("AAA0BBB,M2.5.0/0,M10.1.0", change_s - 1)[0] == 0
        assert offset_at("AAA0BBB,M2.5.0/0,M10.1.0", change_s)[0] == HOUR_S


def test_a_change_may_be_on_the_day_before_or_days_later():
    """Nuuk changes on a Saturday evening, Jerusalem on a Friday that follows a Thursday."""
    assert offset_at("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_774_745_999)[0] == -2 * HOUR_S
    assert offset_at("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_774_746_000)[0] == -HOUR_S
    assert offset_at("IST-2IDT,M3.4.4/26,M10.5.0", 1_774_569_599)[0] == 2 * HOUR_S
    assert offset_at("IST-2IDT,M3.4.4/26,M10.5.0", 1_774_569_600)[0] == 3 * HOUR_S


def test_summer_time_may_differ_by_another_amount_than_an_hour():
    assert offset_at("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1_767_225_600)[0] == 11 * HOUR_S


def test_rules_are_distinguished_from_other_texts():
    for rule in (BERLIN, SYDNEY, "UTC0", "<-03>3", "AAA+24BBB-24:59:59,J1/-167,365/167:59:59", "gmt0"):
        assert is_rule(rule), rule
    for text in (
        "", "CET", "Europe/Berlin", "CET-1CEST", "CET-1CEST,M3.5.0", "CE-1", "CET-25", "CET-1:60", "<+01-1",
        "<1>-1", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,J0,J300", "CET-1CEST,366,J300", "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3 ", "CET-1CEST,M3.5.0,M10.5.0,M1.1.1", "CET-1:00:00:00",
        "C\u00c4T-1", "CET-\u0661", "CET-0001", "CET--1",
    ):  # fmt: skip
        assert not is_rule(text), text


def test_local_offset_is_that_of_the_zone_or_of_the_minutes():
    assert local_offset({"zone": BERLIN, "utc_offset_min": -90}, 0) == offset_at(BERLIN, 0)
    assert local_offset({"zone": None, "utc_offset_min": -90}, 100) == (-90 * 60, 100 + DAY_S)
