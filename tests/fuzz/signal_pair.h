/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_pair.h — two peers with fixed keys for the fuzz targets of
 * common/signal/: the same bytes in every run, so that a corpus file which
 * decrypts today decrypts tomorrow.
 */
#ifndef TESTS_FUZZ_SIGNAL_PAIR_H
#define TESTS_FUZZ_SIGNAL_PAIR_H

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/session.h"

static inline void
fuzz_need(int ok)
{
	if (!ok)
		abort();
}

/* Counts up: every draw is another, every run the same. */
static inline void
fuzz_fill(void *ctx, void *out, size_t n)
{
	uint8_t seed[randombytes_SEEDBYTES] = {0};
	uint32_t *counter = ctx;

	memcpy(seed, counter, sizeof(*counter));
	(*counter)++;
	randombytes_buf_deterministic(out, n, seed);
}

struct fuzz_pair {
	uint32_t counter;
	struct signal_rng rng;
	struct identity_key_pair alice_key, bob_key;
	struct signed_pre_key signed_key;
	struct one_time_pre_key one_time;
	struct kyber_pre_key kyber;
	struct signal_local alice, bob;
	struct buf alice_record, bob_record; /* acquainted */
};

static inline int
fuzz_signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	struct fuzz_pair *p = ctx;

	*out = p->signed_key;
	return id == p->signed_key.id ? 0 : ERR_NOTFOUND;
}

static inline int
fuzz_one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	struct fuzz_pair *p = ctx;

	*out = p->one_time;
	return id == p->one_time.id ? 0 : ERR_NOTFOUND;
}

static inline int
fuzz_kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	struct fuzz_pair *p = ctx;

	*out = p->kyber;
	return id == p->kyber.id ? 0 : ERR_NOTFOUND;
}

static inline struct signal_prekeys
fuzz_keys(struct fuzz_pair *p)
{
	return (struct signal_prekeys){
	    fuzz_signed_get, fuzz_one_time_get, fuzz_kyber_get, p};
}

static inline struct pre_key_bundle
fuzz_bundle(const struct fuzz_pair *p, bool kyber)
{
	struct pre_key_bundle b = {
	    .registration_id = 2,
	    .identity = p->bob_key.pk,
	    .signed_id = p->signed_key.id,
	    .signed_key = p->signed_key.pair.pk,
	    .has_one_time = true,
	    .one_time_id = p->one_time.id,
	    .one_time = p->one_time.pair.pk,
	    .has_kyber = kyber,
	    .kyber_id = p->kyber.id,
	    .kyber = p->kyber.pk,
	};

	memcpy(b.signed_sig, p->signed_key.sig, SIGNATURE_LEN);
	memcpy(b.kyber_sig, p->kyber.sig, SIGNATURE_LEN);
	return b;
}

/* Alice starts, writes, and Bob has read it. kyber: version 4 with SPQR. */
static inline void
fuzz_pair_init(struct fuzz_pair *p, bool kyber)
{
	struct signal_prekeys keys = fuzz_keys(p);
	struct pre_key_bundle b;
	struct session_sealed sealed;
	struct session_opened opened;

	fuzz_need(sodium_init() >= 0);
	memset(p, 0, sizeof(*p));
	p->rng = (struct signal_rng){fuzz_fill, &p->counter};
	identity_generate(&p->alice_key, &p->rng);
	identity_generate(&p->bob_key, &p->rng);
	signed_pre_key_generate(&p->signed_key, 5, &p->bob_key, 1, &p->rng);
	one_time_pre_key_generate(&p->one_time, 6, &p->rng);
	kyber_pre_key_generate(&p->kyber, 7, true, &p->bob_key, 1, &p->rng);
	p->alice =
	    (struct signal_local){&p->alice_key, 1, &p->rng, 1000, 3, false};
	p->bob = (struct signal_local){&p->bob_key, 2, &p->rng, 1000, 3, false};
	b = fuzz_bundle(p, kyber);
	fuzz_need(session_start(&p->alice, NULL, 0, &b, &p->alice_record) == 0);
	fuzz_need(
	    session_encrypt(&p->alice, p->alice_record.p, p->alice_record.len,
		(const uint8_t *)"hi", 2, &sealed) == 0);
	fuzz_need(
	    session_decrypt(&p->bob, NULL, 0, &keys, sealed.type,
		sealed.ciphertext.p, sealed.ciphertext.len, &opened) == 0);
	buf_clear(&p->alice_record);
	p->alice_record = sealed.record;
	p->bob_record = opened.record;
	buf_init(&sealed.record, 0);
	buf_init(&opened.record, 0);
	session_sealed_clear(&sealed);
	session_opened_clear(&opened);
}

/*
 * Bob reads bytes of a type with his record (or none): on error the outputs
 * are untouched, on success the new record is sound.
 */
static inline int
fuzz_decrypt(struct fuzz_pair *p, const struct buf *record,
    enum signal_type type, const uint8_t *data, size_t len)
{
	struct signal_prekeys keys = fuzz_keys(p);
	struct session_opened out, was;
	struct session_info info;
	uint32_t counter = p->counter;
	int r;

	memset(&out, 0x77, sizeof(out));
	memcpy(&was, &out, sizeof(was));
	r = session_decrypt(
	    &p->bob, record->p, record->len, &keys, type, data, len, &out);
	p->counter = counter;
	if (r == 0) {
		fuzz_need(
		    session_info(out.record.p, out.record.len, &info) == 0);
		fuzz_need(info.has_current);
		fuzz_need(
		    identity_pk_equal(&info.remote_identity, &out.identity));
		session_opened_clear(&out);
	} else {
		fuzz_need(r < 0);
		fuzz_need(memcmp(&out, &was, sizeof(out)) == 0);
	}
	return r;
}

#endif
