/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_pipe.c — hostile bytes into pipe_input(). The first byte chooses the
 * role (relay, client of XX, client of IK, open relay) and where the input is
 * cut in two; whole and cut input must end the same.
 */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/noise/pipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct noise_keypair alice, bob;
static uint8_t alice_e[32], bob_e[32];

struct end {
	struct pipe p;
	struct buf plain, out;
};

static void
fill_fixed(void *ctx, void *out, size_t n)
{
	memcpy(out, ctx, n);
}

/* The keys of tests/vectors/noise/generate.py, so that its transcripts work. */
static void
labelled(const char *text, uint8_t out[static 32])
{
	crypto_hash_sha256(out, (const uint8_t *)text, strlen(text));
}

static void
make_keys(void)
{
	struct noise_secret sk;

	labelled("sotto test vector: alice static", sk.b);
	assert(noise_keypair_of(&alice, &sk) == 0);
	labelled("sotto test vector: bob static", sk.b);
	assert(noise_keypair_of(&bob, &sk) == 0);
	labelled("sotto test vector: alice ephemeral", alice_e);
	labelled("sotto test vector: bob ephemeral", bob_e);
}

static void
start(struct end *e, unsigned role)
{
	static const struct noise_rng a = {fill_fixed, alice_e};
	static const struct noise_rng b = {fill_fixed, bob_e};
	int r;

	buf_init(&e->plain, 1 << 17);
	buf_init(&e->out, 1 << 12);
	if (role == 0 || role == 3)
		r = pipe_init_server(&e->p, &bob, &b);
	else
		r = pipe_init_client(&e->p, &alice, role == 2 ? &bob.pk : NULL,
		    "early", 5, &a, &e->out);
	assert(r == 0);
}

/* Feed len bytes as a caller would; returns the final code. */
static int
feed(struct end *e, const uint8_t *p, size_t len, size_t *done)
{
	enum pipe_state before = pipe_state(&e->p);
	size_t used = 0;
	int r;

	r = pipe_input(&e->p, p, len, &used, &e->plain, &e->out);
	assert(used <= len);
	assert(before != PIPE_FAILED || (r == ERR_STATE && used == 0));
	*done = used;
	if (r != 0 && r != ERR_FULL)
		assert(pipe_state(&e->p) == PIPE_FAILED);
	return r;
}

/* An honest opening before the hostile bytes. */
static void
open_up(struct end *relay)
{
	struct end client;
	size_t used;

	start(&client, 2);
	assert(feed(relay, client.out.p, client.out.len, &used) == 0);
	assert(used == client.out.len);
	pipe_clear(&client.p);
	buf_clear(&client.plain);
	buf_clear(&client.out);
}

static void
stop(struct end *e)
{
	pipe_clear(&e->p);
	buf_clear(&e->plain);
	buf_clear(&e->out);
}

static int
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct end whole, cut;
	size_t n, done_whole, done_cut, more = 0;
	unsigned role;
	int r_whole, r_cut;

	if (bob.sk.b[0] == 0)
		make_keys();
	if (len < 1)
		return 0;
	role = data[0] & 3;
	n = (size_t)(data[0] >> 2) * (len - 1) / 64;
	start(&whole, role);
	start(&cut, role);
	if (role == 3) {
		open_up(&whole);
		open_up(&cut);
	}
	r_whole = feed(&whole, data + 1, len - 1, &done_whole);
	r_cut = feed(&cut, data + 1, n, &done_cut);
	if (r_cut == 0)
		r_cut =
		    feed(&cut, data + 1 + done_cut, len - 1 - done_cut, &more);
	assert(r_whole == r_cut && done_whole == done_cut + more);
	assert(same(&whole.plain, &cut.plain) && same(&whole.out, &cut.out));
	assert(pipe_state(&whole.p) == pipe_state(&cut.p));
	stop(&whole);
	stop(&cut);
	return 0;
}
