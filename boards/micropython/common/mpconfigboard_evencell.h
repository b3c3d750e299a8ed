// What all board definitions share. Each line stands in docs/firmware.md with its source.

// 96 KiB, in one piece, for as long as it runs.
#define MICROPY_GC_INITIAL_HEAP_SIZE (96 * 1024)

// Only main.c allocates a heap. Nothing else gets one, whatever the port does.
#define MP_PLAT_ALLOC_HEAP(n) ((n) == MICROPY_GC_INITIAL_HEAP_SIZE ? malloc(n) : NULL)

#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_PY_ESPNOW (0)
