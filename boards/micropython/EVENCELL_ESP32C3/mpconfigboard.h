// An ESP32-C3 without PSRAM.

#define MICROPY_HW_BOARD_NAME "evencell ESP32-C3"
#define MICROPY_HW_MCU_NAME "ESP32-C3"

// The prompt is at UART0 too: a board may have a USB-to-serial chip instead of the chip's own USB.
#define MICROPY_HW_ENABLE_UART_REPL (1)

#include "mpconfigboard_evencell.h"
