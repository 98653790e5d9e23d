/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/group/seal.h"
#include "common/proto/group.pb-c.h"
#include "common/signal/kdf.h"
#include "common/signal/pb.h"
#include "common/text.h"

#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN	  crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_LEN	  crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define PAD_BLOCK 256 /* the length of a name says nothing */
#define PLAIN_MAX (GROUP_SEALED_MAX - NONCE_LEN - TAG_LEN)

static const char secret_context[] = "sotto group secret";
static const char meta_context[] = "sotto group meta";
static const char seal_info[] = "sotto group seal";

#define AD_LEN (sizeof(meta_context) + GROUP_ID_LEN + 8)

void
secret_hash(uint8_t out[static GROUP_HASH_LEN], const uint8_t *id,
    uint32_t epoch, const uint8_t secret[static GROUP_SECRET_LEN])
{
	crypto_hash_sha256_state h;
	uint8_t e[4];

	put_be32(e, epoch);
	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(
	    &h, (const uint8_t *)secret_context, sizeof(secret_context));
	crypto_hash_sha256_update(&h, id, GROUP_ID_LEN);
	crypto_hash_sha256_update(&h, e, sizeof(e));
	crypto_hash_sha256_update(&h, secret, GROUP_SECRET_LEN);
	crypto_hash_sha256_final(&h, out);
	sodium_memzero(&h, sizeof(h));
}

/* ---- the metadata itself ----------------------------------------------------- */

int
meta_pack(const struct group_meta *m, struct buf *out)
{
	Sotto__Group__Meta pb = SOTTO__GROUP__META__INIT;
	union {
		const char *in;
		char *out;
	} name = {.in = m->name}, about = {.in = m->about};

	if (strnlen(m->name, sizeof(m->name)) > GROUP_NAME_MAX ||
	    strnlen(m->about, sizeof(m->about)) > GROUP_ABOUT_MAX ||
	    m->picture_len > GROUP_PICTURE_MAX ||
	    m->timer_s > GROUP_TIMER_MAX_S ||
	    !text_is_utf8(m->name, strlen(m->name)) ||
	    !text_is_utf8(m->about, strlen(m->about)))
		return ERR_RANGE;
	pb.name = name.out;
	pb.about = about.out;
	pb.picture = pb_bytes(m->picture, m->picture_len);
	pb.timer_s = m->timer_s;
	return pb_pack(out, &pb.base);
}

static bool
text_get(char *out, size_t max, const char *s)
{
	size_t len = strlen(s);

	if (len > max || !text_is_utf8(s, len))
		return false;
	memcpy(out, s, len + 1);
	return true;
}

static bool
meta_read(struct group_meta *m, const Sotto__Group__Meta *pb)
{
	if (!text_get(m->name, GROUP_NAME_MAX, pb->name) ||
	    !text_get(m->about, GROUP_ABOUT_MAX, pb->about) ||
	    pb->picture.len > GROUP_PICTURE_MAX ||
	    pb->timer_s > GROUP_TIMER_MAX_S)
		return false;
	if (pb->picture.len > 0)
		memcpy(m->picture, pb->picture.data, pb->picture.len);
	m->picture_len = pb->picture.len;
	m->timer_s = pb->timer_s;
	return true;
}

int
meta_unpack(struct group_meta *out, const uint8_t *p, size_t len)
{
	struct group_meta m = {0};
	ProtobufCMessage *pb;
	struct pb_mem mem;
	int r;

	r = pb_unpack(&mem, &sotto__group__meta__descriptor, p, len, &pb);
	if (r != 0)
		return r == ERR_NOMEM ? r : ERR_FORMAT;
	if (meta_read(&m, (const Sotto__Group__Meta *)pb))
		*out = m;
	else
		r = ERR_FORMAT;
	pb_free(&mem, pb);
	sodium_memzero(&m, sizeof(m));
	return r;
}

/* ---- sealing ----------------------------------------------------------------- */

static void
seal_key(uint8_t out[static KEY_LEN], const struct seal_place *at,
    const uint8_t secret[static GROUP_SECRET_LEN])
{
	kdf_hkdf(out, KEY_LEN, at->id, GROUP_ID_LEN, secret, GROUP_SECRET_LEN,
	    seal_info);
}

static void
seal_ad(uint8_t out[static AD_LEN], const struct seal_place *at)
{
	memcpy(out, meta_context, sizeof(meta_context));
	out += sizeof(meta_context);
	memcpy(out, at->id, GROUP_ID_LEN);
	put_be32(out + GROUP_ID_LEN, at->epoch);
	put_be32(out + GROUP_ID_LEN + 4, at->version);
}

/* One byte 0x80, then zeros up to whole blocks. */
static int
pad(struct buf *b)
{
	size_t left = PAD_BLOCK - b->len % PAD_BLOCK;
	int r = buf_reserve(b, left);

	if (r != 0)
		return r;
	memset(b->p + b->len, 0, left);
	b->p[b->len] = 0x80;
	b->len += left;
	return 0;
}

static int
unpad(const uint8_t *p, size_t *len)
{
	size_t n = *len;

	while (n > 0 && p[n - 1] == 0)
		n--;
	if (n == 0 || p[n - 1] != 0x80)
		return ERR_FORMAT;
	*len = n - 1;
	return 0;
}

int
meta_seal(struct buf *out, const struct seal_place *at,
    const uint8_t secret[static GROUP_SECRET_LEN], const struct group_meta *m,
    const struct signal_rng *rng)
{
	uint8_t key[KEY_LEN], ad[AD_LEN], *to;
	struct buf plain;
	int r;

	buf_init(&plain, PLAIN_MAX);
	r = meta_pack(m, &plain);
	if (r == 0)
		r = pad(&plain);
	if (r == 0)
		r = buf_reserve(out, NONCE_LEN + plain.len + TAG_LEN);
	if (r != 0)
		goto out;
	to = out->p + out->len;
	rng->fill(rng->ctx, to, NONCE_LEN);
	seal_key(key, at, secret);
	seal_ad(ad, at);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to + NONCE_LEN, NULL,
	    plain.p, plain.len, ad, sizeof(ad), NULL, to, key);
	out->len += NONCE_LEN + plain.len + TAG_LEN;
	sodium_memzero(key, sizeof(key));
out:
	buf_clear(&plain);
	return r == ERR_FULL ? ERR_RANGE : r;
}

int
meta_open(struct group_meta *m, const struct seal_place *at,
    const uint8_t secret[static GROUP_SECRET_LEN], const uint8_t *sealed,
    size_t len)
{
	uint8_t key[KEY_LEN], ad[AD_LEN], plain[PLAIN_MAX];
	size_t n;
	int r = 0;

	if (len < NONCE_LEN + TAG_LEN || len > GROUP_SEALED_MAX)
		return ERR_AUTH;
	n = len - NONCE_LEN - TAG_LEN;
	seal_key(key, at, secret);
	seal_ad(ad, at);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
		sealed + NONCE_LEN, n + TAG_LEN, ad, sizeof(ad), sealed,
		key) != 0)
		r = ERR_AUTH;
	if (r == 0)
		r = unpad(plain, &n);
	if (r == 0)
		r = meta_unpack(m, plain, n);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(plain, sizeof(plain));
	return r;
}
