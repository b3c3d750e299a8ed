// An ESP32 without PSRAM.

#define MICROPY_HW_BOARD_NAME "evencell ESP32"
#define MICROPY_HW_MCU_NAME "ESP32"

#include "mpconfigboard_evencell.h"
