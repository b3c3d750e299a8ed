// The ESP-IDF heap of a plain ESP32: bookkeeping of blocks in regions. Memory itself comes from the computer.
//
// Regions as ESP-IDF registers them on an ESP32 after MicroPython's first GC area of 57,344 bytes was taken: three
// small ones and the 111 KB of D/IRAM. Their free bytes add up to the measured bare prompt (144,084 free, 110,592
// the largest block). A claim goes to the first region that has room, there into the smallest block that fits, as
// heap_caps_malloc and its TLSF allocator do.
//
// Environment: EVENCELL_CHIP_SECOND_REGION (its bytes, where the first GC area is another or there is no Bluetooth),
// EVENCELL_CHIP_DRIVERS (bytes that the drivers of the
// device's own peripherals take), EVENCELL_CHIP_FIXED_GC_HEAP (the GC heap never grows), EVENCELL_CHIP_FIGURES (a file to share the figures in),
// EVENCELL_CHIP_TRACE (a file for a line on each GC area, and each claim that was refused).

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "py/gc.h"
#include "py/mpstate.h"
#include "py/qstr.h"
#include "chip.h"

#define MAX_BLOCKS (4096)
#define BLOCK_HEADER_BYTES (4)  // of ESP-IDF's TLSF, in front of each block
#define ALIGNMENT_BYTES (4)
#define RX_BUFFER_BYTES (1700)  // an arriving packet's, with its header

typedef struct {
    uint32_t start, size;
    int16_t region;
    bool used;
    bool listed;
} block_t;

static uint32_t region_bytes[] = {6424, 11200, 14300, 112160};
#define REGIONS ((int)(sizeof(region_bytes) / sizeof(region_bytes[0])))
#define SECOND_REGION (1)

static block_t blocks[MAX_BLOCKS];
static int block_count;
static uint32_t region_least[REGIONS];
static bool is_joined, has_fixed_gc_heap;

// What a watching process reads: tools/bench/chip/figures.py has the same layout.
typedef struct {
    uint32_t free, largest, least_free, least_largest, refused;
    uint32_t gc_total, gc_used, gc_live, gc_live_most, gc_areas, names, names_room, joined, now_s;
    uint32_t reset;  // written by the watcher: begin new minima
    uint32_t collect_bytes;  // written by the watcher: from now on collect garbage after as many
} figures_t;
static figures_t own_figures;
static figures_t *figures = &own_figures;
static FILE *trace;

typedef struct area {
    void *memory;
    chip_claim_t claim;
    size_t size;
    struct area *next;
} area_t;
static area_t *areas;

static void write_trace(const char *kind, size_t size) {
    if (trace != NULL) {
        fprintf(trace, "%llu %s %u %u %u\n", (unsigned long long)chip_now_ms(), kind, (unsigned)size,
            (unsigned)chip_free_bytes(), (unsigned)chip_largest_block());
    }
}

static void set_up(void) {
    if (block_count) {
        return;
    }
    const char *text = getenv("EVENCELL_CHIP_SECOND_REGION");
    if (text != NULL) {
        region_bytes[SECOND_REGION] = atoi(text);
    }
    has_fixed_gc_heap = getenv("EVENCELL_CHIP_FIXED_GC_HEAP") != NULL;
    for (int region = 0; region < REGIONS; region++) {
        blocks[region] = (block_t) {0, region_bytes[region], region, false, true};
        region_least[region] = region_bytes[region];
    }
    block_count = REGIONS;
    const char *path = getenv("EVENCELL_CHIP_FIGURES");
    if (path != NULL) {
        int file = open(path, O_RDWR);
        if (file >= 0) {
            void *shared = mmap(NULL, sizeof(figures_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            if (shared != MAP_FAILED) {
                figures = shared;
            }
            close(file);
        }
    }
    path = getenv("EVENCELL_CHIP_TRACE");
    if (path != NULL) {
        trace = fopen(path, "w");
        if (trace != NULL) {
            setvbuf(trace, NULL, _IOLBF, 0);
        }
    }
    figures->least_free = figures->least_largest = UINT32_MAX;
    text = getenv("EVENCELL_CHIP_DRIVERS");
    if (text != NULL) {
        chip_claim(atoi(text));
    }
    chip_publish();
}

static uint32_t rounded(size_t size) {
    return (size + BLOCK_HEADER_BYTES + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
}

static int new_block(void) {
    for (int i = 0; i < block_count; i++) {
        if (!blocks[i].listed) {
            return i;
        }
    }
    if (block_count == MAX_BLOCKS) {
        fprintf(stderr, "chip: more than %d blocks\n", MAX_BLOCKS);
        abort();
    }
    return block_count++;
}

chip_claim_t chip_claim(size_t wanted) {
    set_up();
    uint32_t size = rounded(wanted);
    for (int region = 0; region < REGIONS; region++) {
        int best = -1;
        for (int i = 0; i < block_count; i++) {
            block_t *block = &blocks[i];
            if (block->listed && !block->used && block->region == region && block->size >= size
                && (best < 0 || block->size < blocks[best].size)) {
                best = i;
            }
        }
        if (best < 0) {
            continue;
        }
        if (blocks[best].size > size) {
            int rest = new_block();
            blocks[rest] = (block_t) {blocks[best].start + size, blocks[best].size - size, region, false, true};
            blocks[best].size = size;
        }
        blocks[best].used = true;
        chip_region_info_t info;
        chip_region_info(region, &info);
        if (info.free < region_least[region]) {
            region_least[region] = info.free;
        }
        chip_publish();
        return best;
    }
    figures->refused++;
    write_trace("refused", wanted);
    return CHIP_NO_ROOM;
}

void chip_release(chip_claim_t claim) {
    if (claim == CHIP_NO_ROOM) {
        return;
    }
    blocks[claim].used = false;
    for (int i = 0; i < block_count; i++) {
        block_t *other = &blocks[i];
        block_t *block = &blocks[claim];
        if (i == claim || !other->listed || other->used || other->region != block->region) {
            continue;
        }
        if (other->start + other->size == block->start || block->start + block->size == other->start) {
            block->start = other->start < block->start ? other->start : block->start;
            block->size += other->size;
            other->listed = false;
            i = -1;  // the larger block may have another neighbour
        }
    }
    chip_publish();
}

int chip_region_count(void) {
    return REGIONS;
}

// TLSF files free blocks by 32 steps of each power of two and reports what it is sure to have.
static uint32_t sure(uint32_t size) {
    uint32_t step = 1;
    while (size / step >= 64) {
        step *= 2;
    }
    return size / step * step;
}

void chip_region_info(int region, chip_region_info_t *info) {
    set_up();
    *info = (chip_region_info_t) {region_bytes[region], 0, 0, region_least[region]};
    for (int i = 0; i < block_count; i++) {
        if (blocks[i].listed && !blocks[i].used && blocks[i].region == region) {
            info->free += blocks[i].size;
            uint32_t size = sure(blocks[i].size - (blocks[i].size > BLOCK_HEADER_BYTES ? BLOCK_HEADER_BYTES : 0));
            if (size > info->largest) {
                info->largest = size;
            }
        }
    }
}

static void sum(uint32_t *free_bytes, uint32_t *largest) {
    *free_bytes = *largest = 0;
    for (int region = 0; region < REGIONS; region++) {
        chip_region_info_t info;
        chip_region_info(region, &info);
        *free_bytes += info.free;
        if (info.largest > *largest) {
            *largest = info.largest;
        }
    }
}

size_t chip_free_bytes(void) {
    uint32_t free_bytes, largest;
    sum(&free_bytes, &largest);
    return free_bytes;
}

size_t chip_largest_block(void) {
    uint32_t free_bytes, largest;
    sum(&free_bytes, &largest);
    return largest;
}

bool chip_network_works(void) {
    return is_joined && chip_largest_block() >= RX_BUFFER_BYTES;
}

void chip_set_joined(bool joined) {
    is_joined = joined;
    chip_publish();
}

void chip_publish(void) {
    uint32_t free_bytes, largest;
    sum(&free_bytes, &largest);
    if (figures->reset) {
        figures->reset = 0;
        figures->least_free = figures->least_largest = UINT32_MAX;
        figures->gc_live_most = 0;
    }
    if (figures->collect_bytes) {
        MP_STATE_MEM(gc_alloc_threshold) = figures->collect_bytes / MICROPY_BYTES_PER_GC_BLOCK;
    }
    figures->free = free_bytes;
    figures->largest = largest;
    if (free_bytes < figures->least_free) {
        figures->least_free = free_bytes;
    }
    if (largest < figures->least_largest) {
        figures->least_largest = largest;
    }
    figures->joined = is_joined;
    figures->now_s = chip_now_ms() / 1000;
}

// MicroPython's GC areas beyond the first.

size_t gc_get_max_new_split(void) {
    set_up();
    return has_fixed_gc_heap ? 0 : chip_largest_block();
}

void *chip_alloc_gc_area(size_t size) {
    set_up();
    if (has_fixed_gc_heap) {
        return NULL;
    }
    chip_claim_t claim = chip_claim(size);
    if (claim == CHIP_NO_ROOM) {
        return NULL;
    }
    area_t *area = malloc(sizeof(area_t));
    *area = (area_t) {malloc(size), claim, size, areas};
    areas = area;
    figures->gc_areas++;
    write_trace("gc+", size);
    return area->memory;
}

void chip_free_gc_area(void *memory) {
    for (area_t **place = &areas; *place != NULL; place = &(*place)->next) {
        area_t *area = *place;
        if (area->memory == memory) {
            *place = area->next;
            chip_release(area->claim);
            figures->gc_areas--;
            write_trace("gc-", area->size);
            free(area->memory);
            free(area);
            return;
        }
    }
}

// Linked in place of py/gc.c's: what is live is known right after a collection.
void __real_gc_collect_end(void);
void __wrap_gc_collect_end(void) {
    __real_gc_collect_end();
    set_up();
    gc_info_t info;
    gc_info(&info);
    figures->gc_total = info.total;
    figures->gc_used = info.used;
    figures->gc_live = info.used;
    const qstr_pool_t *names = MP_STATE_VM(last_pool);
    figures->names = names->total_prev_len + names->len;
    figures->names_room = names->alloc - names->len;
    if (info.used > figures->gc_live_most) {
        figures->gc_live_most = info.used;
    }
    chip_publish();
}
