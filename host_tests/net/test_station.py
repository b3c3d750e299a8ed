from evencell.hub import Hub
from evencell.net.part import start
from evencell.runtime.log import Log
from evencell.runtime.memory import MemoryPolicy
from host_tests.fakes import FakeClock, ScriptedHeaps
from host_tests.net.stations import Cable, ScriptedStation

HOME = {"ssid": "Home", "password": "correct horse"}
WORK = {"ssid": "Work", "password": "battery staple"}
OPEN = {"ssid": "Camping", "password": None}
IN_THE_AIR = {network["ssid"]: network["password"] for network in (HOME, WORK, OPEN)}


DHCP = {"address": None, "netmask": "255.255.255.0", "gateway": None, "dns": None}


class Device:
    """A board with a scripted station, what a part finds in its context, and a clock that `after` sets forward."""

    txpower = 8.5

    def __init__(self, *networks, air=None, station=ScriptedStation, **settings):
        self.clock = FakeClock()
        self.log = Log(self.clock)
        self.hub = Hub([], self.clock)
        self.consumer = self.hub.subscribe()
        self.board = self.supervisor = self
        self.heaps = ScriptedHeaps()
        self.heap = MemoryPolicy(self.heaps, self.log)
        self.reached_ms = 0
        self.hostname = "evencell-3d49aa"
        self.config = {"wifi": {"networks": list(networks), "txpower": None, "country": None, "static": dict(DHCP)}}
        self.config["wifi"].update(settings)
        self.radio = station(self.clock, dict(IN_THE_AIR) if air is None else air)

    def station(self):
        return self.radio

    def start(self, name, run):
        assert name == "wifi" and run

    def after(self, seconds: int):
        """The part ticks every second."""
        for _ in range(seconds):
            self.network.tick()
            self.clock.now_ms += 1000
        return self.network.state

    def texts(self) -> list:
        return [line.split(" ", 2)[2] for line in self.log.lines()]

    def events(self) -> list:
        found = []
        event = self.consumer.next_event()
        while event:
            found.append(event[1:])
            event = self.consumer.next_event()
        return found


def started(*networks, **options) -> Device:
    device = Device(*networks, **options)
    start(device)
    return device


def test_joined_network_is_logged_once():
    device = started(HOME)
    assert device.after(60) == "connected"
    network = device.network
    assert (network.ssid, network.address, network.rssi) == ("Home", "192.168.1.7", -60)
    assert device.texts() == ['network: connected to "Home", -60 dBm, address 192.168.1.7, name evencell-3d49aa.local']
    assert device.events() == [("network", None, "network", "connected")]
    assert device.radio.networks_tried() == ["Home"]


def test_hostname_country_and_power_are_given_before_the_first_try():
    device = started(HOME, country="DE", txpower=11)
    assert device.radio.calls == [
        ("start", "evencell-3d49aa", "DE", 11)
    ]  # with the part: memory for its driver is free
    device.after(10)
    assert device.radio.calls[1:] == [("connect", "Home")]


def test_a_static_address_is_the_stations_and_dns_is_the_gateway_unless_named():
    static = {"address": "192.168.1.20", "netmask": "255.255.255.0", "gateway": "192.168.1.1", "dns": None}
    for station, air in ((ScriptedStation, None), (Cable, {None: None})):
        device = started(HOME, station=station, air=air, static=dict(static))
        assert device.radio.static == ("192.168.1.20", "255.255.255.0", "192.168.1.1", "192.168.1.1")
        assert device.after(10) == "connected"
        assert device.network.address == "192.168.1.20"
    device = started(
        HOME, static={"address": "10.0.0.9", "netmask": "255.0.0.0", "gateway": "10.0.0.1", "dns": "9.9.9.9"}
    )
    assert device.radio.static[1:] == ("255.0.0.0", "10.0.0.1", "9.9.9.9")
    assert started(HOME).radio.static is None


def test_board_limits_the_power_by_default():
    device = started(HOME)
    device.after(1)
    assert device.radio.calls[0] == ("start", "evencell-3d49aa", None, 8.5)


def test_an_open_network_needs_no_password():
    assert started(OPEN).after(10) == "connected"
    assert started({"ssid": "Camping", "password": ""}).after(10) == "connected"


def test_networks_are_tried_in_their_order():
    hidden = {"ssid": "hidden", "password": "x" * 8}
    device = started(HOME, hidden, WORK, air={"hidden": "x" * 8, "Work": WORK["password"]})
    assert device.after(20) == "connected"
    assert device.radio.networks_tried() == ["Home", "hidden"]


def test_network_joined_last_is_tried_first():
    device = started(HOME, WORK, air={"Work": WORK["password"]})
    assert device.after(20) == "connected"
    device.radio.air.clear()
    device.after(5)
    device.radio.air.update(IN_THE_AIR)
    assert device.after(10) == "connected"
    assert device.radio.networks_tried() == ["Home", "Work", "Work"]


def test_after_a_wrong_password_comes_the_next_network():
    wrong = {"ssid": "Home", "password": "wrong horse"}
    device = started(wrong, WORK)
    assert device.after(60) == "connected"
    assert device.network.ssid == "Work"
    assert device.texts()[0] == 'network: "Home" refuses the password; correct it in wifi.networks'


def test_the_failure_of_one_network_is_not_taken_for_the_next_ones():
    """`status` still says "wrong password" until the next network has given an address, however long that takes."""
    device = started({"ssid": "Home", "password": "wrong horse"}, WORK)
    slow = device.radio._answer
    since = []

    def slower():
        answer = slow()
        if device.radio._wanted and device.radio._wanted[0] == "Work":
            since.append(device.clock.now_ms)
            return answer if device.clock.now_ms - since[0] >= 12_000 else device.radio._reason
        return answer

    device.radio._answer = slower
    assert device.after(60) == "connected"
    assert device.radio.networks_tried() == ["Home", "Work"]


def test_wrong_password_is_logged_once_and_never_shown():
    device = started({"ssid": "Home", "password": "wrong horse"})
    assert device.after(3600) != "connected"
    assert device.texts() == ['network: "Home" refuses the password; correct it in wifi.networks']
    assert "horse" not in "".join(device.texts()) + str(device.events())


def test_intermittent_wrong_password_is_logged_once():
    device = started({"ssid": "Home", "password": "wrong horse"})
    answer = device.radio._answer

    def sometimes():
        found = answer()
        return "connecting" if found == "wrong password" and len(device.radio.networks_tried()) % 2 == 0 else found

    device.radio._answer = sometimes
    device.radio.status = sometimes
    device.after(3600)
    assert device.texts() == ['network: "Home" refuses the password; correct it in wifi.networks']


def test_returning_problem_is_logged_again():
    device = started(HOME)
    for _ in range(2):
        device.after(80)
        device.radio.air.clear()
        device.after(80)
        device.radio.air.update(IN_THE_AIR)
    assert device.texts().count('network: "Home" is not in reach') == 2


def test_new_problem_is_logged():
    device = started(HOME, air={"Home": "another password"})
    device.after(300)
    device.radio.air.clear()
    device.after(300)
    assert device.texts() == [
        'network: "Home" refuses the password; correct it in wifi.networks',
        'network: "Home" is not in reach',
    ]


def test_pauses_grow_to_a_minute_and_it_never_gives_up():
    device = started(HOME, air={})
    tries = []
    connect = device.radio.connect

    def noted(ssid, password):
        tries.append(device.clock.now_ms // 1000)
        connect(ssid, password)

    device.radio.connect = noted
    device.after(1200)
    gaps = [tries[i + 1] - tries[i] for i in range(len(tries) - 1)]
    assert gaps == sorted(gaps)
    assert gaps[0] < 10
    assert 60 <= gaps[-1] <= 80
    device.radio.air["Home"] = HOME["password"]
    assert device.after(80) == "connected"


def test_a_lost_connection_is_noticed_and_joined_again_without_a_pause():
    device = started(HOME)
    device.after(10)
    device.radio.air.clear()
    assert device.after(5) != "connected"
    assert (device.network.address, device.network.rssi) == (None, None)
    assert device.texts()[-1] == 'network: lost "Home"'
    device.after(300)
    device.radio.air["Home"] = HOME["password"]
    assert device.after(80) == "connected"
    values = [event[-1] for event in device.events()]
    assert values == ["connected", "lost", "connected"]


def test_after_a_short_gap_it_is_back_within_seconds_however_long_the_one_before_was():
    device = started(HOME, WORK, air={})
    device.after(1000)
    for _ in range(2):
        device.radio.air.update(IN_THE_AIR)
        device.after(80)
        before = device.network.ssid
        tried = len(device.radio.networks_tried())
        device.radio.air.clear()
        device.after(1)
        device.radio.air.update(IN_THE_AIR)
        assert device.after(8) == "connected"
        assert device.radio.networks_tried()[tried:] == [before]
    assert [call[0] for call in device.radio.calls].count("start") == 1
    assert not [text for text in device.texts() if "failed" in text]


def test_a_station_that_is_still_connected_leaves_first():
    """As after a restart of the interpreter alone: the radio knows nothing of it."""
    device = started(HOME)
    device.radio.calls.append(("start",))
    device.radio.connect("Work", WORK["password"])
    assert device.after(10) == "connected"
    assert device.network.ssid == "Home"
    assert len(device.texts()) == 1


def test_station_without_an_address_reconnects_after_15_s():
    device = started(HOME, air={"Home": "silent"})
    device.after(16)
    assert device.radio.networks_tried() == ["Home"]
    device.after(5)
    assert device.radio.networks_tried() == ["Home", "Home"]
    device.after(600)
    assert device.texts() == ['network: "Home" gave no address within 15 s']


def test_a_cable_needs_no_name_and_no_password():
    device = started(station=Cable, air={None: None})
    assert device.after(5) == "connected"
    assert (device.network.ssid, device.network.address, device.network.rssi) == (None, "192.168.1.7", None)
    assert device.texts() == ["network: connected to the cable, address 192.168.1.7, name evencell-3d49aa.local"]


def test_unplugged_cable_is_logged_once_and_awaited():
    device = started(station=Cable, air={})
    device.after(600)
    assert device.texts() == ["network: the cable gave no address within 15 s"]
    device.radio.air[None] = None
    assert device.after(80) == "connected"


def test_a_cable_whose_address_goes_gets_15_s():
    device = started(station=Cable, air={None: None})
    device.after(5)
    device.radio.air[None] = "silent"
    assert device.after(10) == "connected"
    device.radio.air[None] = None
    assert device.after(10) == "connected"
    device.radio.air[None] = "silent"
    assert device.after(20) != "connected"
    assert device.texts()[1:] == ["network: lost the cable"]
    device.radio.air.clear()
    device.after(60)
    device.radio.air[None] = None
    assert device.after(80) == "connected"


def test_a_station_that_cannot_start_is_tried_again_and_keeps_its_first_error():
    device = Device(HOME)
    start_radio = device.radio.start
    errors = ["WiFi Out of Memory", "Wifi Invalid State"]

    def failing(*_):
        raise OSError(errors[0] if len(errors) == 1 else errors.pop(0))

    device.radio.start = failing
    start(device)
    first = 'network: "Home" failed: the station does not start: WiFi Out of Memory'
    assert device.texts() == [first]
    device.after(100)
    assert device.texts() == [first]
    device.radio.start = start_radio
    assert device.after(80) == "connected"


def test_messages_name_memory_where_it_is_the_cause():
    device = started(HOME, air={"Home": "silent"})
    device.heaps.network = 900, 400
    device.after(300)
    assert device.texts() == [
        'network: "Home" failed: not enough memory for the network (900 bytes free, 400 in one piece)'
    ]


def test_a_reset_of_the_radio_joins_anew_at_once():
    device = started(HOME)
    device.after(10)
    device.heap.reset_radio()
    assert device.network.state == "waiting"
    assert ("restart",) in device.radio.calls
    assert device.after(10) == "connected"


def test_a_radio_that_a_reset_left_off_is_switched_on_again():
    """Off has worked, on has not: there was no memory."""
    device = started(HOME)
    device.after(10)
    connect, start = device.radio.connect, device.radio.start

    def failing():
        device.radio.disconnect()
        device.radio.connect = not_started
        raise OSError("WiFi Out of Memory")

    def not_started(_ssid, _password):
        raise OSError("Wifi Not Started")

    def starting(*options):
        start(*options)
        device.radio.connect = connect

    device.radio.restart, device.radio.start = failing, starting
    device.heap.reset_radio()
    assert device.texts()[-1] == 'network: "Home" failed: WiFi Out of Memory'
    assert device.after(80) == "connected"


def test_a_station_that_raises_later_is_begun_anew():
    device = started(HOME)
    device.after(10)

    def failing():
        raise OSError("Wifi Not Connected")

    device.radio.rssi = failing
    assert device.after(1) == "waiting"
    assert (device.network.address, device.network.rssi) == (None, None)
    assert device.events()[-1][-1] == "lost"
    del device.radio.rssi
    assert device.after(20) == "connected"
