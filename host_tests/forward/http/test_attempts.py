"""Wrong passwords: who has to wait, and for how long."""

import asyncio
import importlib
import json
from types import SimpleNamespace

import pytest

from evencell.forward.http.attempts import _BUSY, refusal
from evencell.forward.http.private.password import answer as change_password
from evencell.forward.http.server import error
from host_tests.fakes import FakeClock, FakeLog
from tools.dev.login import password_hash

OWNER = "192.168.1.2"
ATTACKERS = ["192.168.1.%d" % number for number in range(100, 110)]
PASSWORD = "correct horse"
WRONG = error(401, "wrong")


class Device:
    """What the module uses of the context."""

    def __init__(self):
        self.clock = FakeClock()
        self.log = FakeLog()
        self.login_failures = {}
        self.config = {"name": "Scooter", "auth": {"password_hash": password_hash(PASSWORD, iterations=1)}}
        self.hostname = "evencell-3d49aa"

    def attempt(self, address: str, password: str = "wrong"):
        """Status and seconds to wait."""
        request = SimpleNamespace(peer=(address, 1234))
        refused = asyncio.run(refusal(self, request, password, WRONG, importlib.import_module))
        if refused is None:
            return 204, 0
        if refused is WRONG:
            return 401, 0
        seconds = int(refused.headers.partition("Retry-After: ")[2])
        assert json.loads(refused.body[0])["error"].endswith("in %d s" % seconds)
        return refused.status, seconds

    def attack(self):
        """Until nothing but pauses is left for the attackers."""
        while {self.attempt(address)[0] for address in ATTACKERS} != {429}:
            pass


@pytest.fixture
def device():
    return Device()


def test_sixth_attempt_waits_and_the_response_counts_the_seconds_down(device):
    for pause_s in (0, 0, 0, 0, 1, 2, 4, 8):
        assert device.attempt(OWNER) == (401, 0)
        for passed_s in range(pause_s):
            assert device.attempt(OWNER, PASSWORD) == (429, pause_s - passed_s)
            device.clock.now_ms += 1000
    assert device.attempt(OWNER, PASSWORD) == (204, 0)
    assert device.attempt(OWNER) == (401, 0)


def test_address_without_a_failure_has_an_attempt_while_all_others_pause(device):
    device.attack()
    assert device.attempt(OWNER, PASSWORD) == (204, 0)
    assert {device.attempt(address)[0] for address in ATTACKERS[:4]} <= {401, 429}
    device.attack()
    assert device.attempt("192.168.1.3") == (401, 0)
    assert device.attempt("192.168.1.3", PASSWORD)[0] == 429


def test_addresses_that_are_not_remembered_one_by_one_have_failed_all_the_same(device):
    device.attack()
    assert len(device.login_failures) <= 8 + 2
    for address in ATTACKERS:
        assert device.attempt(address)[0] == 429


def test_login_from_one_address_shortens_no_pause_of_another(device):
    for _ in range(5):
        device.attempt(ATTACKERS[0])
    assert device.attempt(OWNER, PASSWORD) == (204, 0)
    assert device.attempt(ATTACKERS[0], PASSWORD) == (429, 1)


def test_pauses_of_all_are_a_minute_at_most(device):
    for _ in range(40):
        device.attack()
        device.clock.now_ms += 60_000
    assert device.login_failures[""][1].pause_ms == 60_000
    assert all(entry[1].pause_ms <= 900_000 for key, entry in device.login_failures.items() if key != "failed")


class Replacing:
    """PBKDF2 during which another request sets another password."""

    def __init__(self, device):
        self._auth = device.config["auth"]

    async def is_password(self, _password: str, _stored: str) -> bool:
        self._auth["password_hash"] = "another"
        return True

    async def hash_password(self, _password: str) -> str:
        self._auth["password_hash"] = "another"
        return "of the attacker"


def test_password_that_is_replaced_while_it_is_verified_opens_no_session(device):
    request = SimpleNamespace(peer=(OWNER, 1234))
    assert asyncio.run(refusal(device, request, PASSWORD, WRONG, lambda _: Replacing(device))) is WRONG


def test_of_two_changes_at_once_the_later_one_has_the_wrong_old_password(device):
    async def read_object(_request):
        return {"old": PASSWORD, "new": "four words of the attacker"}

    async def admit(*_):
        return None

    modules = {
        "body": SimpleNamespace(read_object=read_object),
        "attempts": SimpleNamespace(refusal=admit),
        "pbkdf2": Replacing(device),
    }
    answer = asyncio.run(change_password(device, None, lambda name: modules[name.rpartition(".")[2]]))
    assert answer.status == 403 and device.config["auth"]["password_hash"] == "another"


def test_a_password_that_is_being_checked_is_no_wrong_one(device):
    device.login_failures[_BUSY] = None
    request = SimpleNamespace(peer=(OWNER, 1234))
    refused = asyncio.run(refusal(device, request, PASSWORD, WRONG, importlib.import_module))
    assert json.loads(refused.body[0])["error"] == "another password is being checked: try again in 2 s"
