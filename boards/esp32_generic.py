"""A plain ESP32 development board with an RS485 transceiver whose DE and RE are joined (docs/wiring.md)."""

BOARD = {
    "name": "esp32_generic",
    "description": "Plain ESP32 development board with a 3.3 V RS485 transceiver (MAX3485, SP3485)",
    "chip": "esp32",
    "supply_v": (4.75, 5.25),
    "supply_warning": "5 V at its VIN pin, from a buck converter rated for 30 V or more; never the pack itself.",
    "source": "the wiring in docs/wiring.md",
    "uarts": {2: {"tx": 17, "rx": 16, "de": 4}},
    "button": 0,
    "w_output": 25,
    "i2c": {"sda": 21, "scl": 22},
}
