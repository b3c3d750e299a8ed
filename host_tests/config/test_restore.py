"""What a restore makes of a file, and what it says."""

from evencell.config.edit_error import EditError
from evencell.config.restore import restored
from host_tests.portable import raises

WIFI = {"networks": [{"ssid": "Home", "password": "12345678"}]}
HIDDEN = {"networks": [{"ssid": "Home", "password": True}]}


def test_a_secret_for_another_host_is_said_apart_from_one_that_nothing_has():
    old = {"wifi": WIFI, "mqtt": {"host": "a", "password": "secret"}}
    given = {"wifi": HIDDEN, "mqtt": {"host": "b", "password": True}, "bthome": {"bindkey": True}}
    warnings = []
    new = restored(old, {"backup": 1, "config": given}, warnings)
    assert new["wifi"] == WIFI and new["mqtt"] == {"host": "b"} and new["bthome"] == {}
    assert warnings == [
        "mqtt.password: it is in no backup, and the file names another mqtt.host: enter it",
        "bthome.bindkey: it is in no backup, and this device has none: enter it",
    ]


def test_a_newer_backup_is_said_apart_from_a_damaged_one():
    def refusal(file):
        return raises(EditError, lambda: restored({}, file, []))

    assert refusal({"backup": 2, "config": {}}) == "backup: it is of a newer version: update the firmware first"
    for file in ({"backup": True, "config": {}}, {"backup": "1", "config": {}}, {"backup": 0}, {"backup": 1}):
        assert refusal(file) == "backup: it is damaged; nothing was changed"
