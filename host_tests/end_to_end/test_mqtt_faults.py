"""What can happen to the way to the broker, or to the broker itself: each ends in a sentence, and by itself."""

import json
import shutil
import subprocess

import pytest

from host_tests.broker import Broker
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import until
from host_tests.end_to_end.proxy import Proxy
from host_tests.needs import need_broker

SECRET = "s3cret-w0rd"
# What a peer that vanished costs: 7.5 s until it is noticed.
WATCHFUL = {"packs": [{"interval_ms": 200, "timeout_ms": 300}], "mqtt": {"publish_s": 1, "keepalive_s": 5}}


@pytest.fixture
def simulator(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        yield simulator


def watchful(folder, simulator, port, *, within=(), **mqtt) -> Firmware:
    """Firmware that soon notices what is wrong; with these keys of the section `mqtt`."""
    config = {**WATCHFUL, "mqtt": {**WATCHFUL["mqtt"], **mqtt}}
    return Firmware(folder / "device", simulator.link, config=config, mqtt=port, within=within)


def is_well(mqtt: dict) -> bool:
    return mqtt["state"] == "connected" and mqtt["problem"] is None


def wait_until_well(firmware: Firmware):
    return until(lambda: is_well(firmware.mqtt()), "all well")


def wait_for_problem(firmware: Firmware, words: str) -> dict:
    """The status while the next try is waited for, or under way; the log has the same sentence."""
    mqtt = until(lambda: (now := firmware.mqtt()) and words in (now["problem"] or "") and now, words)
    firmware.wait_for_line(f"mqtt: {mqtt['problem']}; next try in")
    return mqtt


def events(listener: Listener, since: int = 0) -> list:
    """Name and value of the pack's events that came, in their order."""
    told = [message.json() for message in list(listener.messages)[since:] if message.topic.endswith("/pack1/event")]
    return [(event["name"], event["value"]) for event in told]


def test_a_killed_broker(tmp_path, simulator):
    need_broker()
    with Broker() as broker, watchful(tmp_path, simulator, broker.port) as firmware:
        wait_until_well(firmware)
        sent = firmware.mqtt()["sent"]
        broker.kill()
        wait_for_problem(firmware, f"connection refused by 127.0.0.1:{broker.port}")
        broker.start()
        wait_until_well(firmware)
        until(lambda: firmware.mqtt()["sent"] > sent + 3, "counts that go on")
        assert firmware.mqtt()["dropped"] == 0


@pytest.fixture
def cuttable(tmp_path, simulator):
    """Firmware that reaches its broker through a proxy."""
    need_broker()
    with Broker() as broker, Proxy(broker.port) as proxy, watchful(tmp_path, simulator, proxy.port) as firmware:
        yield firmware, proxy, broker


def test_a_peer_that_vanished_and_what_it_never_got(cuttable, simulator):
    """Nothing comes back: no acknowledgement, no reset. What had QoS 1 is sent again."""
    firmware, proxy, broker = cuttable
    with Listener(broker.port) as listener:
        wait_until_well(firmware)
        listener.wait("/pack1/state")  # so nothing is under way
        heard = len(listener.messages)
        proxy.cut()
        simulator.kill()
        firmware.wait_for_line("link offline")
        wait_for_problem(firmware, "timed out: the broker stopped answering")
        assert ("link", "offline") not in events(listener)
        wait_for_problem(firmware, "timed out: no answer from the broker")
        proxy.mend()
        wait_until_well(firmware)
        listener.wait("/pack1/link", "offline")
        until(lambda: ("link", "offline") in events(listener), "every event")
        told = events(listener, heard)
        assert [value for name, value in told if name == "link"] == ["stale", "offline"]
        assert ("verdict", "silent") in told
        assert firmware.mqtt()["dropped"] == 0


def test_a_peer_that_vanished_while_there_was_nothing_to_say(cuttable):
    firmware, proxy, _ = cuttable
    wait_until_well(firmware)
    proxy.cut()
    wait_for_problem(firmware, "timed out: the broker stopped answering")
    proxy.mend()
    wait_until_well(firmware)


def test_a_broker_that_takes_the_connection_and_says_nothing(tmp_path, simulator):
    need_broker()
    with Broker() as broker, Proxy(broker.port) as proxy:
        proxy.cut()
        with watchful(tmp_path, simulator, proxy.port) as firmware:
            assert firmware.mqtt() == {"state": "connecting", "problem": None, "sent": 0, "dropped": 0}
            wait_for_problem(firmware, "timed out: no answer from the broker")
            proxy.mend()
            wait_until_well(firmware)


def test_a_wrong_password(tmp_path, simulator):
    need_broker()
    broker = Broker("allow_anonymous false", "password_file passwords")
    write_password(broker, "another password")
    with broker, watchful(tmp_path, simulator, broker.port, user="owner", password=SECRET) as firmware:
        wait_for_problem(firmware, "wrong user or password")
        broker.kill()
        write_password(broker, SECRET)
        broker.start()
        wait_until_well(firmware)
        assert SECRET not in firmware.log() + json.dumps(firmware.status())


def write_password(broker: Broker, password: str):
    """From its next start on the broker knows the owner by this one."""
    (broker.folder / "passwords").write_text(f"owner:{password}\n")
    subprocess.run([shutil.which("mosquitto_passwd"), "-U", broker.folder / "passwords"], check=True)


def test_a_broker_that_has_no_room(tmp_path, simulator):
    """It ends the connection at the first message for which it has no memory: discovery rejected by the broker one."""
    need_broker()
    broker = Broker("allow_anonymous true", "memory_limit 60000")
    with broker, watchful(tmp_path, simulator, broker.port) as firmware:
        topic = f"homeassistant/device/{firmware.id}/config"
        wait_for_problem(firmware, f"connection closed by the broker at {topic}, ")
        firmware.wait_for_line("discovery rejected by the broker")
        until(lambda: firmware.mqtt()["state"] == "connected", "a connection without the announcement")
        broker.kill()
        broker.use("allow_anonymous true")
        broker.start()
        wait_until_well(firmware)


def test_a_broker_whose_disk_is_full(tmp_path, simulator):
    """It takes everything and keeps nothing: after its next start it knows only what it is told again."""
    need_broker()
    broker = Broker("allow_anonymous true", "persistence true", "autosave_on_changes true", "autosave_interval 1")
    broker.fill_disk()
    with broker, watchful(tmp_path, simulator, broker.port) as firmware:
        wait_until_well(firmware)
        kept = until(lambda: list(broker.folder.glob("mosquitto.db*")), "something to be kept")
        broker.kill()
        assert all(file.stat().st_size == 0 for file in kept)
        broker.start()
        with Listener(broker.port) as listener:
            listener.wait("/availability", "online")
            listener.wait("/pack1/link", "online")
            assert listener.wait("/pack1/state").json()["cells_mv"] == FIXED_MV
        wait_until_well(firmware)


def test_a_broker_whose_name_is_not_found(tmp_path, simulator):
    """Until its name is in a file of hosts that this one process sees for /etc/hosts."""
    need_broker()
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    mount = f'mount --bind {hosts} /etc/hosts && exec "$@"'
    within = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if subprocess.run([*within, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this computer allows no /etc/hosts of its own for a process")
    with Broker() as broker:
        firmware = watchful(tmp_path, simulator, broker.port, within=within)
        firmware.overrides["mqtt"]["host"] = "broker.invalid"
        with firmware:
            wait_for_problem(firmware, "host not found: broker.invalid")
            assert firmware.get("/healthz").status == 200
            hosts.write_text("127.0.0.1 localhost\n127.0.0.1 broker.invalid\n")
            wait_until_well(firmware)
