"""When Home Assistant is told what there is, and that it costs nothing else. Its files for owners, too."""

import asyncio
import hashlib
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from evencell.forward.home_assistant import HomeAssistant
from evencell.forward.mqtt import Forwarder
from evencell.forward.mqtt_client import MqttError
from evencell.hub import Hub
from evencell.pack.pack import OFFLINE, ONLINE
from evencell.runtime.lazy import LazyLock
from host_tests.forward.test_discovery import allow, announced, context_of, sent
from host_tests.portable import ROOT, FakeClock, without_modules

MODULES = ("evencell.forward.home_assistant", "evencell.forward.discovery")
DOCS = Path(ROOT) / "docs/home-assistant"
BLUEPRINTS = sorted(DOCS.glob("blueprints/*.yaml"))


class Client:
    """Takes what is published, or fails in its own way."""

    def __init__(self, publish_fails=None, subscribe_fails=None):
        self.sent = []
        self._publish_fails = publish_fails
        self._subscribe_fails = subscribe_fails

    async def subscribe(self, topic):
        if self._subscribe_fails:
            raise self._subscribe_fails
        self.sent.append(topic)

    async def publish(self, _topic, payload, **options):
        if self._publish_fails:
            raise self._publish_fails
        message = b"".join(payload)
        assert len(message) == options["payload_bytes"]
        assert (options["qos"], options["retain"]) == (1, True)
        self.sent.append(message)


def pack_of(link, slots=4):
    return SimpleNamespace(name="pack1", link=link, accepted=SimpleNamespace(slots=slots, temperature_dc=None))


def teller(pack):
    """A HomeAssistant, what was logged, and what was remembered."""
    context = context_of("pack1")
    context.hub.packs = [pack]
    logged, remembered = [], {}
    context.log = SimpleNamespace(warning=logged.append)
    context.lazy_lock = LazyLock()
    context.memory = SimpleNamespace(get=remembered.get, put=remembered.__setitem__)
    context.clock = FakeClock()
    context.heap = SimpleNamespace(allows=lambda _what: True)
    return HomeAssistant(context, lambda: logged.append("restarted")), logged, remembered


def test_it_is_told_once_and_again_when_something_is_new():
    async def scenario():
        pack, client = pack_of(None), Client()
        home_assistant, logged, remembered = teller(pack)
        await home_assistant.listen(client)
        await home_assistant.announce(client)
        assert client.sent == ["homeassistant/status"]
        pack.link = ONLINE
        for slots, temperature_dc, messages in ((4, None, 1), (4, None, 1), (5, None, 2), (5, 230, 3), (5, None, 3)):
            pack.accepted.slots, pack.accepted.temperature_dc = slots, temperature_dc
            await home_assistant.announce(client)
            assert len(client.sent) == 1 + messages
        for payload, is_retained in ((b"online", True), (b"offline", False)):
            home_assistant.hear("homeassistant/status", payload, is_retained)
        assert logged == []
        home_assistant.hear("homeassistant/status", b"online", False)
        await home_assistant.announce(client)
        assert (logged, len(client.sent)) == (["restarted"], 5)
        assert remembered == {"announced_packs": 1}

    asyncio.run(scenario())


def test_what_it_takes_is_let_go():
    async def scenario():
        home_assistant, _, _ = teller(pack_of(OFFLINE, 0))
        for client in (Client(), Client(OSError("gone"))):
            await home_assistant.listen(client)
            try:
                await home_assistant.announce(client)
            except OSError as error:
                assert str(error) == "gone"
            assert not {"evencell.forward.discovery", "evencell.protocol.jk_settings"} & set(sys.modules)

    without_modules(("evencell.forward.discovery", "evencell.protocol.jk_settings"), lambda: asyncio.run(scenario()))


def test_without_memory_it_is_told_later():
    async def scenario():
        home_assistant, logged, _ = teller(pack_of(ONLINE))
        clock = home_assistant._context.clock
        for _ in range(2):
            await home_assistant.announce(Client(MemoryError()))
            clock.now_ms += 300_000
        assert logged == ["mqtt: no memory to announce this device to Home Assistant; trying again every 5 minutes"]
        clock.now_ms -= 1
        client = Client()
        await home_assistant.announce(client)
        assert client.sent == []
        clock.now_ms += 1
        await home_assistant.announce(client)
        assert len(client.sent) == 1

    asyncio.run(scenario())


def test_while_load_is_shed_it_waits_and_is_not_dropped():
    async def scenario():
        home_assistant, _, _ = teller(pack_of(ONLINE))
        allowed, client = [False], Client()
        home_assistant._context.heap.allows = lambda what: what == "discovery" and allowed[0]
        for _ in range(3):
            await home_assistant.announce(client)
        assert client.sent == []
        allowed[0] = True
        await home_assistant.announce(client)
        assert len(client.sent) == 1

    asyncio.run(scenario())


def test_while_others_use_lazy_modules_it_waits_and_is_not_dropped():
    async def scenario():
        home_assistant, _, _ = teller(pack_of(ONLINE))
        client, lock = Client(), home_assistant._lock
        scope = lock.open()
        await home_assistant.announce(client)
        assert client.sent == []
        lock.close(scope)
        await home_assistant.announce(client)
        assert len(client.sent) == 1 and lock.open()

    asyncio.run(scenario())


def test_a_broker_that_refuses_the_subscription_gets_the_rest():
    async def scenario():
        home_assistant, logged, _ = teller(pack_of(ONLINE))
        client = Client(subscribe_fails=MqttError("the broker refuses the subscription"))
        await home_assistant.listen(client)
        assert logged == ["mqtt: the broker refuses the subscription: restarts of Home Assistant are not noticed"]
        await home_assistant.announce(client)
        assert len(client.sent) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("discovery", [True, False])
def test_nothing_of_it_is_imported_unless_it_is_wanted(discovery, monkeypatch):
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    settings = {"prefix": "evencell", "retain_state": False, "discovery": discovery, "discovery_prefix": "home"}
    settings["commands"] = False
    config = {"mqtt": settings, "profile": "full", "time": {"mqtt": False}}
    context = SimpleNamespace(hub=Hub([], FakeClock()), log=None, config=config, device_id="id", journal=None)
    context.lazy_lock = LazyLock()
    Forwarder(context, None)
    assert [name in sys.modules for name in MODULES] == [discovery, False]


# Keys of a component, and units of a sensor's device class, in Home Assistant's documentation. Its own schemas are run
# by hand: home_assistant_schemas.py.
BOTH = {"p", "name", "uniq_id", "val_tpl", "stat_t", "avty", "exp_aft", "ent_cat", "en", "dev_cla"}
CONTROL = {"p", "name", "uniq_id", "val_tpl", "stat_t", "avty", "ent_cat", "cmd_t", "qos"}
KEYS = {
    "binary_sensor": BOTH,
    "sensor": BOTH | {"unit_of_meas", "sug_dsp_prc", "stat_cla", "ops"},
    "number": CONTROL | {"min", "max", "step", "mode", "dev_cla", "unit_of_meas"},
    "switch": CONTROL,
}
UNITS = {"voltage": "V", "current": "A", "temperature": "°C", "enum": None, None: None}


def test_the_message_keeps_the_published_rules():
    message = announced(allow(context_of("front", "rear"), 1), (4, True), (24, True))
    assert set(message) == {"dev", "o", "cmps", "stat_t", "avty", "avty_mode"}
    for key, component in message["cmps"].items():
        assert re.fullmatch(r"\w+", key)
        assert set(component) <= KEYS[component["p"]], key
        if component["p"] in ("number", "switch"):
            assert component.get("ent_cat", "config") == "config"
            assert component.get("min", 0) < component.get("max", 1)
            continue
        assert component.get("ent_cat", "diagnostic") == "diagnostic"
        if component["p"] == "sensor":
            kind = component.get("dev_cla")
            assert component.get("unit_of_meas") == UNITS[kind]
            assert component.get("stat_cla", "measurement") == "measurement"
            assert ("ops" in component) == (kind == "enum")
        else:
            assert component.get("dev_cla") in (None, "problem", "connectivity")


def test_what_its_own_schemas_were_shown_is_what_is_sent():
    """Another message than those in schemas.md? Then that page says how to hold the new one against the schemas."""
    messages = [
        sent(context_of("pack1"), (4, True)),
        sent(context_of("pack1"), (24, True)),
        sent(context_of("front", "rear"), (4, True), (0, False), before=3),
        sent(allow(context_of("pack1"), model="jk_b2a4s"), (4, True)),
        sent(allow(context_of("pack1")), (24, True)),
        sent(allow(context_of("front", "rear"), 1), (4, True), (4, True)),
    ]
    recorded = re.findall(r"`([0-9a-f]{64})`", (DOCS / "schemas.md").read_text())
    assert recorded == [hashlib.sha256(message).hexdigest() for message in messages]


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
def test_a_blueprint_declares_what_it_uses(path):
    content = yaml.load(path.read_text(), Loader)
    assert content["blueprint"]["domain"] == "automation"
    assert content["triggers"] and content["actions"]
    assert inputs_in(content) == set(content["blueprint"]["input"])
    assert all(selector["selector"] for selector in content["blueprint"]["input"].values())


def test_the_card_has_the_names_that_a_device_gets():
    components = announced(context_of("pack1"), (4, True))["cmps"].values()
    there = {
        f"{component['p']}.evencell_{re.sub(r'[^a-z0-9]+', '_', component['name'].lower())}"
        for component in components
        if "name" in component
    }
    named = {
        entity for card in yaml.safe_load((DOCS / "card.yaml").read_text())["cards"] for entity in card["entities"]
    }
    assert named and named <= there
