"""The table of all configuration keys: what each may be, and what it is when nothing is said."""

from evencell.pack.temperature import SCALES
from evencell.protocol.jk_settings import MODELS
from evencell.system.config_kinds import (
    Address,
    Choice,
    Country,
    Hosts,
    List,
    Name,
    Number,
    Pins,
    Switch,
    Text,
    Topic,
    Whole,
)
from evencell.system.log import LEVELS

_PACK = {
    "name": Name("pack1", 24),
    "model": Choice("jk_b2a4s", *MODELS),
    "uart": Whole(None, 0, 2),
    "address": Whole(1, 0, 255),
    "interval_ms": Whole(1000, 0, 86_400_000),
    "timeout_ms": Whole(1000, 100, 10_000),
    "temperature_scale": Choice("auto", *SCALES),
    "writable": Switch(False),
    "chemistry": Choice("lfp", "lfp", "nmc", "lto", "custom"),
    "capacity_ah": Number(20, 0, 10_000),
}
_NETWORK = {"ssid": Text("", 32, 1), "password": Text(None, 63)}

TABLE = {
    "name": Text("evencell", 32, 1),
    "profile": Choice("full", "full", "display", "telemetry"),
    "packs": List(_PACK, 1, 8, "name"),
    "wifi": {
        "networks": List(_NETWORK, 0, 8, "ssid"),
        "hostname": Name(None, 32),
        "txpower": Number(None, 2, 21),
        "country": Country(),
    },
    "time": {
        "servers": Hosts("pool.ntp.org", "time.cloudflare.com"),
        "interval_s": Whole(3600, 900, 86_400),
    },
    "http": {
        "enabled": Switch(True),
        "host": Text("0.0.0.0", 64, 1),
        "port": Whole(80, 1, 65535),
        "public_read": Switch(True),
    },
    "mqtt": {
        "enabled": Switch(False),
        "host": Text("", 64),
        "port": Whole(1883, 1, 65535),
        "user": Text(None, 64),
        "password": Text(None, 128),
        "tls": Switch(False),
        "prefix": Topic("evencell", 32),
        "publish_s": Whole(10, 1, 86_400),
        "retain_state": Switch(False),
        "commands": Switch(False),
        "discovery": Switch(True),
        "discovery_prefix": Topic("homeassistant", 32),
    },
    "influx": {
        "url": Address(160),
        "token": Text(None, 128),
        "user": Text(None, 64),
        "password": Text(None, 128),
        "measurement": Name("evencell", 32),
        "batch_s": Whole(10, 1, 3600),
    },
    "display": {
        "driver": Choice("auto", "auto", "none"),
        "brightness": Whole(80, 0, 100),
        "off_after_s": Whole(300, 0, 86_400),
    },
    "log": {
        "level": Choice("info", *LEVELS),
        "syslog": Text(None, 64, 1),
        "syslog_port": Whole(514, 1, 65535),
    },
    "pins": Pins(),
}
