"""The protection of a low pack on a device that stays awake: levels, debounce, balancing, radio."""

from evencell.control import low_pack
from evencell.hub import Hub
from evencell.pack.alarms import CELL_COUNT, CELL_VOLTAGE, WIRE_RESISTANCE
from evencell.pack.limits import low_limits
from evencell.pack.low_level import BALANCER_OFF, LONGER, RADIO_OFF, level_of
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from evencell.runtime.lazy import call
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.portable import frames

_TICK_S = 10
_GOOD_MV, _LOW_MV, _LOWER_MV, _EMPTY_MV = 3300, 2990, 2800, 2600
_HOUR_S = 3_600


class _Station:
    wired = False

    def stop(self):
        pass


class _Network:
    def __init__(self, wired=False):
        self.state = "connected"
        self.station = _Station()
        self.station.wired = wired
        self.is_started = True

    def reset(self):
        self.state = "waiting"


class _Supervisor:
    def attempt(self, _name, function, *arguments):
        function(*arguments)

    def contain(self, _name, coroutine):
        return coroutine


class _Writer:
    """Records what is written; the balancer takes it or refuses."""

    def __init__(self, pack):
        self.pack = pack
        self.written = []
        self.is_refused = False

    def __call__(self, setting, value, source):
        self.written.append((setting, value, source))
        if not self.is_refused:
            self.pack.accepted.balancing_enabled = False


class _Asyncio:
    """Runs at once what would be a task: it awaits nothing but the writer, which is none here."""

    def create_task(self, coroutine):
        try:
            coroutine.send(None)
        except (StopIteration, TypeError):  # a writer that is no coroutine
            pass


class _Device:
    """The packs of a device, polled every 10 s, through time. `cells_mv` by pack, `alarms`: of the next readings."""

    def __init__(self, chemistry="lfp", packs=1, own=None, low_pack_mv=None, writable=True, kept=None, wired=False):
        low_pack.asyncio = _Asyncio()
        self.clock, self.log, self.supervisor = FakeClock(), FakeLog(), _Supervisor()
        self.key_values = FakeKeyValue()
        if kept is not None:
            self.key_values.kept["low_pack_levels"] = kept
        self.hub = Hub([], self.clock)
        settings = []
        for number in range(packs):
            name = "pack%d" % (number + 1)
            settings.append({"name": name, "chemistry": chemistry})
            pack = Pack(name, "jk_b2a4s", TemperatureScale("0.1"))
            pack.writer = _Writer(pack) if writable else None
            low_mv, low_step_mv = low_limits(chemistry, own)
            pack.limits = low_mv, low_step_mv, low_pack_mv or 0
            self.hub.packs.append(pack)
        self.config = {"packs": settings, "control": {"limits": own}, "power": {"low_pack_mv": low_pack_mv}}
        self.network, self.control, self.update = _Network(wired), None, None
        self.mqtt = None
        self.cells_mv = [[_GOOD_MV] * 4 for _ in range(packs)]
        self.alarms = 0
        self.is_read = True
        self.changes = []  # of the level: (seconds, level)
        if self.key_values.get("low_pack_levels") is not None:
            low_pack.begin(self)

    @property
    def pack(self):
        return self.hub.packs[0]

    @property
    def level(self) -> int:
        return self.hub.low_level

    def set(self, lowest_mv: int, others_mv=None):
        """The first pack's lowest cell, and the others: as high, if not given."""
        self.cells_mv[0] = [lowest_mv] + [others_mv or lowest_mv] * 3
        return self

    def run(self, seconds: int, is_pressed: bool = False):
        for _ in range(seconds // _TICK_S):
            self.clock.now_ms += 1_000 * _TICK_S
            if self.is_read:
                for number in range(len(self.hub.packs)):
                    self._read(number)
            before = self.level
            self._protect(is_pressed)
            if self.level != before:
                self.changes.append((self.clock.now_ms // 1_000, self.level))
        return self

    def _protect(self, is_pressed: bool):
        """As app.py."""
        if any(pack.low_level or level_of(pack.accepted, *pack.limits, 0) for pack in self.hub.packs):
            low_pack.tick(self, is_pressed)
        elif self.hub.low:
            low_pack.end(self)

    def _read(self, number: int):
        pack, cells_mv = self.hub.packs[number], self.cells_mv[number]
        is_balancing = pack.accepted.balancing_enabled if pack.sequence else True
        decode_status(bytes(frames()[0]), 0, pack.candidate)
        status = pack.candidate
        status.cells_detected = status.cells_configured = 4
        status.balance_raw = status.alarms_raw = 0
        status.balancing_raw = 1 if is_balancing else 0
        for cell in range(24):
            status.cells_mv[cell] = cells_mv[cell] if cell < 4 else 0
        status.pack_mv = sum(cells_mv)
        pack.accept_unchecked(self.clock)
        pack.accepted.alarms = self.alarms
        pack.link = ONLINE

    def events(self) -> list:
        found = [self.hub.event(number) for number in range(self.hub.posted)]
        return [event[1:] for event in found if event and event[1] == "power"]


def test_levels_follow_each_other_in_order_each_after_a_minute():
    device = _Device().set(_EMPTY_MV).run(600)
    assert [level for _, level in device.changes] == [LONGER, BALANCER_OFF, RADIO_OFF]
    seconds = [at for at, _ in device.changes]
    assert all(seconds[i + 1] - seconds[i] >= 60 for i in range(2)) and seconds[0] >= 60
    assert device.events() == [("power", None, "low_pack", level) for level in (1, 2, 3)]
    assert device.key_values.kept["low_pack_levels"] == {"pack1": 3}


def test_a_pack_that_is_not_low_costs_nothing():
    device = _Device().run(600)
    assert (device.level, device.hub.low, device.hub.interval_ms) == (0, None, 0)


def test_single_low_readings_change_nothing():
    device = _Device()
    for _ in range(20):
        device.set(_EMPTY_MV).run(50).set(_GOOD_MV).run(10)
    assert device.changes == []
    assert device.hub.low is None


def test_low_readings_long_ago_count_no_more():
    device = _Device().set(_EMPTY_MV).run(50).set(_GOOD_MV).run(_HOUR_S).set(_EMPTY_MV).run(50)
    assert device.changes == []


def test_few_readings_are_not_enough_however_long_they_take():
    device = _Device().set(_EMPTY_MV).run(20)
    device.is_read = False
    device.run(_HOUR_S)
    assert device.level == 0


def test_a_level_is_left_with_hysteresis_and_one_after_the_other():
    device = _Device().set(_EMPTY_MV).run(600)
    device.set(2700).run(600)
    assert device.level == RADIO_OFF
    device.changes.clear()
    device.set(_GOOD_MV).run(600)
    assert [level for _, level in device.changes] == [2, 1, 0]
    assert device.key_values.kept["low_pack_levels"] is None
    assert device.hub.low is None and device.hub.interval_ms == 0


def test_polls_are_rare_while_a_pack_is_low_but_not_after_a_press():
    device = _Device().set(_LOW_MV).run(70)
    assert (device.level, device.hub.interval_ms) == (LONGER, 30_000)
    device.run(10, True)
    assert device.hub.interval_ms == 0
    device.run(300)
    assert device.hub.interval_ms == 30_000


def test_with_a_w_switch_polls_keep_their_rate():
    device = _Device()
    device.control = type("Control", (), {"w": True})()
    assert device.set(_LOW_MV).run(600).hub.interval_ms == 0


def test_balancing_is_switched_off_at_the_second_level_once():
    device = _Device().set(_LOW_MV).run(600)
    assert device.pack.writer.written == []
    device.set(_LOWER_MV).run(_HOUR_S)
    assert device.pack.writer.written == [("balancing_enabled", False, "rule")]
    device.set(_GOOD_MV).run(_HOUR_S)
    assert len(device.pack.writer.written) == 1


def test_a_balancer_that_refuses_is_written_every_ten_minutes_and_24_times_a_day():
    device = _Device()
    device.pack.writer.is_refused = True
    logged = []
    off = __import__("evencell.control.balancing_off", None, None, ("call",))
    off.call = lambda module, function, *given: (
        logged.append(given[1]) if function == "append" else call(module, function, *given)
    )
    low_pack.call = lambda _module, _function, *given: off.switch_off(*given)
    try:
        device.set(_LOWER_MV).run(86_400)
    finally:
        low_pack.call = off.call = call
    assert len(device.pack.writer.written) == 24
    event = logged[0][0]
    assert event[1:8] == ("settings", "pack1", "balancing_enabled", "rule", True, False, "refused")
    assert "The pack is low, and balancing stays on: written 24 times within a day" in event[8]


def test_a_read_only_pack_and_one_that_does_not_answer_are_not_written():
    device = _Device(writable=False).set(_EMPTY_MV).run(_HOUR_S)
    assert device.level == RADIO_OFF
    device = _Device().set(_LOW_MV).run(600)
    device.pack.low_level = BALANCER_OFF
    for link in (OFFLINE, ASLEEP):
        device.pack.link = link
        device.is_read = False
        device.run(_HOUR_S)
    assert device.pack.writer.written == []


def test_the_radio_goes_off_minutes_after_the_last_level_was_announced():
    device = _Device().set(_EMPTY_MV)
    while device.level < RADIO_OFF:
        device.run(10)
    assert device.run(290).network.state == "connected"
    assert device.run(10).network.state == "off"
    assert device.hub.low[0]


def test_it_is_on_for_a_report_every_six_hours():
    device = _Device().set(_EMPTY_MV).run(_HOUR_S)
    on_s = 0
    for _ in range(24 * 360):
        device.run(10)
        on_s += 0 if device.network.state == "off" else 10
    assert on_s == 4 * 300


def test_it_is_on_after_a_press_and_when_the_level_falls():
    device = _Device().set(_EMPTY_MV).run(_HOUR_S)
    assert device.network.state == "off"
    device.run(10, True)
    assert device.network.state == "waiting"
    device.run(290)
    assert device.network.state == "waiting"
    device.run(10)
    assert device.network.state == "off"
    device.set(_GOOD_MV).run(120)
    assert (device.network.state, device.level) == ("waiting", BALANCER_OFF)
    device.run(_HOUR_S)
    assert device.network.state == "waiting"


def test_an_update_is_not_cut_off():
    device = _Device().set(_EMPTY_MV)
    device.update = {"state": "receiving"}
    device.run(_HOUR_S)
    assert (device.level, device.network.state) == (RADIO_OFF, "connected")
    device.update = None
    assert device.run(300).network.state == "off"


def test_a_cable_stays():
    device = _Device(wired=True).set(_EMPTY_MV).run(_HOUR_S)
    assert (device.level, device.network.state) == (RADIO_OFF, "connected")


def test_after_a_restart_the_radio_is_off_but_for_a_report_after_a_minute():
    """A supply that breaks down under the radio's current must not do so at each start."""
    device = _Device(kept={"pack1": 3}).set(_EMPTY_MV).run(10)
    assert (device.level, device.network.state) == (RADIO_OFF, "off")
    device.run(60)
    assert device.network.state == "waiting"
    device.run(300)
    assert device.network.state == "off"
    device = _Device(kept={"pack1": 3}).run(240)
    assert (device.level, device.network.state) == (0, "waiting")


def test_what_is_kept_may_be_damaged_or_of_other_packs():
    for kept in ([3], {"pack1": 4}, {"pack1": True}, {"pack1": "3"}, {"other": 3}):
        assert _Device(kept=kept).run(60).level == 0


class _Client:
    """A connection that may break: it takes messages while it is there."""

    def __init__(self):
        self.client, self.connected, self.payloads = self, True, []

    async def publish(self, topic, payload, _qos, _retain):
        assert topic == "evencell/e1/low_pack"
        if not self.connected:
            raise OSError
        self.payloads.append(payload)


def test_the_broker_gets_the_end_of_a_low_pack_also_after_a_restart_without_it():
    device = _Device()
    device.mqtt, device.device_id = _Client(), "e1"
    device.config["mqtt"] = {"prefix": "evencell"}
    device.set(2_950).run(120)
    device.mqtt.connected = False
    device.set(_GOOD_MV).run(240)
    assert (device.level, device.mqtt.payloads) == (0, [b"0", b"1"])
    kept = device.key_values.get("low_pack_levels")
    assert kept == {}
    again = _Device(kept=kept)
    again.mqtt, again.device_id, again.config["mqtt"] = device.mqtt, "e1", device.config["mqtt"]
    again.run(60)
    assert again.hub.low
    again.mqtt.connected = True
    again.run(20)
    assert (again.mqtt.payloads[-1], again.hub.low, again.key_values.get("low_pack_levels")) == (b"0", None, None)
    again.run(60)
    assert len(again.mqtt.payloads) == 3


def test_a_balancer_that_is_silent_keeps_its_level_and_the_device_reports():
    """It needs 8 V itself: a low pack may be why."""
    device = _Device().set(_EMPTY_MV).run(_HOUR_S)
    device.is_read, device.pack.link = False, OFFLINE
    device.run(4 * _HOUR_S)
    assert (device.level, device.network.state) == (RADIO_OFF, "off")
    for _ in range(2 * 360):
        device.run(10)
        if device.network.state == "waiting":
            return
    raise AssertionError("no report")


def test_a_loose_wire_does_not_turn_the_radio_off():
    for alarm in (CELL_COUNT, CELL_VOLTAGE, WIRE_RESISTANCE):
        device = _Device()
        device.alarms = alarm
        device.set(_EMPTY_MV).run(_HOUR_S)
        assert (device.level, device.network.state) == (BALANCER_OFF, "connected")
    device = _Device().set(_EMPTY_MV).run(_HOUR_S)
    device.alarms = WIRE_RESISTANCE
    device.run(240)
    assert (device.level, device.network.state) == (BALANCER_OFF, "waiting")


def test_a_cell_without_voltage_is_not_the_lowest():
    assert _Device().set(0, _GOOD_MV).run(_HOUR_S).level == 0


def test_a_pack_that_is_charged_is_not_low_yet():
    device = _Device()
    for mv in range(2600, 2900):
        device.set(mv).run(10)
    assert device.changes == []


def test_balancing_that_raises_the_lowest_cell_is_no_charge():
    device = _Device()
    for step in range(30):
        device.set(2600 + 3 * step, 2700 - step).run(10)
    assert device.level >= BALANCER_OFF


def test_limits_that_are_not_known_are_those_of_the_owner_or_none():
    assert _Device("custom").set(1500).run(_HOUR_S).level == 0
    own = {"cell_min_mv": 3000, "cell_max_mv": 4000}
    assert _Device("custom", own=own).set(3290).run(600).level == LONGER
    assert _Device("custom", low_pack_mv=12_000).set(3000).run(600).level == LONGER
    assert _Device("lfp", low_pack_mv=13_000).set(3200).run(600).level == LONGER
    assert _Device("lto").set(2100).run(600).level == 0


def test_of_several_packs_each_has_its_own_level_and_the_lowest_counts_for_the_device():
    device = _Device(packs=2).set(_LOWER_MV).run(600)
    front, rear = device.hub.packs
    assert (front.low_level, rear.low_level, device.level) == (BALANCER_OFF, 0, BALANCER_OFF)
    assert len(front.writer.written) == 1 and rear.writer.written == []
    device.cells_mv[1] = [_LOW_MV] * 4
    device.set(_GOOD_MV).run(600)
    assert (front.low_level, rear.low_level, device.level) == (0, LONGER, LONGER)
