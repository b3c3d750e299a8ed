"""Makes the client of the configured broker. Lazy."""

from evencell.compat import const
from evencell.forward.mqtt.forwarder import MqttClient  # on a chip they are one module
from evencell.net.tcp import shared_buffer
from evencell.runtime.lazy import call

_TIMEOUT_MS = const(10_000)


def client_of(context, on_message, lost, will=None, timeout_ms: int = _TIMEOUT_MS) -> MqttClient:
    """A client that is not connected yet; the parameters are those of MqttClient."""
    settings = context.config["mqtt"]
    return MqttClient(
        settings["host"],
        settings["port"],
        "evencell-" + context.device_id,
        user=settings["user"],
        password=settings["password"],
        tls=call("evencell.forward.mqtt.tls", "tls_of", context) if settings["tls"] else None,
        keepalive_s=settings["keepalive_s"],
        will=will,
        on_message=on_message,
        lost=lost,
        timeout_ms=timeout_ms,
        buffer=shared_buffer(context),
    )
