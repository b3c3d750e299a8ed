"""An ESP32-WROVER development board (PSRAM in the module) with an RS485 transceiver whose DE and RE are joined.

MicroPython's variant SPIRAM does not offer GPIO16 and GPIO17 (ports/esp32/machine_pin.h), so the UART is on 33 and 32.
"""

BOARD = {
    "name": "esp32_wrover",
    "description": "ESP32-WROVER development board (PSRAM), and a 3.3 V RS485 transceiver (MAX3485, SP3485)",
    "chip": "esp32",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC",
    "variant": "SPIRAM",
    "psram": "quad",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V / VIN",
    "supply_warning": "5 V at its 5V pin, from a buck converter rated for 30 V or more; never the pack itself.",
    "source": "our own choice among the pins of Espressif's ESP32-DevKitC-VE that its module leaves free; pins of "
    "PSRAM: MicroPython's variant SPIRAM",
    "unverified": "boards with a WROVER module and a camera socket or a display of their own: check their pins.",
    "uarts": {2: {"tx": 33, "rx": 32, "de": 4}},
    "i2c": {"sda": 21, "scl": 22},
    "display": {"driver": "ssd1306", "bus": "i2c", "address": 0x3C, "width": 128, "height": 64, "rotation": 0},
    "button": 0,
    "w_output": 25,
    "occupied": {16: "PSRAM", 17: "PSRAM"},
}
