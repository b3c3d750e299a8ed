"""Each way a connection can fail is a sentence, on every interpreter."""

import errno

from evencell.net.errors import known, reason, sentence
from evencell.runtime.memory import MemoryPolicy
from host_tests.fakes import ScriptedHeaps

_EPIPE = 32  # MicroPython's errno lacks it
REMEDY = ": does it run there?"


class Context:
    """A device with a network of this state, and so much memory for it."""

    def __init__(self, network=None, heap=(90_000, 80_000)):
        self.heap = MemoryPolicy(ScriptedHeaps(network=heap), None)
        self.network = self if network else None
        self.state = network


def sentence_of(error, context=None):
    return sentence(error, context or Context(), ("store", 8086), REMEDY)


def test_each_failure_names_the_place_and_no_number():
    assert sentence_of(OSError(errno.ECONNREFUSED)) == "connection refused by store:8086" + REMEDY
    assert sentence_of(OSError(errno.ETIMEDOUT)) == "connection to store:8086 timed out"
    assert sentence_of(OSError(errno.EHOSTUNREACH)) == sentence_of(OSError(101)) == "no route to host store:8086"
    assert sentence_of(OSError(errno.ENOMEM)) == "not enough memory for a connection to store:8086"
    for error in (OSError(errno.ECONNRESET), OSError(errno.ECONNABORTED), OSError(_EPIPE), EOFError()):
        assert sentence_of(error) == "connection closed by store:8086"
    assert sentence_of(Exception()) == "timed out: no answer from store:8086"  # asyncio.TimeoutError
    assert sentence_of(OSError("host not found: store")) == "host not found: store"


def test_network_and_memory_are_named_where_they_are_the_cause():
    assert sentence_of(OSError(errno.EHOSTUNREACH), Context("waiting")) == "no network"
    starving = Context("connected", (1_200, 900))
    assert sentence_of(OSError("host not found: store"), starving).startswith("not enough memory for the network")
    assert sentence_of(OSError(errno.ECONNREFUSED), starving).startswith("connection refused")
    assert known(OSError(5), starving, ("store", 8086), REMEDY, 33_000).endswith("; TLS needs 33000")


def test_reason_is_words():
    assert reason(OSError(errno.ECONNREFUSED)) == "connection refused"
    assert reason(OSError(12, "out of memory")) == reason(OSError(errno.ENOMEM)) == "not enough memory"
    assert reason(OSError(-257, "ESP_ERR_NO_MEM")) == "ESP_ERR_NO_MEM"
    assert reason(OSError("host not found")) == "host not found"
    assert reason(MemoryError()) == "not enough memory" and reason(Exception()) == "timed out"
