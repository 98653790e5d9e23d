/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include <sodium.h>

#include "common/ossl.h"
#include "common/signal/hmac.h"
#include "common/signal/kdf.h"

#define ROOT_LABEL    "WhisperRatchet"
#define MESSAGE_LABEL "WhisperMessageKeys"
#define GROUP_LABEL   "WhisperGroup"

void
kdf_hmac(uint8_t out[static KDF_LEN], const uint8_t *key, size_t keylen,
    const uint8_t *msg, size_t len)
{
	struct hmac h;

	hmac_init(&h, key, keylen);
	hmac_update(&h, msg, len);
	hmac_final(&h, out);
}

void
kdf_hkdf(uint8_t *out, size_t outlen, const uint8_t *salt, size_t saltlen,
    const uint8_t *ikm, size_t ikmlen, const char *info)
{
	kdf_hkdf_bytes(out, outlen, salt, saltlen, ikm, ikmlen,
	    (const uint8_t *)info, strlen(info));
}

void
kdf_hkdf_bytes(uint8_t *out, size_t outlen, const uint8_t *salt, size_t saltlen,
    const uint8_t *ikm, size_t ikmlen, const uint8_t *info, size_t infolen)
{
	struct hmac keyed, h;
	uint8_t prk[KDF_LEN], t[KDF_LEN], n = 0;
	size_t used = 0, take;

	assert(outlen <= (size_t)255 * KDF_LEN);
	if (salt != NULL)
		hmac_init(&h, salt, saltlen);
	else
		hmac_init_zero(&h);
	hmac_update(&h, ikm, ikmlen);
	hmac_final(&h, prk);
	hmac_init(&keyed, prk, sizeof(prk));
	while (used < outlen) {
		h = keyed;
		if (n > 0)
			hmac_update(&h, t, sizeof(t));
		hmac_update(&h, info, infolen);
		n++;
		hmac_update(&h, &n, 1);
		hmac_final(&h, t);
		take = outlen - used < KDF_LEN ? outlen - used : KDF_LEN;
		memcpy(out + used, t, take);
		used += take;
	}
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(t, sizeof(t));
	sodium_memzero(&keyed, sizeof(keyed));
}

void
kdf_root_step(struct root_key *next, struct chain_key *chain,
    const struct root_key *root, const uint8_t dh[static EC_LEN])
{
	uint8_t okm[2 * KDF_LEN];

	kdf_hkdf(okm, sizeof(okm), root->b, KDF_LEN, dh, EC_LEN, ROOT_LABEL);
	memcpy(next->b, okm, KDF_LEN);
	memcpy(chain->b, okm + KDF_LEN, KDF_LEN);
	sodium_memzero(okm, sizeof(okm));
}

void
kdf_chain_step(struct message_seed *seed, struct chain_key *next,
    const struct chain_key *ck)
{
	struct hmac keyed, h;

	hmac_init(&keyed, ck->b, KDF_LEN);
	if (seed != NULL) {
		h = keyed;
		hmac_update(&h, (const uint8_t[]){0x01}, 1);
		hmac_final(&h, seed->b);
	}
	hmac_update(&keyed, (const uint8_t[]){0x02}, 1);
	hmac_final(&keyed, next->b);
}

void
kdf_message_keys(struct message_keys *out, const struct message_seed *seed,
    const uint8_t *pq_salt)
{
	uint8_t okm[80];

	kdf_hkdf(okm, sizeof(okm), pq_salt, pq_salt != NULL ? KDF_LEN : 0,
	    seed->b, KDF_LEN, MESSAGE_LABEL);
	memcpy(out->cipher, okm, 32);
	memcpy(out->mac, okm + 32, 32);
	memcpy(out->iv, okm + 64, CBC_IV_LEN);
	sodium_memzero(okm, sizeof(okm));
}

void
kdf_group_keys(struct message_keys *out, const struct message_seed *seed)
{
	uint8_t okm[CBC_IV_LEN + 32];

	kdf_hkdf(okm, sizeof(okm), NULL, 0, seed->b, KDF_LEN, GROUP_LABEL);
	memset(out, 0, sizeof(*out));
	memcpy(out->iv, okm, CBC_IV_LEN);
	memcpy(out->cipher, okm + CBC_IV_LEN, 32);
	sodium_memzero(okm, sizeof(okm));
}

/*
 * AES-256-CBC, looked up once in the life of the process: a look-up takes locks
 * and as long as a hundred bytes' encryption. NULL: no memory.
 */
static const EVP_CIPHER *
aes(void)
{
	static _Atomic(EVP_CIPHER *) kept;
	EVP_CIPHER *c = atomic_load(&kept), *none = NULL;

	if (c != NULL)
		return c;
	c = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	if (c == NULL || atomic_compare_exchange_strong(&kept, &none, c))
		return c;
	EVP_CIPHER_free(c); /* another thread was first */
	return none;
}

int
cbc_seal(struct buf *out, const uint8_t key[static 32],
    const uint8_t iv[static CBC_IV_LEN], const uint8_t *pt, size_t len)
{
	EVP_CIPHER_CTX *c = NULL;
	int r, n = 0, tail = 0;

	if (len > INT_MAX - CBC_BLOCK)
		return ERR_RANGE;
	r = buf_reserve(out, len + CBC_BLOCK);
	if (r != 0)
		return r;
	c = EVP_CIPHER_CTX_new();
	if (c == NULL)
		return ERR_NOMEM;
	if (EVP_EncryptInit_ex2(c, aes(), key, iv, NULL) != 1 ||
	    (len > 0 && EVP_EncryptUpdate(
			    c, out->p + out->len, &n, pt, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(c, out->p + out->len + n, &tail) != 1)
		r = ERR_NOMEM;
	else
		out->len += (size_t)n + (size_t)tail;
	EVP_CIPHER_CTX_free(c); /* wipes the key schedule */
	return r;
}

int
cbc_open(struct buf *out, const uint8_t key[static 32],
    const uint8_t iv[static CBC_IV_LEN], const uint8_t *ct, size_t len)
{
	EVP_CIPHER_CTX *c;
	int r, n = 0, tail = 0;

	if (len > INT_MAX - CBC_BLOCK)
		return ERR_RANGE;
	if (len == 0 || len % CBC_BLOCK != 0)
		return ERR_FORMAT;
	r = buf_reserve(out, len + CBC_BLOCK);
	if (r != 0)
		return r;
	c = EVP_CIPHER_CTX_new();
	if (c == NULL)
		return ERR_NOMEM;
	if (EVP_DecryptInit_ex2(c, aes(), key, iv, NULL) != 1 ||
	    EVP_DecryptUpdate(c, out->p + out->len, &n, ct, (int)len) != 1)
		r = ERR_NOMEM;
	else if (EVP_DecryptFinal_ex(c, out->p + out->len + n, &tail) != 1)
		r = ERR_FORMAT;
	if (r == 0)
		out->len += (size_t)n + (size_t)tail;
	else
		sodium_memzero(out->p + out->len, len + CBC_BLOCK);
	EVP_CIPHER_CTX_free(c);
	return r;
}
