/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spqr.h — internal: the Sparse Post-Quantum Ratchet, version 1: ML-KEM-768
 * keys and ciphertexts travel in chunks beside the messages, and every epoch
 * one of them completes gives fresh keys to both. docs/crypto.md §11.
 *
 * send and recv may leave the state half advanced when they fail: callers work
 * on a state they loaded for this one message. What recv did is to be kept
 * only when the message's own MAC holds.
 */
#ifndef COMMON_SIGNAL_SPQR_H
#define COMMON_SIGNAL_SPQR_H

#include "common/signal/pb_put.h"
#include "common/signal/spqr_auth.h"
#include "common/signal/spqr_chain.h"
#include "common/signal/spqr_message.h"

/* What a side is doing; the initiator begins with its key, the other side with
 * waiting for it, and after each epoch they change places. */
enum spqr_step {
	/* sending a key */
	SPQR_KEYS_UNSAMPLED = 1,
	SPQR_KEYS_SAMPLED,
	SPQR_HEADER_SENT,
	SPQR_CT1_RECEIVED,
	SPQR_EK_SENT_CT1_RECEIVED,
	/* sending a ciphertext */
	SPQR_NO_HEADER_RECEIVED,
	SPQR_HEADER_RECEIVED,
	SPQR_CT1_SAMPLED,
	SPQR_EK_RECEIVED_CT1_SAMPLED,
	SPQR_CT1_ACKNOWLEDGED,
	SPQR_CT2_SAMPLED,
};

#define SPQR_HDR_CHUNKS 3 /* header and MAC */
#define SPQR_EK_CHUNKS	36
#define SPQR_CT1_CHUNKS 30
#define SPQR_CT2_CHUNKS 5 /* second half and MAC */

/* Which parts a step has is told by a table in spqr.c; the others are zero. */
struct spqr {
	enum spqr_step step;
	uint64_t epoch; /* the one being agreed on, from 1 */
	/* The peer may turn out not to do SPQR: no key is used before it
	 * has shown that it does. */
	bool negotiating;
	struct spqr_auth auth;
	struct spqr_chain chain;
	uint32_t out_next; /* number of the next chunk */
	uint8_t out[SPQR_EK_CHUNKS * CHUNK_LEN]; /* what is sent in chunks */
	size_t in_n; /* chunks received so far */
	struct chunk in[CHUNKS_MAX];
	uint8_t seed[KEM_SEED_LEN]; /* our key pair */
	uint8_t ct1[MLKEM768_CT1]; /* received */
	uint8_t hdr[MLKEM768_HDR]; /* received */
	uint8_t m[KEM_MSG_LEN]; /* what we encapsulate */
	uint8_t ct2[SPQR_CT2_CHUNKS * CHUNK_LEN]; /* ours, for later */
};

/*
 * From the handshake's third secret. optional: a peer without SPQR is
 * accepted, which its first message shows.
 */
void spqr_init(struct spqr *q, bool initiator, bool optional,
    const uint8_t secret[static KDF_LEN]);
void spqr_clear(struct spqr *q);

/* The key of one message. */
struct spqr_key {
	bool has; /* false: none is mixed in */
	uint8_t b[KDF_LEN];
};

/*
 * What goes out with the next message. Returns the length in *len; 0; ERR_FULL
 * so many messages without any answer that the chain is at its end; ERR_STATE
 * never of a state made or loaded here.
 */
int spqr_send(struct spqr *q, const struct signal_rng *rng,
    uint8_t out[static SPQR_MESSAGE_MAX], size_t *len,
    struct spqr_key *key) MUST_USE;

/*
 * What came with a message. Returns 0; ERR_VERSION; ERR_FORMAT; ERR_AUTH a
 * wrong MAC or an epoch that cannot be; ERR_DUP the key is gone; ERR_RANGE too
 * far ahead; ERR_NOMEM.
 */
int spqr_recv(struct spqr *q, const uint8_t *p, size_t len,
    struct spqr_key *key) MUST_USE;

/* Bytes to state: 0, ERR_FORMAT, ERR_RANGE, ERR_VERSION, ERR_NOMEM; on success
 * the caller clears, after an error q is clear. */
int spqr_load(struct spqr *q, const uint8_t *p, size_t len) MUST_USE;

/* Append the bytes: 0, ERR_FULL, ERR_NOMEM; out unchanged on error. spqr_put:
 * the same into a record that is being written, pb_put.h; q: a struct spqr. */
int spqr_store(const struct spqr *q, struct buf *out) MUST_USE;
void spqr_put(struct pb_out *o, const void *q);

/* Which parts a step has. */
#define SPQR_SEED     1u
#define SPQR_CT1_KEPT 2u
#define SPQR_HDR_KEPT 4u
#define SPQR_M	      8u
#define SPQR_CT2_KEPT 16u
#define SPQR_ADDED    32u /* the chain has this epoch already */

struct spqr_shape {
	const char *name;
	enum spqr_type sends;
	uint8_t out; /* chunks of what is sent; 0: none */
	uint8_t in; /* chunks of what is received; 0: nothing is */
	unsigned parts;
};

/* The row of a step, or NULL. */
const struct spqr_shape *spqr_shape(unsigned step);

#endif
