"""Checks conditions between keys of a configuration; those about the control: reconcile_control.py. Lazy, of check.py.

What a fault leaves in doubt is not used where it could be less secure than what was meant.
"""

from evencell.runtime.lazy import call

_ANY = "?"  # stands for any key of a section
_SECURITY = ("tls", "ca", "fingerprint")
_PUBLIC = ("enabled", "host", "public_read")  # of http: with their defaults the page is public


def reconcile(config: dict, faults):
    """Add faults to `faults` (check.py), and switch off in `config` what they leave in doubt."""
    _check_doubts(config, faults)
    _check_static(config["wifi"]["static"], faults)
    _check_access_point(config["wifi"], faults)
    _check_mqtt(config, faults)
    _check_power(config, faults)


def _check_doubts(config: dict, faults):
    """A section is not used if a fault in it gives a key a default that is less secure than what was meant."""
    mqtt = config["mqtt"]
    keys = _SECURITY if mqtt["tls"] else _SECURITY + (_ANY,)
    if mqtt["enabled"] and faults.concern_section("mqtt", keys):
        faults.add_consequence(
            "mqtt", "MQTT stays off: with these faults its connection could be less secure than is meant"
        )
        mqtt["enabled"] = False
    is_private = faults.concern_section("http", _PUBLIC + (_ANY,)) or faults.concern_section("auth", (_ANY,))
    if config["http"]["public_read"] and is_private:
        faults.add_consequence("http", "public_read is taken for false: that may be meant")
        config["http"]["public_read"] = False
    wifi = config["wifi"]
    secured = [network for network in wifi["networks"] if network["password"]]
    if len(secured) < len(wifi["networks"]) and faults.concern_section("wifi", [_ANY] + list(wifi)):
        faults.add_consequence("wifi", "networks without a password are not used: with these faults one may be missing")
        wifi["networks"] = secured


def _check_mqtt(config: dict, faults):
    """What MQTT needs, and what needs it; a password needs a user."""
    mqtt = config["mqtt"]
    if mqtt["enabled"] and not mqtt["host"]:
        if not faults.concern("mqtt.host"):
            faults.add("mqtt.host", "it is needed where mqtt.enabled is true; MQTT stays off")
        mqtt["enabled"] = False
    for key in ("ca", "fingerprint"):
        if mqtt[key] and not mqtt["tls"]:
            faults.add("mqtt." + key, "it counts where mqtt.tls is true; MQTT stays off")
            mqtt["enabled"] = False
    for section in ("mqtt", "influx"):
        if config[section]["password"] and config[section]["user"] is None:
            faults.add(section + ".password", "it needs %s.user; not used" % section)
    if config["time"]["mqtt"] and not mqtt["enabled"]:
        faults.add("time.mqtt", "it needs mqtt.enabled; not used")


def _may_advertise(config: dict) -> bool:
    """Whether Wi-Fi and Bluetooth are never in memory together."""
    if config["profile"] == "telemetry":
        return config["power"]["interval_s"] > 0
    return config["profile"] == "display"


def _check_power(config: dict, faults):
    """A device that sleeps reports over MQTT or sends beacons, and has no use for what goes on in between."""
    power, bthome = config["power"], config["bthome"]
    if bthome["enabled"] and not _may_advertise(config):
        faults.add("bthome.enabled", "it needs power.interval_s, or the profile display; no beacons")
        bthome["enabled"] = False
    interval_s = power["interval_s"]
    if not interval_s:
        if config["profile"] == "telemetry" and faults.concern("power.interval_s"):
            faults.add_consequence("power", "the device stays awake")
        return
    shortest_s, longest_s = power["min_interval_s"], power["max_interval_s"]
    if shortest_s is not None and shortest_s > interval_s:
        faults.add("power.min_interval_s", "it must not be above power.interval_s; not used")
        power["min_interval_s"] = None
    if longest_s is not None and longest_s < interval_s:
        faults.add("power.max_interval_s", "it must not be below power.interval_s; not used")
        power["max_interval_s"] = None
    if config["profile"] != "telemetry" or not (config["mqtt"]["enabled"] or bthome["enabled"]):
        wanted = "it needs the profile telemetry, and mqtt.enabled or bthome.enabled; the device stays awake"
        faults.add("power.interval_s", wanted)
        power["interval_s"] = 0
    elif config["influx"]["url"] is not None:
        faults.add("influx.url", "a device that sleeps (power.interval_s) reports over MQTT alone; not used")
        config["influx"]["url"] = None


def _check_access_point(wifi: dict, faults):
    """It is never opened without a password."""
    if wifi["fallback_ap"] and not 8 <= len((wifi["ap_password"] or "").encode()) <= 63:
        faults.add("wifi.fallback_ap", "it needs wifi.ap_password, of 8 to 63 bytes; not used")
        wifi["fallback_ap"] = False


def _check_static(static: dict, faults):
    """A static address that may be wrong is not used: its owner could not reach the device."""
    address, gateway = static["address"], static["gateway"]
    place = "wifi.static."
    if not address:
        for key in ("gateway", "dns"):
            if static[key] and not faults.concern(place + "address"):
                faults.add(place + key, "it needs wifi.static.address; not used")
        return
    if faults.concern_section("wifi.static", [_ANY] + list(static)):
        faults.add_consequence(
            "wifi.static", "not used, the address comes from DHCP: with these faults it could be wrong"
        )
    elif not gateway:
        faults.add(place + "gateway", "it is needed with wifi.static.address; the address comes from DHCP")
    else:
        if call("evencell.config.addresses", "can_reach", address, static["netmask"], gateway):
            return
        faults.add(place + "address", "it is no other host in the network of the gateway; the address comes from DHCP")
    static["address"] = None
