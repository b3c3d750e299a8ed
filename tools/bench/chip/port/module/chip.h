// The second heap of an ESP32 (ESP-IDF's), as bookkeeping: regions, claims in them, and what is free.
#ifndef EVENCELL_CHIP_H
#define EVENCELL_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A claim: an index into the table of blocks, or CHIP_NO_ROOM.
typedef int chip_claim_t;
#define CHIP_NO_ROOM (-1)

typedef struct {
    uint32_t total, free, largest, least_free;
} chip_region_info_t;

chip_claim_t chip_claim(size_t size);
void chip_release(chip_claim_t claim);

int chip_region_count(void);
void chip_region_info(int region, chip_region_info_t *info);
size_t chip_free_bytes(void);
size_t chip_largest_block(void);

// Whether packets get through: the radio is joined, and there is room for one that arrives.
bool chip_network_works(void);
void chip_set_joined(bool joined);

// Claim what a TLS connection on this socket takes; false where there is no room. Closing the socket releases it.
bool chip_begin_tls(int file);

// Milliseconds of the scaled clock.
uint64_t chip_now_ms(void);

// Publish the figures to the process that watches this one.
void chip_publish(void);

#endif
