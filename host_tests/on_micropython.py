"""Runs one test file on MicroPython: `micropython on_micropython.py MODULE`, a line of JSON for each test."""

import io
import json
import sys


def run(module_name: str):
    """Call every `test_…` of the module; print `{"test", "error"}` for each, with `error` null where it passed."""
    module = __import__(module_name, None, None, ("",))
    for name in dir(module):
        if name.startswith("test_"):
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
    run(sys.argv[1])
