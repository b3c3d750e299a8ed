"""`evencell fleet` with real servers: nothing is lost through a restart, and docs/fleet/ does what it says."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from host_tests.broker import Broker, free_port
from host_tests.end_to_end.chain import EVENCELL
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process, until
from host_tests.needs import missing, need_broker
from host_tests.store import Store
from tools.bench.fleet import FIGURES, PAGE, SETTINGS, page
from tools.fleet.delivery import DeviceDelivery, FleetDelivery
from tools.fleet.device import id_of

DEVICES = 50
EVERY_S = 2
FRONT, REAR = "7c9ebd3d49aa", "7c9ebd3d49bb"


def settings(*leave_out: str) -> list[str]:
    """Lines of docs/fleet/mosquitto.conf but those that begin so, and what Debian's own file adds."""
    lines = (SETTINGS / "mosquitto.conf").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("#", "listener", *leave_out))]
    return [line.replace("/etc/mosquitto/evencell/", "") for line in kept] + ["persistence true"]


@pytest.fixture
def open_broker():
    need_broker()
    with Broker("allow_anonymous true", *settings("allow", "password", "acl")) as broker:
        yield broker


@pytest.fixture(scope="module")
def guarded():
    """A broker with access list, and the password of each account."""
    need_broker()
    broker = Broker(*settings())
    (broker.folder / "acl").write_text((SETTINGS / "acl").read_text())
    passwords = add_devices(broker.folder / "passwd", FRONT, REAR, "reader", id_of(1, 0))
    with broker:
        yield broker, passwords


def need_openssl() -> str:
    return shutil.which("openssl") or missing("openssl is not installed: apt-get install openssl")


def add_devices(file, *ids: str) -> dict[str, str]:
    need_openssl()
    command = ["sh", str(SETTINGS / "add_devices.sh"), str(file), "192.168.1.10", *ids]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    printed = [json.loads(line)["mqtt"] for line in result.stdout.splitlines()]
    assert all(mqtt["host"] == "192.168.1.10" and mqtt["password"] not in file.read_text() for mqtt in printed)
    return {mqtt["user"]: mqtt["password"] for mqtt in printed}


def heard(listener: Listener) -> dict[str, list[dict]]:
    """The states of each device that were heard."""
    states: dict[str, list[dict]] = {}
    for message in listener.messages:
        states.setdefault(message.topic.split("/")[1], []).append(message.json())
    return states


def all_heard(listener: Listener, since: int = 0) -> bool:
    """Whether each device was heard twice since it had made so many readings."""
    states = heard(listener).values()
    return len(states) == DEVICES and all(len([s for s in of if s["sequence"] > since]) >= 2 for of in states)


def latest(store: Store) -> float:
    """When the newest reading of the device that is behind was made."""
    newest = [max(values) for (name, _, _), values in store.series().items() if name == "evencell_pack_mv"]
    return min(newest) if len(newest) == DEVICES else 0


def test_nothing_is_lost_while_the_broker_is_killed_and_started_again(open_broker, tmp_path):
    figures_file = tmp_path / "figures.json"
    options = ["--devices", DEVICES, "--every-s", EVERY_S, "--json", figures_file, "--minutes", 60]
    with Store() as store, Listener(open_broker.port, "evencell/+/+/state") as listener:
        places = ["--mqtt", f"127.0.0.1:{open_broker.port}", "--influx", store.url]
        with Process([EVENCELL, "fleet", *options, *places]) as fleet:
            until(lambda: all_heard(listener), "every device")
            open_broker.kill()
            then = latest(store)
            until(lambda: latest(store) >= then + 3 * EVERY_S, "readings without a broker")
            made = max(state["sequence"] for of in heard(listener).values() for state in of) + 3
            open_broker.start()
            until(lambda: all_heard(listener, since=made), "every device again")
            assert fleet.stop(signal.SIGINT) == 0, fleet.text()
        figures = json.loads(figures_file.read_text())
        assert figures["lost"] == 0 and figures["mqtt"]["dropped"] == 0
        assert figures["mqtt"]["heard_as_backlog"] >= DEVICES
        assert figures["mqtt"]["connects"] == 2 * DEVICES
        assert min(figures["cpu_s"][server] for server in ("broker", "store", "fleet")) > 0
        assert figures["store"] == {"sent": figures["readings"], "waiting": 0, "dropped": 0}
        assert_stored(store.series(), heard(listener), figures["readings"])
    with Listener(open_broker.port, "evencell/+/availability") as listener:
        until(lambda: len(listener.messages) == DEVICES, "every will")
        assert {message.payload for message in listener.messages} == {"offline"}


def assert_stored(series: dict, states: dict[str, list[dict]], readings: int):
    """Every reading is in the store, with the values that were heard over MQTT."""
    packs = {device: values for (name, device, _), values in series.items() if name == "evencell_pack_mv"}
    assert sum(map(len, packs.values())) == readings
    assert set(packs) == set(states) == {id_of(1, number) for number in range(DEVICES)}
    for device, of in states.items():
        for state in of:
            for cell, cell_mv in enumerate(state["cells_mv"], 1):
                assert series[f"evencell_cell_{cell}_mv", device, "pack1"][state["time"]] == cell_mv
    assert len({tuple(of[0]["cells_mv"]) for of in states.values()}) > DEVICES / 2


def test_what_never_arrives_is_reported_and_fails(tmp_path):
    """Where a broker lets no client publish, everything is lost."""
    need_broker()
    broker = Broker("allow_anonymous true", *settings("allow", "password"))
    (broker.folder / "acl").write_text("topic read #\n")
    options = ["--devices", "2", "--every-s", "0.5", "--json", tmp_path / "figures.json"]
    with broker, Process([EVENCELL, "fleet", *options, "--mqtt", f"127.0.0.1:{broker.port}"]) as fleet:
        until(lambda: "Denied PUBLISH" in broker.log(), "a refusal")
        os.kill(fleet.pid, signal.SIGINT)
        fleet.lines.wait(lambda line: "under way" in line, "that it waits")
        assert fleet.stop(signal.SIGINT) == 1
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["lost"] == figures["readings"] > 0


def test_the_access_list_keeps_devices_apart(guarded):
    broker, passwords = guarded
    with (
        Listener(broker.port, login=("reader", passwords["reader"])) as reader,
        Listener(broker.port, login=(FRONT, passwords[FRONT])) as front,
        Listener(broker.port, login=(REAR, passwords[REAR])) as rear,
    ):
        front.say(f"evencell/{REAR}/availability", "forged")
        front.say(f"homeassistant/device/{REAR}/config", "forged")
        reader.say(f"evencell/{FRONT}/availability", "forged")
        front.say(f"evencell/{FRONT}/pack1/state", "mine")
        rear.say(f"evencell/{REAR}/pack1/state", "mine")
        for listener, topics in ((reader, [FRONT, REAR]), (front, [FRONT]), (rear, [REAR])):
            until(lambda listener=listener, topics=topics: len(listener.messages) >= len(topics), "messages")
            told = [(message.topic, message.payload) for message in listener.messages]
            assert told == [(f"evencell/{device}/pack1/state", "mine") for device in topics]


def test_a_fleet_with_accounts(guarded, tmp_path):
    """One device, for each has a password of its own."""
    broker, passwords = guarded
    accounts = ["--user", "{id}", "--password", passwords[id_of(1, 0)]]
    reader = ["--reader-user", "reader", "--reader-password", passwords["reader"]]
    options = ["--devices", "1", "--every-s", "0.5", "--minutes", "0.05", "--json", str(tmp_path / "figures.json")]
    result = evencell("fleet", "--mqtt", f"127.0.0.1:{broker.port}", *accounts, *reader, *options)
    assert result.returncode == 0, result
    assert json.loads((tmp_path / "figures.json").read_text())["lost"] == 0
    assert passwords["reader"] not in result.stdout + result.stderr


def test_a_wrong_password_is_one_sentence(guarded):
    broker, _ = guarded
    result = evencell("fleet", "--mqtt", f"127.0.0.1:{broker.port}", "--user", "reader", "--password", "wrong-horse")
    assert_one_sentence(result)
    assert "bad user name or password" in result.stderr and "wrong-horse" not in result.stderr


def test_encrypted(tmp_path):
    """A forgotten --tls is one sentence."""
    need_broker()
    files = ["-keyout", tmp_path / "key", "-out", tmp_path / "certificate"]
    command = [need_openssl(), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", *files]
    subprocess.run(command, check=True, capture_output=True)
    with Broker("allow_anonymous true", f"certfile {files[3]}", f"keyfile {files[1]}") as broker:
        options = ["--devices", "2", "--every-s", "0.5", "--minutes", "0.05", "--mqtt", f"127.0.0.1:{broker.port}"]
        result = evencell("fleet", "--tls", *options)
        assert result.returncode == 0, result
        assert_one_sentence(evencell("fleet", *options))


def test_no_broker_is_one_sentence():
    assert_one_sentence(evencell("fleet", "--mqtt", f"127.0.0.1:{free_port()}"))


@pytest.mark.parametrize(
    "options",
    [[], ["--mqtt", "somewhere"], ["--influx", "https://store"], ["--mqtt", "x:1", "--json", "nowhere/figures.json"]],
)
def test_wrong_usage(options):
    assert evencell("fleet", *options).returncode == 2


def test_the_book_knows_what_is_missing_and_what_came_twice():
    fleet = FleetDelivery()
    fleet.of = {"one": DeviceDelivery(), "two": DeviceDelivery()}
    for sequence in (1, 2, 3):
        fleet.of["one"].record_made(sequence)
        fleet.of["one"].record_published(sequence)
    for sequence, is_backlog in ((1, False), (3, False), (3, True), (1, True), (1, True), (7, False)):
        fleet.record_received("one", sequence, is_backlog)
    assert (fleet.made, fleet.missing, fleet.duplicates) == (3, 1, 3)
    assert fleet.from_backlog == 3


def test_the_page_of_figures_is_what_was_measured():
    assert PAGE.read_text() == page(json.loads(FIGURES.read_text()))
