"""Each way a connection can fail is one sentence for the owner, on every interpreter."""

import errno

from evencell.forward.mqtt_packets import MqttError
from evencell.forward.mqtt_problems import sentence
from evencell.runtime.memory import MemoryPolicy
from host_tests.runtime.heaps import ScriptedHeaps

CLOSED = "the broker closed the connection"
UNTRUSTED = MqttError("no secure connection: The certificate validity starts in the future")
UNDER_WAY = ("evencell/id/event", 99)


class Context:
    """A device whose clock is not set, and with a network if it has this state. `heap`: what is free for it."""

    def __init__(self, network=None, now_s=None, heap=(90_000, 80_000), **mqtt):
        self.heap = MemoryPolicy(ScriptedHeaps(network=heap), None)
        self.config = {"mqtt": dict({"host": "broker", "port": 1883, "tls": False, "ca": None}, **mqtt)}
        self.network = self if network else None
        self.state = network
        self.clock = self
        self._now_s = now_s

    def unix_s(self):
        return self._now_s


def said(error, context=None, state="connected", under_way=None):
    return sentence(error, context or Context(), state, under_way)


def test_without_a_network_nothing_else_counts():
    for state in ("waiting", "connecting"):
        assert said(OSError(errno.EHOSTUNREACH), Context(state)) == "there is no network"
    assert "no way" in said(OSError(errno.EHOSTUNREACH), Context("connected"))


def test_a_number_of_the_system_becomes_words():
    assert said(OSError(errno.ECONNREFUSED)).startswith("broker:1883: nobody listens there: ")
    assert said(OSError(errno.ECONNRESET)) == said(MqttError(CLOSED)) == CLOSED
    assert said(OSError(errno.ENOMEM)) == "broker:1883: there is not enough memory for a connection"
    assert "5" in said(OSError(5)) and said(OSError()) == CLOSED


def test_memory_is_named_where_it_is_the_cause():
    short = "not enough memory for the network (1200 bytes free, 900 in one piece)"
    starving = Context("connected", heap=(1_200, 900))
    misleading = (
        MqttError("no address is known for 192.168.4.2"),
        MqttError("the broker takes no data"),
        OSError(errno.ETIMEDOUT),
        OSError(5),
    )
    for error in misleading:
        assert said(error, starving) == short
        assert said(error, Context("connected")) != short
    assert "nobody listens there" in said(OSError(errno.ECONNREFUSED), starving)


def test_a_handshake_without_memory_blames_neither_port_nor_certificate():
    short = "not enough memory for the network (20000 bytes free, 16000 in one piece); a secure connection takes 33000"
    context = Context("connected", tls=True, ca="ca.pem", heap=(20_000, 16_000))
    for error in (OSError(-0x7F00, "SSL - Memory allocation failed"), UNTRUSTED, MqttError(CLOSED)):
        assert said(error, context, "connecting") == short
    assert said(MqttError(CLOSED), context, "connected") == CLOSED
    assert "port for TLS" in said(OSError(-0x7200, "SSL - Bad"), Context("connected", tls=True), "connecting")


def test_words_stay_as_they_are():
    for words in ("the broker stopped answering", "no address is known for broker"):
        assert said(OSError(words)) == said(MqttError(words)) == words


def test_when_it_was_closed_is_a_hint():
    assert said(MqttError(CLOSED), state="connecting") == CLOSED + " at once (is mqtt.port its port without TLS?)"
    assert "its port for TLS?" in said(MqttError(CLOSED), Context(tls=True), "connecting")
    assert said(MqttError(CLOSED), under_way=UNDER_WAY).startswith(CLOSED + " at evencell/id/event, 99 bytes (")
    assert said(MqttError("the broker does not answer"), under_way=UNDER_WAY) == "the broker does not answer"


def test_what_tls_says():
    assert "fingerprint" in said(OSError(-0x3000, "X509 - A fatal error occurred"), Context(tls=True))
    expected = "no secure connection: SSL - Bad (is mqtt.port the broker's port for TLS?)"
    assert said(OSError(-0x7200, "SSL - Bad"), Context(tls=True)) == expected


def test_a_clock_that_is_not_set_is_a_reason_to_doubt_every_certificate():
    late = "; the clock is not set yet, and without it every certificate's dates are wrong"
    assert said(UNTRUSTED, Context(tls=True, ca="ca.der"), "connecting") == str(UNTRUSTED) + late
    assert said(UNTRUSTED, Context(now_s=1795403431, tls=True, ca="ca.der"), "connecting") == str(UNTRUSTED)
