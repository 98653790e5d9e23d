/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/noise/pipe.h"

_Static_assert(sizeof(struct pipe) <= 120, "a relay keeps one per connection");

enum mode { MODE_XX = 1, MODE_IK = 2, MODE_XXFALLBACK = 3 };

enum flag {
	F_SERVER = 1,
	F_GREETED = 2, /* what comes before the peer's first record is read */
	F_FALLBACK = 4,
	F_CONFIRMED = 8,
	F_PEER = 16, /* peer is set */
	F_ANSWERED = 32, /* relay: the first message is read */
};

static const uint8_t greeting[] = {'S', 'T', PIPE_VERSION}; /* then the mode */

#define GREETING_LEN (sizeof(greeting) + 1)
#define PROLOGUE_LEN (sizeof(PIPE_PROLOGUE) - 1)
/* Longest handshake record either side writes: mode, length, message. */
#define REPLY_MAX (1 + 2 + 96 + PIPE_EARLY_MAX)

struct pipe_handshake {
	struct noise_handshake noise;
	const struct noise_keypair *me;
	struct noise_rng rng;
	uint8_t mode; /* enum mode, as the client asked */
	size_t early_len;
	uint8_t early[]; /* client: for XX's third message */
};

static struct pipe_handshake *
new_handshake(const struct noise_keypair *me, const struct noise_rng *rng,
    const void *early, size_t early_len)
{
	struct pipe_handshake *hs = calloc(1, sizeof(*hs) + early_len);

	if (hs == NULL)
		return NULL;
	hs->me = me;
	hs->rng = rng != NULL ? *rng : noise_rng_system;
	hs->early_len = early_len;
	if (early_len > 0)
		memcpy(hs->early, early, early_len);
	return hs;
}

static int
start_noise(struct pipe_handshake *hs, uint8_t mode, enum noise_role role,
    const struct noise_public *relay)
{
	const struct noise_params params = {
	    .pattern = mode == MODE_IK ? NOISE_IK : NOISE_XX,
	    .role = role,
	    .prologue = PIPE_PROLOGUE,
	    .prologue_len = PROLOGUE_LEN,
	    .s = hs->me,
	    .rs = relay,
	    .rng = &hs->rng,
	};

	hs->mode = mode;
	return noise_init(&hs->noise, &params);
}

static void
free_handshake(struct pipe_handshake *hs)
{
	if (hs == NULL)
		return;
	sodium_memzero(hs, sizeof(*hs) + hs->early_len);
	free(hs);
}

void
pipe_clear(struct pipe *p)
{
	if (p->state == PIPE_HANDSHAKE || p->state == PIPE_JUDGE)
		free_handshake(p->hs);
	sodium_memzero(p, sizeof(*p));
	p->state = PIPE_FAILED;
}

/* Append one handshake record, after lead when that is not 0. All or nothing. */
static int
write_record(struct pipe_handshake *hs, uint8_t lead, const void *payload,
    size_t len, struct buf *out)
{
	size_t start = out->len, n = noise_overhead(&hs->noise) + len;
	int r = buf_reserve(out, 1 + 2 + n);

	if (r == 0 && lead != 0)
		r = buf_put_u8(out, lead);
	if (r == 0)
		r = buf_put_u16(out, (uint16_t)n);
	if (r == 0)
		r = noise_write(&hs->noise, payload, len, out);
	if (r != 0)
		out->len = start;
	return r;
}

/* The handshake is complete: from here on the pipe is two ciphers. */
static int
open_up(struct pipe *p)
{
	struct noise_cipher tx, rx;
	int r = noise_split(&p->hs->noise, &tx, &rx);

	if (r != 0)
		return r;
	free_handshake(p->hs);
	p->tx = tx;
	p->rx = rx;
	p->state = PIPE_OPEN;
	sodium_memzero(&tx, sizeof(tx));
	sodium_memzero(&rx, sizeof(rx));
	return 0;
}

static void
keep_peer(struct pipe *p)
{
	const struct noise_public *pk = noise_remote_static(&p->hs->noise);

	if (pk == NULL)
		return;
	p->peer = *pk;
	p->flags |= F_PEER;
}

int
pipe_init_client(struct pipe *p, const struct noise_keypair *me,
    const struct noise_public *relay, const void *early, size_t early_len,
    const struct noise_rng *rng, struct buf *out)
{
	uint8_t mode = relay != NULL ? MODE_IK : MODE_XX;
	size_t start = out->len;
	int r;

	*p = (struct pipe){.state = PIPE_FAILED};
	if (early_len > PIPE_EARLY_MAX)
		return ERR_RANGE;
	p->hs = new_handshake(me, rng, early, early_len);
	if (p->hs == NULL)
		return ERR_NOMEM;
	p->state = PIPE_HANDSHAKE;
	r = start_noise(p->hs, mode, NOISE_INITIATOR, relay);
	if (r == 0)
		r = buf_put(out, greeting, sizeof(greeting));
	if (r == 0)
		r = write_record(
		    p->hs, mode, early, relay != NULL ? early_len : 0, out);
	if (r != 0) {
		out->len = start;
		pipe_clear(p);
	}
	return r;
}

int
pipe_init_server(
    struct pipe *p, const struct noise_keypair *me, const struct noise_rng *rng)
{
	*p = (struct pipe){.state = PIPE_FAILED};
	p->hs = new_handshake(me, rng, NULL, 0);
	if (p->hs == NULL)
		return ERR_NOMEM;
	p->state = PIPE_HANDSHAKE;
	p->flags = F_SERVER;
	return 0;
}

/* ---- reading ---- */

/* Refuse a wrong peer by its first wrong byte. */
static int
read_greeting(struct pipe *p, const uint8_t *in, size_t len, size_t *n)
{
	size_t i;
	int r;

	for (i = 0; i < len && i < sizeof(greeting); i++)
		if (in[i] != greeting[i])
			return i < 2 ? ERR_FORMAT : ERR_VERSION;
	if (len < GREETING_LEN)
		return 0;
	if (in[3] != MODE_XX && in[3] != MODE_IK)
		return ERR_FORMAT;
	r = start_noise(p->hs, in[3], NOISE_RESPONDER, NULL);
	if (r != 0)
		return r;
	p->flags |= F_GREETED;
	*n = GREETING_LEN;
	return 0;
}

static int
read_answer_mode(struct pipe *p, const uint8_t *in, size_t len, size_t *n)
{
	uint8_t asked = p->hs->mode;
	int r;

	if (len == 0)
		return 0;
	if (asked == MODE_IK && in[0] == MODE_XXFALLBACK) {
		r = noise_fallback(&p->hs->noise, PIPE_PROLOGUE, PROLOGUE_LEN);
		if (r != 0)
			return r;
		p->flags |= F_FALLBACK;
	} else if (in[0] != asked) {
		return ERR_FORMAT;
	}
	p->flags |= F_GREETED;
	*n = 1;
	return 0;
}

/* Relay, first message: answer it, by the fallback if need be. */
static int
answer_first(struct pipe *p, const uint8_t *msg, size_t len, struct buf *plain,
    struct buf *out)
{
	struct noise_handshake *noise = &p->hs->noise;
	uint8_t mode = p->hs->mode;
	int r = noise_read(noise, msg, len, plain);

	if (r == ERR_AUTH &&
	    noise_fallback(noise, PIPE_PROLOGUE, PROLOGUE_LEN) == 0) {
		mode = MODE_XXFALLBACK;
		p->flags |= F_FALLBACK;
		r = 0;
	}
	if (r == 0)
		r = write_record(p->hs, mode, NULL, 0, out);
	if (r != 0)
		return r;
	p->flags |= F_ANSWERED;
	keep_peer(p);
	return noise_done(noise) ? open_up(p) : 0;
}

static int
server_read(struct pipe *p, const uint8_t *msg, size_t len, struct buf *plain,
    struct buf *out)
{
	int r;

	if ((p->flags & F_ANSWERED) == 0)
		return answer_first(p, msg, len, plain, out);
	r = noise_read(&p->hs->noise, msg, len, plain);
	if (r != 0)
		return r;
	keep_peer(p);
	p->flags |= F_CONFIRMED;
	return open_up(p);
}

static int
client_read(struct pipe *p, const uint8_t *msg, size_t len, struct buf *plain,
    struct buf *out)
{
	int r = noise_read(&p->hs->noise, msg, len, plain);

	if (r != 0)
		return r;
	keep_peer(p);
	if (!noise_done(&p->hs->noise)) {
		p->state = PIPE_JUDGE;
		return 0;
	}
	p->flags |= F_CONFIRMED;
	r = open_up(p);
	/* §2.3: an IK message may be a replay; this record cannot be */
	return r != 0 ? r : pipe_seal(p, NULL, 0, out);
}

/*
 * The record at in: *msg and *len are its message, *n its whole size, 0 while
 * it is incomplete. A length outside min..max is refused at once.
 */
static int
record_at(const uint8_t *in, size_t avail, size_t min, size_t max,
    const uint8_t **msg, size_t *len, size_t *n)
{
	*n = 0;
	if (avail < 2)
		return 0;
	*len = get_be16(in);
	*msg = in + 2;
	if (*len < min || *len > max)
		return ERR_RANGE;
	if (avail - 2 >= *len)
		*n = 2 + *len;
	return 0;
}

static int
read_handshake(struct pipe *p, const uint8_t *in, size_t avail, size_t *n,
    struct buf *plain, struct buf *out)
{
	bool server = (p->flags & F_SERVER) != 0;
	bool answered = (p->flags & F_ANSWERED) != 0;
	size_t min = noise_overhead(&p->hs->noise), max = min;
	size_t whole, len;
	const uint8_t *msg;
	int r;

	/* §2.2: only the client, and only encrypted, sends early bytes */
	if (server && (p->hs->mode == MODE_IK || answered))
		max += PIPE_EARLY_MAX;
	r = record_at(in, avail, min, max, &msg, &len, &whole);
	if (r != 0 || whole == 0)
		return r;
	/* the handshake moves only when nothing can stop it half way */
	r = buf_reserve(plain, len - min);
	if (r == 0)
		r = buf_reserve(out, REPLY_MAX);
	if (r != 0)
		return r;
	r = server ? server_read(p, msg, len, plain, out)
		   : client_read(p, msg, len, plain, out);
	if (r == 0)
		*n = whole;
	return r;
}

static int
read_open(struct pipe *p, const uint8_t *in, size_t avail, size_t *n,
    struct buf *plain)
{
	const uint8_t *msg;
	size_t whole, len;
	int r;

	r = record_at(
	    in, avail, NOISE_TAG_LEN, NOISE_MSG_MAX, &msg, &len, &whole);
	if (r != 0 || whole == 0)
		return r;
	r = buf_reserve(plain, len - NOISE_TAG_LEN);
	if (r != 0)
		return r;
	r = noise_decrypt(&p->rx, NULL, 0, msg, len,
	    len > NOISE_TAG_LEN ? plain->p + plain->len : NULL);
	if (r != 0)
		return r;
	plain->len += len - NOISE_TAG_LEN;
	p->flags |= F_CONFIRMED;
	*n = whole;
	return 0;
}

/* One step; *n stays 0 when more bytes (or a verdict) are needed. */
static int
input_step(struct pipe *p, const uint8_t *in, size_t len, size_t *n,
    struct buf *plain, struct buf *out)
{
	if (p->state == PIPE_JUDGE)
		return 0;
	if (p->state == PIPE_OPEN)
		return read_open(p, in, len, n, plain);
	if ((p->flags & F_GREETED) != 0)
		return read_handshake(p, in, len, n, plain, out);
	if ((p->flags & F_SERVER) != 0)
		return read_greeting(p, in, len, n);
	return read_answer_mode(p, in, len, n);
}

int
pipe_input(struct pipe *p, const uint8_t *in, size_t len, size_t *used,
    struct buf *plain, struct buf *out)
{
	size_t n;
	int r;

	*used = 0;
	if (p->state == PIPE_FAILED)
		return ERR_STATE;
	if (len == 0)
		return 0;
	do {
		n = 0;
		r = input_step(p, in + *used, len - *used, &n, plain, out);
		*used += n;
	} while (r == 0 && n > 0 && *used < len);
	if (r != 0 && r != ERR_FULL && r != ERR_NOMEM)
		pipe_clear(p);
	return r;
}

int
pipe_accept(struct pipe *p, struct buf *out)
{
	int r;

	if (p->state != PIPE_JUDGE)
		return ERR_STATE;
	r = write_record(p->hs, 0, p->hs->early, p->hs->early_len, out);
	if (r == ERR_FULL || r == ERR_NOMEM)
		return r;
	if (r == 0)
		r = open_up(p);
	if (r != 0)
		pipe_clear(p);
	else
		p->flags |= F_CONFIRMED;
	return r;
}

/* ---- open ---- */

static size_t
records_of(size_t len)
{
	return len == 0 ? 1 : (len - 1) / PIPE_PLAIN_MAX + 1;
}

size_t
pipe_sealed_len(size_t len)
{
	return len + records_of(len) * PIPE_OVERHEAD;
}

static int
seal_record(struct pipe *p, const uint8_t *data, size_t len, struct buf *out)
{
	uint8_t *at = out->p + out->len;
	int r = noise_encrypt(&p->tx, NULL, 0, data, len, at + 2);

	if (r != 0)
		return r;
	put_be16(at, (uint16_t)(len + NOISE_TAG_LEN));
	out->len += len + PIPE_OVERHEAD;
	return 0;
}

int
pipe_seal(struct pipe *p, const void *data, size_t len, struct buf *out)
{
	const uint8_t *at = data;
	size_t n;
	int r;

	if (p->state != PIPE_OPEN ||
	    NOISE_NONCE_END - p->tx.n < records_of(len))
		return ERR_STATE;
	r = buf_reserve(out, pipe_sealed_len(len));
	if (r != 0)
		return r;
	do {
		n = len < PIPE_PLAIN_MAX ? len : PIPE_PLAIN_MAX;
		r = seal_record(p, at, n, out);
		at = n < len ? at + n : at;
		len -= n;
	} while (r == 0 && len > 0);
	return r;
}

enum pipe_state
pipe_state(const struct pipe *p)
{
	return (enum pipe_state)p->state;
}

const struct noise_public *
pipe_remote_static(const struct pipe *p)
{
	return (p->flags & F_PEER) != 0 ? &p->peer : NULL;
}

bool
pipe_used_fallback(const struct pipe *p)
{
	return (p->flags & F_FALLBACK) != 0;
}

bool
pipe_confirmed(const struct pipe *p)
{
	return (p->flags & F_CONFIRMED) != 0;
}
