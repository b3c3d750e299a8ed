"""Rules on the page: what is raised, acknowledging it, the kept events, and own rules."""

import json

import pytest
from playwright.sync_api import expect

from host_tests.end_to_end.browsing import DESK, PHONE, Visit, browser, log_in, raw_keys, too_wide, violations
from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, PASSWORD
from host_tests.end_to_end.process import until

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

LOUD = {"name": "loud", "field": "any_cell_mv", "above": 3300, "delay_s": 0, "severity": "danger", "text": "Too high!"}
MILD = {"name": "mild", "field": "pack_mv", "above": 13000, "delay_s": 0}
LOST = {"name": "lost", "field": "cell_7_mv", "below": 3000}
GIVEN = {
    **CONFIG,
    "packs": [{"name": "constructor", "writable": True, "model": "jk_b2a24s"}],  # a name that any object has
    "control": {"builtin_rules": True, "rules": [LOUD, MILD, LOST]},
}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("rules"), *FIXED, config=GIVEN, broker=False) as chain:
        until(lambda: chain.firmware.pack()["alarms"] == ["rule:loud", "rule:mild"], "the raised rules")
        yield chain.firmware


def enter(visit: Visit):
    log_in(visit.page, PASSWORD)
    expect(visit.page.locator("#section-rules")).to_be_visible()


def assert_sound(page):
    assert violations(page) == []
    assert raw_keys(page) == []
    assert too_wide(page) == 0


@pytest.mark.parametrize(
    ("options", "cells", "words"),
    [
        (DESK, "cells 1, 2", "pack at 13200 mV, to be reported above 13000 mV"),
        (PHONE, "Zellen 1, 2", "Akku: 13200 mV; zu melden über 13000 mV."),
    ],
    ids=["desk", "phone"],
)
def test_raised_rules_are_said_by_danger(browser, firmware, options, cells, words):
    with Visit(browser, firmware, **options) as visit:
        expect(visit.verdict).to_contain_text(cells)
        expect(visit.verdict).to_contain_text("Too high!")
        expect(visit.page.locator("#alarms .warn strong")).to_contain_text("mild")
        expect(visit.page.locator("#alarms .warn")).to_contain_text(words)
        expect(visit.page.get_by_role("button", name="Acknowledge")).to_have_count(0)
        assert_sound(visit.page)


def test_an_owner_acknowledges_a_rule_and_finds_it_in_the_kept_events(browser, firmware):
    with Visit(browser, firmware, "settings", **DESK) as visit:
        enter(visit)
        page = visit.page
        page.locator('a[href="#now"]').click()
        button = page.locator("#verdict").get_by_role("button", name="Acknowledge")
        button.click()
        expect(page.locator("#verdict")).to_contain_text("Acknowledged.")
        expect(button).to_have_count(0)
        assert_sound(page)
        page.locator('a[href="#history"]').click()
        expect(page.locator("#eventlog")).to_contain_text("Acknowledged: Your rule loud")
        expect(page.locator("#eventlog")).to_contain_text("On: Your rule loud: cells 1, 2")
        assert_sound(page)


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (
            DESK,
            (
                "The balancer does not answer nothing to report",
                "A cell drifts away from the others Judged once a day, from a month of history. not judged yet",
                "Your rule lost The pack has 4 cells, and no cell 7. never reported",
            ),
        ),
        (
            PHONE,
            (
                "Der Balancer antwortet nicht nichts zu melden",
                "Eine Zelle driftet von den anderen weg Wird einmal am Tag beurteilt, aus einem Monat Verlauf."
                " noch nicht beurteilt",
                "Eigene Regel lost Der Akku hat 4 Zellen und keine Zelle 7: die Regel in den Einstellungen unter Regeln"
                " und Alarme berichtigen. wird nie gemeldet",
            ),
        ),
    ],
    ids=["desk", "phone"],
)
def test_each_rule_has_its_state_in_words(browser, firmware, options, rows):
    with Visit(browser, firmware, "health", **options) as visit:
        rules = visit.page.locator("#rules .fact")
        expect(rules).to_have_count(9)
        texts = [" ".join(text.split()) for text in rules.all_inner_texts()]
        assert set(rows) <= set(texts), texts
        assert any("mild" in text and text.endswith(("s", "min")) for text in texts), texts  # for how long it is raised
        assert_sound(visit.page)


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_an_own_rule_is_added_and_a_wrong_one_is_marked(browser, firmware, options):
    path = firmware.data / "config.json"
    before = path.read_text()
    with Visit(browser, firmware, "settings", **options) as visit:
        enter(visit)
        page, form = visit.page, visit.page.locator("#config-rules")
        page.locator("#section-rules > summary").click()
        form.get_by_role("button", name="Add a rule").click()
        rule = form.locator('[data-path="control.rules[3]"]')
        rule.get_by_label("What is watched", exact=True).select_option(label="Cell 3, mV")
        form.locator(".main").click()
        expect(form.locator(".fault")).to_have_text("It needs above or below.")  # and nothing on what a file would do
        expect(rule.get_by_label("Severity").locator("option")).to_have_text(["danger", "warning", "information"])
        assert path.read_text() == before
        rule.get_by_label("Below").fill("3000")
        form.get_by_label("Highest cell voltage").fill("3550")
        assert_sound(page)
        form.locator(".main").click()
        expect(form.locator("> .said")).to_contain_text("after a restart")
        control = json.loads(path.read_text())["control"]
        assert control["rules"][3]["field"] == "cell_3_mv"
        assert (control["rules"][3]["below"], control["limits"]["cell_max_mv"]) == (3000, 3550)
    path.write_text(before)
