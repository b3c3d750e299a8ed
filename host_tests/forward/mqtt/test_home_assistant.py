"""When Home Assistant is told what there is, and that it costs nothing else. Its files for owners, too."""

import asyncio
import hashlib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from evencell import __version__
from evencell.forward.mqtt import home_assistant as home_assistant_module
from evencell.forward.mqtt import update_state
from evencell.forward.mqtt.client import MqttError
from evencell.forward.mqtt.forwarder import Forwarder
from evencell.forward.mqtt.home_assistant import HomeAssistant
from evencell.hub import Hub
from evencell.pack.pack import OFFLINE, ONLINE
from evencell.pack.status import Status
from evencell.runtime.lazy_lock import LazyLock
from host_tests.fakes import FakeClock
from host_tests.forward.mqtt.test_discovery import allow, announced, context_of, sent, with_policy, with_w
from host_tests.home_assistant_schemas import messages as checked_messages
from host_tests.portable import ROOT, without_modules
from tools.build import discovery_table

MODULES = ("evencell.forward.mqtt.home_assistant", "evencell.forward.mqtt.discovery")
LAZY = (
    "evencell.forward.mqtt.discovery",
    "evencell.forward.mqtt.discovery_values",
    "evencell.forward.mqtt.update_state",
    "evencell.protocol.jk_settings",
)
DOCS = Path(ROOT) / "docs/home-assistant"
BLUEPRINTS = sorted(DOCS.glob("blueprints/*.yaml"))


class Client:
    """Takes what is published, or fails in its own way."""

    def __init__(self, publish_fails=None, subscribe_fails=None):
        self.sent = []
        self.devices = []
        self.updates = []
        self.qos = []  # of those
        self.retains = self.can_discover = True
        self._publish_fails = publish_fails
        self._subscribe_fails = subscribe_fails

    async def subscribe(self, topic):
        if self._subscribe_fails:
            raise self._subscribe_fails
        self.sent.append(topic)

    async def publish(self, topic, payload, **options):
        if topic.endswith("/device"):
            self.devices.append(json.loads(payload))
            return
        if topic.endswith("/update"):
            assert options["retain"]
            self.qos.append(options["qos"])
            self.updates.append(json.loads(payload))
            return
        if self._publish_fails:
            raise self._publish_fails
        message = b"".join(payload)
        assert len(message) == options["payload_bytes"]
        assert (options["qos"], options["retain"]) == (1, True)
        self.sent.append(message)


def pack_of(link, slots=4):
    accepted = Status()
    accepted.slots = slots
    return SimpleNamespace(name="pack1", model="jk_b2a4s", link=link, accepted=accepted)


def handler_of(pack):
    """A HomeAssistant, what was logged, and what was remembered."""
    context = context_of("pack1")
    context.hub.packs = [pack]
    logged, remembered = [], {}
    context.log = SimpleNamespace(warning=logged.append)
    context.lazy_lock = LazyLock()
    context.key_values = SimpleNamespace(get=remembered.get, put=remembered.__setitem__)
    context.clock = FakeClock()
    context.heap = SimpleNamespace(allows=lambda _what: True)
    return HomeAssistant(context, lambda everything: logged.append(everything)), logged, remembered


def test_discovery_is_published_once_and_again_for_new_entities():
    async def scenario():
        pack, client = pack_of(None), Client()
        home_assistant, logged, remembered = handler_of(pack)
        await home_assistant.on_connect(client)
        await home_assistant.on_update(client)
        assert client.sent == ["homeassistant/status"]
        pack.link = ONLINE
        for slots, temperature_dc, messages in ((4, None, 1), (4, None, 1), (5, None, 2), (5, 230, 3), (5, None, 3)):
            pack.accepted.slots, pack.accepted.temperature_dc = slots, temperature_dc
            await home_assistant.on_update(client)
            assert len(client.sent) == 1 + messages
        for payload, is_retained in ((b"online", True), (b"offline", False)):
            home_assistant.on_message("homeassistant/status", payload, is_retained)
        assert logged == []
        home_assistant.on_message("homeassistant/status", b"online", False)
        await asyncio.sleep(0.01)
        await home_assistant.on_update(client)
        assert (logged, len(client.sent)) == ([True], 5)
        assert remembered == {"announced_packs": 1}

    asyncio.run(scenario())


def test_state_of_an_update_is_published_with_discovery_and_while_it_runs():
    async def scenario():
        client = Client()
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        await home_assistant.on_update(client)
        await update_state.publish(client, home_assistant._context, "9.9.9", 40)
        idle = {"installed_version": __version__, "latest_version": __version__, "release_summary": ""}
        assert client.updates == [
            {**idle, "in_progress": False, "update_percentage": None},
            {**idle, "latest_version": "9.9.9", "in_progress": True, "update_percentage": 40},
        ]
        assert client.qos == [1, 0]

    asyncio.run(scenario())


def test_broker_that_rejects_discovery_gets_everything_else():
    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        client = Client()
        client.can_discover = False
        await home_assistant.on_update(client)
        assert (len(client.devices), client.sent) == (1, [])

    asyncio.run(scenario())


def test_birth_messages_are_answered_at_once_and_then_at_a_pace(monkeypatch):
    """A flood costs two announcements a minute, and the last message of it is answered, too."""
    waiting = []

    async def sleep_ms(pause_ms):
        if pause_ms == 5_000:
            return  # after the announcement
        waiting.append((pause_ms, asyncio.Event()))
        await waiting[-1][1].wait()

    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        clock, client = home_assistant._context.clock, Client()

        async def pass_to(now_ms):
            clock.now_ms = now_ms
            for _pause, event in waiting:
                event.set()
            waiting.clear()
            for _ in range(5):
                await asyncio.sleep(0)
            await home_assistant.on_update(client)
            return len(client.sent)

        async def say(count):
            for _ in range(count):
                home_assistant.on_message("homeassistant/status", b"online", False)
                await asyncio.sleep(0)
            return [pause_ms for pause_ms, _ in waiting]

        assert await pass_to(1_000) == 1  # of the connection
        assert await say(1) == [0]
        assert await pass_to(1_000) == 2
        clock.now_ms = 2_000
        assert await say(50) == [29_000]
        assert await pass_to(31_000) == 3
        clock.now_ms = 31_001
        assert await say(50) == [29_999]
        assert await pass_to(61_000) == 4
        clock.now_ms = 100_000
        assert await say(1) == [0]
        assert await pass_to(100_000) == 5

    monkeypatch.setattr(home_assistant_module, "sleep_ms", sleep_ms)
    asyncio.run(scenario())


def test_many_announcements_leave_one_task():
    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        client = Client()
        for _ in range(20):
            home_assistant._is_published = False
            await home_assistant.on_update(client)
        await asyncio.sleep(0)
        assert len(client.sent) == 20
        assert len(asyncio.all_tasks()) == 2  # this one, and what follows the last announcement

    asyncio.run(scenario())


def test_discovery_is_published_again_when_a_setting_leaves_its_range():
    async def scenario():
        pack, client = pack_of(ONLINE), Client()
        home_assistant, _, _ = handler_of(pack)
        allow(home_assistant._context, model="jk_b2a4s")
        for trigger_mv, messages in ((5, 1), (1000, 1), (1, 2), (1, 2), (5, 2), (1001, 3)):
            pack.accepted.trigger_mv = trigger_mv
            await home_assistant.on_update(client)
            assert len(client.sent) == messages, trigger_mv
        number = json.loads(client.sent[1])["cmps"]["0_set_trigger_mv"]
        assert (number["min"], number["max"]) == (1, 1000)

    asyncio.run(scenario())


def test_device_status_is_published_once_a_minute():
    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        clock, client = home_assistant._context.clock, Client()
        for now_ms, messages in ((1000, 1), (60_999, 1), (61_000, 2)):
            clock.now_ms = now_ms
            await home_assistant.on_update(client)
            assert len(client.devices) == messages
        assert client.devices[1] == {"uptime_s": 61, "wifi_rssi": None, "heap_free": 50_000, "low_pack": 0}

    asyncio.run(scenario())


def test_modules_of_discovery_are_unloaded():
    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(OFFLINE, 0))
        for client in (Client(), Client(OSError("gone"))):
            await home_assistant.on_connect(client)
            try:
                await home_assistant.on_update(client)
            except OSError as error:
                assert str(error) == "gone"
            assert not {*LAZY} & set(sys.modules)

    without_modules(LAZY, lambda: asyncio.run(scenario()))


def test_discovery_is_postponed_without_memory():
    async def scenario():
        home_assistant, logged, _ = handler_of(pack_of(ONLINE))
        clock = home_assistant._context.clock
        for _ in range(2):
            await home_assistant.on_update(Client(MemoryError()))
            clock.now_ms += 300_000
        assert logged == ["mqtt: not enough memory for Home Assistant discovery; trying again every 5 minutes"]
        clock.now_ms -= 1
        client = Client()
        await home_assistant.on_update(client)
        assert client.sent == []
        clock.now_ms += 1
        await home_assistant.on_update(client)
        assert len(client.sent) == 1

    asyncio.run(scenario())


def test_discovery_waits_while_load_is_shed():
    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        allowed, client = [False], Client()
        home_assistant._context.heap.allows = lambda what: what == "discovery" and allowed[0]
        for _ in range(3):
            await home_assistant.on_update(client)
        assert client.sent == []
        allowed[0] = True
        await home_assistant.on_update(client)
        assert len(client.sent) == 1

    asyncio.run(scenario())


def test_discovery_waits_while_lazy_modules_are_in_use():
    async def scenario():
        home_assistant, _, _ = handler_of(pack_of(ONLINE))
        client, lock = Client(), home_assistant._lock
        scope = lock.open()
        await home_assistant.on_update(client)
        assert client.sent == []
        lock.close(scope)
        await home_assistant.on_update(client)
        assert len(client.sent) == 1 and lock.open()

    asyncio.run(scenario())


def test_refused_subscription_leaves_the_rest_working():
    async def scenario():
        home_assistant, logged, _ = handler_of(pack_of(ONLINE))
        client = Client(subscribe_fails=MqttError("subscription refused by the broker"))
        await home_assistant.on_connect(client)
        assert logged == ["mqtt: subscription refused by the broker: restarts of Home Assistant go unnoticed"]
        await home_assistant.on_update(client)
        assert len(client.sent) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("discovery", [True, False])
def test_home_assistant_is_imported_only_with_discovery(discovery, monkeypatch):
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    settings = {"prefix": "evencell", "retain_state": False, "discovery": discovery, "discovery_prefix": "home"}
    settings |= {"birth_topic": "home/status", "commands": False}
    config = {"mqtt": settings, "profile": "full", "time": {"mqtt": False}}
    context = SimpleNamespace(hub=Hub([], FakeClock()), log=None, config=config, device_id="id", outbox=None)
    context.lazy_lock = LazyLock()
    Forwarder(context, None)
    assert [name in sys.modules for name in MODULES] == [discovery, False]


# Keys of a component, and units of a sensor's device class, in Home Assistant's documentation. Its own schemas are run
# by hand: home_assistant_schemas.py.
ALL = {"p", "name", "uniq_id", "def_ent_id", "ic", "val_tpl", "stat_t", "avty", "ent_cat"}
BOTH = ALL | {"exp_aft", "en", "dev_cla"}
CONTROL = ALL | {"cmd_t", "cmd_tpl", "qos"}
KEYS = {
    "binary_sensor": BOTH | {"off_dly"},
    "sensor": BOTH | {"unit_of_meas", "sug_dsp_prc", "stat_cla", "ops", "json_attr_t"},
    "number": CONTROL | {"min", "max", "step", "mode", "dev_cla", "unit_of_meas"},
    "switch": CONTROL,
    "select": CONTROL | {"ops"},
    "event": ALL | {"evt_typ"},
    "update": ALL | {"dev_cla"},  # no command topic: Home Assistant offers no installation
}
UNITS = {"voltage": "V", "current": "A", "temperature": "°C", "signal_strength": "dBm", "duration": "s"}
UNITS |= dict.fromkeys(("enum", "timestamp", None))


def test_messages_follow_home_assistants_documentation():
    context = allow(context_of("front", "rear"), 1)
    for place in (0, 1):
        for valid_s in (0, 46_920):
            check_rules(announced(context, (4, True), (24, True), place=place, valid_s=valid_s))
    check_rules(announced(with_policy(context), (4, True), (24, True)))
    check_rules(announced(with_w(context), (4, True), (24, True)))
    check_rules(announced(with_policy(context), (4, True), (24, True), place=1))


def check_rules(message: dict):
    assert set(message) == {"dev", "o", "cmps", "stat_t", "avty", "avty_mode"}
    for key, component in message["cmps"].items():
        assert re.fullmatch(r"\w+", key)
        assert set(component) <= KEYS[component["p"]], key
        if component["p"] in ("number", "select", "switch"):
            assert component.get("ent_cat", "config") == "config"
            assert component.get("min", 0) < component.get("max", 1)
            continue
        assert component.get("ent_cat", "diagnostic") == "diagnostic"
        if component["p"] == "sensor":
            kind = component.get("dev_cla")
            assert component.get("unit_of_meas") == UNITS[kind]
            assert component.get("stat_cla", "measurement") == "measurement"
            assert ("ops" in component) == (kind == "enum")
        elif component["p"] == "binary_sensor":
            assert component.get("dev_cla") in (None, "problem", "connectivity")


def test_messages_are_those_checked_against_the_schemas():
    """Another message than those in schemas.md? Then that page says how to check the new one against the schemas."""
    recorded = re.findall(r"`([0-9a-f]{64})`", (DOCS / "schemas.md").read_text())
    assert recorded == [hashlib.sha256(message).hexdigest() for message in checked_messages()]


# SHA-256 of the messages of one configuration with 0 to 24 cells, each without and with a temperature.
MESSAGES = {
    "one pack": "4b1c6c144177c91163736fb7f9cf84f0eca95f8072602ecf080d23d5b5a3ef15",
    "quotes and a page": "428ac8061640d5d057a59e779c7a8c37e95c687f353527c6ad182c491bd78dbd",
    "second pack": "99904b8a9b001421dfe7751441757bfb3a370530259b5659de86d05ca5310c77",
    "writable": "d0667a5246a72d36a924a8dbe942980e653f022d8f1d4518e2f174622d8eb8e4",
    "commands alone": "b76d5bef573f3f499c67c157edebf5a4cb7548874be4981938c9d42472124e1e",
    "second pack writable": "986ad720381c7ae25eaabbe0cb00959f12b7004f519eb7555b2a579ae24c95a0",
    "without commands": "4b1c6c144177c91163736fb7f9cf84f0eca95f8072602ecf080d23d5b5a3ef15",
}


def configurations() -> dict:
    """Context and place of the pack, by the names of MESSAGES."""
    page = {"enabled": True, "host": "0.0.0.0", "port": 8080}
    served = {"http": page, "network": SimpleNamespace(address="10.0.0.2")}
    quoted = {"name": 'Zoe "x"', "prefix": 'x/"y', "publish_s": 60, "interval_ms": 3_600_000}
    widened = {"trigger_mv": 1, "max_balance_ma": 100, "cells_configured": 5}
    return {
        "one pack": (context_of("pack1"), 0),
        "quotes and a page": (context_of("a", "b", **served, **quoted), 0),
        "second pack": (context_of("front", "rear", name="é", **served), 1),
        "writable": (allow(context_of("pack1")), 0),
        "commands alone": (allow(context_of("front", "rear"), 1), 0),
        "second pack writable": (allow(context_of("front", "rear"), 1, "jk_b2a4s", **widened), 1),
        "without commands": (allow(context_of("pack1"), commands=False), 0),
    }


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_unchanged_byte_for_byte(name):
    context, place = configurations()[name]
    digest = hashlib.sha256()
    for cells in range(25):
        for has_temperature in (False, True):
            digest.update(sent(context, *[(cells, has_temperature)] * (place + 1), place=place))
    assert digest.hexdigest() == MESSAGES[name]


def test_template_is_made_of_the_table():
    """Else: `python -m tools.build.discovery_table`."""
    assert discovery_table.PATH.read_text("utf-8") == discovery_table.text()


class Loader(yaml.SafeLoader):
    """YAML with Home Assistant's `!input`."""


Loader.add_constructor("!input", lambda _, node: Input(node.value))


class Input(str):
    """The name of an input."""


def inputs_in(value) -> set:
    if isinstance(value, Input):
        return {value}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(inputs_in, parts))


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_blueprint_declares_its_inputs(path):
    content = yaml.load(path.read_text(), Loader)
    assert content["blueprint"]["domain"] == "automation"
    assert content["triggers"] and content["actions"]
    assert inputs_in(content) == set(content["blueprint"]["input"])
    assert all(selector["selector"] for selector in content["blueprint"]["input"].values())


def test_card_uses_existing_entity_ids():
    components = announced(context_of("pack1"), (4, True))["cmps"].values()
    there = {component["def_ent_id"] for component in components if component.get("en", True) and "name" in component}
    named = {
        entity for card in yaml.safe_load((DOCS / "card.yaml").read_text())["cards"] for entity in card["entities"]
    }
    assert named and named <= there
