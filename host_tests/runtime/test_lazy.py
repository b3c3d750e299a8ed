"""Modules that are in memory only within a scope."""

import sys

from evencell.runtime.lazy import LazyLock, lazy
from evencell.system.on_demand import forget, keep_modules
from host_tests.portable import raises, without_modules

STORE = "evencell.pack.history_store"
BROUGHT = (STORE, "evencell.pack.history_fold", "evencell.pack.history_walk", "evencell.system.ring")


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
            assert "evencell.system.ring" in loaded()
            __import__("evencell.pack.history_fold")  # as its functions do
        assert loaded() == []

    without(scenario)


def test_a_scope_leaves_what_was_there_before():
    def scenario():
        __import__("evencell.system.ring")
        with lazy(STORE):
            assert STORE in loaded()
        assert loaded() == ["evencell.system.ring"]

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
        scope.load("evencell.system.ring")
        scope.load("evencell.pack.history_walk")
        assert len(loaded()) == 3
        scope.unload()
        assert loaded() == []
        scope.unload()

    without(scenario)


def test_nothing_is_unloaded_where_memory_is_plentiful():
    def scenario():
        keep_modules(True)
        with lazy(STORE):
            pass
        forget(STORE)
        assert STORE in loaded()

    without(scenario)


def test_one_scope_at_a_time():
    lock = LazyLock()
    scope = lock.open()
    assert scope and lock.open() is None
    lock.close(scope)
    assert lock.open()


def test_a_parked_scope_stays_loaded_until_somebody_else_opens_one():
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
