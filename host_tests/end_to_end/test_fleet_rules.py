"""Alert rules and dashboards of docs/fleet/ at a real store: the right alerts and no others, no empty panel."""

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
import yaml

from host_tests.fleet_past import ALERTS, DEVICES, HOUR_S, fill
from host_tests.needs import missing
from host_tests.store import Store
from tools.bench.fleet import SETTINGS

RULES = {"alerts-lines.yml": "device", "alerts-scraped.yml": "instance"}  # with the label that names a device
DASHBOARDS = sorted(SETTINGS.glob("dashboard-*.json"))
NAME = re.compile(r"\bevencell_\w+\b")
PATTERN = re.compile(r'__name__=~"([^"]+)"')


@pytest.fixture(scope="module")
def store():
    """One that holds a week of every device, and shows the last seconds too."""
    with Store("-search.latencyOffset=0s") as store:
        fill(store)
        ask(store, "/internal/force_flush")
        yield store


@pytest.fixture(scope="module")
def exported(store) -> set[str]:
    """The names of everything that evencell writes or shows."""
    names = set(json.loads(ask(store, "/api/v1/label/__name__/values"))["data"])
    return {name for name in names if name.startswith("evencell_")}


def ask(store: Store, path: str, **query: str) -> bytes:
    with urllib.request.urlopen(f"{store.url}{path}?{urllib.parse.urlencode(query)}", timeout=60) as answer:
        return answer.read()


def expressions(file: str) -> list[str]:
    groups = yaml.safe_load((SETTINGS / file).read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def panels(path) -> list[tuple[str, str]]:
    """Title and expression of every target, for one device."""
    found = []
    for panel in json.loads(path.read_text())["panels"]:
        for target in panel["targets"]:
            found.append((panel["title"], target["expr"].replace("$device", "well").replace("$pack", "pack1")))
    return found


def assert_exported(expression: str, exported: set[str]):
    """Every name in it is one that evencell exports, and every pattern fits one."""
    for pattern in PATTERN.findall(expression):
        assert any(re.fullmatch(pattern, name) for name in exported), pattern
    for name in NAME.findall(re.sub(r'"[^"]*"', "", expression)):
        assert name in exported


@pytest.mark.parametrize("file", RULES)
def test_rules_name_only_what_is_exported(file, exported):
    for expression in expressions(file):
        assert_exported(expression, exported)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_panels_name_only_what_is_exported_and_show_something(path, store, exported):
    assert panels(path)
    for title, expression in panels(path):
        assert_exported(expression, exported)
        answer = json.loads(ask(store, "/api/v1/query", query=expression, nocache="1"))
        assert answer["data"]["result"], title


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_is_whole(path):
    dashboard = json.loads(path.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert len(set(ids)) == len(ids) and dashboard["uid"] and dashboard["title"]
    assert set(re.findall(r"\$\{?(\w+)", path.read_text())) - {"1"} == variables


@pytest.mark.parametrize("file", RULES)
def test_the_right_alerts_and_no_others(file, store):
    replay(store, file)
    assert firing(store, RULES[file]) == ALERTS
    assert {device for _, device, _ in ALERTS} == {device.id for device in DEVICES} - {"well"}


def firing(store: Store, label: str) -> set[tuple[str, str, str]]:
    """Alerts that fire now, of those whose devices are named by this label."""
    ask(store, "/internal/force_flush")
    query = f'last_over_time(ALERTS{{alertstate="firing", {label}!=""}}[5m])'
    result = json.loads(ask(store, "/api/v1/query", query=query, nocache="1"))["data"]["result"]
    alerts = [series["metric"] for series in result]
    return {(labels["alertname"], labels[label], detail(labels)) for labels in alerts}


def detail(labels: dict) -> str:
    """What tells apart alerts of one name: the cell, the alarm, or of several packs the pack."""
    pack = labels.get("pack", "")
    return labels.get("cell") or labels.get("alarm") or ("" if pack == "pack1" else pack)


def replay(store: Store, file: str):
    """Let vmalert evaluate the rules over the last two and a half hours; its alerts go into the store."""
    program = shutil.which("vmalert") or missing("vmalert is not installed: apt-get install victoria-metrics")
    now_s = time.time()
    command = [program, f"-rule={SETTINGS / file}", f"-datasource.url={store.url}", f"-remoteWrite.url={store.url}"]
    command += [f"-replay.timeFrom={rfc3339(now_s - 2.5 * HOUR_S)}", f"-replay.timeTo={rfc3339(now_s)}"]
    command += ["-replay.disableProgressBar", "-remoteWrite.flushInterval=100ms", "-datasource.queryStep=1m"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr


def rfc3339(unix_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_s))
