"""Home Assistant's core with its MQTT integration, for the scripts beside this file, inside its own interpreter."""

import inspect
from pathlib import Path


async def started(folder: str, port: int, *components: str):
    """A Home Assistant whose configuration is this folder, connected to the broker on this port."""
    from homeassistant import bootstrap, loader
    from homeassistant.auth import auth_manager_from_config
    from homeassistant.config_entries import ConfigEntries, ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.setup import async_setup_component

    Path(folder, "configuration.yaml").touch()
    home = HomeAssistant(folder)
    home.config.skip_pip = True
    loader.async_setup(home)
    home.config_entries = ConfigEntries(home, {})
    await bootstrap.async_load_base_functionality(home)
    home.auth = await auth_manager_from_config(home, [{"type": "homeassistant"}], [])
    for component in ("homeassistant", *components):
        await async_setup_component(home, component, {})
    entry = {"version": 1, "minor_version": 2, "domain": "mqtt", "title": "MQTT", "source": "user", "unique_id": None}
    entry |= {"data": {"broker": "127.0.0.1", "port": port}, "options": {}, "discovery_keys": {}}
    entry |= {"subentries_data": None}
    known = inspect.signature(ConfigEntry.__init__).parameters
    await home.config_entries.async_add(ConfigEntry(**{key: entry[key] for key in entry if key in known}))
    await home.async_start()
    return home
