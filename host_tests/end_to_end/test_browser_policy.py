"""The balance policy on the page: what it does and why, and choosing another one."""

import json

import pytest
from playwright.sync_api import expect

from host_tests.end_to_end.browsing import DESK, PHONE, Visit, browser, raw_keys, too_wide, violations
from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, PASSWORD
from host_tests.end_to_end.process import until

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

TOP = {"preset": "top", "at_start": "off"}
GIVEN = {**CONFIG, "packs": [{"writable": True, "capacity_ah": 20}], "control": {"policy": TOP}}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("policy"), *FIXED, config=GIVEN, broker=False) as chain:
        yield chain.firmware


def stored(firmware) -> dict:
    return json.loads((firmware.data / "config.json").read_text())["control"]["policy"]


def open_section(visit: Visit):
    visit.page.locator("#login input[type=password]").fill(PASSWORD)
    visit.page.locator("#login button").click()
    visit.page.locator("#section-balancing > summary").click()


def is_shown(visit: Visit, title: str) -> bool:
    visit.page.clock.run_for(21_000)  # it asks again
    return title in visit.page.locator("#policy").inner_text()


@pytest.mark.parametrize(
    ("options", "title", "reason"),
    [
        (DESK, "Balancing paused (At the top of the charge)", "Highest cell 3.30 V is below 3.40 V."),
        (PHONE, "Ausgleich pausiert (Am Ende der Ladung)", "Höchste Zelle 3,30 V liegt unter 3,40 V."),
    ],
    ids=["desk", "phone"],
)
def test_the_first_view_says_what_the_policy_does_and_why(browser, firmware, options, title, reason):
    with Visit(browser, firmware, **options) as visit:
        visit.page.clock.install()
        expect(visit.page.locator("#policy strong")).to_be_visible()
        until(lambda: is_shown(visit, title), "the policy's title")
        expect(visit.page.locator("#policy")).to_contain_text(reason)
        assert violations(visit.page) == []
        assert raw_keys(visit.page) == []
        assert too_wide(visit.page) == 0


def test_without_a_policy_its_code_is_not_loaded(browser, fixed):
    with Visit(browser, fixed.firmware, **DESK) as visit:
        expect(visit.verdict).to_contain_text("Pack healthy")
        expect(visit.page.locator("#policy")).to_be_empty()
        assert not visit.asked_for("/page/policy") + visit.asked_for("/control")


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_own_conditions_are_chosen_and_a_wrong_one_is_marked(browser, firmware, options):
    before = stored(firmware)
    with Visit(browser, firmware, "settings", **options) as visit:
        open_section(visit)
        page, form = visit.page, visit.page.locator("#config-balancing")
        expect(page.locator("#policy-now")).to_contain_text("If this device fails, balancing stays as it is")
        expect(page.get_by_role("button", name="Add a condition")).to_be_hidden()
        form.get_by_label("Own conditions").check()
        page.get_by_role("button", name="Add a condition").click()
        form.locator(".main").click()
        expect(form.locator(".fault")).to_contain_text("needs above or below")
        assert stored(firmware) == before
        page.get_by_label("What is watched", exact=True).select_option(label="Time of day")
        expect(page.get_by_label("Not below")).to_be_hidden()
        for label, time in (("Time, from", "22:00"), ("Time, until", "06:00")):
            page.get_by_label(label).fill(time)
        assert violations(page) == []
        assert raw_keys(page) == []
        assert too_wide(page) == 0
        form.locator(".main").click()
        expect(form.locator("> .said")).to_contain_text("after a restart")
        found = stored(firmware)
        assert (found["preset"], found["conditions"][0]["span"]) == ("custom", ["22:00", "06:00"])
        form.get_by_label("At the top of the charge").check()
        page.get_by_label("On for at least").fill("900")
        form.locator(".main").click()
        expect(form.locator("> .said")).to_contain_text("after a restart")
        assert (stored(firmware)["preset"], stored(firmware)["min_on_s"]) == ("top", 900)
    (firmware.data / "config.json").write_text(json.dumps({**GIVEN, "control": {"policy": before}}))
