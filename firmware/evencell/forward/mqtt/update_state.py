"""Publishes which version runs, and how far an update is, for Home Assistant's `update` entity. Loaded on demand."""

import json

from evencell import __version__
from evencell.runtime.lazy import call


async def report(upload, percent: int | None = None):
    """Publish how far an upload is, None: it has ended, where discovery is on and the broker connected."""
    context, mqtt = upload.context, upload.context.mqtt
    if context.config["mqtt"]["discovery"] and mqtt.status()["state"] == "connected":
        version = None if percent is None else upload.header["version"]
        await publish(mqtt.client, context, version, percent)


async def publish(client, context, version: str | None = None, percent: int | None = None, qos=0):
    """Publish the state on `…/update`: without `version` no update is running. Raises OSError.

    `release_summary` says why the latest update was rolled back; "" replaces an earlier one in Home Assistant.
    """
    state = {
        "installed_version": __version__,
        "latest_version": version or __version__,
        "in_progress": version is not None,
        "update_percentage": percent,
        "release_summary": "" if version else call("evencell.update.state", "why_rolled_back", context),
    }
    topic = "%s/%s/update" % (context.config["mqtt"]["prefix"], context.device_id)
    await client.publish(topic, json.dumps(state).encode(), qos=qos, retain=True)
