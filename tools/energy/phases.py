"""What happens in a wake: for how long, and with which current at 5 V."""

from dataclasses import dataclass

from tools.energy.figures import AWAKE_MA, value
from tools.energy.plan import Plan

SPILL_EVERY = 8
LEASE_S = 43_200  # as in power/join.py: for so long the last address is used again
_READINGS_IN_MESSAGE = 10
_OTHER_MESSAGES = 7  # connection, availability, state, link, last reading, device, disconnection
_S_PER_HOUR = 3_600


@dataclass(frozen=True)
class Phase:
    """`milliamps` at 5 V for `seconds`."""

    name: str
    seconds: float
    milliamps: float

    @property
    def mah(self) -> float:
        """Charge in mAh, at 5 V."""
        return self.seconds * self.milliamps / _S_PER_HOUR


def reading(plan: Plan, case: int) -> list[Phase]:
    """A wake that reads, and sleeps again."""
    awake_ma = AWAKE_MA[plan.chip].values[case]
    phases = [
        Phase("start of chip and MicroPython", value("boot", case), value("boot_ma", case)),
        Phase("evencell up to the request", value("to_request", case), awake_ma),
    ]
    if plan.balancer != "on":
        phases.append(Phase("wait for the balancer's first answer", value("balancer_start", case), awake_ma))
    phases += [
        Phase("request and answer", value("exchange", case), awake_ma),
        Phase("evencell from the answer to sleep", value("to_sleep", case), awake_ma),
        Phase("writing to the flash (a share)", value("spill", case) / SPILL_EVERY, awake_ma),
    ]
    if plan.bthome:
        phases.append(Phase("Bluetooth beacons", value("beacon", case), value("beacon_ma", case)))
    return phases


def report(plan: Plan, case: int) -> list[Phase]:
    """What a report adds to a wake."""
    radio_ma = value("radio_ma", case)
    messages = _OTHER_MESSAGES + plan.readings_per_day / plan.reports_per_day / _READINGS_IN_MESSAGE
    with_dhcp = min(1, plan.report_s / LEASE_S)
    phases = [
        Phase("Wi-Fi with the last address (a share)", (1 - with_dhcp) * value("join", case), value("join_ma", case)),
        Phase("Wi-Fi with DHCP (a share)", with_dhcp * value("dhcp", case), value("dhcp_ma", case)),
        Phase("evencell in a report", value("report", case), radio_ma),
        Phase("messages and their acknowledgements", messages * value("message", case), radio_ma),
    ]
    if plan.tls:
        phases.append(Phase("TLS handshake", value("tls", case), radio_ma))
    return phases


def supplied_s(case: int) -> float:
    """For how long a balancer that is switched off between two readings is on for each."""
    return value("balancer_start", case) + value("exchange", case)
