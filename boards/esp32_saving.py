"""What an ESP32 that stays awake can save: Wi-Fi's power save mode, and a slower processor. Imported where configured.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/network_wlan.c and modmachine.c, and its stubs.
"""

import machine

_MODES = {"none": "PM_NONE", "min": "PM_PERFORMANCE", "max": "PM_POWERSAVE"}
_SPEEDS_MHZ = {"esp32c3": (80, 160)}
_USUAL_SPEEDS_MHZ = (80, 160, 240)
_SLOW_MHZ = 80  # with less, Wi-Fi does not run
_COLOUR = ("st7789", "ili9341")


def save(board, config: dict) -> list[str]:
    """Set both as configured, before the radio is switched on; returns a warning for each that needs care."""
    warnings = []
    if config["wifi"]["power_save"]:
        _save_radio(board, config["wifi"]["power_save"], warnings)
    if config["power"]["cpu_mhz"]:
        _set_speed(board, config, warnings)
    return warnings


def _save_radio(board, word: str, warnings: list):
    if board.wired:
        warnings.append("wifi.power_save: this board is on a cable; not used")
        return
    import network

    mode = getattr(network.WLAN, _MODES[word], None)
    if mode is None:
        warnings.append("wifi.power_save: this MicroPython has no power save modes; not used")
    else:
        board.own_station = _saving_station(board.data.get("txpower"), mode)


def _saving_station(txpower_limit: float | None, mode: int):
    """A station that sets the mode each time the radio is switched on. In here: on a cable there is no esp32_wifi."""
    from boards.esp32_wifi import Wireless

    class SavingWireless(Wireless):
        def _switch_on(self):
            Wireless._switch_on(self)
            self.interface.config(pm=mode)

    return SavingWireless(txpower_limit)


def _set_speed(board, config: dict, warnings: list):
    mhz, speeds = config["power"]["cpu_mhz"], _SPEEDS_MHZ.get(board.chip, _USUAL_SPEEDS_MHZ)
    if mhz not in speeds:
        words = ", ".join(map(str, speeds))
        warnings.append("power.cpu_mhz: this chip runs at %s MHz, not at %d; not used" % (words, mhz))
        return
    machine.freq(mhz * 1_000_000)
    if mhz > _SLOW_MHZ:
        return
    if config["mqtt"]["enabled"] and config["mqtt"]["tls"]:
        warnings.append("power.cpu_mhz: at %d MHz a connection by TLS takes twice as long as at 160" % mhz)
    driver = config["display"]["driver"]
    if driver == "auto":
        driver = board.data.get("display", {}).get("driver")
    if driver in _COLOUR:
        warnings.append("power.cpu_mhz: at %d MHz a colour display is drawn half as fast as at 160" % mhz)
