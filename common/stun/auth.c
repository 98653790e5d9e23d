/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auth.c — integrity of messages, and the keys of it. */

/* The successors of these functions allocate each time they are used. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sodium.h>

#include "common/stun/priv.h"

#define BLOCK 64

/* The key in one block, each byte XOR pad (RFC 2104). */
static void
make_pad(uint8_t out[static BLOCK], const uint8_t *key, size_t len, uint8_t pad)
{
	size_t i;

	for (i = 0; i < BLOCK; i++)
		out[i] = (uint8_t)((i < len ? key[i] : 0) ^ pad);
}

/* A STUN message, its length replaced, in the two pieces around that. */
struct pieces {
	const uint8_t *head, *rest;
	size_t head_len, rest_len;
	uint8_t field[2];
};

static struct pieces
cut(const uint8_t *p, size_t len, size_t field)
{
	struct pieces c = {p, p + 4, 2, len - 4, {0}};

	put16(c.field, (unsigned)field);
	return c;
}

static void
sha1_over(uint8_t out[static STUN_SHA1_LEN], const uint8_t *key, size_t key_len,
    const struct pieces *c)
{
	uint8_t pad[BLOCK], digest[STUN_SHA1_LEN];
	SHA_CTX h;

	if (key_len > BLOCK) {
		SHA1_Init(&h);
		SHA1_Update(&h, key, key_len);
		SHA1_Final(digest, &h);
		key = digest;
		key_len = sizeof(digest);
	}
	make_pad(pad, key, key_len, 0x36);
	SHA1_Init(&h);
	SHA1_Update(&h, pad, BLOCK);
	SHA1_Update(&h, c->head, c->head_len);
	SHA1_Update(&h, c->field, c->rest_len > 0 ? 2 : 0);
	SHA1_Update(&h, c->rest, c->rest_len);
	SHA1_Final(out, &h);
	make_pad(pad, key, key_len, 0x5c);
	SHA1_Init(&h);
	SHA1_Update(&h, pad, BLOCK);
	SHA1_Update(&h, out, STUN_SHA1_LEN);
	SHA1_Final(out, &h);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(digest, sizeof(digest));
	sodium_memzero(&h, sizeof(h));
}

void
stun_hmac_sha1(uint8_t out[static STUN_SHA1_LEN], const uint8_t *key,
    size_t key_len, const uint8_t *p, size_t len, size_t field)
{
	struct pieces c = cut(p, len, field);

	sha1_over(out, key, key_len, &c);
}

void
stun_hmac_sha1_plain(uint8_t out[static STUN_SHA1_LEN], const void *key,
    size_t key_len, const void *p, size_t len)
{
	const struct pieces c = {p, p, len, 0, {0}};

	sha1_over(out, key, key_len, &c);
}

void
stun_hmac_sha256(uint8_t out[static STUN_SHA256_LEN], const uint8_t *key,
    size_t key_len, const uint8_t *p, size_t len, size_t field)
{
	uint8_t pad[BLOCK], digest[STUN_SHA256_LEN];
	struct pieces c = cut(p, len, field);
	SHA256_CTX h;

	if (key_len > BLOCK) {
		SHA256_Init(&h);
		SHA256_Update(&h, key, key_len);
		SHA256_Final(digest, &h);
		key = digest;
		key_len = sizeof(digest);
	}
	make_pad(pad, key, key_len, 0x36);
	SHA256_Init(&h);
	SHA256_Update(&h, pad, BLOCK);
	SHA256_Update(&h, c.head, c.head_len);
	SHA256_Update(&h, c.field, 2);
	SHA256_Update(&h, c.rest, c.rest_len);
	SHA256_Final(out, &h);
	make_pad(pad, key, key_len, 0x5c);
	SHA256_Init(&h);
	SHA256_Update(&h, pad, BLOCK);
	SHA256_Update(&h, out, STUN_SHA256_LEN);
	SHA256_Final(out, &h);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(digest, sizeof(digest));
	sodium_memzero(&h, sizeof(h));
}

static void
key_md5(struct stun_key *k, const void *name, size_t name_len,
    const char *realm, const char *password)
{
	MD5_CTX h;

	MD5_Init(&h);
	MD5_Update(&h, name, name_len);
	MD5_Update(&h, ":", 1);
	MD5_Update(&h, realm, strlen(realm));
	MD5_Update(&h, ":", 1);
	MD5_Update(&h, password, strlen(password));
	MD5_Final(k->b, &h);
	k->len = MD5_DIGEST_LENGTH;
	sodium_memzero(&h, sizeof(h));
}

static void
key_sha256(struct stun_key *k, const void *name, size_t name_len,
    const char *realm, const char *password)
{
	SHA256_CTX h;

	SHA256_Init(&h);
	SHA256_Update(&h, name, name_len);
	SHA256_Update(&h, ":", 1);
	SHA256_Update(&h, realm, strlen(realm));
	SHA256_Update(&h, ":", 1);
	SHA256_Update(&h, password, strlen(password));
	SHA256_Final(k->b, &h);
	k->len = SHA256_DIGEST_LENGTH;
	sodium_memzero(&h, sizeof(h));
}

void
stun_key_long(struct stun_key *k, enum stun_algorithm a, const void *name,
    size_t name_len, const char *realm, const char *password)
{
	memset(k, 0, sizeof(*k));
	if (a == STUN_SHA256)
		key_sha256(k, name, name_len, realm, password);
	else
		key_md5(k, name, name_len, realm, password);
}

/* The code of an attribute at `at` covers what stands before it, and a length
 * that ends with it (RFC 8489 §14.5). */
int
stun_check(const struct stun_msg *m, const uint8_t *key, size_t len)
{
	uint8_t mac[STUN_SHA256_LEN];
	size_t at = m->mac256 != 0 ? m->mac256 : m->mac, n;
	int r;

	if (at == 0)
		return ERR_NOTFOUND;
	n = get16(m->p + at + 2);
	if (m->mac256 != 0)
		stun_hmac_sha256(
		    mac, key, len, m->p, at, at + 4 + n - STUN_HEADER);
	else
		stun_hmac_sha1(
		    mac, key, len, m->p, at, at + 4 + n - STUN_HEADER);
	r = sodium_memcmp(mac, m->p + at + 4, n) == 0 ? 0 : ERR_AUTH;
	sodium_memzero(mac, sizeof(mac));
	return r;
}
