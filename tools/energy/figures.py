"""The figures of the model. Each has a low, a typical and a high case, in the sense of the energy that it costs."""

from dataclasses import dataclass

LOW, TYPICAL, HIGH = CASES = range(3)


@dataclass(frozen=True)
class Figure:
    """`values`: for the three cases. `sources`: names in SOURCES. `remark`: what a reader has to know."""

    name: str
    values: tuple[float, ...]
    unit: str
    sources: tuple[str, ...]
    remark: str = ""


# Of `make bench`, wake.by_phase_ms, on a computer that had nothing else to do; and how much slower a chip may be.
_TO_REQUEST_MS, _TO_SLEEP_MS, _TO_SLEEP_WITH_REPORT_MS = 31.8, 8.4, 93
_SLOWER = (20, 40, 80)
_WAKE = "a computer's time, 20, 40 and 80 times"


def _on_chip(milliseconds: float) -> tuple[float, ...]:
    """Seconds on a chip, in the three cases."""
    return tuple(round(milliseconds * factor / 1000, 2) for factor in _SLOWER)


FIGURES = {
    # The balancer, at the pack's own voltage
    "balancer": Figure(
        "balancer, switched on",
        (40, 40, 86),
        "mA",
        ("balancer",),
        "at 20 V: 40 waiting, 55 working; high: the same power at 13 V",
    ),
    "balancer_start": Figure("balancer, from its supply to its first answer", (1, 3, 24), "s", ("assumed", "wait")),
    # Asleep, at 5 V
    "transceiver": Figure("transceiver with DE and RE joined", (0.8, 0.8, 1.5), "mA", ("transceiver",), "it listens"),
    # A wake
    "boot": Figure("start of chip and MicroPython up to main.py", (0.635, 0.69, 0.69), "s", ("boot", "boot_devkit")),
    "boot_ma": Figure("meanwhile", (66, 66, 68), "mA", ("boot", "esp32")),
    "to_request": Figure("evencell up to the request", _on_chip(_TO_REQUEST_MS), "s", ("wake", "assumed"), _WAKE),
    "exchange": Figure("request and answer", (0.09, 0.1, 0.35), "s", ("wire",), "high: asked again"),
    "to_sleep": Figure("evencell from the answer to sleep", _on_chip(_TO_SLEEP_MS), "s", ("wake", "assumed"), _WAKE),
    "spill": Figure("writing to the flash, each 8th reading", (0.1, 0.3, 1), "s", ("assumed",)),
    # A report
    "report": Figure(
        "evencell in a report", _on_chip(_TO_SLEEP_WITH_REPORT_MS - _TO_SLEEP_MS), "s", ("wake", "assumed"), _WAKE
    ),
    "join": Figure("Wi-Fi with the last address", (0.66, 0.66, 4.9), "s", ("join",)),
    "join_ma": Figure("meanwhile", (146, 146, 146), "mA", ("join",)),
    "dhcp": Figure("Wi-Fi with DHCP, twice a day at most", (1.05, 1.56, 4.9), "s", ("connect", "join")),
    "dhcp_ma": Figure("meanwhile", (129, 129, 129), "mA", ("join",)),
    "tls": Figure("TLS handshake", (1.4, 2, 3), "s", ("connect", "tls")),
    "message": Figure("each message to a broker at home", (0.01, 0.04, 0.2), "s", ("join", "assumed")),
    "radio_ma": Figure("radio on", (95, 100, 130), "mA", ("esp32", "radio", "pm")),
    # Beacons
    "beacon": Figure("Bluetooth: its start, and beacons for 2 s", (2.3, 2.5, 3), "s", ("assumed",)),
    "beacon_ma": Figure("meanwhile", (95, 100, 130), "mA", ("esp32",)),
    # From the pack to 5 V
    "efficiency": Figure("efficiency of the step-down converter", (0.9, 0.8, 0.7), "", ("light_load", "assumed")),
    "self_discharge": Figure("self-discharge of the pack", (2, 3, 3), "% a month", ("self_discharge",)),
}

# The chip with its radio off, and its processor busy.
AWAKE_MA = {
    "esp32": Figure("ESP32 awake, radio off", (27, 53, 68), "mA", ("esp32", "boards"), "boards: 53 to 65 mA"),
    "esp32s3": Figure("ESP32-S3 awake, radio off", (32, 44, 66), "mA", ("lucidar", "radio", "boot")),
    "esp32c3": Figure("ESP32-C3 awake, radio off", (20, 27, 34), "mA", ("c3_awake",)),
}

# In deep sleep, at 5 V, the whole board without transceiver; None: not known.
IDLE_MA = {
    "esp32_generic": Figure(
        "development board with an ESP32",
        (2.8, 4.7, 15),
        "mA",
        ("boot_devkit", "lucidar", "boards", "kohacraft", "join"),
    ),
    "esp32_wrover": Figure(
        "development board with a WROVER module", (3.1, 3.5, 15), "mA", ("t8", "join"), "high: as other ESP32 boards"
    ),
    "esp32_s3_generic": Figure("development board with an ESP32-S3", (1.7, 7.1, 13.4), "mA", ("boot", "molenet")),
    "esp32_s3_octal": Figure("development board with an ESP32-S3", (1.7, 7.1, 13.4), "mA", ("boot", "molenet")),
    "esp32_c3_supermini": Figure(
        "ESP32-C3 SuperMini", (0.043, 0.47, 0.6), "mA", ("c3_seller", "c6_mini", "c3_devkit"), "typical: of its sister"
    ),
    "lilygo_t_display": Figure("LILYGO T-Display", (0.3, 0.37, 9), "mA", ("t_display",), "at its battery socket"),
    "lilygo_t_can485": None,
    "m5_atom_tail485": None,
    "waveshare_s3_rs485_can": None,
    "wt32_eth01": None,
}

# Step-down converters for 30 V or more: what they take without load, from the pack.
CONVERTER_MA = {
    "lm2596": Figure("converter with an LM2596, without load", (5, 10, 11), "mA", ("lm2596", "lm2576")),
    "low-iq": Figure("converter with an LMR36006, without load", (0.018, 0.026, 0.036), "mA", ("lmr36006",)),
}


def value(name: str, case: int) -> float:
    """The figure of this name in a case."""
    return FIGURES[name].values[case]
