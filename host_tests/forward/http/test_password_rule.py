import json
import subprocess
from types import SimpleNamespace

from evencell.forward.http.password_rule import fault_for, fault_of
from tools.build import page
from tools.build.common import ROOT, node_program
from tools.dev.login import random_password

EASY = (
    "aaaaaaaaaa", "abababababab", "1234567890", "abcdefghijklm", "9876543210", "Password12", "passwort1234",
    "Qwertzuiop", "evencell2024", "11112222333", "evencell-evencell", "scooter battery",
)  # fmt: skip
GOOD = ("correct horse", "a good password", "k7#mQ2!xPz", "Möwe im Nordwind", "passwords are hard")
NAMES = ("My Scooter", "FRITZ!Box 7590 AB", "evencell-3d49aa", "Möwe")
NAMED = (
    "My Scooter 2024", "myscooter-myscooter", "SCOOTER 90210!", "FRITZ!Box 7590 AB", "fritzbox7590", "evencell-3d49aa",
    "3d49aa3d49aa", "Möwe-1234567", "evencell my scooter", "12345 Fritz 7590",
)  # fmt: skip


def test_a_new_password_has_a_length_and_is_not_guessed_at_once():
    for password in (None, 1234567890, "", "short one", 129 * "x", 65 * "xy"):
        assert "10 to 128 characters" in fault_of(password), password
    for password in EASY:
        assert "guessed easily" in fault_of(password), password
    for password in GOOD:
        assert fault_of(password, NAMES) is None, password
    assert fault_of(random_password(), NAMES) is None


def test_a_new_password_is_not_made_of_names_that_anyone_near_can_read():
    for password in NAMED:
        assert "made of a name" in fault_of(password, NAMES) or "guessed easily" in fault_of(password, NAMES), password
    for password in ("fritzbox7590", "Möwe-1234567"):
        assert "made of a name" in fault_of(password, NAMES), password
    for password in ("nightly my scooter", "fritz hates mondays", "Ab k7#mQ2!xPz"):
        assert fault_of(password, (*NAMES, None, "", "ab")) is None, password


def test_the_names_are_those_of_the_device_and_its_networks():
    config = {"name": "Garage cart", "wifi": {"networks": [{"ssid": "Seagull"}]}}
    device = SimpleNamespace(config=config, hostname="evencell-3d49aa")
    for password in ("garagecart1", "Seagull12345", "evencell-3d49aa"):
        assert fault_for(device, password), password
    assert fault_for(device, "gulls in the cart") is None
    assert fault_for(device, "Seagull12345", 8) and fault_for(device, "k7#mQ2!x", 8) is None


def test_the_page_rates_as_weak_what_the_device_refuses():
    module = str(page.sources()["rating.js"])
    passwords = [password for password in (*EASY, *NAMED) if fault_of(password, NAMES)] + [
        "k7#mQ2!xPz",
        "two gulls fly home",
    ]
    command = [node_program(), str(ROOT / "host_tests/rating.mjs"), module]
    given = json.dumps([[password, NAMES] for password in passwords])
    answer = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    ratings = dict(zip(passwords, json.loads(answer.stdout), strict=True))
    assert [password for password in passwords[:-2] if ratings[password] != "weak"] == []
    assert [ratings[password] for password in passwords[-2:]] == ["good", "good"]
