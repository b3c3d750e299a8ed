// MicroPython's unix port with the memory of an ESP32 without PSRAM: the GC heap grows out of a second heap, as
// ports/esp32/mpconfigport.h has it. Sizes of objects are an ESP32's when it is built for 32 bits.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include <stddef.h>
void *chip_alloc_gc_area(size_t size);
void chip_free_gc_area(void *area);

#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)
#define MP_PLAT_ALLOC_HEAP(size) chip_alloc_gc_area(size)
#define MP_PLAT_FREE_HEAP(area) chip_free_gc_area(area)
#define MICROPY_GC_ALLOC_THRESHOLD (1)

#include "../../../ports/unix/variants/mpconfigvariant_common.h"
