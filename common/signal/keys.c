/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/keys.h"
#include "common/signal/xeddsa.h"

static void
system_fill(void *ctx, void *out, size_t n)
{
	(void)ctx;
	randombytes_buf(out, n);
}

const struct signal_rng signal_rng_system = {.fill = system_fill};

/* X25519 clamps while it multiplies; XEdDSA needs the clamped number itself. */
static void
clamp(uint8_t k[static EC_LEN])
{
	k[0] &= 248;
	k[31] &= 127;
	k[31] |= 64;
}

void
ec_generate(struct ec_pair *out, const struct signal_rng *rng)
{
	rng->fill(rng->ctx, out->sk.k, EC_LEN);
	clamp(out->sk.k);
	mont_base(out->pk.u, out->sk.k);
}

void
identity_generate(struct identity_key_pair *out, const struct signal_rng *rng)
{
	rng->fill(rng->ctx, out->sk.k, EC_LEN);
	clamp(out->sk.k);
	mont_base(out->pk.u, out->sk.k);
}

int
ec_from_private(struct ec_pair *out, const uint8_t k[static EC_LEN])
{
	struct ec_pair pair;
	int r = 0;

	memcpy(pair.sk.k, k, EC_LEN);
	clamp(pair.sk.k);
	if (crypto_scalarmult_base(pair.pk.u, pair.sk.k) == 0)
		*out = pair;
	else
		r = ERR_FORMAT;
	sodium_memzero(&pair, sizeof(pair));
	return r;
}

int
identity_from_private(
    struct identity_key_pair *out, const uint8_t k[static EC_LEN])
{
	struct identity_key_pair pair;
	int r = 0;

	memcpy(pair.sk.k, k, EC_LEN);
	clamp(pair.sk.k);
	if (crypto_scalarmult_base(pair.pk.u, pair.sk.k) == 0)
		*out = pair;
	else
		r = ERR_FORMAT;
	sodium_memzero(&pair, sizeof(pair));
	return r;
}

static void
pk_put(uint8_t out[static EC_PUBLIC_LEN], const uint8_t u[static EC_LEN])
{
	out[0] = EC_TYPE;
	memcpy(out + 1, u, EC_LEN);
}

static int
pk_get(uint8_t u[static EC_LEN], const uint8_t *p, size_t len)
{
	if (len != EC_PUBLIC_LEN)
		return ERR_RANGE;
	if (p[0] != EC_TYPE)
		return ERR_FORMAT;
	memcpy(u, p + 1, EC_LEN);
	return 0;
}

void
identity_pk_put(uint8_t out[static EC_PUBLIC_LEN], const struct identity_pk *pk)
{
	pk_put(out, pk->u);
}

void
ec_pk_put(uint8_t out[static EC_PUBLIC_LEN], const struct ec_pk *pk)
{
	pk_put(out, pk->u);
}

int
identity_pk_get(struct identity_pk *out, const uint8_t *p, size_t len)
{
	return pk_get(out->u, p, len);
}

int
ec_pk_get(struct ec_pk *out, const uint8_t *p, size_t len)
{
	return pk_get(out->u, p, len);
}

int
kem_pk_get(struct kem_pk *out, const uint8_t *p, size_t len)
{
	if (len != KEM_PUBLIC_LEN)
		return ERR_RANGE;
	if (p[0] != KEM_TYPE)
		return ERR_FORMAT;
	memcpy(out->b, p, KEM_PUBLIC_LEN);
	return 0;
}

bool
identity_pk_equal(const struct identity_pk *a, const struct identity_pk *b)
{
	return sodium_memcmp(a->u, b->u, EC_LEN) == 0;
}

bool
ec_pk_equal(const struct ec_pk *a, const struct ec_pk *b)
{
	return sodium_memcmp(a->u, b->u, EC_LEN) == 0;
}

int
ec_pk_check(const struct ec_pk *pk)
{
	uint8_t y[EC_LEN];
	int r;

	r = mont_to_edwards(y, pk->u);
	if (r != 0)
		return r;
	/* on the curve, not of small order, in the prime-order subgroup */
	return crypto_core_ed25519_is_valid_point(y) ? 0 : ERR_FORMAT;
}

int
ec_agree(
    uint8_t out[static EC_LEN], const struct ec_sk *sk, const struct ec_pk *pk)
{
	uint8_t shared[EC_LEN];
	int r = 0;

	if (crypto_scalarmult(shared, sk->k, pk->u) == 0)
		memcpy(out, shared, EC_LEN);
	else
		r = ERR_FORMAT;
	sodium_memzero(shared, sizeof(shared));
	return r;
}

struct ec_pk
identity_as_ec_pk(const struct identity_pk *pk)
{
	struct ec_pk out;

	memcpy(out.u, pk->u, EC_LEN);
	return out;
}

struct ec_sk
identity_as_ec_sk(const struct identity_sk *sk)
{
	struct ec_sk out;

	memcpy(out.k, sk->k, EC_LEN);
	return out;
}
