/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The braid: the input is what happens to two sides. Their states live as
 * bytes, and a message that is refused leaves them. While nothing forged was
 * accepted, every message that arrives has its sender's key, once.
 */
#include "common/signal/spqr.h"
#include "tests/fuzz/signal_pair.h"

#define STATE_MAX (512 * 1024)
#define SLOTS	  16
#define TURNS_MAX 600 /* an input: about four epochs */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct slot {
	uint8_t p[SPQR_MESSAGE_MAX];
	size_t len;
	struct spqr_key key;
	int to, taken;
};

struct braid {
	struct buf state[2];
	struct slot slot[SLOTS];
	uint32_t drawn;
	int tainted, turns;
};

static void
keep(struct buf *state, struct spqr *q)
{
	buf_reset(state);
	fuzz_need(spqr_store(q, state) == 0);
	spqr_clear(q);
}

static void
begin(struct braid *b)
{
	static const uint8_t secret[KDF_LEN] = {1};
	struct spqr q;
	int i;

	memset(b, 0, sizeof(*b));
	for (i = 0; i < 2; i++) {
		buf_init(&b->state[i], STATE_MAX);
		spqr_init(&q, i == 0, false, secret);
		keep(&b->state[i], &q);
	}
}

static void
send(struct braid *b, int from, struct slot *s)
{
	struct signal_rng rng = {fuzz_fill, &b->drawn};
	struct buf *state = &b->state[from];
	struct spqr q;

	fuzz_need(spqr_load(&q, state->p, state->len) == 0);
	fuzz_need(spqr_send(&q, &rng, s->p, &s->len, &s->key) == 0);
	fuzz_need(s->len <= SPQR_MESSAGE_MAX);
	s->to = !from;
	s->taken = 0;
	keep(state, &q);
}

static int
take(
    struct braid *b, int to, const uint8_t *p, size_t len, struct spqr_key *key)
{
	struct buf *state = &b->state[to];
	struct spqr q;
	int r;

	b->turns++;
	fuzz_need(spqr_load(&q, state->p, state->len) == 0);
	r = spqr_recv(&q, p, len, key);
	if (r == 0)
		keep(state, &q);
	spqr_clear(&q);
	return r;
}

static void
arrive(struct braid *b, struct slot *s)
{
	struct spqr_key key;
	int r;

	if (s->len == 0)
		return;
	r = take(b, s->to, s->p, s->len, &key);
	if (b->tainted)
		return;
	/* late by an epoch, or a repeat */
	fuzz_need(r == ERR_DUP || (r == 0 && !s->taken));
	fuzz_need(r != 0 || (key.has == s->key.has &&
				memcmp(key.b, s->key.b, KDF_LEN) == 0));
	s->taken = 1;
}

/* One bit of a message is wrong. */
static void
damaged(struct braid *b, struct slot *s, uint8_t at)
{
	struct spqr_key key;

	if (s->len == 0)
		return;
	s->p[at / 8 % s->len] ^= (uint8_t)(1 << at % 8);
	if (take(b, s->to, s->p, s->len, &key) == 0)
		b->tainted = 1;
	s->p[at / 8 % s->len] ^= (uint8_t)(1 << at % 8);
}

/* Both write and hear, n times; all or one way. */
static void
talk(struct braid *b, unsigned n, unsigned ways)
{
	struct slot s;

	for (; n > 0 && b->turns < TURNS_MAX; n--) {
		send(b, 0, &s);
		if (ways & 1)
			arrive(b, &s);
		send(b, 1, &s);
		if (ways & 2)
			arrive(b, &s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cur in = cur_of(data, len);
	struct spqr_key key;
	struct braid b;
	struct slot *s;
	const uint8_t *p;
	uint8_t op, arg;

	begin(&b);
	while (b.turns < TURNS_MAX && cur_get_u8(&in, &op) == 0 &&
	       cur_get_u8(&in, &arg) == 0) {
		s = &b.slot[op / 8 % SLOTS];
		switch (op % 8) {
		case 0:
		case 1:
			send(&b, op & 1, s);
			break;
		case 2:
			arrive(&b, s);
			break;
		case 3:
			damaged(&b, s, arg);
			break;
		case 4: /* any bytes whatever */
			if (cur_borrow(&in, &p, arg % SPQR_MESSAGE_MAX) == 0 &&
			    take(&b, op / 8 & 1, p, arg % SPQR_MESSAGE_MAX,
				&key) == 0)
				b.tainted = 1;
			break;
		default:
			talk(&b, arg % 64, op % 8 - 4u);
		}
	}
	buf_clear(&b.state[0]);
	buf_clear(&b.state[1]);
	return 0;
}
