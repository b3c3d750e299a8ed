CHIP_DIR := $(USERMOD_DIR)
SRC_USERMOD_C += $(addprefix $(CHIP_DIR)/, heap.c clock.c sockets.c modules.c)
CFLAGS_USERMOD += -I$(CHIP_DIR) -Wno-double-promotion -Wno-float-conversion
CHIP_WRAPPED = clock_gettime gettimeofday time usleep select poll \
	socket accept close read write send recv setsockopt gc_collect_end
LDFLAGS_USERMOD += $(foreach name, $(CHIP_WRAPPED), -Wl,--wrap=$(name))
