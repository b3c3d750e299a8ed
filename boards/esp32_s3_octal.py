"""An ESP32-S3 development board with octal PSRAM (a module whose name ends in R8 or R16V), wired as esp32_s3_generic.

MicroPython needs its variant SPIRAM_OCT there, which does not offer GPIO33 to GPIO37 (ports/esp32/machine_pin.h).
"""

BOARD = {
    "name": "esp32_s3_octal",
    "description": "ESP32-S3 development board with octal PSRAM (N8R8, N16R8 …), and a 3.3 V RS485 transceiver "
    "(MAX3485, SP3485)",
    "chip": "esp32s3",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC_S3",
    "variant": "SPIRAM_OCT",
    "psram": "octal",
    "flash_mb": 8,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V",
    "supply_warning": "5 V at its 5V pin, from a buck converter rated for 30 V or more; never the pack itself.",
    "source": "our own choice among pins that are usually free; 8 and 9 are I2C in MicroPython's ESP32_GENERIC_S3; "
    "PSRAM's pins: Espressif's data sheet of the ESP32-S3-WROOM-1 and MicroPython's variant SPIRAM_OCT",
    "unverified": "all of it: no maker's file stands behind these pins. Many boards have 16 MB of flash.",
    "uarts": {1: {"tx": 17, "rx": 18, "de": 21}},
    "i2c": {"sda": 8, "scl": 9},
    "display": {"driver": "ssd1306", "bus": "i2c", "address": 0x3C, "width": 128, "height": 64, "rotation": 0},
    "button": 0,
    "w_output": 6,
    "occupied": {33: "PSRAM", 34: "PSRAM", 35: "PSRAM", 36: "PSRAM", 37: "PSRAM"},
}
