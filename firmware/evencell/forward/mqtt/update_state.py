"""Publishes which version runs, and how far an update is, for Home Assistant's `update` entity. Loaded on demand."""

import json

from evencell import __version__


async def report(upload, percent: int | None = None):
    """Publish how far an upload is, None: it has ended, where discovery is on and the broker connected."""
    context, mqtt = upload.context, upload.context.mqtt
    if context.config["mqtt"]["discovery"] and mqtt.status()["state"] == "connected":
        version = None if percent is None else upload.header["version"]
        await publish(mqtt.client, context, version, percent)


async def publish(client, context, version: str | None = None, percent: int | None = None):
    """Publish the state on `…/update`: without `version` no update is running. Raises OSError."""
    state = {
        "installed_version": __version__,
        "latest_version": version or __version__,
        "in_progress": version is not None,
        "update_percentage": percent,
    }
    topic = "%s/%s/update" % (context.config["mqtt"]["prefix"], context.device_id)
    await client.publish(topic, json.dumps(state).encode(), retain=True)
