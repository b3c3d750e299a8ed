"""Each way a connection can fail is one sentence for the owner, on every interpreter."""

import errno

from evencell.forward.mqtt.errors import evaluate
from evencell.forward.mqtt.packets import MqttError
from evencell.runtime.memory import MemoryPolicy
from host_tests.fakes import ScriptedHeaps

CLOSED = "connection closed by the broker"
UNTRUSTED = MqttError("TLS failed: The certificate validity starts in the future")
UNDER_WAY = ("evencell/id/event", 99)
DISCOVERY = ("homeassistant/device/id/config", 12_500)

_EPIPE = 32  # MicroPython's errno lacks it


class Context:
    """A device whose clock is not set, and with a network if it has this state. `heap`: what is free for it."""

    def __init__(self, network=None, now_s=None, heap=(90_000, 80_000), **mqtt):
        self.heap = MemoryPolicy(ScriptedHeaps(network=heap), None)
        settings = {"host": "broker", "port": 1883, "tls": False, "ca": None, "discovery_prefix": "homeassistant"}
        self.config = {"mqtt": dict(settings, **mqtt)}
        self.network = self if network else None
        self.state = network
        self.clock = self
        self._now_s = now_s

    def unix_s(self):
        return self._now_s


def sentence_of(error, context=None, state="connected", under_way=None):
    return evaluate(error, context or Context(), state, under_way, (True, 2, None))[0]


def limits_after(error, state="connected", under_way=None, retains=True, tries=2, limit=None):
    return evaluate(error, Context(), state, under_way, (retains, tries, limit))[1]


def test_without_a_network_nothing_else_counts():
    for state in ("waiting", "connecting"):
        assert sentence_of(OSError(errno.EHOSTUNREACH), Context(state)) == "no network"
    assert sentence_of(OSError(errno.EHOSTUNREACH), Context("connected")) == "no route to host broker:1883"


def test_system_errors_are_named():
    assert sentence_of(OSError(errno.ECONNREFUSED)).startswith("connection refused by broker:1883: ")
    assert sentence_of(OSError(errno.ECONNRESET)) == sentence_of(MqttError(CLOSED)) == CLOSED
    assert sentence_of(OSError(errno.ENOMEM)) == "not enough memory for a connection to broker:1883"
    assert sentence_of(OSError(errno.ETIMEDOUT)) == "connection to broker:1883 timed out"
    assert "5" in sentence_of(OSError(5)) and sentence_of(OSError()) == CLOSED


def test_memory_is_named_where_it_is_the_cause():
    short = "not enough memory for the network (1200 bytes free, 900 in one piece)"
    starving = Context("connected", heap=(1_200, 900))
    misleading = (
        MqttError("host not found: 192.168.4.2"),
        MqttError("timed out: the broker accepts no data"),
        OSError(errno.ETIMEDOUT),
        OSError(5),
    )
    for error in misleading:
        assert sentence_of(error, starving) == short
        assert sentence_of(error, Context("connected")) != short
    assert "connection refused" in sentence_of(OSError(errno.ECONNREFUSED), starving)


def test_failed_handshake_without_memory_blames_neither_port_nor_certificate():
    short = "not enough memory for the network (20000 bytes free, 16000 in one piece); TLS needs 33000"
    context = Context("connected", tls=True, ca="ca.pem", heap=(20_000, 16_000))
    for error in (OSError(-0x7F00, "SSL - Memory allocation failed"), UNTRUSTED, MqttError(CLOSED)):
        assert sentence_of(error, context, "connecting") == short
    assert sentence_of(MqttError(CLOSED), context, "connected") == CLOSED
    assert "port for TLS" in sentence_of(OSError(-0x7200, "SSL - Bad"), Context("connected", tls=True), "connecting")


def test_sentences_of_mqtt_errors_are_unchanged():
    for words in ("timed out: the broker stopped answering", "host not found: broker"):
        assert sentence_of(OSError(words)) == sentence_of(MqttError(words)) == words


def test_closed_connection_names_what_was_being_done():
    at_once = " at once (is mqtt.port its port without TLS?)"
    assert sentence_of(MqttError(CLOSED), state="connecting") == CLOSED + at_once
    assert "its port for TLS?" in sentence_of(MqttError(CLOSED), Context(tls=True), "connecting")
    assert sentence_of(MqttError(CLOSED), under_way=UNDER_WAY).startswith(CLOSED + " at evencell/id/event, 99 bytes (")
    unanswered = MqttError("timed out: no answer from the broker")
    assert sentence_of(unanswered, under_way=UNDER_WAY) == str(unanswered)


def test_discovery_is_left_out_after_two_connections_closed_at_it_and_tried_again_later():
    def tries_after(error, under_way, tries):
        return limits_after(error, under_way=under_way, tries=tries)[1]

    for error in (MqttError(CLOSED), OSError(errno.ECONNRESET), OSError(_EPIPE), OSError()):
        assert tries_after(error, DISCOVERY, 2) == 1
        assert tries_after(error, DISCOVERY, 1) == 0
        assert tries_after(error, UNDER_WAY, 1) == tries_after(error, None, 1) == 1
        assert tries_after(error, None, 0) == 1  # the connection without it ended
        assert tries_after(error, None, 2) == 2
    assert tries_after(OSError(errno.ETIMEDOUT), DISCOVERY, 2) == 2


def test_rejected_discovery_is_a_limit_until_it_is_tried_again():
    sentence, limits = evaluate(MqttError(CLOSED), Context(), "connected", DISCOVERY, (True, 1, None))
    assert sentence == limits[2] and "rejected by the broker: homeassistant/device/id/config, 12500 bytes" in sentence
    assert limits_after(MqttError(CLOSED), tries=0, limit=sentence) == (True, 1, None)


def test_errors_of_tls():
    assert "fingerprint" in sentence_of(OSError(-0x3000, "X509 - A fatal error occurred"), Context(tls=True))
    expected = "TLS failed: SSL - Bad (is mqtt.port the broker's port for TLS?)"
    assert sentence_of(OSError(-0x7200, "SSL - Bad"), Context(tls=True)) == expected


def test_clock_that_is_not_set_is_named_when_a_certificate_fails():
    late = "; the clock is not set, so no certificate's dates can be valid"
    assert sentence_of(UNTRUSTED, Context(tls=True, ca="ca.der"), "connecting") == str(UNTRUSTED) + late
    assert sentence_of(UNTRUSTED, Context(now_s=1795403431, tls=True, ca="ca.der"), "connecting") == str(UNTRUSTED)


def test_broker_without_retained_messages_is_found_in_two_steps_and_tried_again_later():
    def retains_after(error, state, retains):
        return limits_after(error, state, retains=retains)[0]

    for error in (MqttError(CLOSED), OSError(errno.ECONNRESET), OSError()):
        assert retains_after(error, "connecting", True) is None
        assert retains_after(error, "connecting", None) is True  # that was not the reason
        assert retains_after(error, "connected", None) is False
        assert retains_after(error, "connected", True) is True
        assert retains_after(error, "connecting", False) is False
        assert retains_after(error, "connected", False) is None
    for retains in (True, None, False):
        assert retains_after(OSError(errno.ECONNREFUSED), "connecting", retains) is retains


def test_rejected_retained_messages_are_a_limit():
    sentence, limits = evaluate(MqttError(CLOSED), Context(), "connected", None, (None, 2, None))
    assert limits == (False, 2, sentence) and "retain_available" in sentence
