"""LILYGO (TTGO) T-Display: an ESP32 with a colour display, and an RS485 transceiver of your own."""

BOARD = {
    "name": "lilygo_t_display",
    "description": "LILYGO T-Display (ESP32, 135×240) with a 3.3 V RS485 transceiver (MAX3485, SP3485)",
    "chip": "esp32",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC",
    "flash_mb": 4,
    "supply_v": (4.75, 5.25),
    "supply_pin": "5V",
    "supply_warning": "5 V at its 5V pin, from a buck converter rated for 30 V or more; never the pack itself, and "
    "nothing but a single lithium cell at its battery plug.",
    "source": "Xinyuan-LilyGO/TTGO-T-Display; display: russhughes/st7789_mpy, tdisplay_esp32; "
    "the transceiver's pins are our own choice among the free 21, 22, 25, 26, 27, 32, 33",
    "unverified": "the display's inversion; some of these boards have 16 MB of flash.",
    "uarts": {2: {"tx": 27, "rx": 26, "de": 25}},
    "display": {
        "driver": "st7789", "bus": "spi", "width": 135, "height": 240,
        "x_offset": 52, "y_offset": 40, "rotation": 0, "inverted": True,
        "pins": {"mosi": 19, "sck": 18, "cs": 5, "dc": 16, "rst": 23, "backlight": 4},
    },
    "button": 35,
    "button_2": 0,
    "occupied": {14: "the battery's meter", 34: "the battery's meter"},
}  # fmt: skip
