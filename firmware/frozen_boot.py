"""boot.py of a firmware with evencell frozen in (docs/firmware.md): starts the Wi-Fi driver, and counts the boots that
end early.

There are no slots for files: the boot loader chooses between two whole images. `boots` holds how many boots in a row
did not last 5 minutes, this one included, and that number twice: "2 2". Where they differ, the file is damaged. See
docs/recovery.md. No GC heap is claimed: it has one size.
"""

import os
import sys


def claim_radio():
    """Start the Wi-Fi driver while the memory of the network is free, where the plan has a radio; not where the device
    sleeps.

    `claim` is "off" where the configuration leaves the radio off (runtime/plan.py).
    """
    from frozen_files import find

    plan = find("plan") or b""
    if plan.startswith(b"network 1\n") and reset_cause() != "wake" and not read("wake.json") and read("claim") != "off":
        import network

        network.WLAN(network.STA_IF).active(True)


def count_boot():
    """Count this boot in the file `boots`; where the power was switched on, from the beginning."""
    cause = reset_cause()
    if cause != "wake":
        early, _, again = read("boots").partition(" ")
        is_sound = early in ("1", "2", "3", "4") and again in ("", early)  # earlier versions wrote it once
        count = min(int(early), 3) + 1 if is_sound and cause != "power" else 1
        with open("boots.new", "w") as file:
            file.write("%d %d" % (count, count))
        os.rename("boots.new", "boots")


def limit_wake():
    """Start the watchdog of a device that sleeps, or let it sleep an hour where three starts in a row ended early.

    Not after a soft reset: an owner is at the prompt.
    """
    if not read("wake.json"):
        return
    import machine

    cause = machine.reset_cause()
    if cause == machine.SOFT_RESET:
        return
    if cause in (machine.HARD_RESET, machine.WDT_RESET) and read("boots")[:1] == "4":
        machine.deepsleep(3_600_000)
    machine.WDT(timeout=120_000)


def reset_cause():
    """ "wake" from deep sleep, "power", or "" for anything else. Where that is unknown: power."""
    try:
        import machine

        cause = machine.reset_cause()
        return "wake" if cause == machine.DEEPSLEEP_RESET else "power" if cause == machine.PWRON_RESET else ""
    except (ImportError, AttributeError):  # the unix port
        return "power"


def read(path):
    """The text of a small file, "" where there is none or it can't be read."""
    try:
        with open(path) as file:
            return file.read(9).strip()
    except (OSError, ValueError):
        return ""


# Frozen modules come before files: a folder `evencell` on the flash would be found first, and each import would search
# the flash in vain.
sys.path.insert(0, ".frozen")
try:
    claim_radio()
except Exception as error:
    print("the Wi-Fi driver can't be started:", error)
try:
    count_boot()
except Exception as error:
    print("this boot can't be counted:", error)
try:
    limit_wake()
except ImportError:
    pass
except Exception as error:
    print("the watchdog can't be started:", error)
# main.py runs in the same namespace: what stays here stays in memory.
for name in ("claim_radio", "count_boot", "limit_wake", "reset_cause", "read"):
    del globals()[name]
