/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/ratchet.h"

/* ---- sending -------------------------------------------------------------- */

int
ratchet_seal(struct state *s, const uint8_t *pt, size_t len, struct buf *out)
{
	const struct mac_parties who = {s->local, s->remote};
	struct message_seed seed;
	struct message_keys mk;
	struct signal_message m = {
	    .version = s->version,
	    .ratchet_key = s->ratchet.pk,
	    .counter = s->sending_index,
	    .previous_counter = s->previous_counter,
	};
	struct buf ct;
	int r;

	if (s->sending_index == UINT32_MAX)
		return ERR_FULL;
	buf_init(&ct, len + CBC_BLOCK);
	kdf_chain_seed(&seed, &s->sending);
	kdf_message_keys(&mk, &seed, NULL);
	r = cbc_seal(&ct, mk.cipher, mk.iv, pt, len);
	if (r != 0)
		goto out;
	m.ciphertext = ct.p;
	m.ciphertext_len = ct.len;
	r = signal_message_put(out, &m, mk.mac, &who);
	if (r != 0)
		goto out;
	kdf_chain_next(&s->sending, &s->sending);
	s->sending_index++;
out:
	buf_clear(&ct);
	sodium_memzero(&seed, sizeof(seed));
	sodium_memzero(&mk, sizeof(mk));
	return r;
}

/* ---- receiving ------------------------------------------------------------ */

/* The chain of a ratchet key not seen before; the root moves half a step. */
static int
chain_begin(struct state *s, const struct ec_pk *theirs)
{
	uint8_t dh[EC_LEN];
	struct chain_key key;
	int r;

	r = ec_agree(dh, &s->ratchet.sk, theirs);
	if (r != 0)
		return r;
	kdf_root_step(&s->root, &key, &s->root, dh);
	state_add_chain(s, theirs, &key);
	sodium_memzero(dh, sizeof(dh));
	sodium_memzero(&key, sizeof(key));
	return 0;
}

/* The other half: a fresh ratchet key of ours and its sending chain. */
static int
sending_begin(
    struct state *s, const struct ec_pk *theirs, const struct signal_rng *rng)
{
	uint8_t dh[EC_LEN];
	int r;

	ec_generate(&s->ratchet, rng);
	r = ec_agree(dh, &s->ratchet.sk, theirs);
	if (r != 0)
		return r;
	kdf_root_step(&s->root, &s->sending, &s->root, dh);
	s->previous_counter = s->sending_index > 0 ? s->sending_index - 1 : 0;
	s->sending_index = 0;
	sodium_memzero(dh, sizeof(dh));
	return 0;
}

static int
open_body(const struct state *s, const struct signal_message *m,
    const struct message_seed *seed, struct buf *out)
{
	const struct mac_parties who = {s->remote, s->local};
	struct message_keys mk;
	int r;

	kdf_message_keys(&mk, seed, NULL);
	r = signal_message_check(m, mk.mac, &who);
	if (r == 0)
		r = cbc_open(
		    out, mk.cipher, mk.iv, m->ciphertext, m->ciphertext_len);
	sodium_memzero(&mk, sizeof(mk));
	return r;
}

int
ratchet_open(struct state *s, const struct signal_message *m,
    const struct signal_rng *rng, struct buf *out)
{
	struct message_seed seed = {{0}};
	struct chain *c;
	bool fresh;
	int r = 0;

	if (m->version != s->version)
		return ERR_VERSION;
	c = state_find_chain(s, &m->ratchet_key);
	fresh = c == NULL;
	if (fresh) {
		r = chain_begin(s, &m->ratchet_key);
		c = &s->chain[s->nchains - 1];
	}
	if (r == 0)
		r = chain_take(c, m->counter, &seed);
	if (r == 0)
		r = open_body(s, m, &seed, out);
	if (r == 0 && fresh)
		r = sending_begin(s, &m->ratchet_key, rng);
	if (r == 0)
		s->is_pending = false; /* the peer has answered */
	sodium_memzero(&seed, sizeof(seed));
	return r;
}
