"""`evencell energy` as an owner calls it."""

import json
import re
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from evencell.config import table
from tools.cli.main import main


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["energy", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_it_says_what_dominates_how_long_it_lasts_and_what_helps_most():
    text = run("--board", "esp32_generic")
    assert re.search(r"^balancer +960 .*75 %", text, re.MULTILINE)
    one_line = " ".join(text.split())
    assert "The pack lasts 12 (6.2 to 14) days" in one_line
    assert re.search(r"What would help most: a switch in V\+ for the balancer \(.*?\): 12 → 48 days\.", one_line)


def test_what_was_not_measured_is_said_beside_it():
    assert "Unverified" in run("--board", "esp32_generic", "--balancer", "w")
    assert "Not measured" in run("--board", "esp32_generic", "--balancer", "v+")
    assert "One switch serves one pack" in " ".join(run("--board", "esp32_generic").split())


def test_a_board_that_is_not_known_takes_a_measurement():
    assert "measure it at 5 V and pass --idle-ma" in run("--board", "wt32_eth01", status=1)
    assert "The pack lasts" in run("--board", "wt32_eth01", "--idle-ma", "12")


@pytest.mark.parametrize("arguments", [("--cells", "8"), ("--cells", "3", "--chemistry", "lto")])
def test_a_pack_that_the_balancer_is_not_supplied_from_is_refused(arguments):
    assert "is supplied with 8 to 20 V" in run("--board", "esp32_generic", *arguments, status=1)


@pytest.mark.parametrize(("text", "seconds"), [("900", 900), ("90s", 90), ("15m", 900), ("6h", 21_600), ("1d", 86_400)])
def test_times_have_units(text, seconds):
    data = json.loads(run("--board", "esp32_generic", "--interval", "1m", "--report", text, "--json"))
    assert data["plan"]["report_s"] == seconds


@pytest.mark.parametrize("option", ["interval", "report"])
def test_limits_are_those_of_the_configuration(option):
    """From 1 s on: with an interval of 0 a device stays awake."""
    others = {"interval": ("--report", "7d"), "report": ("--interval", "1m")}[option]
    (rule,) = table.rules(f"power.{option}_s ")
    least_s, most_s = max(1, rule.arguments[0]), rule.arguments[1]
    for seconds in (least_s, most_s):
        run("--board", "esp32_generic", f"--{option}", str(seconds), *others)
    for seconds in (least_s - 1, most_s + 1):
        run("--board", "esp32_generic", f"--{option}", str(seconds), *others, status=2)


@pytest.mark.parametrize(("interval", "shortest_s"), [("1h", 900), ("2m", 60), ("1d", 21_600)])
def test_no_report_is_planned_between_two_wakes(interval, shortest_s):
    options = ("--board", "esp32_generic", "--interval", interval, "--report")
    run(*options, str(shortest_s))
    if shortest_s > 60:
        text = " ".join(run(*options, str(shortest_s - 1), status=2).split())
        assert f"the device sleeps {shortest_s} s at least, and reports no more often" in text


@pytest.mark.parametrize("text", ["", "h", "-5m", "1.5h", "soon", "0s", "2d"])
def test_a_time_that_is_none_is_refused(text):
    run("--board", "esp32_generic", "--interval", text, status=2)


def test_json_has_the_three_cases():
    data = json.loads(run("--board", "esp32_generic", "--json"))
    low, typical, high = data["day_mah"]
    assert low < typical < high and sum(line[1] for line in data["mah_per_day"].values()) == pytest.approx(typical)
    assert data["changes"][0]["days"] > data["days"][1]


def test_the_picture_names_every_consumer(tmp_path):
    path = tmp_path / "energy.svg"
    text = run("--board", "esp32_generic", "--plot", str(path))
    words = " ".join(element.text or "" for element in ElementTree.fromstring(path.read_text()).iter())
    assert "balancer" in words and "self-discharge" in words and "as planned" in words
    assert "The pack lasts" in text


def test_a_picture_that_can_not_be_written_is_one_sentence(tmp_path):
    text = run("--board", "esp32_generic", "--plot", str(tmp_path / "none" / "energy.svg"), status=1)
    assert "can't be written: No such file or directory" in text
