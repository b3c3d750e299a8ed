"""A plain ESP32 development board with an RS485 transceiver whose DE and RE are joined (docs/wiring.md)."""

BOARD = {
    "name": "esp32_generic",
    "description": "Plain ESP32 development board with a 3.3 V RS485 transceiver (MAX3485, SP3485)",
    "chip": "esp32",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V / VIN",
    "supply_warning": "5 V at its VIN pin, from a buck converter rated for 30 V or more; never the pack itself.",
    "source": "the wiring in docs/wiring.md, which is our own choice of pins",
    "uarts": {2: {"tx": 17, "rx": 16, "de": 4}},
    "i2c": {"sda": 21, "scl": 22},
    "display": {"driver": "ssd1306", "bus": "i2c", "address": 0x3C, "width": 128, "height": 64, "rotation": 0},
    "button": 0,
    "w_output": 25,
}
