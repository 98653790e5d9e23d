/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.h — the whole relay: store, limits, loops and methods, put together.
 * The program (main.c) and tests start it; nothing here reads a file of
 * settings, a signal or a command line.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <stdint.h>

#include "common/base.h"
#include "common/log.h"
#include "common/noise/noise.h"
#include "relay/abuse/clock.h"
#include "relay/admin/conf.h"
#include "relay/store/store.h"

#define RELAY_WHY_MAX 512

struct relay; /* heap, owned by the caller */

struct relay_env {
	struct relay_conf *conf; /* a reference is taken */
	const struct log *log; /* borrowed; its sink is thread-safe */
	const struct relay_clock *clock; /* NULL: the system's */
};

struct relay_why {
	char text[RELAY_WHY_MAX];
};

/*
 * Open the data folder and its key, bind the sockets, start. sodium_init() and
 * curl_global_init() have been called.
 * Returns 0; ERR_BUSY, ERR_VERSION, ERR_FORMAT, ERR_DENIED, ERR_IO about the
 * data folder; ERR_SYS cannot listen; ERR_CONFIG; ERR_NOMEM. why is set on
 * error: a sentence for the operator.
 */
int relay_start(struct relay **out, const struct relay_env *env,
    struct relay_why *why) MUST_USE;

/* New settings for everybody. 0 or ERR_NOMEM. */
int relay_set_conf(struct relay *r, struct relay_conf *conf) MUST_USE;

/*
 * Take nothing new, finish what is under way, say goodbye; bounded by the
 * settings' drain-timeout. quiet() is called once on another thread when no
 * connection is left: wake your loop and call relay_free().
 */
void relay_drain(struct relay *r, void (*quiet)(void *arg), void *arg);

/* Do not wait for peers any longer. After relay_drain(). */
void relay_force(struct relay *r);

/* Ends the threads, closes the store. Drains by itself when nobody has. NULL
 * is fine. */
void relay_free(struct relay *r);

/* Close these devices' sessions; reason as in GoodbyeEvent. Any thread. */
void relay_kick(
    struct relay *r, const struct store_devs *gone, const char *reason);

struct store *relay_store(struct relay *r);
const struct noise_public *relay_key(const struct relay *r);

/* The port in use of the i-th address of the settings' listen. */
uint16_t relay_port(const struct relay *r, size_t i);

/* The port of blobs over HTTP; 0 none. */
uint16_t relay_blobs_port(const struct relay *r);

/* The port of the TURN server's first address; 0 none. */
uint16_t relay_turn_port(const struct relay *r);

/* Measure what is not counted (accounts, queue) for the metrics page. Any
 * thread but the loops'; waits for the store. */
void relay_refresh_metrics(struct relay *r);

#endif
