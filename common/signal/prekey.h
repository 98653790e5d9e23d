/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prekey.h — pre-keys: what a device publishes so that others can start a
 * session while it sleeps, and the private halves it keeps. docs/crypto.md §5.
 */
#ifndef COMMON_SIGNAL_PREKEY_H
#define COMMON_SIGNAL_PREKEY_H

#include "common/buf.h"
#include "common/signal/keys.h"

#define PREKEY_RECORD_MAX 8192 /* bytes of any packed private pre-key */

/* What a peer's device published; the relay hands it out. */
struct pre_key_bundle {
	uint32_t registration_id;
	struct identity_pk identity;
	uint32_t signed_id;
	struct ec_pk signed_key;
	uint8_t signed_sig[SIGNATURE_LEN];
	bool has_one_time; /* the pool may be empty */
	uint32_t one_time_id;
	struct ec_pk one_time;
	bool has_kyber; /* version 4 sessions need it */
	uint32_t kyber_id;
	struct kem_pk kyber;
	uint8_t kyber_sig[SIGNATURE_LEN];
};

/* Private pre-keys of our own. Wipe with sodium_memzero after use. */
struct signed_pre_key {
	uint32_t id;
	uint64_t created_ms;
	struct ec_pair pair;
	uint8_t sig[SIGNATURE_LEN];
};
struct one_time_pre_key {
	uint32_t id;
	struct ec_pair pair;
};
struct kyber_pre_key {
	uint32_t id;
	uint64_t created_ms;
	bool last_resort; /* not deleted after use */
	struct kem_pk pk;
	struct kem_sk sk;
	uint8_t sig[SIGNATURE_LEN];
};

/*
 * Both signatures of a bundle, over the encoded keys (type byte first).
 * Returns 0; ERR_AUTH; ERR_NOMEM. session_start() calls it itself.
 */
int pre_key_bundle_check(const struct pre_key_bundle *b) MUST_USE;

/* Fresh pre-keys; ids are the caller's, any uint32. */
void signed_pre_key_generate(struct signed_pre_key *out, uint32_t id,
    const struct identity_key_pair *identity, uint64_t now_ms,
    const struct signal_rng *rng);
void one_time_pre_key_generate(
    struct one_time_pre_key *out, uint32_t id, const struct signal_rng *rng);
void kyber_pre_key_generate(struct kyber_pre_key *out, uint32_t id,
    bool last_resort, const struct identity_key_pair *identity, uint64_t now_ms,
    const struct signal_rng *rng);

/*
 * Private pre-keys as bytes for the store (common/proto/signal.proto). pack
 * appends: 0, ERR_FULL, ERR_NOMEM; the buffer is unchanged on error. unpack:
 * 0, ERR_FORMAT, ERR_RANGE, ERR_NOMEM; out is unchanged on error.
 */
int signed_pre_key_pack(
    struct buf *out, const struct signed_pre_key *k) MUST_USE;
int signed_pre_key_unpack(
    struct signed_pre_key *out, const uint8_t *p, size_t len) MUST_USE;
int one_time_pre_key_pack(
    struct buf *out, const struct one_time_pre_key *k) MUST_USE;
int one_time_pre_key_unpack(
    struct one_time_pre_key *out, const uint8_t *p, size_t len) MUST_USE;
int kyber_pre_key_pack(struct buf *out, const struct kyber_pre_key *k) MUST_USE;
int kyber_pre_key_unpack(
    struct kyber_pre_key *out, const uint8_t *p, size_t len) MUST_USE;

#endif
