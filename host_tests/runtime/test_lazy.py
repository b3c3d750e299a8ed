"""Modules that are in memory only within a scope."""

import sys

from evencell.runtime.lazy import call, keep_modules, lazy, unload
from evencell.runtime.lazy_lock import LazyLock
from host_tests.portable import raises, without_modules

STORE = "evencell.history.store"
BROUGHT = (STORE, "evencell.history.fold", "evencell.history.reader", "evencell.storage.record_ring")


def loaded():
    """Which of the modules of this test are in memory."""
    return [name for name in BROUGHT if name in sys.modules]


def without(scenario):
    """Run a scenario when none of the modules is in memory, as it is on a device that is idle."""

    def whole():
        try:
            scenario()
        finally:
            keep_modules(False)

    without_modules(BROUGHT, whole)


def test_a_scope_unloads_what_came_with_its_module():
    def scenario():
        with lazy(STORE) as store:
            assert store.folder_of("root", "pack1", 4) == "root/pack1-4"
            assert "evencell.storage.record_ring" in loaded()
            __import__("evencell.history.fold")  # as its functions do
        assert loaded() == []

    without(scenario)


def test_a_scope_leaves_what_was_there_before():
    def scenario():
        __import__("evencell.storage.record_ring")
        with lazy(STORE):
            assert STORE in loaded()
        assert loaded() == ["evencell.storage.record_ring"]

    without(scenario)


def test_a_failed_import_leaves_nothing():
    def scenario():
        assert "never" in raises(ImportError, lambda: lazy("evencell.never").__enter__())
        scope = lazy()
        scope.load(STORE)
        raises(ImportError, lambda: scope.load("evencell.never"))
        scope.unload()
        assert loaded() == []

    without(scenario)


def test_a_long_scope_unloads_all_that_it_loaded():
    def scenario():
        scope = lazy()
        scope.load("evencell.storage.record_ring")
        scope.load("evencell.history.reader")
        assert len(loaded()) == 3
        scope.unload()
        assert loaded() == []
        scope.unload()

    without(scenario)


def test_a_called_function_leaves_nothing_loaded():
    def scenario():
        assert call(STORE, "folder_of", "root", "pack1", 4) == "root/pack1-4"
        assert loaded() == []

    without(scenario)


def test_a_called_function_that_fails_leaves_nothing_loaded():
    def scenario():
        raises(TypeError, lambda: call(STORE, "folder_of"))
        raises(AttributeError, lambda: call(STORE, "no_such_function"))
        assert loaded() == []

    without(scenario)


def test_modules_of_others_stay_loaded():
    """MicroPython's own are frozen, and CPython's can't be imported a second time."""

    def scenario():
        with lazy(STORE):
            sys.modules["not_ours"] = sys
        assert sys.modules.pop("not_ours") is sys

    without(scenario)


def test_an_unloaded_module_is_gone_from_both_places():
    import evencell.config
    import evencell.config.spelling

    unload("evencell.config.spelling")
    assert "evencell.config.spelling" not in sys.modules
    assert not hasattr(evencell.config, "spelling")


def test_unloading_a_module_that_was_never_imported_does_nothing():
    unload("evencell.system.never")
    unload("never.at.all")


def test_nothing_is_unloaded_where_memory_is_plentiful():
    def scenario():
        keep_modules(True)
        with lazy(STORE):
            pass
        unload(STORE)
        assert STORE in loaded()

    without(scenario)


def test_one_scope_at_a_time():
    lock = LazyLock()
    scope = lock.open()
    assert scope and lock.open() is None
    lock.close(scope)
    assert lock.open()


def test_parked_scope_stays_loaded_until_another_one_is_opened():
    def scenario():
        lock = LazyLock()
        scope = lock.open()
        scope.load(STORE)
        lock.park(scope)
        assert lock.open(scope) is scope and lock.open() is None
        lock.park(scope)
        assert STORE in loaded()
        other = lock.open()
        assert other is not scope and loaded() == []
        lock.close(other)
        assert lock.open(scope) is not scope

    without(scenario)


def test_without_memory_to_unload_the_lock_is_free_and_the_next_scope_does_it():
    class Full(lazy):
        is_full = True

        def unload(self):
            if self.is_full:
                raise MemoryError
            super().unload()

    def scenario():
        lock = LazyLock()
        assert lock.open()
        scope = Full()
        scope.load(STORE)
        raises(MemoryError, lambda: lock.close(scope))
        raises(MemoryError, lock.open)
        scope.is_full = False
        assert lock.open() and loaded() == []

    without(scenario)


def test_where_memory_is_plentiful_scopes_may_overlap():
    lock = LazyLock()
    keep_modules(True)
    try:
        assert lock.open() and lock.open()
    finally:
        keep_modules(False)
