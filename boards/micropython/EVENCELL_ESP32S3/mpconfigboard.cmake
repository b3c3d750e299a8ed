# As MicroPython's boards/mpconfigboard_esp32s3_common.cmake, without Bluetooth (boards/sdkconfig.ble) and without PSRAM
# (boards/sdkconfig.spiram_quad).
set(IDF_TARGET esp32s3)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
)

include(${MICROPY_BOARD_DIR}/evencell.cmake)
