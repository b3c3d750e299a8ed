// What sockets take of an ESP32's second heap (lwIP in ESP-IDF, measured in the bare rows and the TCP rows of
// docs/memory.md): a control block for each, and for each unacknowledged segment a buffer of a whole MSS, however
// little is in it (LWIP_NETIF_TX_SINGLE_PBUF). Without room nothing is sent or received, and nothing arrives without
// a network. Linked in place of libc's functions.

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chip.h"

#define MAX_FILES (256)
#define MAX_SOCKETS (10)  // CONFIG_LWIP_MAX_SOCKETS of ports/esp32/boards/sdkconfig.base
#define SOCKET_BYTES (640)
#define MSS_BYTES (1440)
#define SEGMENT_BYTES (1620)
#define MAX_SEGMENTS (16)  // TCP_SND_QUEUELEN: four for each MSS of the send buffer
#define SEND_BUFFER_BYTES (5760)
#define ACKNOWLEDGED_AFTER_MS (20)
#define HANDSHAKE_MS (2000)

// mbedTLS as ports/esp32/boards/sdkconfig.base has it: a buffer for 16 KB of input, one for 4 KB of output, and small
// pieces. The sum is the row "bare, TLS connected" of docs/memory.md; the handshake's is its peak.
static const uint16_t tls_bytes[] = {16720, 4430, 1400, 1024, 1024, 1024, 512, 512, 512, 512, 256, 256};
static const uint16_t handshake_bytes[] = {2048, 1024, 1024, 512, 256};
#define TLS_PIECES (sizeof(tls_bytes) / sizeof(tls_bytes[0]))
#define HANDSHAKE_PIECES (sizeof(handshake_bytes) / sizeof(handshake_bytes[0]))

typedef struct {
    bool open, no_delay;
    chip_claim_t claim;
    bool has_tls, in_handshake;
    uint64_t handshake_until_ms;
    chip_claim_t tls[TLS_PIECES], handshake[HANDSHAKE_PIECES];
    int segments, last_bytes, unacknowledged_bytes;
    struct {
        chip_claim_t claim;
        int bytes;
        uint64_t until_ms;
    } segment[MAX_SEGMENTS];
} socket_t;

static socket_t sockets[MAX_FILES];
static int open_sockets;

int chip_poll(struct pollfd *files, nfds_t count, int timeout_ms);
int __real_accept(int file, struct sockaddr *address, socklen_t *length);
int __real_socket(int family, int type, int protocol);
int __real_close(int file);
ssize_t __real_read(int file, void *buffer, size_t size);
ssize_t __real_write(int file, const void *buffer, size_t size);
ssize_t __real_send(int file, const void *buffer, size_t size, int flags);
ssize_t __real_recv(int file, void *buffer, size_t size, int flags);
int __real_setsockopt(int file, int level, int option, const void *value, socklen_t size);

static socket_t *socket_of(int file) {
    return file >= 0 && file < MAX_FILES && sockets[file].open ? &sockets[file] : NULL;
}

static int opened(int file) {
    if (file < 0) {
        return file;
    }
    chip_claim_t claim = file < MAX_FILES && open_sockets < MAX_SOCKETS ? chip_claim(SOCKET_BYTES) : CHIP_NO_ROOM;
    if (claim == CHIP_NO_ROOM) {
        __real_close(file);
        errno = open_sockets < MAX_SOCKETS ? ENOMEM : ENFILE;
        return -1;
    }
    memset(&sockets[file], 0, sizeof(socket_t));
    sockets[file].open = true;
    sockets[file].claim = claim;
    open_sockets++;
    return file;
}

int __wrap_socket(int family, int type, int protocol) {
    int file = __real_socket(family, type, protocol);
    return family == AF_INET || family == AF_INET6 ? opened(file) : file;
}

int __wrap_accept(int file, struct sockaddr *address, socklen_t *length) {
    if (!chip_network_works()) {
        errno = EAGAIN;
        return -1;
    }
    return opened(__real_accept(file, address, length));
}

static bool claim_all(chip_claim_t *claims, const uint16_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        claims[i] = chip_claim(bytes[i]);
        if (claims[i] == CHIP_NO_ROOM) {
            while (i > 0) {
                chip_release(claims[--i]);
            }
            return false;
        }
    }
    return true;
}

static void release_all(const chip_claim_t *claims, size_t count) {
    for (size_t i = 0; i < count; i++) {
        chip_release(claims[i]);
    }
}

bool chip_begin_tls(int file) {
    socket_t *socket = socket_of(file);
    if (socket == NULL || socket->has_tls) {
        return false;
    }
    socket->has_tls = claim_all(socket->tls, tls_bytes, TLS_PIECES);
    if (!socket->has_tls) {
        return false;
    }
    socket->in_handshake = claim_all(socket->handshake, handshake_bytes, HANDSHAKE_PIECES);
    socket->handshake_until_ms = chip_now_ms() + HANDSHAKE_MS;
    return socket->in_handshake;
}

int __wrap_close(int file) {
    socket_t *socket = socket_of(file);
    if (socket != NULL) {
        if (socket->in_handshake) {
            release_all(socket->handshake, HANDSHAKE_PIECES);
        }
        if (socket->has_tls) {
            release_all(socket->tls, TLS_PIECES);
        }
        for (int i = 0; i < socket->segments; i++) {
            chip_release(socket->segment[i].claim);
        }
        chip_release(socket->claim);
        socket->open = false;
        open_sockets--;
    }
    return __real_close(file);
}

int __wrap_setsockopt(int file, int level, int option, const void *value, socklen_t size) {
    socket_t *socket = socket_of(file);
    if (socket != NULL && level == IPPROTO_TCP && option == TCP_NODELAY) {
        socket->no_delay = *(const int *)value != 0;
    }
    return __real_setsockopt(file, level, option, value, size);
}

static void release_acknowledged(socket_t *socket) {
    uint64_t now_ms = chip_now_ms();
    if (socket->in_handshake && socket->handshake_until_ms <= now_ms) {
        release_all(socket->handshake, HANDSHAKE_PIECES);
        socket->in_handshake = false;
    }
    int kept = 0;
    for (int i = 0; i < socket->segments; i++) {
        if (socket->segment[i].until_ms <= now_ms) {
            chip_release(socket->segment[i].claim);
            socket->unacknowledged_bytes -= socket->segment[i].bytes;
        } else {
            socket->segment[kept++] = socket->segment[i];
        }
    }
    socket->segments = kept;
}

// How many bytes of `size` the connection takes now.
static size_t taken(socket_t *socket, size_t size) {
    release_acknowledged(socket);
    size_t count = 0;
    while (count < size && socket->unacknowledged_bytes < SEND_BUFFER_BYTES) {
        size_t left = size - count;
        size_t room = SEND_BUFFER_BYTES - socket->unacknowledged_bytes;
        size_t piece = left < room ? left : room;
        int last = socket->segments - 1;
        // Nagle's algorithm: what follows a segment that waits for an acknowledgement goes into one segment.
        bool joins = !socket->no_delay && last > 0 && socket->segment[last].bytes < MSS_BYTES;
        if (joins) {
            room = MSS_BYTES - socket->segment[last].bytes;
            piece = piece < room ? piece : room;
            socket->segment[last].bytes += piece;
        } else {
            if (socket->segments == MAX_SEGMENTS) {
                break;
            }
            chip_claim_t claim = chip_claim(SEGMENT_BYTES);
            if (claim == CHIP_NO_ROOM) {
                break;
            }
            piece = piece < MSS_BYTES ? piece : MSS_BYTES;
            last = socket->segments++;
            socket->segment[last].claim = claim;
            socket->segment[last].bytes = piece;
            socket->segment[last].until_ms = chip_now_ms() + ACKNOWLEDGED_AFTER_MS;
        }
        socket->unacknowledged_bytes += piece;
        count += piece;
    }
    return count;
}

static ssize_t sent(int file, const void *buffer, size_t size, int flags) {
    socket_t *socket = socket_of(file);
    size_t count = chip_network_works() ? taken(socket, size) : 0;
    if (count == 0 && size > 0) {
        errno = EAGAIN;
        return -1;
    }
    return __real_send(file, buffer, count, flags | MSG_NOSIGNAL);
}

ssize_t __wrap_write(int file, const void *buffer, size_t size) {
    return socket_of(file) ? sent(file, buffer, size, 0) : __real_write(file, buffer, size);
}

ssize_t __wrap_send(int file, const void *buffer, size_t size, int flags) {
    return socket_of(file) ? sent(file, buffer, size, flags) : __real_send(file, buffer, size, flags);
}

static bool can_receive(int file) {
    return socket_of(file) == NULL || chip_network_works();
}

ssize_t __wrap_read(int file, void *buffer, size_t size) {
    if (!can_receive(file)) {
        errno = EAGAIN;
        return -1;
    }
    return __real_read(file, buffer, size);
}

ssize_t __wrap_recv(int file, void *buffer, size_t size, int flags) {
    if (!can_receive(file)) {
        errno = EAGAIN;
        return -1;
    }
    return __real_recv(file, buffer, size, flags);
}

int __wrap_poll(struct pollfd *files, nfds_t count, int timeout_ms) {
    for (int i = 0; i < MAX_FILES; i++) {
        if (sockets[i].open) {
            release_acknowledged(&sockets[i]);
        }
    }
    chip_publish();
    if (chip_network_works()) {
        return chip_poll(files, count, timeout_ms);
    }
    struct pollfd seen[MAX_FILES];
    nfds_t seen_count = count < MAX_FILES ? count : MAX_FILES;
    memcpy(seen, files, seen_count * sizeof(struct pollfd));
    for (nfds_t i = 0; i < seen_count; i++) {
        if (socket_of(seen[i].fd) != NULL) {
            seen[i].fd = -1;
        }
    }
    int ready = chip_poll(seen, seen_count, timeout_ms);
    for (nfds_t i = 0; i < seen_count; i++) {
        files[i].revents = seen[i].fd < 0 ? 0 : seen[i].revents;
    }
    return ready;
}
