"""Completes a list of a configuration, item by item. Lazy, of complete.py."""

from evencell.config.complete import complete_part

_NETWORKS = "wifi.networks"


def complete_list(section: list, rule, items: list, path: str, faults) -> list:
    """Each item completed. One without a name is left out, and so is the later of two with the same."""
    completed = []
    names = []  # of the items, None for those that are not used
    unique = rule.arguments[2]
    for i, item in enumerate(items):
        place = "%s[%d]" % (path, i)
        faults_before = faults.count
        item = complete_part(section, rule.key + "[].", item, place + ".", faults)
        name = item[unique]
        names.append(None)
        if not name:
            faults.add("%s.%s" % (place, unique), "it is needed; this one is not used")
        elif name in names:
            first = "%s[%d].%s" % (path, names.index(name), unique)
            faults.add("%s.%s" % (place, unique), "the same as %s; this one is not used" % first)
        elif rule.key == _NETWORKS and not item["password"] and faults.count > faults_before:
            faults.add(place, "not used: without its password an open network of this name would be joined")
        else:
            names[i] = name
            completed.append(item)
            if item.get("writable") and faults.count > faults_before:
                faults.add(place, "read-only: with these faults another balancer could be set, or beyond its limits")
                item["writable"] = False
        if names[i] is None:
            faults.unused.append(place)
    return completed
