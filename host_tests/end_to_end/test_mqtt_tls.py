"""A broker behind TLS: whom the firmware trusts, and what it says of whom it does not."""

import json
import shutil

import pytest

from host_tests.broker import Broker
from host_tests.certificates import SecureListener, fingerprint, make_certificates
from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.process import until
from host_tests.end_to_end.test_mqtt_faults import is_well, wait_for_problem, wait_until_well
from host_tests.needs import need_broker
from tools.build.tree import build

SECRET = "s3cret-w0rd"
UNCHECKED = "mqtt: the broker's certificate is not verified"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def broker(certificates):
    need_broker()
    server = (f"certfile {certificates}/server.crt", f"keyfile {certificates}/server.key")
    with Broker("allow_anonymous true", *server) as broker:
        yield broker


@pytest.fixture
def device(tmp_path, certificates):
    """Makes a firmware with these keys of the section `mqtt`, and every certificate on its flash."""

    def make(port, **mqtt) -> Firmware:
        config = {"mqtt": {"tls": True, "user": "owner", "password": SECRET, **mqtt}}
        firmware = Firmware(tmp_path / "device", "nowhere", config=config, mqtt=port)
        for name in ("ca.der", "ca.crt", "other.der"):
            shutil.copy(certificates / name, firmware.data)
        return firmware

    return make


@pytest.mark.parametrize("name", ["ca.der", "ca.crt"])
def test_an_authority_that_signed_the_brokers_certificate(device, broker, name):
    with device(broker.port, ca=name) as firmware:
        wait_until_well(firmware)
        assert UNCHECKED not in firmware.log()


def test_a_fingerprint_that_is_the_brokers(device, broker, certificates):
    with device(broker.port, fingerprint=fingerprint(certificates / "server.crt")) as firmware:
        wait_until_well(firmware)
        assert UNCHECKED not in firmware.log()


def test_without_either_a_warning(device, broker):
    with device(broker.port) as firmware:
        wait_until_well(firmware)
        firmware.wait_for_line(UNCHECKED)


def test_a_broker_with_a_certificate_of_another_authority(device, certificates):
    with SecureListener(certificates) as peer, device(peer.port, ca="other.der") as firmware:
        wait_for_problem(firmware, "TLS failed: The certificate is not correctly signed by the trusted CA")
        firmware.wait_for_line("next try in 2 s")
        assert peer.read == []
        assert SECRET not in firmware.log() + json.dumps(firmware.status())


def test_a_broker_with_another_fingerprint_is_refused_until_it_is_the_right_one(device, certificates, broker):
    """The certificate changes under the firmware's hands: mosquitto is started with another one."""
    wanted = fingerprint(certificates / "other.crt")
    with device(broker.port, fingerprint=wanted) as firmware:
        words = "TLS failed: wrong certificate: its fingerprint is not mqtt.fingerprint"
        wait_for_problem(firmware, words)
        broker.kill()
        assert "New client connected" not in broker.log()
        broker.use("allow_anonymous true", f"certfile {certificates}/other.crt", f"keyfile {certificates}/other.key")
        broker.start()
        wait_until_well(firmware)


def test_a_certificate_that_is_not_on_the_flash(device, broker, certificates):
    with device(broker.port, ca="late.der") as firmware:
        wait_for_problem(firmware, "mqtt.ca: late.der: file not found")
        shutil.copy(certificates / "ca.der", firmware.data / "late.der")
        wait_until_well(firmware)


def test_a_port_without_tls(device):
    need_broker()
    with Broker() as broker, device(broker.port) as firmware:
        wait_for_problem(firmware, "connection closed by the broker at once (is mqtt.port its port for TLS?)")


def test_a_port_with_tls(device, broker):
    with device(broker.port, tls=False) as firmware:
        wait_for_problem(firmware, "connection closed by the broker at once (is mqtt.port its port without TLS?)")


def test_a_broker_that_knows_no_cipher_of_ours(device, certificates):
    """The peer's words come as mbedTLS has them, with what an owner may look at."""
    need_broker()
    server = (f"certfile {certificates}/server.crt", f"keyfile {certificates}/server.key", "tls_version tlsv1.3")
    with Broker("allow_anonymous true", *server) as broker, device(broker.port) as firmware:
        words = "TLS failed: MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE (is mqtt.port the broker's port for TLS?)"
        wait_for_problem(firmware, words)


def test_trust_without_tls_is_a_mistake_that_sends_nothing(device, broker):
    with device(broker.port, tls=False, ca="ca.der") as firmware:
        device_of = firmware.status()["device"]
        assert device_of["mqtt"] is None
        assert device_of["config_faults"] == ["mqtt.ca: it counts where mqtt.tls is true; MQTT stays off"]


def test_where_it_is_not_wanted_its_modules_are_not_loaded(tmp_path):
    """They are deleted, and not needed any more."""
    need_broker()
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    for name in ("tls", "time_source"):
        (tree / f"evencell/forward/mqtt/{name}.mpy").unlink()
    with Broker() as plain, Firmware(tmp_path / "device", "nowhere", mqtt=plain.port, tree=tree) as firmware:
        until(lambda: is_well(firmware.mqtt()), "all well")
