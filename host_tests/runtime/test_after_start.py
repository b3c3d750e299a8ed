"""What is released once all has started."""

from evencell.runtime.after_start import release

ONE_EACH = "board clock log heap storage_faults crashes supervisor watchdog hub key_values lazy_lock mqtt"


def made(name: str):
    """An object of a class of its own, with a constructor."""

    class Made:
        def __init__(self, name):
            self.name = name

        def shout(self):
            return self.name.upper()

    return Made(name)


def context_with(packs: list):
    context = made("context")
    for name in ONE_EACH.split():
        setattr(context, name, made(name))
    context.hub.packs = packs
    context.lazy_lock = None  # a profile that has none
    context.config = {"name": "scooter", "packs": [{"name": "front", "cells": 4}], "mqtt": {"host": "b", "list": [1]}}
    return context


def test_what_there_is_one_of_keeps_all_but_its_constructor():
    pack = made("pack")
    pack.bus, pack.diagnosis = made("bus"), made("diagnosis")
    context = context_with([pack, pack])
    release(context)
    for each in (context, context.hub, context.mqtt, pack, pack.bus, pack.diagnosis):
        assert type(each).__init__ is None
        assert each.shout() == each.name.upper()


def test_the_configuration_says_the_same_and_its_sections_are_the_same_objects():
    context = context_with([])
    mqtt, packs = context.config["mqtt"], context.config["packs"]
    release(context)
    assert context.config == {
        "name": "scooter",
        "packs": [{"name": "front", "cells": 4}],
        "mqtt": {"host": "b", "list": [1]},
    }
    assert context.config["mqtt"] is mqtt and context.config["packs"] is packs
