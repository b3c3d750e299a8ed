"""An ESP32-S3 development board with quad PSRAM (a module whose name ends in R2) and an RS485 transceiver whose DE and
RE are joined. Octal PSRAM (R8, R16V) needs esp32_s3_octal. Without PSRAM it starts too, and says that there is none.
"""

BOARD = {
    "name": "esp32_s3_generic",
    "description": "ESP32-S3 development board with quad PSRAM (N4R2, N8R2 …), and a 3.3 V RS485 transceiver "
    "(MAX3485, SP3485)",
    "chip": "esp32s3",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC_S3",
    "psram": "quad",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V",
    "supply_warning": "5 V at its 5V pin, from a buck converter rated for 30 V or more; never the pack itself.",
    "source": "our own choice among pins that are usually free; 8 and 9 are I2C in MicroPython's ESP32_GENERIC_S3",
    "unverified": "all of it: no maker's file stands behind these pins. Many boards have more than 4 MB of flash.",
    "uarts": {1: {"tx": 17, "rx": 18, "de": 21}},
    "i2c": {"sda": 8, "scl": 9},
    "display": {"driver": "ssd1306", "bus": "i2c", "address": 0x3C, "width": 128, "height": 64, "rotation": 0},
    "button": 0,
    "w_output": 6,
}
