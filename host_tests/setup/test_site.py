"""HTTP in setup mode: what is refused, where phones are led, the list of networks."""

import asyncio

import pytest

from host_tests.setup.device import PASSWORD, WANTED, Device, visited

# What Android, iOS and macOS, Windows, and Firefox ask for on a network that they have just joined.
PROBES = (
    *("/generate_204", "/gen_204", "/hotspot-detect.html", "/library/test/success.html"),
    *("/connecttest.txt", "/ncsi.txt", "/redirect", "/success.txt", "/canonical.html"),
)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": None}, "password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"password": "Password12"}, "password"),
        ({"password": 15 * "long one "}, "password"),
        ({"network": None}, "network.ssid"),
        ({"network": {"ssid": "", "password": "correct horse"}}, "network.ssid"),
        ({"network": {"ssid": 7}}, "network.ssid"),
        ({"network": {"ssid": 33 * "x"}}, "network.ssid"),
        ({"network": {"ssid": "Home", "password": "short"}}, "network.password"),
        ({"network": {"ssid": "Home", "password": ["x"]}}, "network.password"),
        ({"network": {"ssid": "Camping", "password": 0}}, "network.password"),
        ({"network": {"ssid": "Camping", "password": {}}}, "network.password"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "a\u0007"}, "name"),
        ({"language": "fr"}, "language"),
        ({"pack": {"chemistry": "lead"}}, "pack.chemistry"),
        ({"pack": {"capacity_ah": -1}}, "pack.capacity_ah"),
        ({"pack": {"capacity_ah": "20"}}, "pack.capacity_ah"),
        ({"pack": {"cells": 1}}, "pack.cells"),
        ({"pack": {"cells": 25}}, "pack.cells"),
        ({"pack": [1]}, "pack"),
        ({"pack": "lfp"}, "pack"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field_and_shows_no_secret(tmp_path, monkeypatch, change, field):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, _context):
        status, answer = phone.post("/api/v1/setup", WANTED | change)
        assert (status, answer["field"]) == (400, field)
        assert answer["error"] and PASSWORD not in str(answer) and "horse" not in str(answer)
        assert phone.get("/api/v1/setup")["state"] == "open"

    visited(device, 10, visit)
    assert device.config() is None


def test_what_is_no_setup_is_refused(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, _context):
        for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"password": "a good password"'):
            assert phone.post("/api/v1/setup", body)[0] == 400, body
        assert phone.post("/api/v1/setup", 2_100 * b" ")[0] == 413
        assert phone.post("/api/v1/setup", WANTED, "Content-Type: text/plain")[0] == 415
        other_page = "Origin: http://elsewhere.example", "Content-Type: application/json"
        assert phone.post("/api/v1/setup", WANTED, *other_page)[0] == 403
        assert phone.ask("DELETE", "/api/v1/setup").status == 405
        assert phone.ask("POST", "/api/v1/session").status == 405
        assert phone.ask("POST", "/").status == 405
        for path in ("/api/v1/config", "/api/v1/status", "/api/v1/restart", "/api/v1/log", "/api/"):
            assert phone.ask("GET", path).status == 404

    visited(device, 10, visit)
    assert device.config() is None


def test_phones_find_the_setup_page(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, context):
        where = "Location: http://127.0.0.1:%d/\r\n" % context.config["http"]["port"]
        for path in (*PROBES, "/", "/anything/else"):
            answer = phone.ask("GET", path, host="captive.example")
            assert answer.status == 302 and where in answer.headers
        pages = []
        for path in ("/", "/anything/else", "/page/app.js", "/../config.json"):
            for host in ("127.0.0.1", "192.168.4.1", "192.168.4.1:8080"):
                answer = phone.ask("GET", path, host=host)
                assert answer.status == 200 and "text/html" in answer.headers
                pages.append(b"".join(answer.body))
        assert len(set(pages)) == 1 and b"setup" in pages[0]

    visited(device, 10, visit)


def test_a_page_whose_name_leads_here_reads_and_changes_nothing(tmp_path, monkeypatch):
    """One that was open on the phone before it joined: DNS rebinding by the device's own DNS server."""
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, _context):
        for host in ("evil.example", "evil.example:80", "1.evil", "evencell", ""):
            json_of = "Content-Type: application/json", f"Origin: http://{host}"
            for method, path in (("GET", "setup"), ("GET", "networks"), ("POST", "setup"), ("POST", "setup/finish")):
                answer = phone.ask(method, "/api/v1/" + path, WANTED, *json_of, host=host)
                assert answer.status == 403 and b"127.0.0.1" in answer.body[0]
        assert phone.get("/api/v1/setup")["state"] == "open"

    visited(device, 10, visit)
    assert device.config() is None


def test_networks_are_listed_strongest_first_each_name_once_without_hidden_ones(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    calls = []

    def scan():
        calls.append(True)
        found = ((b"Far", -90), (b"Home", -70), (b"", -20), (b"\xff", -30), (b"Home", -50), (b"Open", -60))
        return [(ssid, rssi, ssid != b"Open") for ssid, rssi in found]

    monkeypatch.setattr(device.board.access_point(), "scan", scan)

    async def visit(phone, _context):
        networks = phone.get("/api/v1/networks")["networks"]
        assert networks == [
            {"ssid": "Home", "rssi": -50, "secured": True},
            {"ssid": "Open", "rssi": -60, "secured": False},
            {"ssid": "Far", "rssi": -90, "secured": True},
        ]
        for _ in range(15):
            phone.get("/api/v1/networks")
            await asyncio.sleep(1)
        assert len(calls) == 2

    visited(device, 30, visit)


def test_of_invented_networks_the_strongest_are_listed(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    hostile = [b"\n", b"a\0b", b"\x1b[2J", b"\xed\xa0\x80", b"\xc2\x9b", b"\xff" * 32, b"\xef\xbf\xbd"]
    odd = ['"><script>', '\\";,:', "\U0001f50b" * 8]
    found = [(ssid, -10, True) for ssid in hostile] + [(ssid.encode(), -20, False) for ssid in odd]
    found += [(b"Home", -40, True)] + [(b"invented %d" % i, -50, True) for i in range(300)]
    monkeypatch.setattr(device.board.access_point(), "scan", lambda: found)

    async def visit(phone, _context):
        names = [network["ssid"] for network in phone.get("/api/v1/networks")["networks"]]
        assert names[:4] == [*odd, "Home"] and len(names) == 32

    visited(device, 10, visit)


def test_a_radio_that_can_not_scan_answers_503(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    (tmp_path / "air.json").unlink()

    async def visit(phone, _context):
        answer = phone.ask("GET", "/api/v1/networks")
        assert answer.status == 503 and b"try again" in answer.body[0]
        device.board.wired = True
        assert phone.ask("GET", "/api/v1/networks").status == 503

    visited(device, 10, visit)
