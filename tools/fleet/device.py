"""One simulated device of a fleet: the firmware's own packs, statuses and packets, without its link and its board.

It differs from the firmware where `docs/fleet.md` says so: above all, it keeps what the broker may not have got.
"""

import asyncio
import json
import ssl
from collections import deque
from dataclasses import dataclass
from itertools import islice
from random import Random
from types import SimpleNamespace

from evencell.clock.clock import Clock
from evencell.forward.influx.writer import Sender
from evencell.forward.mqtt.discovery import publish as publish_discovery
from evencell.forward.outbox.outbox import Outbox
from evencell.forward.status_json import status_of
from evencell.hub import Hub
from evencell.net.tcp import SendBuffer
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from tools.fleet.connection import PING_S, Connection, Traffic, open_connection
from tools.fleet.delivery import DeviceDelivery
from tools.sim.answers import encode_status
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import default_pack
from tools.sim.usage import daily_use

LONGEST_PAUSE_S = 60
_BACKLOG_STATUSES = 5  # in one message: some 3 KB
_KEPT_MOST = 4000  # readings; then the oldest give way, and are lost
_CAPACITIES_AH = (10, 40)
_ADDRESS = 1


@dataclass(frozen=True)
class Plan:
    """What all devices of a fleet share. In `user` and `password` stands `{id}` for the device's id."""

    config: dict
    brokers: list[tuple[str, int]]
    every_s: float
    seed: int
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None

    def login(self, device: str) -> tuple[str | None, str | None]:
        """User and password of a device, by its id."""
        user, password = [text and text.replace("{id}", device) for text in (self.user, self.password)]
        return user, password


class Device:
    """`run` and `sender.run` are its tasks, `stop_reading` comes before the end. `delivery` counts its readings."""

    def __init__(self, number: int, plan: Plan, traffic: Traffic, clock: Clock, log):
        self.device_id = id_of(plan.seed, number)
        self.config = plan.config
        self.board = SimpleNamespace(name="host", storage="")
        self.network = None
        self.key_values = SimpleNamespace(get=lambda _: None, put=lambda *_: None)
        self.delivery = DeviceDelivery()
        self.connects = self.failures = self.dropped = 0
        self.last_failure = ""
        self.latest_s = 0.0  # the most that a reading came after its time
        self._has_read = asyncio.Event()
        self._number = number
        self._plan = plan
        self._traffic = traffic
        self._balancer = balancer_of(Random(f"{plan.seed}/{number}"))
        self._pack = Pack(plan.config["packs"][0]["name"], "jk_b2a4s", TemperatureScale("0.1"))
        self._pack.link = ONLINE
        self.hub = Hub([self._pack], clock)
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=_KEPT_MOST)
        self._connection: Connection | None = None
        self._topic = f"{plan.config['mqtt']['prefix']}/{self.device_id}"
        url = plan.config["influx"]["url"]
        context = SimpleNamespace(
            board=SimpleNamespace(rtc_memory=lambda: None, storage=""),
            clock=clock,
            config=plan.config,
            device_id=self.device_id,
            heap=SimpleNamespace(shortage=lambda: None),
            hub=self.hub,
            log=log,
            network=None,
            send_buffer=SendBuffer(),
        )
        self._outbox = Outbox(context, None, has_flash=False)
        self.sender = Sender(context, self._outbox, SimpleNamespace(set_deadline=lambda _: None)) if url else None

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def stored(self) -> dict:
        """Readings that were sent to the store, that wait, and that were dropped."""
        return self.sender.counts() if self.sender else {"sent": 0, "waiting": 0, "dropped": 0}

    async def read_repeatedly(self, delay_s: float):
        """A reading every `every_s`, the first one after `delay_s`."""
        loop = asyncio.get_running_loop()
        due_s = loop.time() + delay_s
        while True:
            await asyncio.sleep(due_s - loop.time())
            self.latest_s = max(self.latest_s, loop.time() - due_s)
            self._read()
            due_s += self._plan.every_s

    def _read(self):
        """As the link does: an unconfirmed answer is requested again, and the second one confirms it."""
        self._balancer.step(self._plan.every_s)
        frame = encode_status(_ADDRESS, self._balancer.reading())
        decode_status(frame, 0, self._pack.candidate)
        if not self._pack.accept(self.hub.clock):
            decode_status(frame, 0, self._pack.candidate)
            self._pack.accept(self.hub.clock)
        self.delivery.record_made(self._pack.sequence)
        self._has_read.set()
        if self.sender:
            self._outbox.append(self._pack)
        if self._plan.brokers:
            self._publish()

    def _publish(self):
        """Send the reading as a state, and keep it: QoS 0 says nothing about whether it arrived."""
        status = json.dumps(status_of(self._pack, self.hub.clock)).encode()
        self.dropped += len(self._kept) == _KEPT_MOST
        self._kept.append((self._pack.sequence, status))
        if self._connection and self._connection.is_open:
            self._send_latest(self._connection)

    def _send_latest(self, connection: Connection):
        sequence, status = self._kept[-1]
        self.delivery.record_published(sequence)
        connection.send(f"{self._topic}/{self._pack.name}/state", status, retain=self.config["mqtt"]["retain_state"])

    async def stay_connected(self):
        """Connect, send what is kept, and connect again: after pauses of 1 s to 60 s, as the firmware does."""
        await self._has_read.wait()
        pause_s = 1
        while True:
            connection = None
            try:
                connection = await self._connect()
                pause_s = 1
                await self._serve(connection)
            except OSError as error:
                self.failures += 1
                self.last_failure = str(error)
            finally:
                self._connection = None
                if connection:
                    connection.abort()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _connect(self) -> Connection:
        brokers = self._plan.brokers
        connection = await open_connection(
            brokers[(self._number + self.failures) % len(brokers)],
            "evencell-" + self.device_id,
            self._traffic,
            login=self._plan.login(self.device_id),
            tls=self._plan.tls,
            will=(self._topic + "/availability", b"offline", 1, True),
        )
        self.connects += 1
        return connection

    async def _serve(self, connection: Connection):
        """Publish what the firmware publishes, then the backlog; from the latest reading on each as it is made."""
        await connection.publish(self._topic + "/availability", b"online", qos=1, retain=True)
        pack = f"{self._topic}/{self._pack.name}"
        await connection.publish(pack + "/link", b"online", qos=1, retain=True)
        await connection.publish(pack + "/verdict", b"ok", qos=1, retain=True)
        if self.config["mqtt"]["discovery"]:
            await publish_discovery(connection, self, [(self._pack.accepted.slots, True)])
        older = self._pack.sequence - 1
        self._connection = connection
        if self._kept:
            self._send_latest(connection)
        await self._send_kept(connection, pack + "/backlog", older)
        while connection.is_open:
            await asyncio.wait({connection.ended}, timeout=PING_S)
            await self._confirm(connection)

    async def _send_kept(self, connection: Connection, topic: str, until: int):
        """Oldest first. What is acknowledged is kept no longer."""
        while some := [kept for kept in islice(self._kept, _BACKLOG_STATUSES) if kept[0] <= until]:
            await connection.publish(topic, b"[%s]" % b", ".join(status for _, status in some), qos=1)
            self._discard(some[-1][0])

    async def _confirm(self, connection: Connection):
        """Ping: a broker handles packets in order, so all states before PINGRESP have arrived."""
        sent = self._pack.sequence
        await connection.ping()
        self._discard(sent)

    def _discard(self, sequence: int):
        """Discard readings up to this one: the broker has them."""
        while self._kept and self._kept[0][0] <= sequence:
            self._kept.popleft()


def id_of(seed: int, number: int) -> str:
    """As long as a real one, and unlike it: no maker's addresses begin so."""
    return f"f1ee{seed:04x}{number:04x}"


def balancer_of(random: Random) -> Balancer:
    """A balancer at a pack of its own, which is ridden, charged and left to rest."""
    chemistry = CHEMISTRIES["lfp"]
    capacity_ah = random.uniform(*_CAPACITIES_AH)
    pack = default_pack(chemistry, capacity_ah, random)
    pack.use(daily_use(pack, chemistry, capacity_ah, random))
    return Balancer(pack, noise=random)
