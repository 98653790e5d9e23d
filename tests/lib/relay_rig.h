/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_rig.h — a whole relay inside a test program: real sockets on loopback,
 * a real store in a private folder, codes read from its log.
 */
#ifndef TESTS_LIB_RELAY_RIG_H
#define TESTS_LIB_RELAY_RIG_H

#include <pthread.h>

#include "relay/admin/metrics.h"
#include "relay/relay.h"
#include "tests/lib/relay_client.h"

#define RIG_ARGS_MAX 96

struct rig {
	char dir[64];
	struct relay_conf *conf;
	struct relay *relay;
	struct log log;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	char code[7]; /* the last one that was logged */
};

/* A fresh folder; fails the test when it cannot. sodium_init() was called. */
void rig_init(struct rig *g);
/* Removes the folder; the relay is stopped. */
void rig_clear(struct rig *g);

/*
 * Start the relay on 127.0.0.1, with two loops, open registration, no rate
 * limits; args: more flags, NULL at the end, the later win.
 */
void rig_start(struct rig *g, const char *const *args);
/* Drain it and end it. */
void rig_stop(struct rig *g);

/* Settings as rig_start() makes them, e.g. for relay_set_conf(). */
struct relay_conf *rig_conf(struct rig *g, const char *const *args);

uint16_t rig_port(const struct rig *g);

/* A code() for rc_register(); arg is the rig. */
int rig_code(void *arg, char out[static 7]);

/* Connect as somebody. IK when ik, else XX. Fails the test. */
struct rc *rig_connect(struct rig *g, const struct rc_person *p);
/* The same with options; host, port, me and relay are filled in. */
int rig_open(struct rig *g, struct rc **c, const struct rc_person *p,
    struct rc_opts opts);

/* Make somebody: registered, with `keys` one-time keys, and not connected. */
void rig_person(struct rig *g, struct rc_person *p, unsigned n, unsigned keys);

/* Wait until a metric has a value, by asking again and again; fails the test
 * after 20 s. */
void rig_wait_metric(enum metric m, int64_t want);
void rig_wait_metric1(enum metric m, unsigned label, int64_t want);
void rig_wait_metric1_at_least(enum metric m, unsigned label, int64_t least);

#endif
