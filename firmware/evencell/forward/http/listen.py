"""Opens the port of the web server, however long that takes (a lazy module)."""

import asyncio
import errno

from evencell.compat import sleep_ms
from evencell.runtime.backoff import Backoff

_TAKEN = "another program uses that port: end it, or choose another one (http.port, or --http)"
_FORBIDDEN = "this port needs more rights: choose one above 1023 (http.port, or --http)"
_OTHER = "%s; is http.host an address of this device?"


async def listen(accept, context):
    """The server, once it listens. A failure is logged where it is new, and tried again with a backoff."""
    http, log = context.config["http"], context.log
    address = http["host"], http["port"]
    backoff, logged = Backoff(), None
    while True:
        try:
            server = await asyncio.start_server(accept, *address)
            log.info("page at http://%s:%d/" % address)
            return server
        except OSError as error:
            problem = _problem(error)
            if problem != logged:
                logged = problem
                log.warning("page: can't listen at %s:%d: %s; trying again until it works" % (address + (problem,)))
        await sleep_ms(backoff.fail())


def _problem(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return _TAKEN
    if error.errno == errno.EACCES:
        return _FORBIDDEN
    return _OTHER % error
