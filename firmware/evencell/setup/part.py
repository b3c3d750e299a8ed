"""Starts setup mode: access point, DNS server and the web server with the setup page. Nothing else runs."""

from evencell.setup.access import Setup


def start(context):
    """Start it. The access point opens as soon as all parts have started: a display shows its password."""
    context.setup = Setup(context)
    context.supervisor.start("setup", context.setup.run)
