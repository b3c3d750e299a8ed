"""Login and settings on the page: what a change does, and what a refusal says."""

import json
import re

import pytest
from playwright.sync_api import expect

from host_tests.end_to_end import faked_time
from host_tests.end_to_end.browsing import DESK, PHONE, Visit, browser, log_in, raw_keys, too_wide, violations
from host_tests.end_to_end.chain import FIXED, Chain, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, PASSWORD
from host_tests.end_to_end.process import until
from tools.cli import backup_file

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

WRITABLE = {**CONFIG, "packs": [{"writable": True, "capacity_ah": 20}]}


@pytest.fixture
def firmware(tmp_path):
    with Chain(tmp_path, *FIXED, config=WRITABLE, broker=False) as chain:
        yield chain.firmware


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_after_a_login_a_setting_is_written_and_the_device_is_named(browser, firmware, options):
    with Visit(browser, firmware, "settings", **options) as visit:
        page = visit.page
        log_in(visit.page, "not the password")
        expect(page.locator("#login .said")).to_contain_text("Wrong password. Try again")
        log_in(visit.page, PASSWORD)
        expect(page.locator("#login")).to_be_hidden()
        expect(page.locator("#section-general")).to_contain_text("evencell")
        assert violations(page) == []
        assert raw_keys(page) == []
        assert too_wide(page) == 0

        page.once("dialog", lambda dialog: dialog.accept())
        page.locator("#balancer input[name=trigger_mv]").fill("12")
        page.get_by_role("button", name="Write to the balancer").click()
        expect(page.locator("#balancer .said")).to_contain_text("trigger in mV is 12\u00a0mV now")
        assert firmware.pack()["trigger_mv"] == 12
        expect(page.locator("#balancer")).to_contain_text("1 in all")

        page.get_by_text("Name and time").click()
        page.locator("#config-general input[name=name]").fill("Scooter")
        page.locator("#config-general .main").click()
        expect(page.locator("#config-general > .said")).to_contain_text("Saved, and in use")
        expect(page.locator("#name")).to_have_text("Scooter")
        page.get_by_role("button", name="Log out").click()
        expect(page.locator("#login")).to_be_visible()
        assert all(re.search("401", complaint) for complaint in visit.complaints), visit.complaints


def test_nothing_is_sent_before_it_is_confirmed(browser, firmware):
    with Visit(browser, firmware, "settings", **DESK) as visit:
        log_in(visit.page, PASSWORD)
        visit.page.once("dialog", lambda dialog: dialog.dismiss())
        visit.page.locator("#balancer input[name=trigger_mv]").fill("12")
        visit.page.get_by_role("button", name="Write to the balancer").click()
        expect(visit.page.locator("#balancer .said")).to_be_empty()
        assert firmware.pack()["trigger_mv"] == 5


def test_the_page_asks_for_the_temperature_scale_and_the_answer_counts_at_once(browser, tmp_path):
    options = (*FIXED, "--fault", "whole_degrees")
    with (
        Chain(tmp_path, *options, config=WRITABLE, broker=False) as chain,
        Visit(browser, chain.firmware, **DESK) as visit,
    ):
        question = visit.page.locator(".question")
        expect(question).to_contain_text(re.compile(r"2\d\s°C or 2\.\d\s°C\?"))
        assert violations(visit.page) == []
        question.get_by_role("link", name="Log in to answer").click()
        log_in(visit.page, PASSWORD)
        expect(visit.page.locator("#login")).to_be_hidden()
        visit.open("now")
        question.get_by_role("button", name=re.compile(r"^2\d\s°C$")).click()
        expect(question).to_be_hidden()
        expect(visit.page.locator("#figures")).to_contain_text(re.compile(r"2\d\.0\s*°C"))
        config = json.loads((chain.firmware.data / "config.json").read_text())
        assert config["packs"][0]["temperature_scale"] == "1"
        assert 20 <= chain.firmware.pack()["temperature_c"] < 30


def test_a_session_that_ends_by_its_hour_says_so_and_keeps_what_was_entered(browser, tmp_path):
    file = tmp_path / "clock"
    file.write_text("+0")
    within = ("env", *(f"{name}={value}" for name, value in faked_time.followed(file).items()))
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Firmware(tmp_path, simulator.link, config=WRITABLE, within=within) as firmware,
        Visit(browser, firmware, "settings", **DESK) as visit,
    ):
        page = visit.page
        log_in(page, PASSWORD)
        page.get_by_text("Name and time").click()
        page.locator("#config-general input[name=name]").fill("Scooter")
        page.locator("#balancer input[name=trigger_mv]").fill("12")
        file.write_text("+3601")
        page.locator("#config-general .main").click()
        said = page.locator("#login .said")
        expect(said).to_have_text(
            "The login has expired: log in again, then repeat the change; what you entered is still there."
        )
        expect(page.locator("#login-password")).to_be_focused()
        assert firmware.status()["device"]["name"] == "evencell"
        log_in(page, PASSWORD)
        expect(page.locator("#config-general .main")).to_be_focused()
        expect(said).to_be_empty()
        page.keyboard.press("Enter")
        expect(page.locator("#config-general > .said")).to_contain_text("Saved, and in use")
        expect(page.locator("#name")).to_have_text("Scooter")
        expect(page.locator("#balancer input[name=trigger_mv]")).to_have_value("12")
        assert all("401" in complaint for complaint in visit.complaints), visit.complaints


def test_a_restart_of_the_device_ends_the_login_and_says_so(browser, tmp_path):
    with (
        Chain(tmp_path, *FIXED, config=WRITABLE, broker=False) as chain,
        Visit(browser, chain.firmware, "settings", **DESK) as visit,
    ):
        page, name = visit.page, visit.page.locator("#config-general input[name=name]")
        log_in(page, PASSWORD)
        page.get_by_text("Name and time").click()
        name.fill("Scooter")
        until(lambda: chain.firmware.status()["device"]["uptime_s"] > 2, "a start that is another one")
        chain.firmware.kill()
        chain.firmware.start()
        expect(page.locator("#login .said")).to_contain_text("The login is over, as the device has restarted")
        expect(page.locator("#login-password")).to_be_focused()
        log_in(page, PASSWORD)
        expect(name).to_be_focused()
        expect(name).to_have_value("Scooter")


def test_after_too_many_wrong_passwords_the_page_says_to_wait(browser, firmware):
    with Visit(browser, firmware, "settings", **DESK) as visit:
        said = visit.page.locator("#login .said")
        tries = 0
        while tries < 20:  # on a slow machine the first pauses are over before the next try
            tries += 1
            log_in(visit.page, "not the password")
            expect(said).not_to_contain_text("Checking")
            if not said.inner_text().startswith("Wrong password. Try again"):
                break
        assert tries > 5
        expect(said).to_have_text(re.compile(r"Too many wrong passwords: try again in \d+ s\."))


def test_where_reading_needs_a_login_the_page_says_so_and_reads_after_it(browser, tmp_path):
    config = {**CONFIG, "http": {"public_read": False}}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain, Visit(browser, chain.firmware, **DESK) as visit:
        expect(visit.verdict).to_contain_text("Reading needs a login here")
        visit.open("settings")
        log_in(visit.page, PASSWORD)
        expect(visit.page.locator("#login")).to_be_hidden()
        visit.open("now")
        expect(visit.verdict).to_contain_text("Pack healthy")


def test_without_a_password_the_reason_is_said(browser, tmp_path):
    with Chain(tmp_path, *FIXED, broker=False) as chain, Visit(browser, chain.firmware, "settings", **DESK) as visit:
        log_in(visit.page, PASSWORD)
        expect(visit.page.locator("#login .said")).to_contain_text("No password is set on this device")


def test_an_encrypted_backup_is_downloaded_and_restored(browser, firmware, tmp_path):
    with Visit(browser, firmware, "settings", **{**DESK, "locale": "de-DE", "color_scheme": "dark"}) as visit:
        page = visit.page
        log_in(visit.page, PASSWORD)
        expect(page.locator("#login")).to_be_hidden()
        passphrase, said = page.locator("#passphrase"), page.locator(".card:has(#encrypted) > .said")
        passphrase.fill("zu kurz")
        page.get_by_role("button", name="Mit Passwörtern laden, verschlüsselt").click()
        expect(said).to_have_text("Ein Passwort hat 10 bis 128 Zeichen.")
        expect(passphrase).to_be_focused()
        assert violations(page) == []
        passphrase.fill("vier zufällige Wörter")
        with page.expect_download() as download:
            page.get_by_role("button", name="Mit Passwörtern laden, verschlüsselt").click()
        file = tmp_path / "backup.json"
        download.value.save_as(file)
        backup = backup_file.decrypt("it", json.loads(file.read_text()), "vier zufällige Wörter")
        assert backup["config"] == {"packs": WRITABLE["packs"]}

        passphrase.fill("")
        page.locator("#restore").set_input_files(file)
        expect(said).to_contain_text("Diese Sicherung ist verschlüsselt: ihre Passphrase eingeben")
        passphrase.fill("vier andere Wörter")
        page.locator("#restore").set_input_files(file)
        expect(said).to_contain_text("Die Passphrase ist falsch, oder die Sicherung ist beschädigt")
        passphrase.fill("vier zufällige Wörter")
        page.locator("#restore").set_input_files(file)
        expect(said).to_have_text("Gespeichert und in Gebrauch.")

        sleeping = {"profile": "telemetry", "mqtt": {"enabled": True, "host": "a"}, "power": {"interval_s": 900}}
        file.write_text(json.dumps(sleeping))
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.locator("#restore").set_input_files(file)
        expect(said).to_be_empty()
        assert "power" not in (firmware.data / "config.json").read_text()
        page.once("dialog", lambda dialog: dialog.accept())
        page.locator("#restore").set_input_files(file)
        expect(said).to_contain_text("Das Gerät schläft und hat keine Seite: nach dem Neustart")
        assert all(re.search("400|403", complaint) for complaint in visit.complaints), visit.complaints
