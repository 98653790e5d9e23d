/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_load.h — many clients of a server on one thread: senders that keep a
 * window of messages under way to receivers that acknowledge. What a server
 * speaks is a small table of functions; what is measured is the same for all.
 */
#ifndef TESTS_BENCH_RELAY_LOAD_H
#define TESTS_BENCH_RELAY_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define LOAD_BODY 100 /* bytes of a message; the first 8 are its time */

struct load;

enum load_role { LOAD_SENDER, LOAD_RECEIVER };

/* One client. */
struct peer {
	struct load *load;
	enum load_role role;
	uint32_t index; /* of its role */
	int fd;
	bool ready; /* connected, and known to the server */
	uint32_t events; /* that epoll watches */
	struct buf in, out;
	uint32_t inflight; /* messages sent, not acknowledged */
	uint64_t *sent_ns; /* ring of the window's times */
	uint32_t first, next; /* of the ring; acks come in order */
	void *state; /* the protocol's */
};

struct load_proto {
	const char *name;
	uint16_t port;
	const char *host;
	/* A connection was made: append what opens it. */
	void (*open)(struct peer *p);
	/* Take whole messages of p->in. Calls load_ready(), load_acked(),
	 * load_got(). */
	void (*input)(struct peer *p);
	/* Append one message of LOAD_BODY bytes to receiver `to`. */
	void (*send)(struct peer *p, uint32_t to, const uint8_t *body);
	void (*close)(struct peer *p);
	/* Before the output is written; may be NULL. */
	void (*flush)(struct peer *p);
	void *ctx;
};

/* What was measured; times in ns. */
struct load_result {
	uint64_t sent, acked, got;
	uint64_t ns; /* of the run */
	uint64_t ack_p50, ack_p99, e2e_p50, e2e_p99;
};

struct load *load_new(const struct load_proto *proto);
void load_free(struct load *l);

/* Connect more clients of a role until there are n; returns when all are
 * ready. spread: from 200 addresses. Ends the program when one fails. */
void load_connect(struct load *l, enum load_role role, uint32_t n, bool spread);
/* Close all of a role. */
void load_close(struct load *l, enum load_role role);

/*
 * Send with `window` under way per sender, for ms milliseconds or until max
 * messages are acknowledged (0: no such end); then wait for the rest. Every
 * sender sends to the receiver of its index (modulo receivers).
 *   receive  also wait until everything has arrived
 */
void load_run(struct load *l, uint32_t window, uint32_t ms, uint64_t max,
    uint32_t receivers, bool receive, struct load_result *r);

/* Wait until n messages have arrived. */
void load_drain(struct load *l, uint64_t n, struct load_result *r);

/* Process what comes for ms milliseconds. */
void load_idle(struct load *l, uint32_t ms);

/* ---- for protocols -------------------------------------------------------------------- */

void load_ready(struct peer *p);
void load_acked(struct peer *p, uint32_t n);
/* A message arrived. */
void load_got(struct peer *p, const uint8_t *body, size_t len);
NORETURN void load_die(const char *what);
uint64_t load_now_ns(void);

/* The two there are. */
struct people;
void load_sotto(struct load_proto *proto, const struct people *people,
    const uint8_t key[static 32], uint16_t port, uint32_t senders);
void load_mqtt(struct load_proto *proto, uint16_t port);

#endif
