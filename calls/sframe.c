/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calls/sframe.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/ossl.h"

#define NONCE_LEN 12
#define KEY_MAX	  32
#define HASH_MAX  64
#define LABEL_MAX 64
#define X_BIT	  0x80 /* the key id follows, in KKK + 1 bytes */
#define Y_BIT	  0x08 /* the counter does, in CCC + 1 bytes */

struct sframe_key {
	uint64_t kid, next; /* the next counter */
	bool used_up;
	uint8_t salt[NONCE_LEN];
	EVP_CIPHER_CTX *seal, *open;
	/* Opened counters: top is the highest, bit i of seen is top - i. */
	bool any;
	uint64_t top;
	uint64_t seen[SFRAME_WINDOW / 64];
};

/* ---- key schedule ------------------------------------------------------------------ */

static const struct suite {
	enum sframe_suite id;
	size_t key, hash; /* Nk, Nh */
	const EVP_CIPHER *(*cipher)(void);
} suites[] = {
    {SFRAME_AES_128_GCM_SHA256_128, 16, 32, EVP_aes_128_gcm},
    {SFRAME_AES_256_GCM_SHA512_128, 32, 64, EVP_aes_256_gcm},
};

static const struct suite *
suite_of(enum sframe_suite id)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		if (suites[i].id == id)
			return &suites[i];
	}
	return NULL;
}

/* HMAC of p and, behind it, a byte if there is one. */
static void
hmac(const struct suite *s, const uint8_t *key, size_t klen, const uint8_t *p,
    size_t len, const uint8_t *last, uint8_t out[static HASH_MAX])
{
	if (s->hash == 32) {
		crypto_auth_hmacsha256_state st;

		crypto_auth_hmacsha256_init(&st, key, klen);
		crypto_auth_hmacsha256_update(&st, p, len);
		if (last != NULL)
			crypto_auth_hmacsha256_update(&st, last, 1);
		crypto_auth_hmacsha256_final(&st, out);
		sodium_memzero(&st, sizeof(st));
	} else {
		crypto_auth_hmacsha512_state st;

		crypto_auth_hmacsha512_init(&st, key, klen);
		crypto_auth_hmacsha512_update(&st, p, len);
		if (last != NULL)
			crypto_auth_hmacsha512_update(&st, last, 1);
		crypto_auth_hmacsha512_final(&st, out);
		sodium_memzero(&st, sizeof(st));
	}
}

/* RFC 5869 with an empty salt. */
static void
extract(const struct suite *s, const uint8_t *base, size_t len,
    uint8_t secret[static HASH_MAX])
{
	static const uint8_t none[1];

	hmac(s, none, 0, base, len, NULL, secret);
}

/* RFC 5869, one block: n is at most the hash's length. */
static void
expand(const struct suite *s, const uint8_t secret[static HASH_MAX],
    const uint8_t *info, size_t ilen, uint8_t *out, size_t n)
{
	static const uint8_t one = 1;
	uint8_t block[HASH_MAX];

	hmac(s, secret, s->hash, info, ilen, &one, block);
	memcpy(out, block, n);
	sodium_memzero(block, sizeof(block));
}

static void
put_be(uint8_t *p, uint64_t v, size_t n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

/* Section 4.4.2: the words, the key id, the suite. */
static size_t
label(uint8_t out[static LABEL_MAX], const char *words, uint64_t kid,
    enum sframe_suite suite)
{
	size_t n = strlen(words);

	memcpy(out, words, n);
	put_be(out + n, kid, 8);
	put_be(out + n + 8, (uint64_t)suite, 2);
	return n + 10;
}

static EVP_CIPHER_CTX *
cipher_new(const struct suite *s, const uint8_t *key, int enc)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	/* 12 bytes of nonce are GCM's default. */
	if (c != NULL &&
	    EVP_CipherInit_ex(c, s->cipher(), NULL, key, NULL, enc) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

int
sframe_key_new(struct sframe_key **out, enum sframe_suite suite, uint64_t kid,
    const uint8_t *base, size_t len)
{
	const struct suite *s = suite_of(suite);
	uint8_t secret[HASH_MAX], key[KEY_MAX], info[LABEL_MAX];
	struct sframe_key *k;
	size_t n;

	if (s == NULL || len == 0 || len > SFRAME_BASE_MAX)
		return ERR_RANGE;
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return ERR_NOMEM;
	k->kid = kid;
	extract(s, base, len, secret);
	n = label(info, "SFrame 1.0 Secret key ", kid, suite);
	expand(s, secret, info, n, key, s->key);
	n = label(info, "SFrame 1.0 Secret salt ", kid, suite);
	expand(s, secret, info, n, k->salt, NONCE_LEN);
	k->seal = cipher_new(s, key, 1);
	k->open = cipher_new(s, key, 0);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(key, sizeof(key));
	if (k->seal == NULL || k->open == NULL) {
		sframe_key_free(k);
		return ERR_INTERNAL;
	}
	*out = k;
	return 0;
}

/* OpenSSL wipes what a context holds. */
void
sframe_key_free(struct sframe_key *k)
{
	if (k == NULL)
		return;
	EVP_CIPHER_CTX_free(k->seal);
	EVP_CIPHER_CTX_free(k->open);
	sodium_memzero(k, sizeof(*k));
	free(k);
}

uint64_t
sframe_key_id(const struct sframe_key *k)
{
	return k->kid;
}

int
sframe_ratchet(enum sframe_suite suite, const uint8_t *base, size_t len,
    uint8_t next[static SFRAME_BASE_MAX])
{
	static const char words[] = "SFrame 1.0 Ratchet";
	const struct suite *s = suite_of(suite);
	uint8_t secret[HASH_MAX];

	if (s == NULL || len == 0 || len > SFRAME_BASE_MAX)
		return ERR_RANGE;
	extract(s, base, len, secret);
	expand(s, secret, (const uint8_t *)words, sizeof(words) - 1, next,
	    s->hash);
	sodium_memzero(secret, sizeof(secret));
	return (int)s->hash;
}

/* ---- header ------------------------------------------------------------------------- */

static size_t
bytes_of(uint64_t v)
{
	size_t n = 1;

	while (v > 0xff) {
		v >>= 8;
		n++;
	}
	return n;
}

size_t
sframe_header_put(
    uint8_t out[static SFRAME_HEADER_MAX], uint64_t kid, uint64_t ctr)
{
	size_t len = 1, n;

	out[0] = 0;
	if (kid < 8) {
		out[0] |= (uint8_t)(kid << 4);
	} else {
		n = bytes_of(kid);
		out[0] |= (uint8_t)(X_BIT | (n - 1) << 4);
		put_be(out + len, kid, n);
		len += n;
	}
	if (ctr < 8) {
		out[0] |= (uint8_t)ctr;
	} else {
		n = bytes_of(ctr);
		out[0] |= (uint8_t)(Y_BIT | (n - 1));
		put_be(out + len, ctr, n);
		len += n;
	}
	return len;
}

static uint64_t
get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

int
sframe_header_get(const uint8_t *p, size_t n, uint64_t *kid, uint64_t *ctr)
{
	size_t k, c;

	if (n == 0)
		return ERR_FORMAT;
	k = p[0] & X_BIT ? (size_t)(p[0] >> 4 & 7) + 1 : 0;
	c = p[0] & Y_BIT ? (size_t)(p[0] & 7) + 1 : 0;
	if (n < 1 + k + c)
		return ERR_FORMAT;
	*kid = k > 0 ? get_be(p + 1, k) : p[0] >> 4 & 7;
	*ctr = c > 0 ? get_be(p + 1 + k, c) : p[0] & 7;
	return (int)(1 + k + c);
}

/* ---- packets -------------------------------------------------------------------------- */

/* Section 4.4.3: the salt, and the counter over its end. */
static void
nonce_of(
    const struct sframe_key *k, uint64_t ctr, uint8_t out[static NONCE_LEN])
{
	uint8_t c[NONCE_LEN] = {0};

	put_be(c + NONCE_LEN - 8, ctr, 8);
	for (size_t i = 0; i < NONCE_LEN; i++)
		out[i] = k->salt[i] ^ c[i];
}

/* Nonce and additional data into a context: the header, then the metadata. */
static bool
begin(EVP_CIPHER_CTX *c, const uint8_t *nonce, const uint8_t *header,
    size_t hlen, const uint8_t *meta, size_t mlen)
{
	int n;

	return EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, -1) == 1 &&
	       EVP_CipherUpdate(c, NULL, &n, header, (int)hlen) == 1 &&
	       (mlen == 0 ||
		   EVP_CipherUpdate(c, NULL, &n, meta, (int)mlen) == 1);
}

int
sframe_seal_at(struct sframe_key *k, uint64_t ctr, const uint8_t *meta,
    size_t mlen, const uint8_t *text, size_t n, uint8_t *out, size_t *len)
{
	uint8_t nonce[NONCE_LEN];
	size_t h;
	int got = 0, end = 0;

	if (n > SFRAME_TEXT_MAX || mlen > SFRAME_META_MAX)
		return ERR_RANGE;
	h = sframe_header_put(out, k->kid, ctr);
	nonce_of(k, ctr, nonce);
	if (!begin(k->seal, nonce, out, h, meta, mlen) ||
	    (n > 0 &&
		EVP_EncryptUpdate(k->seal, out + h, &got, text, (int)n) != 1) ||
	    EVP_EncryptFinal_ex(k->seal, out + h + got, &end) != 1 ||
	    EVP_CIPHER_CTX_ctrl(k->seal, EVP_CTRL_AEAD_GET_TAG, SFRAME_TAG_LEN,
		out + h + n) != 1)
		return ERR_INTERNAL;
	*len = h + n + SFRAME_TAG_LEN;
	return 0;
}

int
sframe_seal(struct sframe_key *k, const uint8_t *meta, size_t mlen,
    const uint8_t *text, size_t n, uint8_t *out, size_t *len)
{
	int r;

	if (k->used_up)
		return ERR_FULL;
	r = sframe_seal_at(k, k->next, meta, mlen, text, n, out, len);
	if (r == 0) {
		k->used_up = k->next == UINT64_MAX;
		k->next++;
	}
	return r;
}

static bool
was_seen(const struct sframe_key *k, uint64_t ctr)
{
	uint64_t back;

	if (!k->any || ctr > k->top)
		return false;
	back = k->top - ctr;
	return back >= SFRAME_WINDOW || (k->seen[back / 64] >> back % 64 & 1);
}

/* The window moves up by so many. */
static void
move_up(struct sframe_key *k, uint64_t by)
{
	size_t words = (size_t)(by / 64), bits = (size_t)(by % 64);

	if (by >= SFRAME_WINDOW) {
		memset(k->seen, 0, sizeof(k->seen));
		return;
	}
	for (size_t i = ARRAY_LEN(k->seen); i-- > 0;) {
		uint64_t v = i >= words ? k->seen[i - words] << bits : 0;

		if (bits > 0 && i > words)
			v |= k->seen[i - words - 1] >> (64 - bits);
		k->seen[i] = v;
	}
}

static void
mark_seen(struct sframe_key *k, uint64_t ctr)
{
	uint64_t back;

	if (!k->any || ctr > k->top) {
		if (k->any)
			move_up(k, ctr - k->top);
		k->top = ctr;
		k->any = true;
	}
	back = k->top - ctr;
	k->seen[back / 64] |= (uint64_t)1 << back % 64;
}

int
sframe_open(struct sframe_key *k, const uint8_t *meta, size_t mlen,
    const uint8_t *packet, size_t n, uint8_t *out, size_t *len)
{
	uint8_t nonce[NONCE_LEN], tag[SFRAME_TAG_LEN];
	uint64_t kid, ctr;
	size_t h, body;
	int got = 0, end = 0, r;

	if (n > SFRAME_TEXT_MAX + SFRAME_OVERHEAD || mlen > SFRAME_META_MAX)
		return ERR_FORMAT;
	r = sframe_header_get(packet, n, &kid, &ctr);
	if (r < 0 || n - (size_t)r < SFRAME_TAG_LEN)
		return ERR_FORMAT;
	if (kid != k->kid)
		return ERR_NOTFOUND;
	if (was_seen(k, ctr))
		return ERR_DUP;
	h = (size_t)r;
	body = n - h - SFRAME_TAG_LEN;
	memcpy(tag, packet + n - SFRAME_TAG_LEN, sizeof(tag));
	nonce_of(k, ctr, nonce);
	if (!begin(k->open, nonce, packet, h, meta, mlen) ||
	    (body > 0 && EVP_DecryptUpdate(
			     k->open, out, &got, packet + h, (int)body) != 1) ||
	    EVP_CIPHER_CTX_ctrl(
		k->open, EVP_CTRL_AEAD_SET_TAG, SFRAME_TAG_LEN, tag) != 1)
		return ERR_INTERNAL;
	if (EVP_DecryptFinal_ex(k->open, out + got, &end) != 1) {
		sodium_memzero(out, body);
		return ERR_AUTH;
	}
	mark_seen(k, ctr);
	*len = body;
	return 0;
}
