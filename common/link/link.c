/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "common/link/link.h"
#include "common/signal/xeddsa.h"

#define PROLOGUE "Sotto link/1" /* without its NUL; the mailbox follows */

enum { LINK_NONE, LINK_HANDSHAKE, LINK_OPEN, LINK_FAILED };

static int
begin(struct link_channel *l, enum noise_role role, const uint8_t *mailbox,
    const struct noise_public *peer, const struct noise_rng *rng)
{
	uint8_t prologue[sizeof(PROLOGUE) - 1 + LINK_MAILBOX_LEN];
	struct noise_params p = {
	    .pattern = NOISE_IK,
	    .role = role,
	    .prologue = prologue,
	    .prologue_len = sizeof(prologue),
	    .s = &l->s,
	    .rs = peer,
	    .rng = rng,
	};
	int r;

	memcpy(prologue, PROLOGUE, sizeof(PROLOGUE) - 1);
	memcpy(prologue + sizeof(PROLOGUE) - 1, mailbox, LINK_MAILBOX_LEN);
	memset(l, 0, sizeof(*l));
	noise_keypair_make(&l->s, rng);
	r = noise_init(&l->hs, &p);
	if (r == 0)
		l->state = LINK_HANDSHAKE;
	else
		link_clear(l);
	return r;
}

int
link_ask(struct link_channel *l, const uint8_t mailbox[static LINK_MAILBOX_LEN],
    const struct noise_rng *rng, struct link_offer *o)
{
	int r = begin(l, NOISE_RESPONDER, mailbox, NULL, rng);

	if (r != 0)
		return r;
	memcpy(o->mailbox, mailbox, LINK_MAILBOX_LEN);
	o->key = l->s.pk;
	return 0;
}

int
link_answer(struct link_channel *l, const struct link_offer *o,
    const struct noise_rng *rng)
{
	return begin(l, NOISE_INITIATOR, o->mailbox, &o->key, rng);
}

/* After each handshake message: open the channel, or note that it is dead. */
static int
step(struct link_channel *l, int r)
{
	if (r == ERR_AUTH || r == ERR_RANGE) {
		noise_clear(&l->hs);
		l->state = LINK_FAILED;
		return r;
	}
	if (r != 0 || !noise_done(&l->hs))
		return r;
	r = noise_hash(&l->hs, l->hash);
	if (r == 0)
		r = noise_split(&l->hs, &l->tx, &l->rx);
	if (r == 0)
		l->state = LINK_OPEN;
	return r;
}

int
link_write(
    struct link_channel *l, const void *payload, size_t len, struct buf *out)
{
	int r;

	if (len > LINK_PAYLOAD_MAX)
		return ERR_RANGE;
	if (l->state == LINK_HANDSHAKE)
		return step(l, noise_write(&l->hs, payload, len, out));
	if (l->state != LINK_OPEN)
		return ERR_STATE;
	r = buf_reserve(out, len + NOISE_TAG_LEN);
	if (r == 0)
		r = noise_encrypt(
		    &l->tx, NULL, 0, payload, len, out->p + out->len);
	if (r == 0)
		out->len += len + NOISE_TAG_LEN;
	return r;
}

static int
read_open(
    struct link_channel *l, const uint8_t *msg, size_t len, struct buf *out)
{
	uint8_t none; /* where an empty payload goes */
	int r;

	if (len < NOISE_TAG_LEN)
		return ERR_RANGE;
	r = buf_reserve(out, len - NOISE_TAG_LEN);
	if (r == 0)
		r = noise_decrypt(&l->rx, NULL, 0, msg, len,
		    out->p != NULL ? out->p + out->len : &none);
	if (r == 0)
		out->len += len - NOISE_TAG_LEN;
	return r;
}

int
link_read(
    struct link_channel *l, const uint8_t *msg, size_t len, struct buf *out)
{
	int r;

	if (l->state == LINK_HANDSHAKE)
		return step(l, noise_read(&l->hs, msg, len, out));
	if (l->state != LINK_OPEN)
		return ERR_STATE;
	r = read_open(l, msg, len, out);
	/* The relay loses and reorders nothing: this is somebody else. */
	if (r == ERR_AUTH || r == ERR_RANGE)
		l->state = LINK_FAILED;
	return r;
}

int
link_code(const struct link_channel *l, char code[static LINK_CODE_LEN + 1])
{
	static const char label[] = "sotto link code";
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	if (l->state != LINK_OPEN)
		return ERR_STATE;
	crypto_auth_hmacsha256(
	    mac, (const uint8_t *)label, sizeof(label) - 1, l->hash);
	/* 64 bits: no digit is likelier than another by 2^-44. */
	snprintf(code, LINK_CODE_LEN + 1, "%06u",
	    (unsigned)(get_be64(mac) % 1000000));
	sodium_memzero(mac, sizeof(mac));
	return 0;
}

void
link_clear(struct link_channel *l)
{
	noise_clear(&l->hs);
	sodium_memzero(l, sizeof(*l));
}

#define BOND_LEN (18 + 16 + 4 + 2 * EC_PUBLIC_LEN)

static void
bond_bytes(uint8_t out[static BOND_LEN], const struct link_bond *b)
{
	static const char label[] = "sotto device link"; /* with its NUL */
	uint8_t *p = out;

	_Static_assert(sizeof(label) == 18, "BOND_LEN counts it");
	memcpy(p, label, sizeof(label));
	p += sizeof(label);
	memcpy(p, b->account, sizeof(b->account));
	p += sizeof(b->account);
	put_be32(p, b->device);
	identity_pk_put(p + 4, &b->primary);
	identity_pk_put(p + 4 + EC_PUBLIC_LEN, &b->companion);
}

void
link_bond_sign(uint8_t sig[static SIGNATURE_LEN], const struct link_bond *b,
    const struct identity_key_pair *key, const struct signal_rng *rng)
{
	uint8_t m[BOND_LEN];

	bond_bytes(m, b);
	xeddsa_sign(sig, key, m, sizeof(m), rng);
}

int
link_bond_verify(
    const uint8_t sig[static SIGNATURE_LEN], const struct link_bond *b)
{
	uint8_t m[BOND_LEN];

	bond_bytes(m, b);
	return xeddsa_verify(sig, &b->companion, m, sizeof(m));
}
