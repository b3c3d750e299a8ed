// MicroPython's configuration for evencell: that of the esp32 port, but with one fixed GC heap.
//
// The port's own file sets both of these without a guard, so they can't be set before it is read. With the split heap the
// GC heap grows into the memory from which Wi-Fi, sockets and TLS live, and gc.mem_free() counts that memory as its own.
// Sources: ports/esp32/mpconfigport.h, py/gc.c (gc_try_add_heap), py/modgc.c (gc_mem_free).

#include "mpconfigport.h"

#if !MICROPY_GC_SPLIT_HEAP_AUTO
#error "The esp32 port has changed: see docs/firmware.md, A fixed heap"
#endif

#undef MICROPY_GC_SPLIT_HEAP
#undef MICROPY_GC_SPLIT_HEAP_AUTO
#define MICROPY_GC_SPLIT_HEAP (0)
#define MICROPY_GC_SPLIT_HEAP_AUTO (0)
