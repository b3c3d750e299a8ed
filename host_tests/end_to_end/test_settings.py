"""A balancer's settings over HTTP: written, verified, refused."""

import pytest

from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, Client

PATH = "/api/v1/packs/pack1/settings"
PACK = {"interval_ms": 200, "writable": True, "capacity_ah": 20}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    config = {**CONFIG, "packs": [PACK, {"name": "locked", "uart": 0, "address": 9}]}
    with Chain(tmp_path_factory.mktemp("settings"), *FIXED, config=config, broker=False) as chain:
        yield chain.firmware


@pytest.fixture
def client(firmware):
    return Client.logged_in(firmware.http_port)


def test_settings_have_range_and_recommendation_without_a_login(firmware):
    answer = Client(firmware.http_port).send("GET", PATH)
    assert answer.status == 200
    assert answer.json()["writable"] is True
    settings = answer.json()["settings"]
    assert settings["cell_count"] == {
        "active": 4, "min": 4, "max": 4, "recommended": 4, "reason": "The balancer detects 4 cells.",
        "broken": None,
    }  # fmt: skip
    assert settings["trigger_mv"]["recommended"] == 10
    assert "50 Ah" in settings["trigger_mv"]["reason"]
    assert (settings["max_balance_ma"]["min"], settings["max_balance_ma"]["recommended"]) == (300, 2000)
    assert settings["balancing_enabled"]["active"] in (True, False)


def test_a_setting_is_written_and_read_back(firmware, client):
    answer = client.send("PATCH", PATH, {"trigger_mv": 12, "max_balance_ma": 700})
    assert answer.status == 200
    results = answer.json()
    assert results["trigger_mv"] == {"old": 5, "requested": 12, "active": 12, "error": None, "warnings": []}
    assert results["max_balance_ma"]["active"] == 700
    assert client.send("GET", PATH).json()["settings"]["trigger_mv"]["active"] == 12
    assert firmware.pack()["trigger_mv"] == 12
    control = client.send("GET", "/api/v1/packs/pack1/control").json()
    assert control["writes"]["total"] == 2
    assert control["writes"]["today"] in (0, 1, 2)  # midnight may be between


def test_the_event_log_says_what_was_written_and_by_what(firmware, client):
    """And what was refused; without a login, as the status."""
    client.send("PATCH", PATH, {"trigger_mv": 14, "cell_count": 9})
    events = Client(firmware.http_port).send("GET", "/api/v1/eventlog").json()["events"]
    written, refused = events[-2:]
    assert written.pop("time") > 1_700_000_000
    assert written == {
        "number": refused["number"] - 1, "kind": "settings", "pack": "pack1", "name": "trigger_mv", "by": "page",
        "from": 12, "to": 14, "result": "written", "text": "",
    }  # fmt: skip
    assert (refused["name"], refused["to"], refused["result"]) == ("cell_count", 9, "refused")
    assert "4 only" in refused["text"]
    newer = Client(firmware.http_port).send("GET", f"/api/v1/eventlog?after={written['number']}").json()["events"]
    assert [event["number"] for event in newer] == [refused["number"]]
    for query in ("?after=x", "?after=-1", "?before=1", "?after=1&x=2"):
        assert client.send("GET", "/api/v1/eventlog" + query).status == 400, query


def test_what_the_model_refuses_is_not_written(client):
    before = client.send("GET", PATH).json()["settings"]["cell_count"]["active"]
    result = client.send("PATCH", PATH, {"cell_count": 8}).json()["cell_count"]
    assert result["error"]
    assert result["active"] == before


def test_who_may_not_write_writes_nothing(firmware, client):
    assert Client(firmware.http_port).send("PATCH", PATH, {"trigger_mv": 20}).status == 401
    assert client.send("PATCH", PATH, {"trigger_mv": 20}, Origin="http://evil.example").status == 403
    assert client.send("PATCH", PATH.replace("pack1", "locked"), {"trigger_mv": 20}).status == 403
    assert firmware.pack()["trigger_mv"] != 20


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b'{"volume": 11}', b'{"trigger_mv": 9, "volume": 11}'])
def test_a_body_that_is_none_writes_nothing(firmware, client, body):
    assert client.send("PATCH", PATH, body).status == 400
    assert firmware.pack()["trigger_mv"] != 9


def test_other_packs_and_methods(client):
    for name in ("none", "*", "", "pack1/x"):
        assert client.send("GET", PATH.replace("pack1", name)).status == 404, name
    assert client.send("POST", PATH, {}).status == 405
    assert client.send("DELETE", PATH).status == 405
