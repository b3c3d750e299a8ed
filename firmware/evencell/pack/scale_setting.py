"""The temperature scale that a pack's settings ask for. Loaded on demand."""

from evencell.pack.temperature import TemperatureScale


def scale_of(context, settings: dict) -> TemperatureScale:
    """The configured scale, else the one that was settled before. A configured one deletes that."""
    setting = settings["temperature_scale"]
    key = settings["name"] + ".temperature_scale"
    if setting != "auto":
        context.key_values.put(key, None)
        return TemperatureScale(setting)
    return TemperatureScale(context.key_values.get(key) or "auto", context.key_values, context.log, settings["name"])
