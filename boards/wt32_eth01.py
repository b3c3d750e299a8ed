"""WT32-ETH01: an ESP32 with Ethernet, and an RS485 transceiver of your own."""

BOARD = {
    "name": "wt32_eth01",
    "description": "WT32-ETH01 (Ethernet) with a 3.3 V RS485 transceiver (MAX3485, SP3485)",
    "chip": "esp32",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V",
    "supply_warning": "5 V at its 5V pin, from a buck converter rated for 30 V or more; never the pack itself, and "
    "never its 3V3 pin at the same time.",
    "source": "egnor/wt32-eth01; espressif/arduino-esp32, variants/wt32-eth01 (pins, LAN8720 at address 1); "
    "syssi/esphome-jk-bms issues 17 and 18: read a JK-DZ11 with an RS485 module",
    "unverified": "that MicroPython's ESP32_GENERIC brings its Ethernet up.",
    "uarts": {2: {"tx": 17, "rx": 5, "de": 33}},
    "ethernet": {
        "phy": "LAN8720",
        "address": 1,
        "pins": {
            "mdc": 23, "mdio": 18, "power": 16, "ref_clk": 0,
            "txd0": 19, "tx_en": 21, "txd1": 22, "rxd0": 25, "rxd1": 26, "crs_dv": 27,
        },
    },
}  # fmt: skip
