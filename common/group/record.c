/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/record.h"
#include "common/group/seal.h"
#include "common/proto/group.pb-c.h"
#include "common/signal/pb.h"

#define RECORD_FORMAT 1

void
record_free(struct group_record *r)
{
	if (r == NULL)
		return;
	buf_clear(&r->pub_bytes);
	sodium_memzero(r, sizeof(*r));
	free(r);
}

int
record_new(struct group_record **out, const uint8_t *pub, size_t len)
{
	struct group_record *r = calloc(1, sizeof(*r));
	int e;

	if (r == NULL)
		return ERR_NOMEM;
	buf_init(&r->pub_bytes, GROUP_PUBLIC_MAX);
	e = buf_put(&r->pub_bytes, pub, len);
	if (e == ERR_FULL)
		e = ERR_FORMAT;
	if (e == 0)
		e = group_public_open(&r->pub, r->pub_bytes.p, len);
	if (e == 0)
		*out = r;
	else
		record_free(r);
	return e;
}

/* ---- reading ----------------------------------------------------------------- */

static int
read_secrets(struct group_record *r, const Sotto__Group__Record *pb)
{
	const Sotto__Group__Record__Secret *s;
	size_t i;

	if (pb->n_secrets > GROUP_SECRETS_MAX)
		return ERR_FORMAT;
	for (i = 0; i < pb->n_secrets; i++) {
		s = pb->secrets[i];
		if (s->epoch == 0 ||
		    pb_fixed(r->secrets[i].b, GROUP_SECRET_LEN, s->secret) != 0)
			return ERR_FORMAT;
		r->secrets[i].epoch = s->epoch;
	}
	r->n_secrets = pb->n_secrets;
	return 0;
}

static int
read_rest(struct group_record *r, const Sotto__Group__Record *pb)
{
	int e = read_secrets(r, pb);

	if (e != 0)
		return e;
	if (pb->heads.len % GROUP_HASH_LEN != 0 ||
	    pb->heads.len > sizeof(r->heads) ||
	    pb->heads.len / GROUP_HASH_LEN >= r->pub.version ||
	    pb->meta_version > r->pub.version)
		return ERR_FORMAT;
	r->n_heads = pb->heads.len / GROUP_HASH_LEN;
	if (r->n_heads > 0)
		memcpy(r->heads, pb->heads.data, pb->heads.len);
	r->meta_version = pb->meta_version;
	if (pb->meta_version == 0)
		return 0;
	return meta_unpack(&r->meta, pb->meta.data, pb->meta.len);
}

static int
read_record(struct group_record **out, const Sotto__Group__Record *pb)
{
	struct group_record *r;
	int e;

	if (pb->format != RECORD_FORMAT)
		return ERR_VERSION;
	e = record_new(&r, pb->public_.data, pb->public_.len);
	if (e != 0)
		return e;
	e = read_rest(r, pb);
	if (e == 0)
		*out = r;
	else
		record_free(r);
	return e;
}

int
record_open(struct group_record **out, const uint8_t *p, size_t len)
{
	ProtobufCMessage *pb;
	struct pb_mem mem;
	int e;

	if (len > GROUP_RECORD_MAX)
		return ERR_FORMAT;
	e = pb_unpack(&mem, &sotto__group__record__descriptor, p, len, &pb);
	if (e != 0)
		return e == ERR_NOMEM ? e : ERR_FORMAT;
	e = read_record(out, (const Sotto__Group__Record *)pb);
	pb_free(&mem, pb);
	return e;
}

/* ---- writing ----------------------------------------------------------------- */

static int
pack_all(const struct group_record *r, struct buf *meta, struct buf *out)
{
	Sotto__Group__Record pb = SOTTO__GROUP__RECORD__INIT;
	Sotto__Group__Record__Secret s[GROUP_SECRETS_MAX];
	Sotto__Group__Record__Secret *ptr[GROUP_SECRETS_MAX];
	size_t i;
	int e = 0;

	for (i = 0; i < r->n_secrets; i++) {
		sotto__group__record__secret__init(&s[i]);
		s[i].epoch = r->secrets[i].epoch;
		s[i].secret = pb_bytes(r->secrets[i].b, GROUP_SECRET_LEN);
		ptr[i] = &s[i];
	}
	pb.format = RECORD_FORMAT;
	pb.public_ = pb_bytes(r->pub_bytes.p, r->pub_bytes.len);
	pb.secrets = ptr;
	pb.n_secrets = r->n_secrets;
	pb.heads = pb_bytes(r->heads, r->n_heads * GROUP_HASH_LEN);
	pb.meta_version = r->meta_version;
	if (r->meta_version != 0)
		e = meta_pack(&r->meta, meta);
	pb.meta = pb_bytes(meta->p, meta->len);
	return e != 0 ? e : pb_pack(out, &pb.base);
}

int
record_pack(const struct group_record *r, struct buf *out)
{
	struct buf b, meta;
	int e;

	buf_init(&b, GROUP_RECORD_MAX);
	buf_init(&meta, GROUP_SEALED_MAX);
	e = pack_all(r, &meta, &b);
	buf_clear(&meta);
	if (e == 0)
		*out = b;
	else
		buf_clear(&b);
	return e;
}

/* ---- moving on ----------------------------------------------------------------- */

static void
push_head(struct group_record *r)
{
	if (r->n_heads == GROUP_HEADS_MAX)
		memmove(r->heads[0], r->heads[1],
		    (GROUP_HEADS_MAX - 1) * (size_t)GROUP_HASH_LEN);
	else
		r->n_heads++;
	memcpy(r->heads[r->n_heads - 1], r->pub.head, GROUP_HASH_LEN);
}

int
record_advance(struct group_record *r, struct buf *pub)
{
	struct group_public v;
	int e = group_public_open(&v, pub->p, pub->len);

	if (e != 0)
		return e;
	push_head(r);
	buf_clear(&r->pub_bytes);
	r->pub_bytes = *pub;
	r->pub = v;
	buf_init(pub, 0);
	return 0;
}

static bool
is_current(const struct group_record *r, const struct record_secret *s)
{
	uint8_t h[GROUP_HASH_LEN];

	if (s->epoch != r->pub.epoch)
		return false;
	secret_hash(h, r->pub.id, s->epoch, s->b);
	return memcmp(h, r->pub.secret_hash, sizeof(h)) == 0;
}

const uint8_t *
record_secret(const struct group_record *r)
{
	size_t i;

	for (i = 0; i < r->n_secrets; i++)
		if (is_current(r, &r->secrets[i]))
			return r->secrets[i].b;
	return NULL;
}

/* Full: the one that came first goes, but never the one in use. */
static void
make_room(struct group_record *r)
{
	size_t at = is_current(r, &r->secrets[0]) ? 1 : 0;

	memmove(&r->secrets[at], &r->secrets[at + 1],
	    (GROUP_SECRETS_MAX - 1 - at) * sizeof(r->secrets[0]));
	r->n_secrets--;
}

int
record_put_secret(struct group_record *r, uint32_t epoch,
    const uint8_t secret[static GROUP_SECRET_LEN])
{
	struct record_secret *s;
	size_t i;

	for (i = 0; i < r->n_secrets; i++)
		if (r->secrets[i].epoch == epoch &&
		    sodium_memcmp(r->secrets[i].b, secret, GROUP_SECRET_LEN) ==
			0)
			return ERR_DUP;
	if (r->n_secrets == GROUP_SECRETS_MAX)
		make_room(r);
	s = &r->secrets[r->n_secrets++];
	s->epoch = epoch;
	memcpy(s->b, secret, GROUP_SECRET_LEN);
	return 0;
}

int
record_open_meta(struct group_record *r, enum group_meta_state *state)
{
	const uint8_t *secret = record_secret(r);
	struct seal_place at = {r->pub.id, r->pub.epoch, r->pub.sealed_version};
	int e;

	*state = GROUP_META_KEPT;
	if (r->meta_version == r->pub.sealed_version)
		return 0;
	*state = GROUP_META_WAITS;
	if (secret == NULL)
		return 0;
	e = meta_open(&r->meta, &at, secret, r->pub.sealed, r->pub.sealed_len);
	if (e == ERR_NOMEM)
		return e;
	*state = e == 0 ? GROUP_META_OPENED : GROUP_META_BAD;
	if (e == 0)
		r->meta_version = r->pub.sealed_version;
	return 0;
}

enum group_place
record_place(const struct group_record *r, uint32_t version,
    const uint8_t hash[static GROUP_HASH_LEN])
{
	const uint8_t *ours = r->pub.head;
	uint32_t back;

	if (version > r->pub.version)
		return GROUP_THEY_AHEAD;
	back = r->pub.version - version;
	if (back > r->n_heads)
		return GROUP_THEY_BEHIND; /* too long ago to tell */
	if (back > 0)
		ours = r->heads[r->n_heads - back];
	if (memcmp(ours, hash, GROUP_HASH_LEN) != 0)
		return GROUP_FORKED;
	return back == 0 ? GROUP_SAME : GROUP_THEY_BEHIND;
}
