"""LILYGO T-CAN485: an ESP32 with a MAX13487E, which turns its direction by itself."""

BOARD = {
    "name": "lilygo_t_can485",
    "description": "LILYGO T-CAN485, RS485 on board",
    "chip": "esp32",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "USB-C",
    "supply_warning": "5 V at its USB-C socket, from a buck converter rated for 30 V or more. Never the pack at its "
    "screw terminal: that stands 12 V, boards have died at 13 V (two reports), and 4 cells reach 14.6 V or 16.8 V.",
    "source": "Xinyuan-LilyGO/T-CAN485, t_can485_config.h and README; deaths: dalathegreat/Battery-Emulator issue 9, "
    "T-CAN485 issue 35; the terminal needs 7 V (T-CAN485 issue 50)",
    "transceiver": "MAX13487E",
    "uarts": {1: {"tx": 22, "rx": 21}},
    "high_at_start": (16, 17, 19),  # 5 V for the transceiver, its automatic direction, its end of shutdown
    "button": 0,
    "led": {"pin": 4, "kind": "ws2812"},
    "occupied": {23: "CAN", 26: "CAN", 27: "CAN"},
}
