"""Waveshare ESP32-S3-RS485-CAN: an ESP32-S3 in a case, with an isolated RS485 transceiver that has a direction pin."""

BOARD = {
    "name": "waveshare_s3_rs485_can",
    "description": "Waveshare ESP32-S3-RS485-CAN (PSRAM), isolated RS485 on board",
    "chip": "esp32s3",
    "march": "xtensawin",
    "micropython": "ESP32_GENERIC_S3",
    "variant": "SPIRAM_OCT",
    "psram": "octal",
    "flash_mb": 16,
    "supply_v": (4.75, 5.25),
    "supply_pin": "USB-C",
    "supply_warning": "5 V at its USB-C socket, from a buck converter rated for 30 V or more. Its maker rates the "
    "screw terminal for 7–36 V; not tried here, so no drawing puts the pack onto it.",
    "source": "Waveshare's WS_GPIO.h, as quoted in Sleeper85/esphome-yambms issue 89, and its wiki (isolation, "
    "7–36 V); ttammann/esp32s3-monitor-for-jk-bms, listen.c: received with these pins, its build does not send; "
    "octal PSRAM: the wiki, as quoted in dalathegreat/Battery-Emulator pull request 2339, whose author runs it so",
    "unverified": "that its direction pin has a pull-down: measure it. If it has a terminal for the bus's ground, "
    "that goes to the star point.",
    "transceiver": "isolated",
    "uarts": {1: {"tx": 17, "rx": 18, "de": 21}},
    "button": 0,
    "occupied": {15: "CAN", 16: "CAN", 33: "PSRAM", 34: "PSRAM", 35: "PSRAM", 36: "PSRAM", 37: "PSRAM"},
}
