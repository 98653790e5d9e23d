/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <omemo/curve.h>

#include "common/signal/hmac.h"
#include "common/signal/kdf.h"
#include "tests/lib/omemo_store.h"

void
omemo_must(int ok)
{
	if (!ok)
		abort();
}

/* ---- cryptography it asks for --------------------------------------------- */

static int
random_bytes(uint8_t *data, size_t len, void *ctx)
{
	randombytes_buf(data, len);
	return 0;
}

static int
mac_init(void **h, const uint8_t *key, size_t len, void *ctx)
{
	struct hmac *st = malloc(sizeof(*st));

	if (st == NULL)
		return SG_ERR_NOMEM;
	hmac_init(st, key, len);
	*h = st;
	return 0;
}

static int
mac_update(void *h, const uint8_t *data, size_t len, void *ctx)
{
	hmac_update(h, data, len);
	return 0;
}

static int
mac_final(void *h, signal_buffer **out, void *ctx)
{
	uint8_t mac[32];

	hmac_final(h, mac);
	*out = signal_buffer_create(mac, sizeof(mac));
	return *out == NULL ? SG_ERR_NOMEM : 0;
}

static int
sha_init(void **h, void *ctx)
{
	crypto_hash_sha512_state *st = malloc(sizeof(*st));

	if (st == NULL)
		return SG_ERR_NOMEM;
	crypto_hash_sha512_init(st);
	*h = st;
	return 0;
}

static int
sha_update(void *h, const uint8_t *data, size_t len, void *ctx)
{
	crypto_hash_sha512_update(h, data, len);
	return 0;
}

static int
sha_final(void *h, signal_buffer **out, void *ctx)
{
	uint8_t sum[64];

	crypto_hash_sha512_final(h, sum);
	crypto_hash_sha512_init(h);
	*out = signal_buffer_create(sum, sizeof(sum));
	return *out == NULL ? SG_ERR_NOMEM : 0;
}

static void
hash_cleanup(void *h, void *ctx)
{
	free(h);
}

static int
buffer_of(signal_buffer **out, int r, struct buf *b)
{
	if (r == 0)
		*out = signal_buffer_create(b->p, b->len);
	buf_clear(b);
	return r != 0 ? SG_ERR_UNKNOWN : *out == NULL ? SG_ERR_NOMEM : 0;
}

static int
encrypt_fn(signal_buffer **out, int how, const uint8_t *key, size_t keylen,
    const uint8_t *iv, size_t ivlen, const uint8_t *in, size_t len, void *ctx)
{
	struct buf b;

	if (how != SG_CIPHER_AES_CBC_PKCS5 || keylen != 32 || ivlen != 16)
		return SG_ERR_UNKNOWN;
	buf_init(&b, len + CBC_BLOCK);
	return buffer_of(out, cbc_seal(&b, key, iv, in, len), &b);
}

static int
decrypt_fn(signal_buffer **out, int how, const uint8_t *key, size_t keylen,
    const uint8_t *iv, size_t ivlen, const uint8_t *in, size_t len, void *ctx)
{
	struct buf b;

	if (how != SG_CIPHER_AES_CBC_PKCS5 || keylen != 32 || ivlen != 16)
		return SG_ERR_UNKNOWN;
	buf_init(&b, len + CBC_BLOCK);
	return buffer_of(out, cbc_open(&b, key, iv, in, len), &b);
}

/* ---- its store ------------------------------------------------------------ */

struct omemo_record *
omemo_find(struct omemo_store *me, const char *name)
{
	size_t i;

	for (i = 0; i < me->n; i++) {
		if (strcmp(me->record[i].name, name) == 0)
			return &me->record[i];
	}
	return NULL;
}

int
omemo_put(
    struct omemo_store *me, const char *name, const uint8_t *p, size_t len)
{
	struct omemo_record *r = omemo_find(me, name);

	if (r == NULL) {
		omemo_must(me->n < OMEMO_RECORDS_MAX);
		r = &me->record[me->n++];
		snprintf(r->name, sizeof(r->name), "%s", name);
	} else {
		signal_buffer_free(r->value);
	}
	r->value = signal_buffer_create(p, len);
	omemo_must(r->value != NULL);
	return 0;
}

static int
take(struct omemo_store *me, const char *name)
{
	struct omemo_record *r = omemo_find(me, name);

	if (r == NULL)
		return 0;
	signal_buffer_free(r->value);
	*r = me->record[--me->n];
	return 1;
}

const char *
omemo_session_name(const signal_protocol_address *a)
{
	static char name[96];

	snprintf(name, sizeof(name), "session %.*s.%d", (int)a->name_len,
	    a->name, (int)a->device_id);
	return name;
}

const char *
omemo_key_name(const char *kind, uint32_t id)
{
	static char name[96];

	snprintf(name, sizeof(name), "%s %u", kind, id);
	return name;
}

static int
load(struct omemo_store *me, const char *name, signal_buffer **out)
{
	struct omemo_record *r = omemo_find(me, name);

	if (r == NULL)
		return 0;
	*out = signal_buffer_copy(r->value);
	omemo_must(*out != NULL);
	return 1;
}

static int
load_session(signal_buffer **record, signal_buffer **user,
    const signal_protocol_address *a, void *ctx)
{
	return load(ctx, omemo_session_name(a), record);
}

static int
sub_devices(signal_int_list **out, const char *name, size_t len, void *ctx)
{
	*out = signal_int_list_alloc();
	return 0;
}

static int
store_session(const signal_protocol_address *a, uint8_t *p, size_t len,
    uint8_t *user, size_t user_len, void *ctx)
{
	return omemo_put(ctx, omemo_session_name(a), p, len);
}

static int
contains_session(const signal_protocol_address *a, void *ctx)
{
	return omemo_find(ctx, omemo_session_name(a)) != NULL;
}

static int
delete_session(const signal_protocol_address *a, void *ctx)
{
	return take(ctx, omemo_session_name(a));
}

static int
delete_all(const char *name, size_t len, void *ctx)
{
	return 0;
}

#define KEY_STORE(kind, label)                                                 \
	static int load_##kind(signal_buffer **out, uint32_t id, void *ctx)    \
	{                                                                      \
		return load(ctx, omemo_key_name(label, id), out)               \
			   ? SG_SUCCESS                                        \
			   : SG_ERR_INVALID_KEY_ID;                            \
	}                                                                      \
	static int store_##kind(                                               \
	    uint32_t id, uint8_t *p, size_t len, void *ctx)                    \
	{                                                                      \
		return omemo_put(ctx, omemo_key_name(label, id), p, len);      \
	}                                                                      \
	static int contains_##kind(uint32_t id, void *ctx)                     \
	{                                                                      \
		return omemo_find(ctx, omemo_key_name(label, id)) != NULL;     \
	}                                                                      \
	static int remove_##kind(uint32_t id, void *ctx)                       \
	{                                                                      \
		take(ctx, omemo_key_name(label, id));                          \
		return 0;                                                      \
	}
KEY_STORE(pre_key, "pre")
KEY_STORE(signed_pre_key, "signed")
#undef KEY_STORE

static int
identity_pair(signal_buffer **pub, signal_buffer **priv, void *ctx)
{
	struct omemo_store *me = ctx;

	ec_public_key_serialize(pub, ec_key_pair_get_public(me->identity));
	ec_private_key_serialize(priv, ec_key_pair_get_private(me->identity));
	return 0;
}

static int
registration_id(void *ctx, uint32_t *id)
{
	struct omemo_store *me = ctx;

	*id = me->reg;
	return 0;
}

static int
save_identity(
    const signal_protocol_address *a, uint8_t *p, size_t len, void *ctx)
{
	return 0;
}

static int
trusted(const signal_protocol_address *a, uint8_t *p, size_t len, void *ctx)
{
	return 1;
}

static void
destroyed(void *ctx)
{
}

void
omemo_store_init(struct omemo_store *me)
{
	const signal_crypto_provider crypto = {random_bytes, mac_init,
	    mac_update, mac_final, hash_cleanup, sha_init, sha_update,
	    sha_final, hash_cleanup, encrypt_fn, decrypt_fn, NULL};
	const signal_protocol_session_store sessions = {load_session,
	    sub_devices, store_session, contains_session, delete_session,
	    delete_all, destroyed, me};
	const signal_protocol_pre_key_store pre = {load_pre_key, store_pre_key,
	    contains_pre_key, remove_pre_key, destroyed, me};
	const signal_protocol_signed_pre_key_store sig = {load_signed_pre_key,
	    store_signed_pre_key, contains_signed_pre_key,
	    remove_signed_pre_key, destroyed, me};
	const signal_protocol_identity_key_store id = {identity_pair,
	    registration_id, save_identity, trusted, destroyed, me};

	omemo_must(signal_context_create(&me->lib, me) == 0);
	omemo_must(signal_context_set_crypto_provider(me->lib, &crypto) == 0);
	omemo_must(
	    signal_protocol_store_context_create(&me->store, me->lib) == 0);
	signal_protocol_store_context_set_session_store(me->store, &sessions);
	signal_protocol_store_context_set_pre_key_store(me->store, &pre);
	signal_protocol_store_context_set_signed_pre_key_store(me->store, &sig);
	signal_protocol_store_context_set_identity_key_store(me->store, &id);
}
