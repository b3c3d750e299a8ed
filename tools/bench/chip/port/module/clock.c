// A clock that runs EVENCELL_CHIP_SPEED times as fast as the computer's, from the process's start on; it begins at
// EVENCELL_CHIP_START (UNIX seconds, as a decimal fraction) where that is given. Linked in place of libc's functions.

#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "chip.h"

int __real_clock_gettime(clockid_t id, struct timespec *now);

static double speed;
static double real_start_s, shown_start_s;
static double monotonic_start_s;

static double real_s(clockid_t id) {
    struct timespec now;
    __real_clock_gettime(id, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void set_up(void) {
    if (speed > 0) {
        return;
    }
    const char *text = getenv("EVENCELL_CHIP_SPEED");
    speed = text != NULL ? atof(text) : 1;
    real_start_s = real_s(CLOCK_REALTIME);
    monotonic_start_s = real_s(CLOCK_MONOTONIC);
    text = getenv("EVENCELL_CHIP_START");
    shown_start_s = text != NULL ? atof(text) : real_start_s;
}

static double elapsed_s(void) {
    set_up();
    return (real_s(CLOCK_MONOTONIC) - monotonic_start_s) * speed;
}

uint64_t chip_now_ms(void) {
    return (uint64_t)(elapsed_s() * 1000);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *now) {
    double shown = elapsed_s() + (id == CLOCK_REALTIME ? shown_start_s : monotonic_start_s);
    now->tv_sec = (time_t)shown;
    now->tv_nsec = (long)((shown - now->tv_sec) * 1e9);
    return 0;
}

int __wrap_gettimeofday(struct timeval *now, void *zone) {
    (void)zone;
    double shown = elapsed_s() + shown_start_s;
    now->tv_sec = (time_t)shown;
    now->tv_usec = (long)((shown - now->tv_sec) * 1e6);
    return 0;
}

time_t __wrap_time(time_t *now) {
    time_t shown = (time_t)(elapsed_s() + shown_start_s);
    if (now != NULL) {
        *now = shown;
    }
    return shown;
}

static struct timespec scaled(double shown_s) {
    set_up();
    double real = shown_s / speed;
    struct timespec result = {(time_t)real, (long)((real - (time_t)real) * 1e9)};
    return result;
}

int __wrap_usleep(useconds_t us) {
    struct timespec pause = scaled(us / 1e6);
    return nanosleep(&pause, NULL);
}

int __wrap_select(int count, fd_set *read, fd_set *write, fd_set *fault, struct timeval *timeout) {
    if (timeout == NULL) {
        return pselect(count, read, write, fault, NULL, NULL);
    }
    struct timespec pause = scaled(timeout->tv_sec + timeout->tv_usec / 1e6);
    return pselect(count, read, write, fault, &pause, NULL);
}

int chip_poll(struct pollfd *files, nfds_t count, int timeout_ms) {
    if (timeout_ms < 0) {
        return ppoll(files, count, NULL, NULL);
    }
    struct timespec pause = scaled(timeout_ms / 1e3);
    return ppoll(files, count, &pause, NULL);
}
