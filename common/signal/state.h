/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h — internal: one session in memory, and the record that holds the
 * current and the archived ones as bytes. docs/crypto.md §8.
 */
#ifndef COMMON_SIGNAL_STATE_H
#define COMMON_SIGNAL_STATE_H

#include "common/proto/signal.pb-c.h"
#include "common/signal/chain.h"
#include "common/signal/kdf.h"
#include "common/signal/pb.h"
#include "common/signal/session.h"
#include "common/signal/spqr.h"

/* What a pre-key message tells until the peer's first reply. */
struct pending {
	uint32_t signed_id;
	bool has_one_time;
	uint32_t one_time_id;
	bool has_kyber;
	uint32_t kyber_id;
	uint8_t kyber_ct[KEM_CT_LEN];
};

struct state {
	uint8_t version;
	bool initiator;
	struct identity_pk local;
	struct identity_pk remote;
	uint32_t local_registration_id;
	uint32_t remote_registration_id;
	struct ec_pk base_key; /* the initiator's ephemeral key */
	uint64_t created_ms;
	struct root_key root;
	struct ec_pair ratchet; /* ours */
	struct chain_key sending;
	uint32_t sending_index;
	uint32_t previous_counter;
	struct chain chain[SESSION_CHAINS_MAX + 1]; /* one extra while adding */
	size_t nchains; /* oldest first */
	bool is_pending;
	struct pending pending;
	/* The post-quantum ratchet: its bytes in the record, which is borrowed
	 * for as long as they are needed; from state_pq_open() on, spqr. */
	struct cur pq; /* nothing left: none */
	bool pq_open;
	struct spqr spqr; /* last: untouched until then */
};

/* An empty state, and wiping one. */
void state_init(struct state *s);
void state_clear(struct state *s);

/* Bytes to state: 0, ERR_FORMAT, ERR_RANGE, ERR_VERSION, ERR_NOMEM. On success
 * the caller clears, and p outlives s; after an error s is clear. */
int state_load(struct state *s, const uint8_t *p, size_t len) MUST_USE;

/* A state (a struct state) into what is being written, pb_put.h. */
void state_put(struct pb_out *o, const void *s);

/* Is there a post-quantum ratchet? Open it, if it is not yet: 0; errors as
 * spqr_load(). Drop it: the session goes on without. */
bool state_has_pq(const struct state *s);
int state_pq_open(struct state *s) MUST_USE;
void state_pq_drop(struct state *s);

/* A new receiving chain; the oldest goes when there are too many. */
void state_add_chain(
    struct state *s, const struct ec_pk *ratchet, const struct chain_key *key);

/* The chain of this ratchet key, or NULL. */
struct chain *state_find_chain(struct state *s, const struct ec_pk *ratchet);

/* A decoded record; the sessions inside stay packed. */
struct record {
	struct pb_mem mem;
	Sotto__Signal__SessionRecord *pb; /* NULL: there is none yet */
};

/* p may be NULL with len 0: an empty record. Errors as state_load(). */
int record_load(struct record *rec, const uint8_t *p, size_t len) MUST_USE;
void record_clear(struct record *rec);

/* Session i: 0 is the current one (empty bytes when there is none), then the
 * archived ones, newest first. */
size_t record_sessions(const struct record *rec);
ProtobufCBinaryData record_session(const struct record *rec, size_t i);

#define RECORD_NONE SIZE_MAX

/*
 * Write a new record into out: now becomes current (NULL: none), session
 * `without` of rec (RECORD_NONE: none) is left out, all others are archived.
 * The oldest go while there are over SESSION_ARCHIVED_MAX of them or the
 * record is over SESSION_RECORD_MAX bytes. out is initialised by the call.
 * Returns 0; ERR_FULL; ERR_NOMEM. On error out is empty.
 */
int record_store(const struct record *rec, const struct state *now,
    size_t without, struct buf *out) MUST_USE;

#endif
