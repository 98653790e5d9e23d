/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "tests/interop/noise_case.h"

struct side {
	struct noise_keypair s;
	struct noise_handshake hs;
	struct noise_cipher tx, rx;
	bool open;
};

struct run {
	const struct noise_case *nc;
	struct side alice, bob;
	char *why;
	size_t cap;
};

static void
fill_fixed(void *ctx, void *out, size_t n)
{
	memcpy(out, ctx, n);
}

static int
differs(struct run *r, size_t i, const char *what, int code)
{
	snprintf(
	    r->why, r->cap, "message %zu: %s (%s)", i, what, err_name(code));
	return -1;
}

static int
start_side(struct side *s, const struct noise_case *nc, enum noise_role role,
    const uint8_t *sk, const uint8_t *ephemeral)
{
	bool xx = nc->pattern == NOISE_XX;
	struct noise_public knows;
	struct noise_secret secret;
	/* fill() only reads through ctx */
	struct noise_rng rng = {
	    .fill = fill_fixed, .ctx = (void *)(uintptr_t)ephemeral};
	struct noise_params params = {
	    .pattern = xx ? NOISE_XX : NOISE_IK,
	    .role = role,
	    .prologue = nc->prologue.p,
	    .prologue_len = nc->prologue.len,
	    .s = &s->s,
	    .rs = !xx && role == NOISE_INITIATOR ? &knows : NULL,
	    .rng = &rng,
	};

	memcpy(secret.b, sk, sizeof(secret.b));
	memcpy(knows.b, nc->alice_knows, sizeof(knows.b));
	if (noise_keypair_of(&s->s, &secret) != 0)
		return ERR_FORMAT;
	return noise_init(&s->hs, &params);
}

static int
write_msg(struct side *s, const struct case_bytes *pt, struct buf *wire)
{
	int e;

	if (!s->open)
		return noise_write(&s->hs, pt->p, pt->len, wire);
	e = buf_reserve(wire, pt->len + NOISE_TAG_LEN);
	if (e == 0)
		e = noise_encrypt(&s->tx, NULL, 0, pt->p, pt->len, wire->p);
	if (e == 0)
		wire->len = pt->len + NOISE_TAG_LEN;
	return e;
}

static int
read_msg(struct side *s, const struct buf *wire, struct buf *pt)
{
	int e;

	if (!s->open)
		return noise_read(&s->hs, wire->p, wire->len, pt);
	e = buf_reserve(pt, wire->len);
	if (e == 0)
		e = noise_decrypt(&s->rx, NULL, 0, wire->p, wire->len, pt->p);
	if (e == 0)
		pt->len = wire->len - NOISE_TAG_LEN;
	return e;
}

static int
equal(const struct buf *b, const struct case_bytes *want)
{
	return b->len == want->len &&
	       (b->len == 0 || memcmp(b->p, want->p, b->len) == 0);
}

/* Both sides have seen the last handshake message. */
static int
finish(struct run *r, size_t i)
{
	uint8_t ha[NOISE_HASH_LEN], hb[NOISE_HASH_LEN];
	struct side *a = &r->alice, *b = &r->bob;

	if (noise_hash(&a->hs, ha) != 0 || noise_hash(&b->hs, hb) != 0 ||
	    memcmp(ha, r->nc->hash, sizeof(ha)) != 0 ||
	    memcmp(hb, r->nc->hash, sizeof(hb)) != 0)
		return differs(r, i, "handshake hash", 0);
	if (memcmp(noise_remote_static(&a->hs), &b->s.pk, NOISE_KEY_LEN) != 0 ||
	    memcmp(noise_remote_static(&b->hs), &a->s.pk, NOISE_KEY_LEN) != 0)
		return differs(r, i, "remote static key", 0);
	if (noise_split(&a->hs, &a->tx, &a->rx) != 0 ||
	    noise_split(&b->hs, &b->tx, &b->rx) != 0)
		return differs(r, i, "split", 0);
	a->open = b->open = true;
	return 0;
}

static int
fall_back(struct run *r, int e)
{
	const struct case_bytes *prologue = &r->nc->prologue;

	if (e != ERR_AUTH)
		return differs(r, 0, "should not authenticate", e);
	e = noise_fallback(&r->alice.hs, prologue->p, prologue->len);
	if (e == 0)
		e = noise_fallback(&r->bob.hs, prologue->p, prologue->len);
	return e != 0 ? differs(r, 0, "fallback", e) : 0;
}

static int
exchange(struct run *r, size_t i, struct buf *wire, struct buf *pt)
{
	struct side *from = i % 2 == 0 ? &r->alice : &r->bob;
	struct side *to = i % 2 == 0 ? &r->bob : &r->alice;
	int e = write_msg(from, &r->nc->msgs[i].payload, wire);

	if (e != 0 || !equal(wire, &r->nc->msgs[i].wire))
		return differs(r, i, "bytes written", e);
	e = read_msg(to, wire, pt);
	if (i == 0 && r->nc->pattern == NOISE_XXFALLBACK)
		return fall_back(r, e);
	if (e != 0 || !equal(pt, &r->nc->msgs[i].payload))
		return differs(r, i, "payload read", e);
	if (!from->open && noise_done(&from->hs))
		return finish(r, i);
	return 0;
}

int
noise_case_run(const struct noise_case *nc, char *why, size_t cap)
{
	struct run r = {.nc = nc, .why = why, .cap = cap};
	struct buf wire, pt;
	size_t i;
	int e = 0;

	if (start_side(&r.alice, nc, NOISE_INITIATOR, nc->alice_static,
		nc->alice_ephemeral) != 0 ||
	    start_side(&r.bob, nc, NOISE_RESPONDER, nc->bob_static,
		nc->bob_ephemeral) != 0)
		return differs(&r, 0, "start", 0);
	for (i = 0; i < nc->n_msgs && e == 0; i++) {
		buf_init(&wire, NOISE_MSG_MAX);
		buf_init(&pt, NOISE_MSG_MAX);
		e = exchange(&r, i, &wire, &pt);
		buf_clear(&wire);
		buf_clear(&pt);
	}
	if (e == 0 && !(r.alice.open && r.bob.open))
		return differs(&r, i, "the handshake does not end", 0);
	noise_clear(&r.alice.hs);
	noise_clear(&r.bob.hs);
	return e;
}
