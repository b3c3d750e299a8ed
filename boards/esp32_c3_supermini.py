"""The small ESP32-C3 SuperMini with an RS485 transceiver whose DE and RE are joined.

A public wiring note has TX 21, RX 20 and EN 10. 20 and 21 are also the second console of MicroPython's
ESP32_GENERIC_C3, and an answer may hold a Ctrl-C (0x03). So TX and RX are 6 and 7 here.
"""

BOARD = {
    "name": "esp32_c3_supermini",
    "description": "ESP32-C3 SuperMini with a 3.3 V RS485 transceiver (MAX3485, SP3485)",
    "chip": "esp32c3",
    "march": "rv32imc",
    "micropython": "ESP32_GENERIC_C3",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V",
    "supply_warning": "5 V at its 5V pin, from a buck converter rated for 30 V or more; never the pack itself.",
    "source": "devicescript's esp32c3_supermini (LED 8, BOOT 9); transmit power: espressif/arduino-esp32 issue 6767, "
    "adafruit/circuitpython issue 9235; the other pins are our own choice",
    "unverified": "that the LED lights when its pin is low; boards of this name differ.",
    "uarts": {1: {"tx": 6, "rx": 7, "de": 10}},
    "i2c": {"sda": 4, "scl": 3},
    "display": {"driver": "ssd1306", "bus": "i2c", "address": 0x3C, "width": 128, "height": 64, "rotation": 0},
    "button": 9,
    "w_output": 5,
    "led": {"pin": 8, "kind": "inverted"},
    "txpower": 8.5,  # dBm: its antenna is badly matched, and more power makes it worse
}
