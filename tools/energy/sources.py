"""Where the figures of the model come from."""

from dataclasses import dataclass

DATA_SHEET = "data sheet"
MEASURED = "measured by others"
CLAIMED = "claimed by sellers"
OURS = "ours, on a computer"
ASSUMED = "assumed"


@dataclass(frozen=True)
class Source:
    """`kind` is one of the five above. `url`: of a page, or a path in this repository; empty for what is assumed."""

    kind: str
    title: str
    url: str = ""


_ESPRESSIF = "https://docs.espressif.com/projects/esp-idf/en/latest"
_GLENN20 = "https://github.com/glenn20/upy-esp32-experiments/blob/main"

SOURCES = {
    "assumed": Source(ASSUMED, "no source: our own guess"),
    "balancer": Source(DATA_SHEET, "JK-B2A4S, manual V2.1, as quoted in docs/wiring.md", "docs/wiring.md"),
    "wake": Source(
        OURS,
        "`make bench`, wake.by_phase_ms: 31.8 ms to the request, 8.4 ms from the answer, 93 ms with a report",
        "tools/bench/wake.py",
    ),
    "wire": Source(OURS, "one exchange at 9600 baud, with the answer's delay", "tools/bench/poll.py"),
    "wait": Source(OURS, "how long a wake waits for the first answer", "firmware/evencell/power/supply.py"),
    "esp32": Source(
        DATA_SHEET,
        "ESP32 series data sheet: current by power modes, RF current",
        "https://www.espressif.com/sites/default/files/documentation/esp32_datasheet_en.pdf",
    ),
    "idf_esp32": Source(
        MEASURED,
        "Espressif, low power modes with Wi-Fi, ESP32",
        f"{_ESPRESSIF}/esp32/api-guides/low-power-mode/low-power-mode-wifi.html",
    ),
    "idf_esp32s3": Source(
        MEASURED,
        "Espressif, low power modes with Wi-Fi, ESP32-S3",
        "https://github.com/espressif/esp-idf/blob/master/docs/en/api-guides/sleep-current/esp32s3_summary.inc",
    ),
    "idf_esp32c3": Source(
        MEASURED,
        "Espressif, low power modes with Wi-Fi, ESP32-C3",
        f"{_ESPRESSIF}/esp32c3/api-guides/low-power-mode/low-power-mode-wifi.html",
    ),
    "xiao": Source(
        MEASURED,
        "Seeed, XIAO ESP32C3: 75 mA with the radio on, 24 mA in modem sleep",
        "https://manuals.plus/m/964be1d08d3633219c49663f10c34af7a14263bd886e8b5bbaf8b4a7840b1c79",
    ),
    "boot": Source(
        MEASURED,
        "glenn20, boot of MicroPython (FeatherS3)",
        f"{_GLENN20}/OptimisingMicropythonBootTime/README.md",
    ),
    "join": Source(
        MEASURED,
        "glenn20, Wi-Fi and MQTT from MicroPython (ESP32)",
        f"{_GLENN20}/ESPNowvsWifiEnergyUsage/README.md",
    ),
    "radio": Source(
        MEASURED,
        "glenn20, radio on and off under MicroPython (ESP32, S3)",
        f"{_GLENN20}/ESPNowPowerManagement/README.md",
    ),
    "boot_devkit": Source(
        MEASURED,
        "MicroPython forum, DevKitC V4: awake for 690 ms, asleep 2.8 mA",
        "https://forum.micropython.org/viewtopic.php?f=2&t=9555&p=53603",
    ),
    "boards": Source(
        MEASURED,
        "grillbaer, ESP32 boards compared",
        "https://github.com/grillbaer/esp32-power-consumption-test",
    ),
    "lucidar": Source(
        MEASURED, "lucidar.me, boards in deep sleep", "https://lucidar.me/en/esp32/power-consumption-of-esp32/"
    ),
    "kohacraft": Source(
        MEASURED,
        "kohacraft, a compatible DevKitC: 11.4 mA in deep sleep",
        "https://en.kohacraft.com/archives/esp32-devkitcs-deepsleep-is-consuming-quite-a-bit-of-current-so-i-investigated-the-cause.html",
    ),
    "t8": Source(
        MEASURED,
        "MicroPython forum, TTGO T8 with PSRAM: 3.5 mA, 3.1 without USB bridge",
        "https://forum.micropython.org/viewtopic.php?p=36689",
    ),
    "molenet": Source(
        MEASURED,
        "MoleNet V6 with an ESP32-S3: 13.4 mA at 5 V, 7.1 without its LED",
        "https://github.com/ComNets-Bremen/WUSN/files/14448364/MoleNet.-.V6_power_consumption.pdf",
    ),
    "c3_seller": Source(
        CLAIMED,
        "ESP32-C3 SuperMini: 43 µA",
        "https://randomnerdtutorials.com/getting-started-esp32-c3-super-mini",
    ),
    "c6_mini": Source(
        MEASURED,
        "its sister with a C6: 470 µA, 36 without the LED",
        "https://github.com/wuxx/nanoESP32-C6/issues/10",
    ),
    "c3_devkit": Source(
        MEASURED,
        "ESP32-C3-DevKitM-1: 600 µA",
        "http://forum.esp32.com/viewtopic.php?f=12&p=128902&t=22622",
    ),
    "t_display": Source(
        MEASURED,
        "done.land, T-Display: 0.37 mA, 9 mA with the display left on",
        "https://done.land/components/microcontroller/families/esp/esp32/lilygot-display/t-display",
    ),
    "c3_awake": Source(
        MEASURED,
        "Rob Dobson, ESP32-C3: 26.8 mA busy, peaks 34.4 mA",
        "https://robdobson.com/2023/11/investigating-esp32-c3-power-management/",
    ),
    "pm": Source(
        MEASURED,
        "tobymurray, power save modes: 129, 45, 41 mA",
        "https://github.com/tobymurray/esp32-mqtt-sntp",
    ),
    "connect": Source(
        MEASURED,
        "Espruino forum, ESP32: 1.0 s to an address, 1.4 to 3 s to a broker in the internet",
        "https://github.com/espruino/Discussion/discussions/7145",
    ),
    "tls": Source(
        MEASURED,
        "openillumi, a request by HTTPS: 2 s",
        "https://openillumi.com/en/en-esp32-http-get-speedup-tls-reuse",
    ),
    "transceiver": Source(
        DATA_SHEET,
        "MAX3070E–MAX3079E, 3.3 V transceivers: receiving, no load",
        "https://www.analog.com/media/en/technical-documentation/data-sheets/max3070e-max3079e.pdf",
    ),
    "lm2596": Source(DATA_SHEET, "LM2596: quiescent current", "https://www.ti.com/lit/ds/symlink/lm2596.pdf"),
    "lm2576": Source(
        MEASURED,
        "Pallav Aggarwal, module with the sister LM2576: 10 to 11 mA without load",
        "https://pallavaggarwal.in/2021/04/10/low-power-embedded-system-iq/",
    ),
    "lmr36006": Source(
        DATA_SHEET,
        "LMR36006: operating quiescent current, not switching",
        "https://ti.com/document-viewer/LMR36006/datasheet/electrical-characteristics-a-1474342139-electchar",
    ),
    "light_load": Source(
        DATA_SHEET,
        "LMR36502: 0.8 as a conservative efficiency at light load",
        "https://www.ti.com/lit/ds/symlink/lmr36502.pdf",
    ),
    "self_discharge": Source(
        CLAIMED,
        "LFP packs: 2 to 3 % a month",
        "https://powertexbatteries.com/blogs/news/how-to-properly-store-powertex-lifepo4-lithium-iron-phosphate-batteries",
    ),
}
