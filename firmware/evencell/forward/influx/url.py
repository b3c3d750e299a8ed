"""Parses `influx.url` (a lazy module)."""


def split_url(url: str) -> tuple[str, int, str]:
    """Host, port and path of an http address. The path gets `precision=s` in place of any other precision."""
    address, slash, path = url[len("http://") :].partition("/")
    host, _, port = address.partition(":")
    path, _, query = (slash + path if path else "/write").partition("?")
    parameters = [text for text in query.split("&") if text and text.partition("=")[0] != "precision"]
    return host, int(port or 80), "%s?%s" % (path, "&".join(parameters + ["precision=s"]))
