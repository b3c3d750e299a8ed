"""Which sets of features a build refuses, chooses and puts into its plan, by figures made up here; and the form of the
real ones."""

import json

import pytest
from click.testing import CliRunner

from boards.chips import CHIPS
from evencell.runtime.plan import load
from tools.bench.chip import measure
from tools.build import memory_plan
from tools.build.command import main
from tools.build.common import BuildError
from tools.build.memory_budget import budget
from tools.build.memory_plan import FEATURES, FILES, OWN, memory_of, reserve_bytes, verdict
from tools.build.memory_plan import NETWORK_RESERVE_BYTES as RESERVE_BYTES
from tools.build.tree import board_data

PLAIN = board_data("esp32_generic")
NO_DISPLAY = board_data("lilygo_t_can485")
PSRAM = board_data("esp32_wrover")
UNMEASURED = board_data("esp32_c3_supermini")
MQTT = {"mqtt": {"enabled": True, "host": "192.168.1.5"}}
TLS = {"mqtt": {"enabled": True, "host": "192.168.1.5", "tls": True}}
MQTT_TLS_AND_ALL = "MQTT, TLS, backlog and Home Assistant discovery"
OFF = {"history": {"enabled": False}, "display": {"driver": "none"}}
WITH_MQTT = "mqtt journal discovery"
KEYS = {
    "chips", "psram", "delivery", "features", "lives", "gc", "gc_peak", "gc_live", "gc_total", "network_free",
    "network_largest", "evidence",
}  # fmt: skip
HANDSHAKE_BYTES = 6_000  # of a TLS connection, for a moment
OPTIONAL = {"network", "log", "streams", "network_free_idle"}


def row(features: str, lives: bool, **others) -> dict:
    usual = {
        "chips": ["esp32"], "psram": False, "delivery": "files", "gc": 118000, "gc_peak": 110000, "gc_live": 90000,
        "gc_total": 118000, "network_free": 20000 if lives else 600, "network_largest": 9000, "evidence": "made up",
    }  # fmt: skip
    features = features.replace("mqtt", WITH_MQTT)
    return {**usual, "features": features.split(), "lives": lives, **others}


@pytest.fixture(autouse=True)
def figures(tmp_path, monkeypatch):
    """Page and history, page and MQTT, or MQTT with TLS; a display alone; everything with PSRAM."""
    rows = [
        row("display", True, gc=0, network=False),
        row("page history", True, log=2048, streams=2),
        row("page mqtt", True, gc=124000),
        row("mqtt tls", True, gc=102000),
        row("page history mqtt", False),
        row("page history display", False),
        row("page mqtt tls", False),
        row("page history mqtt tls display", True, psram=True, gc=0),
        row("page history mqtt display", True, delivery="own", gc=0),
    ]
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"rows": rows}))
    monkeypatch.setattr(memory_plan, "_FIGURES", path)


def features(words: str) -> frozenset[str]:
    return frozenset(words.split())


@pytest.mark.parametrize(
    ("words", "lives"),
    [
        ("page history", True),
        ("page", True),
        ("", True),
        ("mqtt", True),
        ("page history mqtt journal discovery", False),
        ("page history mqtt", None),
        ("page history mqtt journal discovery display", False),
        ("page display", None),
        ("display", None),  # measured without a network alone
    ],
)
def test_a_part_of_what_lives_does_and_more_than_what_fails_fails(words, lives):
    assert verdict(memory_of(PLAIN, "full", "files"), features(words))[0] is lives


def test_the_first_row_of_a_set_counts(tmp_path, monkeypatch):
    path = tmp_path / "twice.json"
    path.write_text(json.dumps({"rows": [row("page mqtt", False), row("mqtt page", True)]}))
    monkeypatch.setattr(memory_plan, "_FIGURES", path)
    assert verdict(memory_of(PLAIN, "full", "files"), features("page " + WITH_MQTT))[0] is False


def test_psram_counts_alike_on_every_chip():
    everything = features("page history mqtt tls display")
    for board in ("esp32_wrover", "esp32_s3_generic", "esp32_s3_octal", "waveshare_s3_rs485_can"):
        assert verdict(memory_of(board_data(board), "full", "files"), everything)[0] is True


def test_a_display_without_a_network_has_figures_of_its_own():
    assert verdict(memory_of(PLAIN, "display", "files"), features("display"))[0] is True


def test_without_profile_and_configuration_the_largest_set_that_fits_is_built():
    made = budget(PLAIN, None, {})
    assert made.profile == "full"
    assert made.config == {"display": {"driver": "none"}}
    assert made.lines["features"] == "page and history"
    assert made.lines["left out"].startswith("display: not enough memory")
    assert made.plan == (
        "network 1\ngc 118000\nlog 2048\nstreams 2\n"
        "lives page history 118000\nlives page mqtt journal discovery 124000\n"
        "lives mqtt tls journal discovery 102000\n"
    )


def test_what_a_configuration_switches_on_stays_and_the_rest_makes_room():
    made = budget(PLAIN, None, MQTT)
    assert made.config == {**MQTT, "history": {"enabled": False}, "display": {"driver": "none"}}
    assert made.lines["features"] == "page, MQTT, backlog and Home Assistant discovery"
    assert budget(PLAIN, None, TLS).config["http"] == {"enabled": False}
    assert budget(PLAIN, None, TLS).plan.startswith("network 1\ngc 102000\n")


def test_what_is_left_out_keeps_its_other_keys():
    given = {"display": {"driver": "none"}, "http": {"port": 8080}, **TLS}
    with pytest.raises(BuildError, match="page, history, MQTT, TLS, backlog and Home Assistant discovery do not fit"):
        budget(PLAIN, None, given)
    made = budget(PLAIN, None, {"history": {}, **MQTT})
    assert made.config["history"] == {"enabled": False}


def test_a_set_that_is_asked_for_and_does_not_live_is_refused_with_three_ways_out():
    asked = {"history": {"enabled": True}, **MQTT}
    for profile, given in (("full", {}), (None, {"profile": "full"}), (None, asked)):
        with pytest.raises(BuildError) as refusal:
            budget(PLAIN, profile, given)
        text = str(refusal.value)
        assert "do not fit together into the memory of esp32_generic (ESP32 without PSRAM" in text
        assert "What fits: page and history; page, MQTT, backlog and Home Assistant discovery; MQTT, " in text
        assert "make firmware BOARD=esp32_generic" in text and "PSRAM: docs/boards.md" in text and "FORCE=1" in text


def test_a_profile_of_which_nothing_fits_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "little.json"
    path.write_text(json.dumps({"rows": [row("mqtt", True), row("page", False)]}))
    monkeypatch.setattr(memory_plan, "_FIGURES", path)
    with pytest.raises(BuildError, match="page, history and display do not fit together"):
        budget(PLAIN, None, {})
    assert budget(PLAIN, None, MQTT).lines["features"] == "MQTT, backlog and Home Assistant discovery"


def test_what_is_forced_is_built_whole_and_says_what_will_happen():
    made = budget(PLAIN, "full", MQTT, forced=True)
    assert made.config == MQTT
    assert made.lines["forced"] == "these do not live together: the network will fail"
    assert made.plan.startswith("network 1\ngc 0\nlives ")


def test_a_smaller_profile_is_judged_by_what_it_starts():
    assert budget(PLAIN, "telemetry", TLS).lines["features"] == MQTT_TLS_AND_ALL
    made = budget(PLAIN, "display", {})
    assert (made.lines["features"], made.plan) == ("display", "network 0\ngc 0\nlives display 0\n" + SETS)


def test_what_a_profile_does_not_use_or_lacks_is_said():
    lines = budget(PLAIN, "telemetry", {}).lines
    assert lines["features"] == "none: neither mqtt nor influx is configured, so no reading is sent"
    assert "GC heap" not in lines and "measured with" not in lines
    assert budget(PLAIN, "full", {"http": {"enabled": False}, **OFF}).lines["features"] == "none"
    networks = {"wifi": {"networks": [{"ssid": "Home"}]}}
    lines = budget(PLAIN, "display", networks).lines
    assert lines["left out"] == "Wi-Fi: the profile display has no network, and does not use wifi.networks"
    assert "left out" not in budget(PLAIN, "display", {}).lines
    assert "left out" not in budget(PLAIN, "telemetry", {**networks, **MQTT}).lines


def test_figures_of_another_set_or_chip_say_so():
    lines = budget(PLAIN, "full", {"history": {"enabled": False}, "display": {"driver": "none"}}).lines
    assert lines["features"] == "page" and lines["measured with"] == "page and history"
    assert "measured with" not in budget(PLAIN, None, {}).lines
    lines = budget(board_data("esp32_s3_generic"), "full", MQTT).lines
    assert lines["measured on"] == "ESP32: nothing was measured on an ESP32-S3"
    assert "measured on" not in budget(PSRAM, "full", MQTT).lines
    with pytest.raises(BuildError, match="measured with: page, history and display"):
        budget(PLAIN, "full", MQTT)


SETS = "lives page history 118000\nlives page mqtt journal discovery 124000\nlives mqtt tls journal discovery 102000\n"


def test_with_psram_and_in_own_firmware_more_lives_and_nothing_is_claimed():
    made = budget(PSRAM, "full", TLS)
    everything = "page, history, MQTT, TLS, backlog, Home Assistant discovery and display"
    assert made.config == TLS and made.lines["features"] == everything
    assert made.plan == "network 1\ngc 0\nlives page history mqtt tls journal discovery display 0\n"
    assert budget(PLAIN, "full", MQTT, delivery="own").config == MQTT
    assert budget(PLAIN, None, TLS, delivery="own").lines["not measured"]


def test_a_chip_without_figures_is_warned_of_and_never_refused():
    made = budget(UNMEASURED, "full", TLS)
    assert made.config == TLS
    assert made.lines["not measured"].startswith("whether these fit together is not known")
    assert made.plan == "network 1\ngc 0\n"


def test_a_display_that_a_board_cannot_have_costs_nothing():
    made = budget(NO_DISPLAY, "full", {})
    assert made.lines["features"] == "page and history"
    assert "lives page history display 118000\n" in made.plan


def test_a_cable_counts_as_wifi():
    assert budget(board_data("wt32_eth01"), None, {}).plan.startswith("network cable\ngc 118000\n")


def test_influx_counts_as_mqtt_and_what_was_not_measured_is_named():
    given = {"influx": {"url": "http://192.168.1.5:8086/write?db=x"}, "packs": [{"name": "a"}, {"name": "b"}]}
    made = budget(PLAIN, None, given)
    assert made.lines["features"] == "page, MQTT and backlog"
    assert (
        made.lines["not counted"] == "InfluxDB (counted as MQTT), more than one balancer: their memory was not measured"
    )


@pytest.mark.parametrize("ignored", [{"mqtt": 7}, {"mqtt": None}, {"mqtt": []}, {"profile": "huge"}, {"profile": 7}])
def test_what_a_device_ignores_in_its_configuration_switches_nothing_on(ignored):
    """`make flash` keeps the configuration of a device as it is."""
    made, usual = budget(PLAIN, None, ignored), budget(PLAIN, None, {})
    assert (made.profile, made.plan, made.lines) == (usual.profile, usual.plan, usual.lines)
    assert made.config == {**ignored, **usual.config}


def test_the_firmware_reads_the_plan_as_it_was_meant(tmp_path):
    path = tmp_path / "plan"
    path.write_text(budget(PLAIN, None, {}).plan)
    numbers, lives = load(str(path))
    assert numbers == {"network": 1, "gc": 118000, "log": 2048, "streams": 2}
    assert lives == [
        ["page", "history", "118000"],
        ["page", "mqtt", "journal", "discovery", "124000"],
        ["mqtt", "tls", "journal", "discovery", "102000"],
    ]
    path.write_text(budget(UNMEASURED, None, {}).plan)
    assert load(str(path))[1] == []


def test_the_printed_reserve_is_the_one_that_was_applied():
    row = {"psram": False, "delivery": FILES, "features": ["page", "mqtt"]}
    assert reserve_bytes(row) == measure.FROM_FILES.use
    assert reserve_bytes(row | {"features": ["mqtt", "tls"]}) == measure.FROM_FILES.handshake
    assert reserve_bytes(row | {"psram": True}) == reserve_bytes(row | {"delivery": OWN}) == measure.ROOMY.use


@pytest.mark.usefixtures("scratch")
def test_what_was_not_measured_is_watched_where_it_is_shown():
    text = budget(UNMEASURED, "telemetry", {"mqtt": {"enabled": True, "host": "broker"}}).lines["not measured"]
    assert "page" not in text and "evencell/<id>/device" in text and text.endswith("the log")


@pytest.mark.usefixtures("scratch")
def test_make_build_prints_the_memory_and_refuses_what_has_no_room():
    def said(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["--board", "esp32_generic", *options])
        return result.exit_code, result.output

    status, text = said()
    assert status == 0 and "\nmemory       ESP32 without PSRAM, evencell as files on MicroPython\n" in text
    assert "\nGC heap      118000 bytes, 110000 bytes allocated at most, 90000 bytes in use after" in text
    assert "\nnetwork heap 20000 bytes free at least, 9000 in one piece; 8000 must stay free\n" in text
    status, text = said("--profile", "full")
    assert status == 1 and text.startswith("Error: page, history and display do not fit together")
    assert said("--profile", "full", "--force")[0] == 0


def test_the_plan_is_a_file_of_the_slot_like_any_other(scratch):
    CliRunner().invoke(main, ["--board", "esp32_generic"])
    slot = scratch / "esp32_generic/flash/a"
    assert (slot / "plan").read_text().startswith("network 1\ngc 118000\n")
    assert json.loads((slot / "manifest.json").read_text())["files"]["plan"][0] == (slot / "plan").stat().st_size


def test_the_real_figures_have_the_form_that_is_documented(monkeypatch):
    monkeypatch.undo()
    for figures in json.loads(memory_plan._FIGURES.read_text("utf-8"))["rows"]:
        assert KEYS <= set(figures) <= KEYS | OPTIONAL
        assert set(figures["features"]) <= set(FEATURES) and figures["delivery"] in ("files", "own")
        assert set(figures["chips"]) <= set(CHIPS) and figures["evidence"]
        if figures["lives"] and figures.get("network", True):
            assert figures["network_free"] >= (HANDSHAKE_BYTES if "tls" in figures["features"] else RESERVE_BYTES)
        if figures["psram"] or figures["delivery"] == "own":
            assert figures["gc"] == 0  # nothing is claimed there
