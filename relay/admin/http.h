/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h — GET /healthz and GET /metrics on a loopback port. Anything else is
 * 404, other methods 405. One thread of its own; no other state is shared than
 * metrics and health, both safe from any thread.
 */
#ifndef RELAY_ADMIN_HTTP_H
#define RELAY_ADMIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/log.h"

/* Why /healthz says 503; the first that holds is the reason given. */
#define HEALTH_FLAGS(X)                                                        \
	X(STARTING, "starting")                                                \
	X(STORE_FAILING, "the store refuses writes")                           \
	X(DISK_FULL, "the disk is nearly full")                                \
	X(DRAINING, "draining")

enum health_flag {
#define X(name, text) HEALTH_##name,
	HEALTH_FLAGS(X)
#undef X
	    HEALTH_FLAG_COUNT
};

/* Raise or clear a reason. Process-wide, any thread; nothing is raised at the
 * start. */
void health_set(enum health_flag f, bool on);

/* NULL when healthy, else the reason; static storage. */
const char *health_reason(void);

/* Raise or clear HEALTH_DISK_FULL: less than `min` bytes are free where dir
 * is. Blocks as long as statvfs() does. */
void health_check_disk(const char *dir, uint64_t min);

struct admin_http;

/*
 * Serve on `listen` ("127.0.0.1:7787", "[::1]:0"). refresh (may be NULL) is
 * called on the server's thread before /metrics is printed.
 * Returns 0; ERR_FORMAT bad address; ERR_SYS cannot listen there; ERR_NOMEM.
 */
int admin_http_start(struct admin_http **out, const char *listen,
    void (*refresh)(void *arg), void *arg, const struct log *log) MUST_USE;

/* The port in use. */
uint16_t admin_http_port(const struct admin_http *h);

/* Stops the thread; NULL is fine. */
void admin_http_stop(struct admin_http *h);

#endif
