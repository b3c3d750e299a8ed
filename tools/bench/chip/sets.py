"""The sets of features that are measured: what is switched on, and what of it is used while it is measured."""

from dataclasses import dataclass

STREAMS = 4
_WIFI = {"networks": [{"ssid": "model", "password": "a simulated network"}]}


@dataclass(frozen=True)
class FeatureSet:
    """`features`: words of tools/build/memory_plan.py, as in a build's memory plan."""

    profile: str
    features: frozenset[str]

    @property
    def has_network(self) -> bool:
        """Whether the radio is used."""
        return bool(self.features - {"display"})

    def config(self, http_port: int, broker_port: int | None) -> dict:
        """The configuration that has this and nothing else."""
        config: dict = {"profile": self.profile}
        if self.has_network:
            config["wifi"] = _WIFI
        if "page" in self.features:
            config["http"] = {"enabled": True, "host": "127.0.0.1", "port": http_port}
        if self.profile == "full":
            config["history"] = {"enabled": "history" in self.features}
            config["display"] = {"driver": "auto" if "display" in self.features else "none"}
        if "display" in self.features:
            config["display"] = {"off_after_s": 0}  # lit, it loads the advisor each minute
        if broker_port is not None:
            config["mqtt"] = {"enabled": True, "host": "127.0.0.1", "port": broker_port}
            config["mqtt"] |= {name: name in self.features for name in ("tls", "discovery")}
            config["journal"] = {"enabled": "journal" in self.features}
        return config


def _of(profile: str, features: str) -> FeatureSet:
    return FeatureSet(profile, frozenset(features.split()))


_ALL_OF_MQTT = "mqtt journal discovery"
SETS = {
    "display": _of("display", "display"),
    "telemetry": _of("telemetry", _ALL_OF_MQTT),
    "telemetry_tls": _of("telemetry", "tls mqtt"),
    "page_history": _of("full", "page history"),
    "page_mqtt": _of("full", "page mqtt"),
    "page_mqtt_discovery": _of("full", "page mqtt discovery"),
    "page_mqtt_journal": _of("full", f"page {_ALL_OF_MQTT}"),
    "page_history_mqtt": _of("full", f"page history {_ALL_OF_MQTT}"),
    "page_history_display": _of("full", "page history display"),
    "full": _of("full", f"page history display {_ALL_OF_MQTT}"),
    "full_tls": _of("full", f"page history display tls {_ALL_OF_MQTT}"),
}
