"""Runs one test file on MicroPython: `micropython on_micropython.py MODULE KEEPS_MODULES`, a line of JSON a test."""

import io
import json
import sys

from evencell.runtime import lazy


def run(module_name: str, keeps_modules: bool):
    """Call every `test_…` of the module; print `{"test", "error"}` for each, with `error` null where it passed.

    `keeps_modules`: lazy modules stay loaded, as on a chip with PSRAM.
    """
    module = __import__(module_name, None, None, ("",))
    for name in dir(module):
        if name.startswith("test_"):
            lazy.keep_modules(keeps_modules)
            print(json.dumps({"test": name, "error": outcome(getattr(module, name))}))


def outcome(test):
    """None, or the traceback of what `test()` raised."""
    try:
        test()
    except BaseException as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    return None


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2] == "True")
