"""What a device that stays awake takes, by Wi-Fi's power save mode and by the processor's speed: published figures."""

from dataclasses import dataclass

MODES = ("none", "min", "max")  # of wifi.power_save
SPEEDS_MHZ = (240, 160, 80)  # of power.cpu_mhz


@dataclass(frozen=True)
class Row:
    """`values`: in mA, as texts, one for each of the modes or speeds."""

    name: str
    values: tuple[str, str, str]
    sources: tuple[str, ...]


BY_MODE = (
    Row("ESP32", ("100", "31", "29 to 30"), ("radio", "idf_esp32")),
    Row("ESP32-S3", ("103", "40", "38 to 39"), ("radio", "idf_esp32s3")),
    Row("ESP32-C3", ("75", "21", "21"), ("xiao", "idf_esp32c3")),
    Row("a whole board with an ESP32", ("129", "45", "41"), ("pm",)),
)
BY_SPEED = (Row("ESP32, radio asleep", ("30 to 68", "27 to 44", "20 to 31"), ("esp32",)),)
