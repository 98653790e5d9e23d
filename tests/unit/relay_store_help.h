/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_store_help.h — a store in a private folder with a clock the test
 * turns, operations that are waited for, and people who register.
 */
#ifndef TESTS_UNIT_RELAY_STORE_HELP_H
#define TESTS_UNIT_RELAY_STORE_HELP_H

#include "relay/store/store.h"
#include "tests/unit/test.h"

#define RIG_START_MS UINT64_C(1700000000000)

struct rig {
	char dir[64];
	struct store *s;
	struct store_opts opts;
	struct store_sink sink;
	pthread_mutex_t lock;
	pthread_cond_t some;
	unsigned wakes; /* of the sink */
	uint64_t now_ms; /* the store's clock */
	bool gate; /* closed: the next batch waits in its first look at it */
	bool at_gate; /* a batch is waiting there */
	char trouble[STORE_WHY_MAX]; /* as told last; "" fine again */
	unsigned troubles;
};

/* A fresh folder, not opened yet; change r->opts before rig_open(). */
void rig_init(struct rig *r);
void rig_open(struct rig *r);
void rig_close(struct rig *r); /* the store, not the folder */
void rig_reopen(struct rig *r);
void rig_clear(struct rig *r); /* all of it */
void rig_remove_dir(const char *dir);

/* Sinks that count wake-ups; wait until op is done on one. */
int rig_sink_init(struct rig *r, struct store_sink *k);
void rig_wait_done(struct rig *r, struct store_sink *k, struct store_op *op);

/* Prepare, submit and wait. rig_init_op() fills in done and sink. */
void rig_init_op(struct rig *r, struct store_op *op, enum store_kind kind);
void rig_submit(struct rig *r, struct store_op *op);
void rig_wait(struct rig *r, struct store_op *op);
int rig_call(struct rig *r, struct store_op *op);
bool rig_done(const struct store_op *op);

/* Hold the writer back: after gate_close() the batch of the next operation
 * starts but waits; what is submitted meanwhile waits together. */
void rig_gate_close(struct rig *r);
void rig_gate_wait(struct rig *r); /* until a batch is there */
void rig_gate_open(struct rig *r);

/* ---- people -------------------------------------------------------------------- */

struct person {
	char phone[STORE_PHONE_MAX + 1];
	struct account_id id;
	uint8_t noise_pk[STORE_NOISE_PK_LEN];
	uint32_t device_id, registration_id;
	store_dev dev;
};

/* Keys with made-up bytes; ids from first on. v has room for n. */
void fake_keys(struct store_keys *k, struct store_key *one_time, size_t n1,
    struct store_key *kyber, size_t n2, uint32_t first);

/* An attempt for phone with that token and code byte. */
int put_attempt(
    struct rig *r, const char *phone, uint8_t token, const char *invite);

/* Fill in o for an attempt of put_attempt(). */
void fill_register(
    struct rig *r, struct op_register *o, uint8_t token, uint8_t who);

/* Register number who (1..250) with n one-time and n Kyber one-time keys. */
void join(struct rig *r, struct person *p, uint8_t who, size_t n);

/* The steps of linking a device of p (its first): a number for the Noise key
 * who, the device itself, a list of a version with all there are. */
int reserve_device(
    struct rig *r, const struct person *p, uint8_t who, uint32_t *id);
int finish_device(
    struct rig *r, const struct person *p, struct person *q, uint8_t who);
void list_devices(struct rig *r, const struct person *p, uint32_t version);

/* All three: one more device of p, listed as version 1000 + its number; q gets
 * its own numbers. */
void join_device(
    struct rig *r, const struct person *p, struct person *q, uint8_t who);

/* One envelope to every given device; result of the send. seq and repeat of
 * the first are told when not NULL. */
int send_to(struct rig *r, const struct person *from, uint8_t message,
    const struct person *const *to, size_t n, struct store_envelope *v);
int send_one(struct rig *r, const struct person *from, const struct person *to,
    uint8_t message, uint64_t *seq);

uint64_t queue_count(struct rig *r, store_dev dev);
void ack(struct rig *r, store_dev dev, uint64_t seq);
int by_key(struct rig *r, const struct person *p, struct op_device_by_key *o);
void stats(struct rig *r, struct op_stats *o);

#endif
