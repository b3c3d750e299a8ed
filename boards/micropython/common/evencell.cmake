# What all board definitions share. Included once IDF_TARGET and SDKCONFIG_DEFAULTS are set, before ESP-IDF's project().

# ESP-IDF looks for the partition table beside the project unless its path is absolute.
file(STRINGS ${MICROPY_BOARD_DIR}/version.txt EVENCELL_VERSION LIMIT_COUNT 1)
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.evencell
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/partitions.csv\"\n"
    "CONFIG_APP_PROJECT_VER=\"${EVENCELL_VERSION}\"\n"
)

list(APPEND SDKCONFIG_DEFAULTS
    ${MICROPY_BOARD_DIR}/sdkconfig.evencell
    ${CMAKE_BINARY_DIR}/sdkconfig.evencell
)

# In place of mpconfigport.h, which it includes.
list(APPEND MICROPY_DEF_BOARD
    MP_CONFIGFILE="mpconfig_evencell.h"
)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
