/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ct_conversation.c — two people and a group whose every random byte is
 * secret: handshake, ratchet steps, late messages, a whole epoch of SPQR with
 * its records, forged messages, sender keys. Ciphertexts are public when they
 * are made, plaintexts when they are read.
 */
#include <string.h>

#include <sodium.h>

#include "common/signal/sender_key.h"
#include "common/signal/session.h"
#include "tests/ct/ct.h"

struct peer {
	struct identity_key_pair identity;
	struct signed_pre_key signed_key;
	struct one_time_pre_key one_time;
	struct kyber_pre_key kyber;
	struct signal_local local;
	struct buf record;
};

static int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	*out = ((struct peer *)ctx)->signed_key;
	return id == 1 ? 0 : ERR_NOTFOUND;
}

static int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	*out = ((struct peer *)ctx)->one_time;
	return id == 2 ? 0 : ERR_NOTFOUND;
}

static int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	*out = ((struct peer *)ctx)->kyber;
	return id == 3 ? 0 : ERR_NOTFOUND;
}

static void
peer_init(struct peer *p)
{
	memset(p, 0, sizeof(*p));
	identity_generate(&p->identity, &ct_rng);
	signed_pre_key_generate(&p->signed_key, 1, &p->identity, 0, &ct_rng);
	one_time_pre_key_generate(&p->one_time, 2, &ct_rng);
	kyber_pre_key_generate(&p->kyber, 3, true, &p->identity, 0, &ct_rng);
	ct_public(p->signed_key.sig, SIGNATURE_LEN);
	ct_public(p->kyber.sig, SIGNATURE_LEN);
	p->local = (struct signal_local){
	    .identity = &p->identity, .rng = &ct_rng, .min_version = 4};
}

static int
start(struct peer *me, const struct peer *with)
{
	struct pre_key_bundle b = {
	    .identity = with->identity.pk,
	    .signed_id = 1,
	    .signed_key = with->signed_key.pair.pk,
	    .has_one_time = true,
	    .one_time_id = 2,
	    .one_time = with->one_time.pair.pk,
	    .has_kyber = true,
	    .kyber_id = 3,
	    .kyber = with->kyber.pk,
	};

	memcpy(b.signed_sig, with->signed_key.sig, SIGNATURE_LEN);
	memcpy(b.kyber_sig, with->kyber.sig, SIGNATURE_LEN);
	return session_start(&me->local, NULL, 0, &b, &me->record);
}

static int
say(struct peer *me, struct session_sealed *s)
{
	uint8_t text[20] = "the text is secret";
	int r;

	ct_secret(text, sizeof(text));
	r = session_encrypt(
	    &me->local, me->record.p, me->record.len, text, sizeof(text), s);
	if (r != 0)
		return 1;
	ct_public(s->ciphertext.p, s->ciphertext.len);
	buf_clear(&me->record);
	me->record = s->record;
	buf_init(&s->record, 0);
	return 0;
}

/* Hear a message, and before it one with a wrong bit. */
static int
hear(struct peer *me, struct session_sealed *s)
{
	const struct signal_prekeys keys = {
	    signed_get, one_time_get, kyber_get, me};
	uint8_t *last = s->ciphertext.p + s->ciphertext.len - 1;
	struct session_opened got;
	int r, forged;

	*last ^= 1;
	forged = session_decrypt(&me->local, me->record.p, me->record.len,
	    &keys, s->type, s->ciphertext.p, s->ciphertext.len, &got);
	*last ^= 1;
	r = session_decrypt(&me->local, me->record.p, me->record.len, &keys,
	    s->type, s->ciphertext.p, s->ciphertext.len, &got);
	session_sealed_clear(s);
	if (r != 0)
		return 1;
	buf_clear(&me->record);
	me->record = got.record;
	buf_init(&got.record, 0);
	r = got.plaintext.len != 20;
	session_opened_clear(&got);
	return r + (forged == 0);
}

/* An epoch needs some 80 turns; a second one begins with changed roles. */
int
ct_conversation(void)
{
	static struct peer p[2];
	struct session_sealed s, late;
	int i, from, failed = 0;

	peer_init(&p[0]);
	peer_init(&p[1]);
	if (start(&p[0], &p[1]) != 0)
		return 1;
	for (i = 0; failed == 0 && i < 190; i++) {
		from = i & 1;
		if (i % 20 == 8)
			failed += say(&p[from], &late);
		failed += say(&p[from], &s);
		if (failed == 0)
			failed += hear(&p[!from], &s);
		if (i % 20 == 8 && failed == 0)
			failed += hear(&p[!from], &late);
	}
	buf_clear(&p[0].record);
	buf_clear(&p[1].record);
	return failed;
}

static void
take(struct buf *record, struct sender_key_result *made)
{
	buf_clear(record);
	*record = made->record;
	buf_init(&made->record, 0);
	sender_key_result_clear(made);
}

int
ct_group(void)
{
	const struct sender_key_name name = {.device = 1};
	uint8_t text[20] = "the text is secret";
	struct sender_key_result made, got;
	struct buf ours, theirs = {.p = NULL};
	int i;

	ct_secret(text, sizeof(text));
	if (sender_key_distribute(&name, NULL, 0, &ct_rng, &made) != 0 ||
	    sender_key_process(
		&name, NULL, 0, made.bytes.p, made.bytes.len, &got) != 0)
		return 1;
	buf_init(&ours, 0);
	take(&ours, &made);
	take(&theirs, &got);
	for (i = 0; i < 6; i++) {
		if (sender_key_encrypt(&name, ours.p, ours.len, text,
			sizeof(text), &ct_rng, &made) != 0)
			return 1;
		ct_public(made.bytes.p, made.bytes.len);
		if (i % 3 == 2 &&
		    sender_key_decrypt(&name, theirs.p, theirs.len,
			made.bytes.p, made.bytes.len, &got) != 0)
			return 1;
		take(&ours, &made);
		if (i % 3 == 2)
			take(&theirs, &got);
	}
	buf_clear(&ours);
	buf_clear(&theirs);
	return 0;
}
