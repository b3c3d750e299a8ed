"""Chooses the event stream that ends so that another client can have one. Lazy."""

from evencell.forward.http.server import host_of


def stream_to_drop(streams: list, writer):
    """The oldest of the client that has most; None where that is not more than the client of `writer` then has."""
    hosts = [host_of(stream.writer) for stream in streams]
    most = max(hosts, key=hosts.count)
    if hosts.count(most) > hosts.count(host_of(writer)) + 1:
        return streams[hosts.index(most)]
    return None
