"""The MQTT client on CPython and on MicroPython, against mosquitto, paho and brokers that misbehave."""

import contextlib
import os
import queue
import shutil
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from evencell.net.tcp import SEGMENT_BYTES
from host_tests.broker import Broker, free_port
from host_tests.certificates import SecureListener, fingerprint, make_certificates
from host_tests.needs import need_broker, need_micropython

REPOSITORY = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("client_script.py")
SECRET = "s3cret-w0rd"
PATIENCE_S = 60  # how long anything may take on a busy machine before it counts as never

CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03\x00\x01\x01"
SUBSCRIBE_IN = b"\x82\x00\x01\x00\x04in/#\x01"

pytestmark = pytest.mark.broker


@pytest.fixture(params=["cpython", "micropython"])
def device(request):
    """`device(scenario, port, …)` runs a scenario of the script in one of the interpreters."""
    if request.param == "cpython":
        command = [sys.executable, "-u", "-W", "default"]
        environment = {"PYTHONPATH": str(REPOSITORY / "firmware")}
    else:
        command = [need_micropython()]
        environment = {"MICROPYPATH": f"{REPOSITORY / 'firmware'}:.frozen"}
    started = []

    def start(scenario, port, *arguments):
        started.append(Device([*command, SCRIPT, scenario, port, *arguments], environment))
        return started[-1]

    yield start
    for each in started:
        each.kill()


class Device:
    """A scenario under way; its lines come in by themselves."""

    def __init__(self, command, environment):
        self._lines = queue.Queue()
        self._process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._collector = threading.Thread(target=self._collect)
        self._collector.start()

    def _collect(self):
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put(None)

    def line(self) -> str | None:
        """The next line, None at the end."""
        return self._lines.get(timeout=PATIENCE_S)

    def expect(self, *lines):
        for line in lines:
            said = self.line()
            if said != line:
                self._process.kill()
                pytest.fail(f"expected {line!r}, not\n" + "\n".join([said, *self.rest()] if said else ["its end"]))

    def rest(self) -> list[str]:
        return list(iter(self.line, None))

    def ends(self):
        """Nothing more is said, and the interpreter is content."""
        assert self.rest() == []
        assert self._process.wait(PATIENCE_S) == 0

    def ends_with(self, line: str):
        """This is the last that is said."""
        assert self.rest()[-1] == line
        assert self._process.wait(PATIENCE_S) == 0

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._collector.join()
        self._process.stdout.close()


@pytest.fixture
def broker():
    with running() as broker:
        yield broker


@contextlib.contextmanager
def running(*options, files=None):
    """A broker with these configuration lines and files in its folder."""
    need_broker()
    broker = Broker(*options)
    for name, content in (files or {}).items():
        (broker.folder / name).write_text(content)
    with broker:
        yield broker


class Other:
    """Another client at the broker: paho, subscribed to everything."""

    def __init__(self, port, topics="#", authority=None):
        self._messages = queue.Queue()
        subscribed = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _client, _data, message: self._messages.put(message)
        self.client.on_subscribe = lambda *_: subscribed.set()
        if authority:
            self.client.tls_set(authority)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe(topics, 1)
        assert subscribed.wait(PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic, payload, qos=1, retain=False):
        self.client.publish(topic, payload, qos, retain).wait_for_publish(PATIENCE_S)

    def message(self):
        """The next message: topic, payload, QoS, retained."""
        message = self._messages.get(timeout=PATIENCE_S)
        return message.topic, message.payload, message.qos, message.retain


class FakeBroker:
    """A listener on loopback that takes one connection and says what it is told to."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port = self._listener.getsockname()[1]
        self._connection = None
        return self

    def __exit__(self, *_):
        self.hang_up()
        self._listener.close()

    def accept(self, answer=CONNACK):
        self._connection, _ = self._listener.accept()
        self._connection.settimeout(PATIENCE_S)
        self.packet()
        self.send(answer)

    def accept_subscriber(self, *packets):
        """Log a client in that subscribes, and send these packets."""
        self.accept()
        assert self.packet() == SUBSCRIBE_IN
        self.send(SUBACK + b"".join(packets))

    def send(self, data):
        self._connection.sendall(data)

    def packet(self) -> bytes:
        """The next packet, its length left out; nothing when the connection has ended."""
        first = self._exactly(1)
        length, shift, digit = 0, 0, 128
        while first and digit & 128:
            digit = self._exactly(1)[0]
            length |= (digit & 127) << shift
            shift += 7
        return first + self._exactly(length)

    def _exactly(self, count):
        data = bytearray()
        while len(data) < count and (more := self._connection.recv(count - len(data))):
            data += more
        return bytes(data)

    def segments(self) -> int:
        """How many segments with data came so far (Linux: tcpi_data_segs_in of struct tcp_info)."""
        return struct.unpack_from("<I", self._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 156), 152)[0]

    def hang_up(self):
        if self._connection:
            self._connection.close()
            self._connection = None


@pytest.fixture
def fake():
    with FakeBroker() as fake:
        yield fake


def test_publishes_and_receives_with_qos_0_and_1(device, broker):
    with Other(broker.port, "out/#") as other:
        here = device("round_trip", broker.port)
        here.expect("connected", "message in/self", "published 7")
        assert other.message() == ("out/Zähler/温度", "21 °C".encode(), 0, False)
        assert other.message() == ("out/one", b"acknowledged", 1, False)
        assert other.message() == ("out/kept", b"kept", 1, False)
        assert other.message() == ("out/empty", b"", 0, False)
        assert other.message() == ("out/big", bytes(range(256)) * 80, 1, False)
        letters = b"".join(bytes((65 + number,)) * 3000 for number in range(26))
        assert other.message() == ("out/pieces", letters, 1, False)
        other.publish("in/Ä/one", "größer", qos=1)
        here.expect("message in/Ä/one größer")
        other.publish("in/none", "x" * 64, qos=0)
        here.expect("message in/none " + "x" * 64)
    with Other(broker.port, "out/kept") as late:
        assert late.message() == ("out/kept", b"kept", 1, True)


def test_retained_message_is_marked(device, broker):
    with Other(broker.port) as other:
        other.publish("in/before", "old", retain=True)
        here = device("anonymous", broker.port)
        assert {here.line() for _ in range(3)} == {"connected", "message in/before old retained", "subscribed"}
        other.publish("in/before", "new", retain=True)
        here.expect("message in/before new")


def test_will_is_sent_for_a_client_that_vanishes(device, broker):
    with Other(broker.port, "gone") as other:
        here = device("will", broker.port)
        here.expect("connected")
        here.kill()
        assert other.message() == ("gone", b"unexpectedly", 1, False)
    with Other(broker.port, "gone") as late:
        assert late.message() == ("gone", b"unexpectedly", 1, True)


def test_close_sends_disconnect_and_may_be_repeated(device, broker):
    with Other(broker.port, "gone") as other:
        here = device("goodbye", broker.port)
        here.expect("failed MqttError not connected", "connected")
        here.expect(*["failed MqttError not connected"] * 2, "ended MqttError not connected")
        here.ends()
        other.publish("gone", "none")
        assert other.message() == ("gone", b"none", 1, False)


def test_packets_of_several_tasks_do_not_mix(device, fake):
    here = device("crowd", fake.port)
    fake.accept()
    here.expect("connected", "stuck")
    packets = list(iter(fake.packet, b"\xe0"))
    assert set(packets) == {b"\x30\x00\x03out" + bytes(500_000)}
    here.expect(f"published {len(packets)}")
    here.ends()


@pytest.mark.skipif(sys.platform != "linux", reason="how segments are counted is Linux's own")
def test_message_takes_as_few_segments_as_possible(device, fake):
    """Header, topic and all pieces of the payload together: each write of its own would cost a chip a whole segment."""
    here = device("in_pieces", fake.port)
    fake.accept()
    seen = fake.segments()
    for number, size in enumerate((20, 600, 7000), 1):
        assert len(fake.packet()) > size
        assert fake.segments() - seen <= size // SEGMENT_BYTES + 1
        seen = fake.segments()
        fake.send(b"\x40\x02" + bytes((0, number)))
    here.expect("connected", "published 3")


def test_payload_cut_off_between_pieces_ends_the_connection(device, fake):
    here = device("cut_off", fake.port)
    fake.accept()
    here.expect("connected", "no memory", "ended MqttError a packet was cut off in the middle")
    here.ends()
    assert fake.packet() == b"\x30\x00\x03out" + (b"first" * 400)[: SEGMENT_BYTES - 8]


def test_wrong_password_is_reported_but_never_shown(device):
    passwords = f"owner:{SECRET}\n"
    with running("allow_anonymous false", "password_file passwords", files={"passwords": passwords}) as broker:
        subprocess.run([shutil.which("mosquitto_passwd"), "-U", broker.folder / "passwords"], check=True)
        broker.kill()
        broker.start()
        refused = device("wrong_password", broker.port).rest()
        reason = f"connection refused by 127.0.0.1:{broker.port}: wrong user or password, or not authorized"
        assert refused == ["refused MqttError " + reason]
        device("right_password", broker.port).expect("connected", "subscribed")


def test_refused_connection_is_an_oserror(device):
    lines = device("anonymous", free_port()).rest()
    assert len(lines) == 1
    assert lines[0].startswith("refused OSError")


def test_killed_broker_ends_the_connection(device, broker):
    here = device("anonymous", broker.port)
    here.expect("connected", "subscribed")
    broker.kill()
    lines = here.rest()
    assert lines[0].startswith("ended ")
    assert lines[1:] == ["counted 0 0"]
    broker.start()
    device("anonymous", broker.port).expect("connected", "subscribed")


def test_broker_without_connack_times_out(device, fake):
    here = device("impatient", fake.port)
    here.expect("refused MqttError timed out: no answer from the broker")
    here.ends()


def test_broker_that_closes_at_once_fails_connect(device, fake):
    here = device("anonymous", fake.port)
    fake.accept(answer=b"")
    fake.hang_up()
    assert here.line().startswith("refused ")
    here.ends()


def test_frozen_broker_times_out(device, broker):
    here = device("watchful", broker.port)
    here.expect("connected", "subscribed")
    broker.freeze()
    here.expect("ended MqttError timed out: the broker stopped answering", "counted 0 0")
    broker.thaw()


def test_idle_connection_is_kept_alive(device, fake):
    here = device("watchful", fake.port)
    fake.accept_subscriber()
    for _ in range(2):
        assert fake.packet() == b"\xc0"
        fake.send(b"\xd0\x00")
    fake.send(b"\x30\x06\x00\x04in/a")
    here.expect("connected", "subscribed", "message in/a")


def test_oversized_message_is_discarded_and_acknowledged(device):
    with running("allow_anonymous true", "max_inflight_messages 1") as broker, Other(broker.port) as other:
        here = device("anonymous", broker.port)
        here.expect("connected", "subscribed")
        other.publish("in/most", b"x" * 1017)
        other.publish("in/over", b"x" * 1018)
        other.publish("in/huge", b"x" * 1_000_000)
        other.publish("in/next", b"small")
        here.expect("message in/most 1017", "message in/next small")
        broker.kill()
        assert here.rest()[-1] == "counted 2 2"


def test_puback_carries_the_packet_id(device, fake):
    device("anonymous", fake.port)
    fake.accept_subscriber(b"\x32\x09\x00\x04in/a\x12\x34x")
    assert fake.packet() == b"\x40\x12\x34"


@pytest.mark.parametrize(
    ("scenario", "has_session", "first"), [("kept", 1, 0x3A), ("kept", 0, 0x32), ("forgotten", 0, 0x32)]
)
def test_unacknowledged_message_is_sent_again(device, fake, scenario, has_session, first):
    """As a duplicate, with the same packet id, where the broker has kept the session; else as a new packet."""
    here = device(scenario, fake.port)
    fake.accept()
    assert fake.packet() == b"\x32\x00\x03out\x00\x01first"
    fake.hang_up()
    here.expect("connected", "not acknowledged")
    fake.accept(bytes((0x20, 2, has_session, 0)))
    assert fake.packet() == bytes((first,)) + b"\x00\x03out\x00\x01first"
    fake.send(b"\x40\x02\x00\x01")
    assert fake.packet() == b"\x32\x00\x03out\x00\x02second"
    fake.send(b"\x40\x02\x00\x02")
    here.ends_with("acknowledged 2")


NOT_MQTT = "MqttError the answer is not MQTT 3.1.1"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x02\x00\x06", b"\x20\x03\x00\x00\x00"])
def test_peer_that_is_no_broker_is_refused(device, fake, answer):
    here = device("anonymous", fake.port)
    fake.accept(answer)
    here.expect("refused " + NOT_MQTT)
    here.ends()


GARBAGE = {
    "length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "unknown packet": b"\xf0\x00",
    "packet of a client": b"\x82\x03\x00\x01\x00",
    "long acknowledgement": b"\x40\x03\x00\x01\x00",
    "topic longer than the packet": b"\x30\x03\x00\x04a",
    "publish without a topic": b"\x30\x00",
    "packet id beyond the packet": b"\x32\x06\x00\x04in/a",
    "QoS 2": b"\x34\x09\x00\x04in/a\x00\x01x",
    "QoS 3": b"\x36\x09\x00\x04in/a\x00\x01x",
    "topic that is not UTF-8": b"\x30\x06\x00\x04in/\xff",
    "text": b"Hello, is anybody there?\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_malformed_packet_ends_the_connection(device, fake, garbage):
    here = device("anonymous", fake.port)
    fake.accept_subscriber(garbage.ljust(16, b"\x00"))
    here.expect("connected", "subscribed", "ended " + NOT_MQTT, "counted 0 0")
    here.ends()


def test_half_a_packet_and_silence_times_out(device, fake):
    here = device("watchful", fake.port)
    fake.accept_subscriber(b"\x30\x7f\x00\x04in/a")
    here.expect("connected", "subscribed", "ended MqttError timed out: the broker stopped answering", "counted 0 0")


def test_at_most_four_messages_are_unacknowledged(device, fake):
    here = device("busy", fake.port)
    fake.accept()
    assert [fake.packet()[6:] for _ in range(4)] == [b"\x00\x010", b"\x00\x021", b"\x00\x032", b"\x00\x043"]
    assert fake.packet() == b"\x30\x00\x03outaside"
    fake.send(b"\x40\x02\x00\x02")
    assert fake.packet()[6:] == b"\x00\x054"
    for packet_id in (3, 1, 4, 5):
        fake.send(b"\x40\x02\x00" + bytes([packet_id]))
    for packet_id in (6, 7, 8, 9, 10):
        assert fake.packet()[6:-1] == bytes([0, packet_id])
        fake.send(b"\x40\x02\x00" + bytes([packet_id]))
    here.expect("connected", "published 11")
    here.ends()


def test_missing_puback_times_out(device, fake):
    here = device("unacknowledged", fake.port)
    fake.accept()
    here.expect("connected", "failed MqttError timed out: no acknowledgement from the broker", "connection True")
    here.ends()


def test_peer_that_never_reads_times_out(device, fake):
    here = device("flood", fake.port)
    fake.accept()
    here.expect("connected", "failed MqttError timed out: the broker accepts no data", "connection False")
    here.expect("ended MqttError timed out: the broker accepts no data")
    here.ends()


def test_truncated_packet_ends_the_connection(device, fake):
    here = device("cancelled_write", fake.port)
    fake.accept()
    here.expect("connected", "ended MqttError a packet was cut off in the middle")
    here.ends()


def test_refused_subscription_is_an_error(device, fake):
    here = device("refused_subscription", fake.port)
    fake.accept()
    fake.packet()
    fake.send(b"\x90\x03\x00\x01\x80")
    here.expect("connected", "failed MqttError subscription refused by the broker")
    here.ends()


def test_exception_of_on_message_is_raised_by_run(device, fake):
    here = device("broken_callback", fake.port)
    fake.accept_subscriber(b"\x30\x06\x00\x04in/a")
    while (line := here.line()) and not line.startswith("ended"):
        pass  # MicroPython prints the traceback as soon as the reader fails
    assert line == "ended RuntimeError the callback's own fault"


def test_persistent_session_delivers_what_was_queued(device, broker):
    here = device("persistent", broker.port)
    here.expect("connected", "subscribed")
    here.kill()
    with Other(broker.port) as other:
        other.publish("in/meanwhile", b"kept")
    here = device("persistent", broker.port)
    lines = {here.line() for _ in range(3)}
    assert lines == {"connected to a kept session", "message in/meanwhile kept waited", "subscribed"}
    with Other(broker.port) as other:
        other.publish("in/now", b"new")
    here.expect("message in/now new")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure_broker(certificates):
    server = [f"certfile {certificates}/server.crt", f"keyfile {certificates}/server.key"]
    with running("allow_anonymous true", *server) as broker:
        yield broker


def test_publishes_over_tls(device, secure_broker, certificates):
    with Other(secure_broker.port, "out/#", certificates / "ca.crt") as other:
        here = device("secure", secure_broker.port, certificates, "ca.der", "")
        here.expect("connected", "published 1")
        assert other.message() == ("out/big", bytes(range(256)) * 80, 1, False)
        other.publish("in/one", "größer")
        other.publish("in/over", b"x" * 200_000)
        other.publish("in/two", "small")
        here.expect("message in/one größer", "message in/two small")
        secure_broker.kill()
        assert here.line().startswith("ended ")


def test_broker_is_trusted_by_ca_or_fingerprint(device, secure_broker, certificates):
    right = fingerprint(certificates / "server.crt")
    for trusted in (
        ("ca.crt", ""),
        ("both.crt", ""),
        ("", right),
        ("", right.replace(":", "").lower()),
        ("ca.der", right),
    ):
        here = device("secure", secure_broker.port, certificates, *trusted)
        here.expect("connected", "published 1")
        here.kill()
    here = device("secure", secure_broker.port, certificates, "", "")
    here.expect("warning mqtt: the broker's certificate is not verified", "connected", "published 1")


def test_untrusted_broker_gets_neither_user_nor_password(device, certificates):
    """The peer tells what it could read: nothing of a client that did not trust it."""
    wrong, no_file = fingerprint(certificates / "ca.crt"), "file not found"
    for trusted, words in (
        (("other.der", ""), "refused MqttError TLS failed: "),
        (("", wrong), "refused OSError "),
        (("ca.der", wrong), "refused OSError "),
        (("missing.der", ""), "refused MqttError mqtt.ca: missing.der: " + no_file),
        (("names", ""), "refused MqttError mqtt.ca: names: no certificate found"),
    ):
        with SecureListener(certificates) as peer:
            here = device("secure", peer.port, certificates, *trusted)
            assert here.line().startswith(words)
            here.ends()
        assert peer.read == []
    with SecureListener(certificates) as peer:
        here = device("secure", peer.port, certificates, "ca.der", "")
        assert here.line().startswith("refused ")
        here.ends()
    assert SECRET.encode() in peer.read[0]


@pytest.mark.parametrize("device", ["micropython"], indirect=True)
def test_publishing_leaks_no_heap(device, broker):
    here = device("steady", broker.port)
    here.expect("connected")
    before, after = (int(line.split()[1]) for line in here.rest())
    assert after <= before
