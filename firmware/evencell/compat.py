"""Names that differ between CPython and MicroPython, under MicroPython's names."""

import sys
import time

if sys.implementation.name == "micropython":
    import asyncio
    from gc import mem_alloc, mem_free
    from gc import threshold as collect_after
    from time import ticks_add, ticks_diff, ticks_ms

    from micropython import const

    sleep_ms = asyncio.sleep_ms
    wait_for_ms = asyncio.wait_for_ms
    print_exception = sys.print_exception

    def unsent(writer):
        """What a stream keeps for want of room: nothing where everything is on its way."""
        return writer.out_buf

else:
    import traceback

    def collect_after(allocated_bytes: int):
        """Collect garbage each time so many bytes were taken: CPython knows better."""

    def mem_alloc() -> int:
        """Bytes of the heap that are in use: CPython counts none."""
        return 0

    def mem_free() -> int:
        """Bytes left of the heap: CPython's has no end."""
        return 0

    def const(value):
        """`value` itself: only MicroPython's compiler inlines constants."""
        return value

    def ticks_ms() -> int:
        """Milliseconds of a clock that never jumps."""
        return time.monotonic_ns() // 1_000_000

    def ticks_diff(end: int, start: int) -> int:
        """Milliseconds from `start` to `end`."""
        return end - start

    def ticks_add(start: int, milliseconds: int) -> int:
        """The ticks so many milliseconds after (before) `start`."""
        return start + milliseconds

    async def sleep_ms(milliseconds: int):
        """Let the others run for so many milliseconds."""
        import asyncio  # takes longer than most commands, which await nothing

        await asyncio.sleep(milliseconds / 1000)

    async def wait_for_ms(awaitable, milliseconds: int):
        """Result of `awaitable`; raises `asyncio.TimeoutError` after so many milliseconds."""
        import asyncio

        return await asyncio.wait_for(awaitable, milliseconds / 1000)

    def unsent(writer):
        """What a stream keeps for want of room: nothing where everything is on its way."""
        return writer.transport.get_write_buffer_size()

    def print_exception(error: BaseException, file):
        """Write the traceback of `error` to `file`."""
        traceback.print_exception(error, file=file)
