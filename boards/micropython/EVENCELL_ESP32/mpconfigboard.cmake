# As MicroPython's boards/mpconfigboard_esp32_common.cmake, without Bluetooth (boards/sdkconfig.ble).
set(IDF_TARGET esp32)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
)

include(${MICROPY_BOARD_DIR}/evencell.cmake)
