/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "relay/keys/upload.h"

#define CURVE_PK_LEN  33 /* type byte 0x05, then X25519 */
#define CURVE_TYPE    0x05
#define SIGNATURE_LEN 64

static int
fail(const char **text, int err, const char *sentence)
{
	*text = sentence;
	return err;
}

static bool
is_curve_key(const ProtobufCBinaryData *pk)
{
	return pk->len == CURVE_PK_LEN && pk->data[0] == CURVE_TYPE;
}

bool
upload_identity_ok(const ProtobufCBinaryData *pk)
{
	return is_curve_key(pk);
}

static bool
is_kyber(const Sotto__Relay__KyberPreKey *k)
{
	return k->public_key.len > 0 && k->public_key.len <= STORE_KEY_MAX &&
	       k->signature.len == SIGNATURE_LEN;
}

static int
check_signed(const Sotto__Relay__PreKeys *in, const char **text)
{
	const Sotto__Relay__SignedPreKey *s = in->signed_pre_key;

	if (s != NULL && (!is_curve_key(&s->public_key) ||
			     s->signature.len != SIGNATURE_LEN))
		return fail(text, ERR_FORMAT, "the signed pre-key is none");
	if (in->kyber_last_resort != NULL && !is_kyber(in->kyber_last_resort))
		return fail(
		    text, ERR_FORMAT, "the last-resort Kyber key is none");
	return 0;
}

static int
check(const Sotto__Relay__PreKeys *in, const char **text)
{
	size_t i;

	if (in->n_one_time_pre_keys > STORE_POOL_MAX ||
	    in->n_kyber_pre_keys > STORE_POOL_MAX)
		return fail(text, ERR_RANGE, "too many keys");
	for (i = 0; i < in->n_one_time_pre_keys; i++)
		if (!is_curve_key(&in->one_time_pre_keys[i]->public_key))
			return fail(
			    text, ERR_FORMAT, "a one-time pre-key is none");
	for (i = 0; i < in->n_kyber_pre_keys; i++)
		if (!is_kyber(in->kyber_pre_keys[i]))
			return fail(
			    text, ERR_FORMAT, "a Kyber pre-key is none");
	return check_signed(in, text);
}

static size_t
bytes_of(const Sotto__Relay__PreKeys *in)
{
	size_t i, n = in->n_one_time_pre_keys * (size_t)CURVE_PK_LEN;

	for (i = 0; i < in->n_kyber_pre_keys; i++)
		n += in->kyber_pre_keys[i]->public_key.len + SIGNATURE_LEN;
	if (in->signed_pre_key != NULL)
		n += CURVE_PK_LEN + SIGNATURE_LEN;
	if (in->kyber_last_resort != NULL)
		n += in->kyber_last_resort->public_key.len + SIGNATURE_LEN;
	return n;
}

static const uint8_t *
copy(const ProtobufCBinaryData *in, uint8_t **at)
{
	uint8_t *p = *at;

	memcpy(p, in->data, in->len);
	*at += in->len;
	return p;
}

static struct store_key
copy_key(uint32_t id, const ProtobufCBinaryData *pk,
    const ProtobufCBinaryData *sig, uint8_t **at)
{
	struct store_key k = {.id = id, .pk_len = pk->len};

	k.pk = copy(pk, at);
	if (sig != NULL) {
		k.sig = copy(sig, at);
		k.sig_len = sig->len;
	}
	return k;
}

static struct store_key
copy_kyber(const Sotto__Relay__KyberPreKey *k, uint8_t **at)
{
	return copy_key(k->id, &k->public_key, &k->signature, at);
}

int
upload_copy(const Sotto__Relay__PreKeys *in, struct store_keys *keys,
    void **block, const char **text)
{
	struct store_keys out = {0};
	struct store_key *v;
	uint8_t *at;
	size_t i, n;
	int r;

	r = check(in, text);
	if (r != 0)
		return r;
	n = in->n_one_time_pre_keys + in->n_kyber_pre_keys;
	v = calloc(1, n * sizeof(*v) + bytes_of(in) + 1);
	if (v == NULL)
		return fail(text, ERR_NOMEM, err_str(ERR_NOMEM));
	at = (uint8_t *)(v + n);
	out.one_time = v;
	for (i = 0; i < in->n_one_time_pre_keys; i++) {
		const Sotto__Relay__OneTimePreKey *k = in->one_time_pre_keys[i];

		v[out.n_one_time++] =
		    copy_key(k->id, &k->public_key, NULL, &at);
	}
	out.kyber = v + out.n_one_time;
	for (i = 0; i < in->n_kyber_pre_keys; i++)
		v[out.n_one_time + out.n_kyber++] =
		    copy_kyber(in->kyber_pre_keys[i], &at);
	if (in->signed_pre_key != NULL)
		out.signed_key = copy_key(in->signed_pre_key->id,
		    &in->signed_pre_key->public_key,
		    &in->signed_pre_key->signature, &at);
	if (in->kyber_last_resort != NULL)
		out.last_resort = copy_kyber(in->kyber_last_resort, &at);
	*keys = out;
	*block = v;
	return 0;
}
