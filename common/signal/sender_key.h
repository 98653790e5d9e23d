/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sender_key.h — group messages: encrypted once, readable by everybody whom
 * the sender gave its key over their pairwise sessions. docs/crypto.md §10.
 *
 * As in session.h a record is one opaque byte string, and every call gives the
 * new record beside its result. A record belongs to one device and one
 * distribution and knows it: with another name it is refused.
 *
 * A sender key proves the sending device, not the group: the group's id must be
 * inside the plaintext, and a key counts for the device whose session brought
 * it. Whoever has left keeps reading until the sender makes a new key.
 */
#ifndef COMMON_SIGNAL_SENDER_KEY_H
#define COMMON_SIGNAL_SENDER_KEY_H

#include "common/buf.h"
#include "common/signal/keys.h"

#define SENDER_KEY_JUMP_MAX	    25000 /* messages ahead */
#define SENDER_KEY_SKIPPED_MAX	    2000 /* keys kept for late messages, a chain */
#define SENDER_KEY_STATES_MAX	    5 /* keys kept of one sender */
#define SENDER_KEY_RECORD_MAX	    (512 * 1024)
#define SENDER_KEY_PLAINTEXT_MAX    (512 * 1024)
#define SENDER_KEY_CIPHERTEXT_MAX   (SENDER_KEY_PLAINTEXT_MAX + 1024)
#define SENDER_KEY_DISTRIBUTION_MAX 256 /* bytes of a distribution message */
#define ACCOUNT_ID_LEN		    16
#define DISTRIBUTION_ID_LEN	    16

struct distribution_id {
	uint8_t b[DISTRIBUTION_ID_LEN];
};

/* Whose key, and for what. */
struct sender_key_name {
	uint8_t account[ACCOUNT_ID_LEN];
	uint32_t device;
	struct distribution_id distribution;
};

/* A result and the record after it; the caller clears. */
struct sender_key_result {
	struct buf bytes; /* message, plaintext or distribution message */
	struct buf record;
};

/*
 * Our own key for a distribution, made when record is empty, as the message
 * that gives it to others from its present place on. Send it inside pairwise
 * sessions only. To rotate, start from an empty record.
 * Returns 0; ERR_FORMAT, ERR_RANGE, ERR_VERSION malformed record; ERR_STATE
 * the record is not of this name, or not our own; ERR_NOMEM. out is untouched
 * on error, here and below.
 */
int sender_key_distribute(const struct sender_key_name *name,
    const uint8_t *record, size_t len, const struct signal_rng *rng,
    struct sender_key_result *out) MUST_USE;

/*
 * Store the key that came over the session of name's device.
 * record may be empty; out->bytes stays empty. A key we have already is kept
 * where it is; another key with the same chain id replaces it.
 * Returns 0; ERR_FORMAT malformed, or for another distribution than name;
 * ERR_RANGE; ERR_VERSION; ERR_STATE; ERR_NOMEM.
 */
int sender_key_process(const struct sender_key_name *name,
    const uint8_t *record, size_t len, const uint8_t *msg, size_t msglen,
    struct sender_key_result *out) MUST_USE;

/*
 * Encrypt 0..SENDER_KEY_PLAINTEXT_MAX bytes with our own key.
 * Returns 0; ERR_NOTFOUND empty record: distribute first; ERR_RANGE plaintext
 * too long; ERR_FULL the chain is at its end; ERR_STATE; ERR_FORMAT;
 * ERR_VERSION; ERR_NOMEM.
 */
int sender_key_encrypt(const struct sender_key_name *name,
    const uint8_t *record, size_t len, const uint8_t *pt, size_t ptlen,
    const struct signal_rng *rng, struct sender_key_result *out) MUST_USE;

/*
 * Decrypt a message of type SIGNAL_SENDER_KEY_MESSAGE from name's device.
 * Returns 0; ERR_NOTFOUND its key never came: ask the sender; ERR_AUTH bad
 * signature; ERR_DUP; ERR_RANGE too far ahead, or too long; ERR_FORMAT
 * malformed, or for another distribution; ERR_VERSION; ERR_STATE; ERR_NOMEM.
 */
int sender_key_decrypt(const struct sender_key_name *name,
    const uint8_t *record, size_t len, const uint8_t *ct, size_t ctlen,
    struct sender_key_result *out) MUST_USE;

void sender_key_result_clear(struct sender_key_result *r);

/*
 * Which distribution a group message or a distribution message is for, to find
 * the record; nothing is proven yet. Returns 0; ERR_FORMAT, ERR_RANGE,
 * ERR_VERSION; ERR_NOMEM. id is unchanged on error.
 */
int sender_key_message_peek(
    const uint8_t *ct, size_t len, struct distribution_id *id) MUST_USE;
int sender_key_distribution_peek(
    const uint8_t *msg, size_t len, struct distribution_id *id) MUST_USE;

#endif
