"""Power saving of this computer: its simulated radio shows the mode, its processor's speed is its own matter."""


def save(board, config: dict) -> list[str]:
    """As that of an ESP32 (esp32_saving.py)."""
    warnings = []
    word = config["wifi"]["power_save"]
    if word:
        station = board.station()
        if hasattr(station, "power_save"):
            station.power_save = word
        else:
            warnings.append("wifi.power_save: this computer has no radio of its own; not used")
    if config["power"]["cpu_mhz"]:
        warnings.append("power.cpu_mhz: a computer's speed is its own matter; not used")
    return warnings
