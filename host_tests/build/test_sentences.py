"""Sentences of the device on a German page, as its own code translates them."""

import errno
import itertools
import json
import re
import subprocess
from types import SimpleNamespace

from evencell.control.rule_texts import _FIELDS, _own_sentence
from evencell.forward.influx import errors as store_errors
from evencell.forward.influx.writer import _REMEDY
from evencell.net.errors import sentence
from evencell.update.conditions import _MISSING
from evencell.update.outcome import _NEVER_STARTED, _RESTARTED, _sentence
from host_tests.net.test_errors import Context
from tools.build import page
from tools.build.common import ROOT, node_program


def german(sentences: list[str]) -> list[list[str]]:
    """What the page shows for each: the text, and "en" where it stays English."""
    sources = page.sources()
    command = [
        node_program(),
        str(ROOT / "host_tests/sentences.mjs"),
        sources["sentences.js"],
        sources["sentences.de.json"],
    ]
    answer = subprocess.run(command, input=json.dumps(sentences), capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def of_the_store() -> list[str]:
    """Problems of `influx`."""
    numbers = (errno.ECONNREFUSED, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENOMEM, errno.ECONNRESET)
    failed = [*map(OSError, numbers), EOFError(), Exception(), OSError("host not found: store")]
    failed.append(OSError("the answer is not HTTP: check influx.url"))
    found = [sentence(error, Context(), ("store", 8086), _REMEDY) for error in failed]
    return found + [
        store_errors.sentence(status, text) for status in (301, 401, 403, 404, 405, 500) for text in ("", "words")
    ]


def of_own_rules() -> list[str]:
    """Words of rules without a text of their owner."""
    status = SimpleNamespace(cells_mv=[3301, 3302], highest_cell=1, lowest_cell=2, **dict.fromkeys(_FIELDS, 3300))
    status.temperature_dc = 255
    return [
        _own_sentence(status, {"field": field, "above": above, "below": below}, cells)
        for field, cells in [*((field, []) for field in _FIELDS), ("any_cell_mv", [1, 2]), ("cell_2_mv", [2])]
        for above, below in ((3300, None), (None, 12.5), (50, -10))
    ]


REFUSED = [
    "too many wrong passwords: try again in 8 s",
    "another password is being checked: try again in 2 s",
    "the device is not known by this host name: use its address, or add http://NAME to http.origins",
    "the request comes from a page of another origin",
    "this password is guessed easily: take a longer one, such as four words",
    "this password is made of a name that anyone near can read: take another one, such as four words",
    "internal error; the log says more",
    "another request is being answered; try again in a moment",
    "all 6 connections are in use; try again in a moment",
]


FAULTS = [
    "connection refused by 192.168.1.10:1883: wrong user or password",
    "TLS failed: wrong user or password; the clock is not set, so no certificate's dates can be valid",
    "mqtt.ca: ca.der: file not found",
    'wifi.hostnam: there is no such key; did you mean "wifi.hostname"?',
    "config.json: the file is empty",
    "config.json: every key has its default",
    "config.json: and 3 more faults",
    "control.w.enabled: there is one W switch, and there are 2 packs; the W switch is not used",
    "power: the device stays awake",
    "The balance policy wants it on: all conditions hold",
    "this is the firmware before the last deploy: b ended early 3 times",
]


def of_updates() -> list[str]:
    """Why an update was not kept."""
    lasting = [", ".join(some) for number in (1, 2, 3) for some in itertools.combinations(_MISSING, number)]
    others = ["b ended early 3 times", "evencell/hub.mpy is damaged in b", _RESTARTED, _NEVER_STARTED]
    found = [_sentence({"reason": why, "version": "1", "previous": "0", "slot": "b"}, why) for why in lasting]
    return found + [_sentence({"reason": None, "version": "1", "previous": "0", "slot": "b"}, why) for why in others]


RESTORED = [
    "bthome.bindkey: it is in no backup, and this device has none: enter it",
    "mqtt.password: it is in no backup, and the file names another mqtt.host: enter it",
    "backup: it is of a newer version: update the firmware first",
    "backup: it is damaged; nothing was changed",
    "wifi: this file names no network that could be joined; this device would be unreachable after its restart",
    "the body is not a configuration: line 1, column 2: a name in quotes is needed",
    "the encrypted backup is damaged: data; nothing was changed",
    "the encrypted backup is of a newer version: update the firmware first",
    "wrong passphrase, or the backup is damaged; nothing was changed",
    "this backup is encrypted: its passphrase is needed",
]


def test_each_sentence_has_its_own_translation_and_not_that_of_a_more_general_one():
    """Such as "%s needs %s", which fits "custom needs at least one condition" as well."""
    texts = json.loads(page.sources()["sentences.de.json"].read_text("utf-8"))
    slot = re.compile(r"%s%s|%[sdg]|\{\w+\}")
    expected = {}
    for english, own in texts.items():
        numbers = itertools.count(101)
        filled = slot.sub(lambda _, numbers=numbers: str(next(numbers)), english)
        rest = str(next(numbers)) if re.search("[: ]$", english) else ""
        expected[filled + rest] = [re.sub(r"\{(\d)\}", r"10\1", own)]
    assert len(expected) > 300
    found = dict(zip(expected, german(list(expected)), strict=True))
    assert {english: own for english, own in found.items() if own != expected[english]} == {}


def test_sentences_are_german_in_every_part():
    sentences = of_the_store() + of_own_rules() + of_updates() + REFUSED + RESTORED + FAULTS
    for english, (own, *language) in zip(sentences, german(sentences), strict=True):
        assert not language, english
        assert own != english and not re.search(
            r"\b(check|cells?|pack|delta|temperature|mV,|above|below|did|ended|damaged|was)\b", own
        ), (
            english,
            own,
        )


def test_numbers_are_german_too():
    assert [own for own, *_ in german(of_own_rules()) if re.search(r"\d\.\d", own)] == []
