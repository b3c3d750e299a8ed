"""What Home Assistant does with what it hears: takes announcements, and renders their templates."""

import contextlib
import json

import jinja2

from host_tests.end_to_end.listener import Listener, Message

_TEMPLATES = jinja2.Environment(undefined=jinja2.StrictUndefined)


def announced(listener: Listener, wanted=lambda _: True, since: int = 0) -> dict:
    """The first announcement that is wanted."""
    message = listener.messages.wait(lambda message: is_announcement(message) and wanted(message.json()), "it", since)
    return message.json()


def is_announcement(message: Message) -> bool:
    return message.topic.startswith("homeassistant/device/") and message.payload != ""


def value_of(component: dict, payload: str, state: str = "unknown") -> str:
    """What Home Assistant makes of a message; `state` is that of the entity until then."""
    values = {"value": payload, "this": {"state": state}}
    with contextlib.suppress(ValueError):
        values["value_json"] = json.loads(payload)
    return _TEMPLATES.from_string(component["val_tpl"]).render(values)
