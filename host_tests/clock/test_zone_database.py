"""Every zone of the time zone database that has a rule, against Python's zoneinfo; and the cities on the page."""

import re
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evencell.clock.zone import is_rule, offset_at
from host_tests.needs import missing
from tools.build import page

YEARS = range(2088, 2112)  # every zone follows its rule alone: Morocco's and Gaza's changes are listed up to 2086
DAY_S = 86_400


def rule_of(name: str) -> str:
    """The last line of the zone's file (RFC 9636)."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes().rsplit(b"\n", 2)[1].decode()
    return ""


# Rule → a zone that has it.
ZONES = {rule_of(name): name for name in sorted(zoneinfo.available_timezones())}


def test_the_database_has_the_forms_that_matter():
    if not any(ZONES):
        missing("the time zone database is not installed: apt-get install tzdata")
    assert len(ZONES) > 60
    assert any("/-" in rule for rule in ZONES) and any("<" in rule for rule in ZONES)


@pytest.mark.parametrize("rule", [rule for rule in ZONES if rule])
def test_offset_and_changes_are_those_of_the_database(rule):
    assert is_rule(rule)
    zone = zoneinfo.ZoneInfo(ZONES[rule])
    unix_s = int(datetime(YEARS[0], 1, 1, tzinfo=UTC).timestamp())
    end_s = int(datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC).timestamp())
    while unix_s < end_s:
        offset_s, until_s = offset_at(rule, unix_s)
        assert offset_s == expected_s(zone, unix_s)
        is_change = until_s < unix_s + DAY_S
        assert offset_s == expected_s(zone, until_s - 1)
        if is_change:
            assert offset_at(rule, until_s)[0] == expected_s(zone, until_s)
        unix_s = until_s + (0 if is_change else 3 * DAY_S // 2)


def test_the_rules_of_the_page_are_those_of_its_cities():
    offered = re.findall(
        r'^  "([^"]+)": "([^"]+)",$', page.sources()["settings_zones.js"].read_text("utf-8"), re.MULTILINE
    )
    assert len(offered) > 50
    names = zoneinfo.available_timezones()
    for rule, cities in offered:
        for city in cities.split(", "):
            found = [name for name in names if name.endswith("/" + city.replace(" ", "_"))]
            assert rule in map(rule_of, found), (city, rule)


def expected_s(zone, unix_s: int) -> int:
    offset = datetime.fromtimestamp(unix_s, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
