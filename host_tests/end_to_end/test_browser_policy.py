"""The balance policy on the page: what it does and why, and choosing another one."""

import json

import pytest
from playwright.sync_api import expect

from host_tests.end_to_end.browsing import DESK, PHONE, Visit, browser, log_in, raw_keys, too_wide, violations
from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, PASSWORD, Client
from host_tests.end_to_end.home_assistant import announced
from host_tests.end_to_end.overheard import Overheard
from host_tests.end_to_end.process import until

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

TOP = {"preset": "top", "at_start": "off"}
GIVEN = {**CONFIG, "packs": [{"writable": True, "capacity_ah": 20}], "control": {"policy": TOP}}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("policy"), *FIXED, config=GIVEN, broker=False) as chain:
        yield chain.firmware


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """A pack that writing is off for."""
    with Chain(tmp_path_factory.mktemp("read_only"), *FIXED, config=CONFIG, broker=False) as chain:
        yield chain.firmware


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """A policy other than the configured one, chosen as Home Assistant does."""
    config = {**GIVEN, "mqtt": {"commands": True}}
    with Overheard(tmp_path_factory.mktemp("chosen"), *FIXED, config=config) as device:
        command = json.dumps({"value": "rest", "id": "1"})
        device.listener.say_soon(announced(device.listener)["cmps"]["0_preset"]["cmd_t"], command)
        path = "/api/v1/packs/pack1/control"
        until(lambda: device.firmware.get(path).json()["policy"]["preset"] == "rest", "the chosen policy")
        yield device.firmware


def stored(firmware) -> dict:
    return json.loads((firmware.data / "config.json").read_text())["control"]["policy"]


def open_section(visit: Visit):
    log_in(visit.page, PASSWORD)
    visit.page.locator("#section-balancing > summary").click()


@pytest.mark.parametrize(
    ("options", "off", "preset", "note", "warning"),
    [
        (DESK, "No policy", "At rest", "Writing to the balancer is off for pack1", "it changes nothing at pack1 until"),
        (
            PHONE,
            "Keine Regel",
            "Immer",
            "Das Schreiben in den Balancer ist aus bei pack1",
            "Das ändert bei pack1 nichts, bis unter Akkus",
        ),
    ],
    ids=["desk", "phone"],
)
def test_a_policy_for_a_pack_that_is_read_only_is_warned_of(browser, read_only, options, off, preset, note, warning):
    with Visit(browser, read_only, "settings", **options) as visit:
        open_section(visit)
        form = visit.page.locator("#config-balancing")
        form.get_by_label(off, exact=True).check()
        expect(form.locator(".notices").first).to_be_hidden()
        form.get_by_label(preset, exact=True).check()
        expect(form.locator(".notices").first).to_contain_text(note)
        assert violations(visit.page) == []
        form.locator(".main").click()
        expect(form.locator("> .said")).to_contain_text(warning)
        assert raw_keys(visit.page) == []
        assert too_wide(visit.page) == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            DESK,
            "“At rest” runs in place of “At the top of the charge”, which is configured here: it was chosen over MQTT",
        ),
        (
            PHONE,
            "„In Ruhe“ läuft anstelle von „Am Ende der Ladung“, das hier eingestellt ist: Es wurde über MQTT gewählt",
        ),
    ],
    ids=["desk", "phone"],
)
def test_the_form_says_which_policy_runs_and_why_it_is_another(browser, chosen, options, reason):
    with Visit(browser, chosen, "settings", **options) as visit:
        open_section(visit)
        now = visit.page.locator("#policy-now")
        expect(now).to_contain_text(reason)
        expect(now.locator("strong")).to_contain_text("In Ruhe" if options is PHONE else "At rest")
        assert violations(visit.page) == []
        assert too_wide(visit.page) == 0


def test_the_form_says_that_a_saved_policy_waits_for_a_restart(browser, read_only):
    client = Client.logged_in(read_only.http_port)
    assert client.send("PATCH", "/api/v1/config", {"control": {"policy": {"preset": "storage"}}}).status == 200
    with Visit(browser, read_only, "settings", **DESK) as visit:
        open_section(visit)
        expect(visit.page.locator("#policy-now")).to_contain_text("“Storage” is saved, and begins after a restart.")


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


@pytest.mark.parametrize(
    ("options", "other", "saved", "title", "event"),
    [
        (DESK, "Always", "Saved, and in use", "(Always)", "Balance policy: Always"),
        (PHONE, "In Ruhe", "Gespeichert und in Gebrauch", "(In Ruhe)", "Ausgleichsregel: In Ruhe"),
    ],
    ids=["desk", "phone"],
)
def test_another_preset_counts_at_once_and_the_page_says_nothing_else(
    browser, firmware, options, other, saved, title, event
):
    with Visit(browser, firmware, "settings", **options) as visit:
        open_section(visit)
        now, form = visit.page.locator("#policy-now"), visit.page.locator("#config-balancing")
        expect(now.locator("strong")).to_be_visible()
        form.get_by_label(other, exact=True).check()
        form.locator(".main").click()
        expect(form.locator("> .said")).to_contain_text(saved)
        expect(now.locator("strong")).to_contain_text(title)
        expect(now).not_to_contain_text("restart.")  # "begins after a restart."
        visit.open("history")
        expect(visit.page.locator("#events")).to_contain_text(event)
        expect(visit.page.locator("#events")).not_to_contain_text("undefined")
    Client.logged_in(firmware.http_port).send("PATCH", "/api/v1/config", {"control": {"policy": {"preset": "top"}}})


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
