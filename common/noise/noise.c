/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/noise/noise.h"

_Static_assert(sizeof(struct noise_cipher) == 40, "two of them per connection");

enum token { T_END, T_E, T_S, T_EE, T_ES, T_SE, T_SS };

#define MSG_TOKENS   5
#define PATTERN_MSGS 3

/* es and se are named from Alice's side, who initiates XX and IK; Bob, the
 * responder there, initiates XXfallback (§10.2). */
static const struct pattern {
	const char *name;
	uint8_t msgs;
	uint8_t tokens[PATTERN_MSGS][MSG_TOKENS];
} patterns[] = {
    [NOISE_XX] = {"Noise_XX_25519_ChaChaPoly_SHA256", 3,
	{{T_E}, {T_E, T_EE, T_S, T_ES}, {T_S, T_SE}}},
    [NOISE_IK] = {"Noise_IK_25519_ChaChaPoly_SHA256", 2,
	{{T_E, T_ES, T_S, T_SS}, {T_E, T_EE, T_SE}}},
    [NOISE_XXFALLBACK] = {"Noise_XXfallback_25519_ChaChaPoly_SHA256", 2,
	{{T_E, T_EE, T_S, T_ES}, {T_S, T_SE}}},
};

enum status { RUNNING, FAILED, FAILED_IK };

static void
system_fill(void *ctx, void *out, size_t n)
{
	(void)ctx;
	randombytes_buf(out, n);
}

const struct noise_rng noise_rng_system = {.fill = system_fill};

/* ---- key pairs ---- */

void
noise_keypair_make(struct noise_keypair *kp, const struct noise_rng *rng)
{
	rng->fill(rng->ctx, kp->sk.b, sizeof(kp->sk.b));
	crypto_scalarmult_curve25519_base(kp->pk.b, kp->sk.b);
}

int
noise_keypair_of(struct noise_keypair *kp, const struct noise_secret *sk)
{
	struct noise_public pk;

	/* every 32 bytes are a key; all zero is what an unset one looks like */
	if (sodium_is_zero(sk->b, sizeof(sk->b)) ||
	    crypto_scalarmult_curve25519_base(pk.b, sk->b) != 0)
		return ERR_FORMAT;
	kp->sk = *sk;
	kp->pk = pk;
	return 0;
}

/* ---- transport, §5.1 ---- */

#define IETF crypto_aead_chacha20poly1305_ietf_NPUBBYTES

/* §12.3: 32 bits of zeros, then the counter in little-endian. */
static void
nonce_of(uint64_t n, uint8_t nonce[static IETF])
{
	int i;

	memset(nonce, 0, IETF);
	for (i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(n >> (8 * i));
}

int
noise_encrypt(struct noise_cipher *c, const void *ad, size_t adlen,
    const uint8_t *pt, size_t len, uint8_t *ct)
{
	uint8_t nonce[IETF];

	if (len > NOISE_DATA_MAX)
		return ERR_RANGE;
	if (c->n == NOISE_NONCE_END)
		return ERR_STATE;
	nonce_of(c->n, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    ct, NULL, pt, len, ad, adlen, NULL, nonce, c->key);
	c->n++;
	return 0;
}

int
noise_decrypt(struct noise_cipher *c, const void *ad, size_t adlen,
    const uint8_t *ct, size_t len, uint8_t *pt)
{
	uint8_t nonce[IETF];

	if (len < NOISE_TAG_LEN || len > NOISE_MSG_MAX)
		return ERR_RANGE;
	if (c->n == NOISE_NONCE_END)
		return ERR_STATE;
	nonce_of(c->n, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		pt, NULL, NULL, ct, len, ad, adlen, nonce, c->key) != 0)
		return ERR_AUTH;
	c->n++;
	return 0;
}

void
noise_cipher_clear(struct noise_cipher *c)
{
	sodium_memzero(c, sizeof(*c));
	c->n = NOISE_NONCE_END;
}

/* ---- the symmetric state, §5.2 ---- */

/* §4.3 with two outputs; o1 may be ck. */
static void
hkdf(const uint8_t ck[static NOISE_HASH_LEN], const uint8_t *ikm, size_t len,
    uint8_t o1[static NOISE_HASH_LEN], uint8_t o2[static NOISE_HASH_LEN])
{
	uint8_t tmp[NOISE_HASH_LEN], in[NOISE_HASH_LEN + 1];

	crypto_auth_hmacsha256(tmp, ikm, len, ck);
	in[0] = 1;
	crypto_auth_hmacsha256(o1, in, 1, tmp);
	memcpy(in, o1, NOISE_HASH_LEN);
	in[NOISE_HASH_LEN] = 2;
	crypto_auth_hmacsha256(o2, in, sizeof(in), tmp);
	sodium_memzero(tmp, sizeof(tmp));
	sodium_memzero(in, sizeof(in));
}

static void
mix_hash(struct noise_handshake *hs, const void *data, size_t len)
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, hs->h, sizeof(hs->h));
	crypto_hash_sha256_update(&st, data, len);
	crypto_hash_sha256_final(&st, hs->h);
}

static void
mix_key(struct noise_handshake *hs, const uint8_t ikm[static NOISE_KEY_LEN])
{
	hkdf(hs->ck, ikm, NOISE_KEY_LEN, hs->ck, hs->cs.key);
	hs->cs.n = 0;
	hs->keyed = true;
}

static void
init_symmetric(struct noise_handshake *hs, const void *prologue, size_t len)
{
	const char *name = patterns[hs->pattern].name;
	size_t n = strlen(name);

	memset(hs->h, 0, sizeof(hs->h));
	if (n <= sizeof(hs->h))
		memcpy(hs->h, name, n);
	else
		crypto_hash_sha256(hs->h, (const uint8_t *)name, n);
	memcpy(hs->ck, hs->h, sizeof(hs->ck));
	hs->keyed = false;
	hs->step = 0;
	hs->status = RUNNING;
	mix_hash(hs, prologue, len);
}

/* ---- the handshake state, §5.3 ---- */

static bool
is_alice(const struct noise_handshake *hs)
{
	return (hs->role == NOISE_INITIATOR) !=
	       (hs->pattern == NOISE_XXFALLBACK);
}

int
noise_init(struct noise_handshake *hs, const struct noise_params *params)
{
	bool wants_rs =
	    params->pattern == NOISE_IK && params->role == NOISE_INITIATOR;

	if ((params->pattern != NOISE_XX && params->pattern != NOISE_IK) ||
	    (params->role != NOISE_INITIATOR &&
		params->role != NOISE_RESPONDER) ||
	    params->s == NULL || (params->rs != NULL) != wants_rs)
		return ERR_STATE;
	sodium_memzero(hs, sizeof(*hs));
	hs->pattern = (uint8_t)params->pattern;
	hs->role = (uint8_t)params->role;
	hs->s = params->s;
	hs->rng = params->rng != NULL ? *params->rng : noise_rng_system;
	init_symmetric(hs, params->prologue, params->prologue_len);
	if (wants_rs) {
		hs->rs = *params->rs;
		hs->have_rs = true;
	}
	if (params->pattern == NOISE_IK) /* pre-message: <- s */
		mix_hash(hs, wants_rs ? hs->rs.b : hs->s->pk.b, NOISE_KEY_LEN);
	return 0;
}

void
noise_clear(struct noise_handshake *hs)
{
	sodium_memzero(hs, sizeof(*hs));
	hs->status = FAILED;
}

int
noise_fallback(struct noise_handshake *hs, const void *prologue, size_t len)
{
	bool wrote = hs->role == NOISE_INITIATOR && hs->status == RUNNING &&
		     hs->step == 1;
	bool failed = hs->role == NOISE_RESPONDER && hs->status == FAILED_IK;

	if (hs->pattern != NOISE_IK || (!wrote && !failed))
		return ERR_STATE;
	hs->pattern = NOISE_XXFALLBACK;
	hs->role = wrote ? NOISE_RESPONDER : NOISE_INITIATOR;
	sodium_memzero(&hs->rs, sizeof(hs->rs));
	hs->have_rs = false;
	init_symmetric(hs, prologue, len);
	/* pre-message: Alice's ephemeral key, from her IK message */
	mix_hash(hs, wrote ? hs->e.pk.b : hs->re.b, NOISE_KEY_LEN);
	return 0;
}

static const uint8_t *
next_tokens(const struct noise_handshake *hs)
{
	return patterns[hs->pattern].tokens[hs->step];
}

bool
noise_done(const struct noise_handshake *hs)
{
	return hs->status == RUNNING && hs->step == patterns[hs->pattern].msgs;
}

bool
noise_my_turn(const struct noise_handshake *hs)
{
	return hs->status == RUNNING && !noise_done(hs) &&
	       (hs->step % 2 == 0) == (hs->role == NOISE_INITIATOR);
}

size_t
noise_overhead(const struct noise_handshake *hs)
{
	const uint8_t *t;
	bool keyed = hs->keyed;
	size_t n = 0;

	if (hs->status != RUNNING || noise_done(hs))
		return 0;
	for (t = next_tokens(hs); *t != T_END; t++) {
		if (*t == T_E)
			n += NOISE_KEY_LEN;
		else if (*t == T_S)
			n += NOISE_KEY_LEN + (keyed ? NOISE_TAG_LEN : 0);
		else
			keyed = true;
	}
	return n + (keyed ? NOISE_TAG_LEN : 0);
}

static int
mix_dh(struct noise_handshake *hs, const struct noise_secret *sk,
    const struct noise_public *pk)
{
	uint8_t dh[NOISE_KEY_LEN];
	int r = ERR_AUTH;

	/* §12.1: libsodium refuses keys of small order */
	if (crypto_scalarmult_curve25519(dh, sk->b, pk->b) == 0) {
		mix_key(hs, dh);
		r = 0;
	}
	sodium_memzero(dh, sizeof(dh));
	return r;
}

static int
mix_dh_token(struct noise_handshake *hs, enum token t)
{
	bool mine_s = t == T_SS || (t == (is_alice(hs) ? T_SE : T_ES));
	bool theirs_s = t == T_SS || (t == (is_alice(hs) ? T_ES : T_SE));

	return mix_dh(
	    hs, mine_s ? &hs->s->sk : &hs->e.sk, theirs_s ? &hs->rs : &hs->re);
}

/* §5.2 EncryptAndHash and DecryptAndHash; before any key both copy. */
static int
seal_and_hash(
    struct noise_handshake *hs, const void *pt, size_t len, uint8_t *ct)
{
	size_t n = len + (hs->keyed ? NOISE_TAG_LEN : 0);
	int r = 0;

	if (hs->keyed)
		r = noise_encrypt(&hs->cs, hs->h, sizeof(hs->h), pt, len, ct);
	else if (len > 0)
		memcpy(ct, pt, len);
	if (r == 0)
		mix_hash(hs, ct, n);
	return r;
}

static int
open_and_hash(
    struct noise_handshake *hs, const uint8_t *ct, size_t len, uint8_t *pt)
{
	int r = 0;

	if (hs->keyed)
		r = noise_decrypt(&hs->cs, hs->h, sizeof(hs->h), ct, len, pt);
	else if (pt != NULL)
		memcpy(pt, ct, len);
	if (r == 0)
		mix_hash(hs, ct, len);
	return r;
}

/* Writes the tokens' bytes at p; *n tells how many. */
static int
write_tokens(struct noise_handshake *hs, uint8_t *p, size_t *n)
{
	const uint8_t *t;
	uint8_t *start = p;
	int r = 0;

	for (t = next_tokens(hs); *t != T_END && r == 0; t++) {
		switch (*t) {
		case T_E:
			noise_keypair_make(&hs->e, &hs->rng);
			hs->have_e = true;
			memcpy(p, hs->e.pk.b, NOISE_KEY_LEN);
			mix_hash(hs, p, NOISE_KEY_LEN);
			p += NOISE_KEY_LEN;
			break;
		case T_S:
			r = seal_and_hash(hs, hs->s->pk.b, NOISE_KEY_LEN, p);
			p += NOISE_KEY_LEN + (hs->keyed ? NOISE_TAG_LEN : 0);
			break;
		default:
			r = mix_dh_token(hs, (enum token) * t);
		}
	}
	*n = (size_t)(p - start);
	return r;
}

static int
read_tokens(struct noise_handshake *hs, const uint8_t *p, size_t *n)
{
	const uint8_t *t, *start = p;
	size_t len;
	int r = 0;

	for (t = next_tokens(hs); *t != T_END && r == 0; t++) {
		switch (*t) {
		case T_E:
			memcpy(hs->re.b, p, NOISE_KEY_LEN);
			hs->have_re = true;
			mix_hash(hs, p, NOISE_KEY_LEN);
			p += NOISE_KEY_LEN;
			break;
		case T_S:
			len = NOISE_KEY_LEN + (hs->keyed ? NOISE_TAG_LEN : 0);
			r = open_and_hash(hs, p, len, hs->rs.b);
			hs->have_rs = true; /* fail() takes it back */
			p += len;
			break;
		default:
			r = mix_dh_token(hs, (enum token) * t);
		}
	}
	*n = (size_t)(p - start);
	return r;
}

/* A failed step leaves nothing but what the fallback needs. */
static void
fail(struct noise_handshake *hs)
{
	hs->status = hs->pattern == NOISE_IK && hs->step == 0 &&
			     hs->role == NOISE_RESPONDER && hs->have_re
			 ? FAILED_IK
			 : FAILED;
	sodium_memzero(&hs->cs, sizeof(hs->cs));
	sodium_memzero(hs->ck, sizeof(hs->ck));
	sodium_memzero(&hs->e, sizeof(hs->e));
	sodium_memzero(&hs->rs, sizeof(hs->rs));
	hs->have_rs = false;
}

int
noise_write(struct noise_handshake *hs, const void *payload, size_t len,
    struct buf *out)
{
	size_t over = noise_overhead(hs), n = 0;
	uint8_t *p;
	int r;

	if (!noise_my_turn(hs))
		return ERR_STATE;
	if (len > NOISE_MSG_MAX - over)
		return ERR_RANGE;
	r = buf_reserve(out, over + len);
	if (r != 0)
		return r;
	p = out->p + out->len;
	r = write_tokens(hs, p, &n);
	if (r == 0)
		r = seal_and_hash(hs, payload, len, p + n);
	if (r != 0) {
		fail(hs);
		sodium_memzero(p, over + len);
		return r;
	}
	out->len += over + len;
	hs->step++;
	return 0;
}

int
noise_read(struct noise_handshake *hs, const uint8_t *msg, size_t len,
    struct buf *payload)
{
	size_t over = noise_overhead(hs), n = 0, plen;
	uint8_t *p;
	int r;

	if (hs->status != RUNNING || noise_done(hs) || noise_my_turn(hs))
		return ERR_STATE;
	if (len < over || len > NOISE_MSG_MAX) {
		fail(hs);
		return ERR_RANGE;
	}
	plen = len - over;
	r = buf_reserve(payload, plen);
	if (r != 0)
		return r;
	p = plen > 0 ? payload->p + payload->len : NULL;
	r = read_tokens(hs, msg, &n);
	if (r == 0)
		r = open_and_hash(hs, msg + n, len - n, p);
	if (r != 0) {
		fail(hs);
		return r;
	}
	payload->len += plen;
	hs->step++;
	return 0;
}

const struct noise_public *
noise_remote_static(const struct noise_handshake *hs)
{
	return hs->have_rs ? &hs->rs : NULL;
}

int
noise_hash(const struct noise_handshake *hs, uint8_t h[NOISE_HASH_LEN])
{
	if (!noise_done(hs))
		return ERR_STATE;
	memcpy(h, hs->h, NOISE_HASH_LEN);
	return 0;
}

int
noise_split(struct noise_handshake *hs, struct noise_cipher *tx,
    struct noise_cipher *rx)
{
	bool first = hs->role == NOISE_INITIATOR;

	if (!noise_done(hs))
		return ERR_STATE;
	hkdf(hs->ck, NULL, 0, first ? tx->key : rx->key,
	    first ? rx->key : tx->key);
	tx->n = rx->n = 0;
	noise_clear(hs);
	return 0;
}
