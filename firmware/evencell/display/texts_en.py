"""The display's words in English, by section. A language is one file like this, with the same keys. The build makes a
module of each section.

host_tests/display/test_texts.py checks that the keys agree and that every text fits its place on every display.
"""

TEXTS = {
    # The one word of the page `glance`, in large letters.
    "words": {
        "waiting": "waiting",
        "balancing": "balancing",
        "off": "off",
        "silent": "no data",
        "stale": "stale",
        "offline": "offline",
        "asleep": "asleep",
        "alarm": "ALARM",
    },
    # What is wrong: alarms, verdicts on the line, and the rest.
    "names": {
        "cell_count": "cell count",
        "wire_resistance": "wire resistance",
        "overvoltage": "overvoltage",
        "cell_voltage": "cell voltage",
        "temperature": "temperature",
        "slow answers": "slow answers",
        "silent": "silent",
        "echo only": "echo only",
        "swapped": "A/B swapped",
        "noise": "noise",
        "wrong baud": "wrong baud",
        "other protocol": "other protocol",
        "checksum errors": "checksum errors",
        "wrong address": "wrong address",
        "refused write": "refused write",
        "link": "no answer",
        "config": "configuration",
    },
    # What to do about it.
    "remedies": {
        "cell_count": "More or fewer cells than set. Check the balance leads, then the setting.",
        "wire_resistance": "A balance lead has too much resistance. Check plugs, crimps, screws.",
        "overvoltage": "Too much voltage. Stop charging, then check every cell.",
        "cell_voltage": "A cell is below 1 V or above 5 V, or the sum is wrong. Check the leads.",
        "temperature": "Outside -20 to 70 °C. Let it cool down or warm up; check the probe.",
        "slow answers": "It takes long to answer. If readings are missing, raise timeout_ms.",
        "silent": "Nothing comes back. Check the supply and W, then the wires A and B.",
        "echo only": "Only our own request comes back. Is the balancer connected?",
        "swapped": "A and B are swapped. Exchange the two wires.",
        "noise": "Answers are damaged. Keep the cable short and away from motor leads.",
        "wrong baud": "Unreadable. Both sides must be set to 9600 baud.",
        "other protocol": "Not a JK balancer, or not its RS485: pins 1 and 2 of P1.",
        "checksum errors": "Wrong checksums. Check the ground and the cable's ends.",
        "wrong address": "Another address answers. Set address in config.json.",
        "refused write": "It kept the old value. Check model and the setting's range.",
        "link": "The balancer does not answer. The values are old.",
        "config": "config.json has faults. The page and the log name them.",
    },
    "balance": {
        "title": "balance",
        "waiting": "waiting",
        "discharging": "discharging highest",
        "charging": "charging lowest",
        "off": "balancing is off",
        "left": "~%s left",
        "unknown": "time unknown",
        "done": "balanced",
    },
    "cells": {
        "title": "cells",
        "open": "open",
    },
    "extremes": {
        "title": "min/max",
    },
    "trend": {
        "hour": "last hour",
        "day": "last day",
        "nothing": "nothing yet",
    },
    "alarms": {
        "title": "alarm",
        "nothing": "no alarm",
    },
    "device": {
        "title": "device",
        "none": "no network",
        "line": "RS485",
        "ok": "ok",
        "free": "%d KB free",
        "network": "network %d KB, block %d KB",
    },
    "menu": {
        "brightness": "brightness",
        "flipped": "upside down",
        "page": "page locked",
        "temperature_unit": "unit",
        "dark_on_light": "inverted",
        "wifi": "Wi-Fi",
        "extremes": "min/max",
        "on": "on",
        "off": "off",
        "forget": "forget",
        "forgotten": "done",
    },
}
