"""The MQTT client, driven on CPython or MicroPython: `mqtt_client_script.py SCENARIO PORT [CA certificate, DER]`.

Each scenario prints what happens, one line each; the test on the other side of the pipe acts on the broker in between.
"""

import asyncio
import sys

from evencell.compat import sleep_ms
from evencell.forward.mqtt.client import MqttClient, MqttError
from evencell.forward.mqtt.tls import tls_of

SECRET = "s3cret-w0rd"


def on_message(topic, payload, age, _packet_id):
    print(
        "message", topic, len(payload) if len(payload) > 64 else str(payload, "utf-8"), ("", "retained", "waited")[age]
    )


def make_client(port, **options):
    options.setdefault("on_message", on_message)
    options.setdefault("timeout_ms", 20_000)
    return MqttClient("127.0.0.1", port, "device", **options)


def report(what, error):
    """`what`, the kind of `error` (CPython's many kinds of OSError are one) and its words."""
    plain = isinstance(error, OSError) and not isinstance(error, MqttError)
    print(what, "OSError" if plain else type(error).__name__, error)


async def connect(client):
    try:
        await client.connect()
    except OSError as error:
        report("refused", error)
        return False
    print("connected", "to a kept session" * client.session_present)
    return True


async def run(client):
    """Until the connection ends."""
    try:
        await client.run()
    except OSError as error:
        report("ended", error)
    client.close()


async def publish(client, *arguments, **options):
    try:
        await client.publish(*arguments, **options)
    except OSError as error:
        report("failed", error)
        return False
    return True


async def listen(port, **options):
    """Subscribe to in/# and print every message, until the connection ends."""
    client = make_client(port, **options)
    if await connect(client):
        await client.subscribe("in/#", 1)
        print("subscribed")
        await run(client)
        print("counted", client.received, client.dropped)


async def round_trip(port):
    client = make_client(port)
    await connect(client)
    await client.subscribe("in/#", 1)
    await client.publish("out/Zähler/温度", "21 °C".encode())
    await client.publish("out/one", b"acknowledged", qos=1)
    await client.publish("out/kept", bytearray(b"kept"), qos=1, retain=True)
    await client.publish("out/empty", b"")
    await client.publish("out/big", memoryview(bytes(range(256)) * 80), qos=1)
    pieces = (bytes((65 + number,)) * 3000 for number in range(26))
    await client.publish("out/pieces", pieces, qos=1, payload_bytes=78_000)
    await client.publish("in/self", b"", qos=1)
    print("published", client.published)
    await run(client)


async def goodbye(port):
    client = make_client(port, will=("gone", b"unexpectedly", 1, False))
    await publish(client, "out", b"early")
    await connect(client)
    client.close()
    client.close()
    await publish(client, "out", b"late")
    await publish(client, "out", b"late", qos=1)
    await run(client)


async def will(port):
    client = make_client(port, will=("gone", b"unexpectedly", 1, True))
    await connect(client)
    await run(client)


async def cut_off(port):
    """No memory for the second piece."""

    def pieces():
        yield b"first" * 400
        raise MemoryError

    client = make_client(port)
    await connect(client)
    try:
        await client.publish("out", pieces(), payload_bytes=10_000)
    except MemoryError:
        print("no memory")
    await run(client)


async def in_pieces(port):
    """Messages whose payloads come in pieces of 20 bytes, as those for Home Assistant do."""
    client = make_client(port)
    await connect(client)
    for size in (20, 600, 7000):
        await client.publish("out", (bytes(20) for _ in range(size // 20)), qos=1, payload_bytes=size)
    print("published", client.published)
    await run(client)


async def until_stuck(client):
    """Until nothing more gets published."""
    before = -1
    while client.published != before:
        before = client.published
        await sleep_ms(200)


async def crowd(port):
    """Eight tasks, out of step, send until the network takes no more; then each sends what it has begun."""

    async def send():
        while sending:
            await publish(client, "out", payload)

    client = make_client(port)
    await connect(client)
    payload = bytes(500_000)
    sending = [True]
    tasks = []
    for _ in range(8):
        tasks.append(asyncio.create_task(send()))
        await sleep_ms(2)
    await until_stuck(client)
    sending.clear()
    print("stuck")
    for task in tasks:
        await task
    print("published", client.published)
    client.close()


async def busy(port):
    """Ten messages of QoS 1 at once, then one of QoS 0."""
    client = make_client(port)
    await connect(client)
    sending = [asyncio.create_task(publish(client, "out", b"%d" % number, qos=1)) for number in range(10)]
    await sleep_ms(100)
    await client.publish("out", b"aside")
    for task in sending:
        await task
    print("published", client.published)
    client.close()


async def unacknowledged(port):
    client = make_client(port, timeout_ms=3000)
    await connect(client)
    await publish(client, "out", b"", qos=1)
    print("connection", client.connected)
    client.close()


async def flood(port):
    """Publish until the peer takes no more."""
    client = make_client(port, timeout_ms=3000)
    await connect(client)
    while await publish(client, "out", bytes(10_000)):
        pass
    print("connection", client.connected)
    await run(client)


async def cancelled_write(port):
    """A publish that is cancelled while the peer takes nothing."""

    async def send():
        while True:
            await client.publish("out", bytes(10_000))

    client = make_client(port)
    await connect(client)
    sending = asyncio.create_task(send())
    await until_stuck(client)
    sending.cancel()
    await run(client)


async def refused_subscription(port):
    client = make_client(port)
    await connect(client)
    try:
        await client.subscribe("forbidden", 1)
    except OSError as error:
        report("failed", error)
    client.close()


async def broken_callback(port):
    def fail(*_):
        raise RuntimeError("the callback's own fault")

    client = make_client(port, on_message=fail)
    await connect(client)
    await client.subscribe("in/#", 1)
    print("subscribed")
    try:
        await client.run()
    except RuntimeError as error:
        report("ended", error)
    client.close()


async def twice(port, lost):
    """A publish that a lost connection left unacknowledged, and once more over the next, before another one."""
    client = make_client(port, lost=lost)
    await connect(client)
    try:
        await client.publish("out", b"first", qos=1)
    except OSError:
        print("not acknowledged")
    client.close()
    client = make_client(port, lost=lost)
    await connect(client)
    await client.publish("out", b"first", qos=1)
    await client.publish("out", b"second", qos=1)
    print("acknowledged", client.published)
    client.close()


async def secure(port, folder, ca, fingerprint):
    settings = {"ca": ca or None, "fingerprint": fingerprint or None}
    try:
        tls = tls_of(Context(settings, folder, Log()))
    except OSError as error:
        report("refused", error)
        return
    client = make_client(port, tls=tls, user="owner", password=SECRET)
    if await connect(client):
        await client.subscribe("in/#", 1)
        await client.publish("out/big", bytes(range(256)) * 80, qos=1)
        print("published", client.published)
        await run(client)


class Log:
    """Prints warnings."""

    def warning(self, text):
        print("warning", text)


class Context:
    """What `tls_of` wants to know."""

    def __init__(self, settings, folder, log):
        self.config = {"mqtt": settings}
        self.board = self
        self.storage = folder
        self.log = log


async def steady(port):
    """Heap in use after 20 and after 220 publishes."""
    import gc

    client = make_client(port)
    await connect(client)
    for count in (20, 200):
        for _ in range(count):
            await client.publish("out", bytes(300))
            await client.publish("out", b"short", qos=1)
        gc.collect()
        print("heap", gc.mem_alloc())
    client.close()


SCENARIOS = {
    "anonymous": lambda port: listen(port),
    "wrong_password": lambda port: listen(port, user="owner", password="not " + SECRET),
    "right_password": lambda port: listen(port, user="owner", password=SECRET),
    "impatient": lambda port: listen(port, timeout_ms=500),
    "persistent": lambda port: listen(port, lost={}),
    "kept": lambda port: twice(port, {}),
    "forgotten": lambda port: twice(port, None),
    "watchful": lambda port: listen(port, keepalive_s=2),
}


if __name__ == "__main__":
    name, port = sys.argv[1], int(sys.argv[2])
    asyncio.run((SCENARIOS.get(name) or globals()[name])(port, *sys.argv[3:]))
