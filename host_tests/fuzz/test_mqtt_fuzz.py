"""Any bytes for a broker's: the client ends with a sentence, and takes no more than it may."""

import asyncio
import contextlib
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from evencell.forward.mqtt import client as mqtt_client
from evencell.forward.mqtt.client import MqttClient
from host_tests.fuzz.profile import examples

CONNACK = b"\x20\x02\x00\x00"
MOST_BYTES = 64
PATIENCE_S = 20


def packet(first: int, body: bytes) -> bytes:
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
    return bytes([first]) + length + body


def published(flags: int, topic_bytes: int, rest: bytes) -> bytes:
    return packet(0x30 | flags, topic_bytes.to_bytes(2) + rest)


PACKETS = st.one_of(
    st.binary(max_size=60),
    st.builds(packet, st.integers(0, 255), st.binary(max_size=300)),
    st.builds(published, st.integers(0, 15), st.integers(0, 80), st.binary(max_size=200)),
    st.sampled_from([b"\x40\x02\x00\x01", b"\x90\x03\x00\x02\x80", b"\xd0\x00", b"\x30\xff\xff\xff\x7f", b"\xff" * 9]),
)
STREAMS = st.lists(PACKETS, max_size=5).map(b"".join)


def end_of(stream: bytes) -> tuple[OSError, list]:
    """What a connection to a broker that says this ends with, and the messages it brought."""
    with mock.patch.multiple(mqtt_client, _TICK_MS=1, _POLL_MS=1):
        return asyncio.run(asyncio.wait_for(_session(stream), PATIENCE_S))


async def _session(stream: bytes) -> tuple[OSError, list]:
    async def speak(reader, writer):
        with contextlib.suppress(OSError):
            await reader.read(100)
            writer.write(stream)
            writer.write_eof()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    messages = []
    client = MqttClient(
        "127.0.0.1",
        server.sockets[0].getsockname()[1],
        "fuzz",
        on_message=lambda topic, payload, *_: messages.append(topic.encode() + payload),
        timeout_ms=5000,
        max_packet=MOST_BYTES,
    )
    try:
        return await _use(client), messages
    finally:
        client.close()
        server.close()
        await server.wait_closed()


async def _use(client: MqttClient) -> OSError:
    """Everything a client can do; the error that its connection ends with. Any other kind of exception comes out."""
    try:
        await client.connect()
    except OSError as error:
        return error
    uses = (client.run(), client.subscribe("in/#"), client.publish("out", b"1", qos=1))
    errors = await asyncio.gather(*uses, return_exceptions=True)
    for error in errors:
        if error is not None and not isinstance(error, OSError):
            raise error
    return errors[0]


@examples(120)
@given(STREAMS)
def test_an_invalid_packet_of_the_broker_ends_the_connection(stream):
    error, messages = end_of(CONNACK + stream)
    assert isinstance(error, OSError)
    assert str(error)
    assert all(len(message) <= MOST_BYTES for message in messages)


@examples(60)
@given(st.binary(max_size=40))
def test_whatever_answers_a_login(stream):
    error, _ = end_of(stream)
    assert isinstance(error, OSError)
    assert str(error)
