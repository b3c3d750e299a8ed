"""A file of the page as a response. Lazy; the generator of the content outlasts the module."""

from evencell.compat import const
from evencell.forward.http.server import Response, error
from evencell.storage.data_files import is_there, open_data

_PAGE = __file__.rsplit("/", 1)[0] + "/page/"
_PIECE_BYTES = const(512)


def response(name: str, version: str) -> Response:
    """The file as the build compressed it, else its source; with `version`, what an address asks for, it may be cached.

    Of another version there is none: a page that was open during an update must not mix both.
    """
    headers = "Cache-Control: %s\r\n" % ("max-age=31536000, immutable" if version else "no-cache")
    if "/" in name or name[:1] in ("", "."):  # another folder, such as that of the configuration
        return error(404, "not found")
    path = _PAGE + name
    if is_there(path + ".gz"):
        path += ".gz"
        if version and version != _version_of(path):
            return error(404, "of another version")
        headers += "Content-Encoding: gzip\r\n"
    elif not is_there(path):  # else the picture; or a source that mip installed (docs/frozen.md)
        return error(404, "not found")
    kind = name.split(".")[-1]
    content_type = "image/png" if kind == "png" else "text/javascript" if kind == "js" else "text/" + kind
    return Response(_pieces_of(open_data(path)), content_type, headers=headers)


def _version_of(path: str) -> str:
    """Where a compressed file has its time, ours has the page's version (tools/build/page.py)."""
    with open_data(path) as file:
        return "%08x" % int.from_bytes(file.read(8)[4:], "little")


def _pieces_of(file):
    """Generate the content of a file, then close it."""
    with file:
        piece = file.read(_PIECE_BYTES)
        while piece:
            yield piece
            piece = file.read(_PIECE_BYTES)
