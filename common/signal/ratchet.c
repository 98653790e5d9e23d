/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/ratchet.h"

/* ---- the post-quantum ratchet --------------------------------------------- */

/* What goes out with a message; nothing in a session without SPQR. */
struct pq_part {
	uint8_t b[SPQR_MESSAGE_MAX];
	size_t len;
	struct spqr_key key;
};

static int
pq_send(struct state *s, const struct signal_rng *rng, struct pq_part *part)
{
	int r;

	if (!state_has_pq(s))
		return 0;
	r = state_pq_open(s);
	return r == 0
		   ? spqr_send(&s->spqr, rng, part->b, &part->len, &part->key)
		   : r;
}

/* A message without SPQR: only a peer that has not shown it may send one, and
 * then the session goes on without. */
static int
pq_absent(struct state *s)
{
	if (!s->spqr.negotiating)
		return ERR_VERSION;
	state_pq_drop(s);
	return 0;
}

static int
pq_recv(struct state *s, const struct signal_message *m, struct spqr_key *key)
{
	int r;

	if (!state_has_pq(s))
		return 0;
	r = state_pq_open(s);
	if (r != 0)
		return r;
	return m->pq_ratchet_len == 0
		   ? pq_absent(s)
		   : spqr_recv(&s->spqr, m->pq_ratchet, m->pq_ratchet_len, key);
}

static const uint8_t *
pq_salt(const struct spqr_key *key)
{
	return key->has ? key->b : NULL;
}

/* ---- sending -------------------------------------------------------------- */

int
ratchet_seal(struct state *s, const struct signal_rng *rng, const uint8_t *pt,
    size_t len, struct buf *out)
{
	const struct mac_parties who = {s->local, s->remote};
	struct message_seed seed;
	struct chain_key next;
	struct message_keys mk = {.iv = {0}};
	struct pq_part pq = {.len = 0};
	struct signal_message m;
	struct buf ct;
	int r;

	if (s->sending_index == UINT32_MAX)
		return ERR_FULL;
	buf_init(&ct, len + CBC_BLOCK);
	kdf_chain_step(&seed, &next, &s->sending);
	r = pq_send(s, rng, &pq);
	if (r != 0)
		goto out;
	kdf_message_keys(&mk, &seed, pq_salt(&pq.key));
	r = cbc_seal(&ct, mk.cipher, mk.iv, pt, len);
	if (r != 0)
		goto out;
	signal_message_init(&m);
	m.version = s->version;
	m.ratchet_key = s->ratchet.pk;
	m.counter = s->sending_index;
	m.previous_counter = s->previous_counter;
	m.ciphertext = ct.p;
	m.ciphertext_len = ct.len;
	m.pq_ratchet = pq.b;
	m.pq_ratchet_len = pq.len;
	r = signal_message_put(out, &m, mk.mac, &who);
	if (r != 0)
		goto out;
	s->sending = next;
	s->sending_index++;
out:
	buf_clear(&ct);
	sodium_memzero(&seed, sizeof(seed));
	sodium_memzero(&next, sizeof(next));
	sodium_memzero(&mk, sizeof(mk));
	sodium_memzero(&pq, sizeof(pq));
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
    const struct message_seed *seed, const uint8_t *salt, struct buf *out)
{
	const struct mac_parties who = {s->remote, s->local};
	struct message_keys mk;
	int r;

	kdf_message_keys(&mk, seed, salt);
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
	struct spqr_key key = {.has = false};
	struct chain *c;
	bool fresh;
	int r = 0;

	if (m->version != s->version)
		return ERR_VERSION;
	c = state_find_chain(s, &m->ratchet_key);
	fresh = c == NULL;
	if (fresh) {
		r = chain_begin(s, &m->ratchet_key);
		if (r == 0)
			c = &s->chain[s->nchains - 1];
	}
	if (r == 0)
		r = chain_take(c, m->counter, &seed);
	if (r == 0) {
		r = pq_recv(s, m, &key);
		/* with a ratchet key we do not know it may well be a message
		 * of another session, and no repeat of one of this */
		if (r == ERR_DUP && fresh)
			r = ERR_AUTH;
	}
	if (r == 0)
		r = open_body(s, m, &seed, pq_salt(&key), out);
	if (r == 0 && fresh)
		r = sending_begin(s, &m->ratchet_key, rng);
	if (r == 0)
		s->is_pending = false; /* the peer has answered */
	sodium_memzero(&seed, sizeof(seed));
	sodium_memzero(&key, sizeof(key));
	return r;
}
