# As MicroPython's boards/mpconfigboard_esp32c3_common.cmake, without Bluetooth (boards/sdkconfig.ble).
set(IDF_TARGET esp32c3)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.riscv
    boards/sdkconfig.c3
)

include(${MICROPY_BOARD_DIR}/evencell.cmake)
