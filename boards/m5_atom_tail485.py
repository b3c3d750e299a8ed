"""M5Stack Atom Lite with the Tail485, whose transceiver turns its direction by itself."""

BOARD = {
    "name": "m5_atom_tail485",
    "description": "M5Stack Atom Lite with the Tail485, RS485 on it",
    "chip": "esp32",
    "march": "xtensawin",
    "micropython": "M5STACK_ATOM",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V",
    "supply_warning": "5 V at the 5V pin under the Atom, from a buck converter rated for 30 V or more. Leave the "
    "Tail485's own 9–24 V input empty: a TVS lets more than 24 V through, and a low pack is below 9 V.",
    "source": "Ylianst/ESP-IQ2020 devices.md and ndoo/m5-rs485-bridge (pins); M5Stack's docs of the Atom Lite (button, "
    "LED, flash); wellenvogel/esp32-nmea2000 issue 131: a Tail485 that gave its Atom no supply",
    "unverified": "the Tail485's 9–24 V, and that its transceiver works on the Atom's 5 V.",
    "transceiver": "SP485EEN on the Tail485",
    "uarts": {1: {"tx": 26, "rx": 32}},
    "button": 39,
    "led": {"pin": 27, "kind": "ws2812"},
    "occupied": {12: "the infrared LED", 16: "the flash of an ESP32-PICO", 17: "the flash of an ESP32-PICO"},
}
