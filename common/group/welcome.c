/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What members tell each other in pairwise sessions: where the chain stands,
 * and the secret. */
#include <string.h>

#include <sodium.h>

#include "common/group/record.h"
#include "common/group/seal.h"
#include "common/proto/group.pb-c.h"
#include "common/signal/pb.h"

void
group_link_key(uint8_t out[static GROUP_LINK_KEY_LEN],
    const uint8_t token[static GROUP_TOKEN_LEN])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(out, sk, token);
	sodium_memzero(sk, sizeof(sk));
}

/* ---- telling ----------------------------------------------------------------- */

static int
pack_message(const ProtobufCMessage *m, struct buf *out)
{
	struct buf b;
	int x;

	buf_init(&b, GROUP_SHARE_MAX);
	x = pb_pack(&b, m);
	if (x == 0)
		*out = b;
	else
		buf_clear(&b);
	return x;
}

int
group_welcome(const uint8_t *record, size_t len, struct buf *out)
{
	Sotto__Group__Welcome m = SOTTO__GROUP__WELCOME__INIT;
	uint8_t state[GROUP_HASH_LEN];
	struct group_record *r;
	const uint8_t *secret;
	int x = record_open(&r, record, len);

	if (x != 0)
		return x;
	secret = record_secret(r);
	group_public_hash(&r->pub, state);
	m.group_id = pb_bytes(r->pub.id, GROUP_ID_LEN);
	m.version = r->pub.version;
	m.head = pb_bytes(r->pub.head, GROUP_HASH_LEN);
	m.state_hash = pb_bytes(state, sizeof(state));
	m.epoch = r->pub.epoch;
	m.secret = pb_bytes(secret, GROUP_SECRET_LEN);
	x = secret == NULL ? ERR_NOTFOUND : pack_message(&m.base, out);
	record_free(r);
	return x;
}

int
group_key_share(const uint8_t *record, size_t len, struct buf *out)
{
	Sotto__Group__KeyShare m = SOTTO__GROUP__KEY_SHARE__INIT;
	struct group_record *r;
	const uint8_t *secret;
	int x = record_open(&r, record, len);

	if (x != 0)
		return x;
	secret = record_secret(r);
	m.group_id = pb_bytes(r->pub.id, GROUP_ID_LEN);
	m.epoch = r->pub.epoch;
	m.secret = pb_bytes(secret, GROUP_SECRET_LEN);
	x = secret == NULL ? ERR_NOTFOUND : pack_message(&m.base, out);
	record_free(r);
	return x;
}

/* ---- keys -------------------------------------------------------------------- */

/* A share or a welcome, read. Holds a secret. */
struct told {
	uint8_t id[GROUP_ID_LEN];
	uint32_t version;
	uint8_t head[GROUP_HASH_LEN], state[GROUP_HASH_LEN];
	uint32_t epoch;
	uint8_t secret[GROUP_SECRET_LEN];
};

static int
open_message(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **m)
{
	int x;

	if (len > GROUP_SHARE_MAX)
		return ERR_FORMAT;
	x = pb_unpack(mem, type, p, len, m);
	return x == 0 || x == ERR_NOMEM ? x : ERR_FORMAT;
}

static int
read_share(struct told *t, const uint8_t *p, size_t len)
{
	const Sotto__Group__KeyShare *m;
	ProtobufCMessage *pb;
	struct pb_mem mem;
	int x = open_message(
	    &mem, &sotto__group__key_share__descriptor, p, len, &pb);

	if (x != 0)
		return x;
	m = (const Sotto__Group__KeyShare *)pb;
	t->epoch = m->epoch;
	if (pb_fixed(t->id, sizeof(t->id), m->group_id) != 0 ||
	    pb_fixed(t->secret, sizeof(t->secret), m->secret) != 0 ||
	    m->epoch == 0)
		x = ERR_FORMAT;
	pb_free(&mem, pb);
	return x;
}

static int
read_welcome(struct told *t, const uint8_t *p, size_t len)
{
	const Sotto__Group__Welcome *m;
	ProtobufCMessage *pb;
	struct pb_mem mem;
	int x =
	    open_message(&mem, &sotto__group__welcome__descriptor, p, len, &pb);

	if (x != 0)
		return x;
	m = (const Sotto__Group__Welcome *)pb;
	t->version = m->version;
	t->epoch = m->epoch;
	if (pb_fixed(t->id, sizeof(t->id), m->group_id) != 0 ||
	    pb_fixed(t->head, sizeof(t->head), m->head) != 0 ||
	    pb_fixed(t->state, sizeof(t->state), m->state_hash) != 0 ||
	    pb_fixed(t->secret, sizeof(t->secret), m->secret) != 0 ||
	    m->version == 0 || m->epoch == 0)
		x = ERR_FORMAT;
	pb_free(&mem, pb);
	return x;
}

/* Whether the secret is the one the state speaks of. */
static bool
secret_fits(const struct group_public *v, const struct told *t)
{
	uint8_t h[GROUP_HASH_LEN];

	secret_hash(h, t->id, t->epoch, t->secret);
	return t->epoch == v->epoch &&
	       memcmp(h, v->secret_hash, sizeof(h)) == 0;
}

static int
take_key(
    struct group_record *r, const struct told *t, enum group_meta_state *meta)
{
	int x;

	if (memcmp(t->id, r->pub.id, sizeof(t->id)) != 0)
		return ERR_AUTH;
	if (t->epoch < r->pub.epoch)
		return ERR_EXPIRED;
	if (t->epoch - r->pub.epoch > RECORD_AHEAD_MAX)
		return ERR_RANGE;
	if (t->epoch == r->pub.epoch && !secret_fits(&r->pub, t))
		return ERR_AUTH;
	x = record_put_secret(r, t->epoch, t->secret);
	if (x == 0 && t->epoch == r->pub.epoch)
		x = record_open_meta(r, meta);
	return x;
}

int
group_key_take(const uint8_t *record, size_t len, const uint8_t *share,
    size_t share_len, struct buf *out, enum group_meta_state *meta)
{
	enum group_meta_state state = GROUP_META_KEPT;
	struct group_record *r = NULL;
	struct told t;
	int x;

	x = read_share(&t, share, share_len);
	if (x == 0)
		x = record_open(&r, record, len);
	if (x == 0)
		x = take_key(r, &t, &state);
	if (x == 0)
		x = record_pack(r, out);
	if (x == 0 && meta != NULL)
		*meta = state;
	record_free(r);
	sodium_memzero(&t, sizeof(t));
	return x;
}

int
group_key_peek(const uint8_t *share, size_t len,
    uint8_t id[static GROUP_ID_LEN], uint32_t *epoch)
{
	struct told t;
	int x = read_share(&t, share, len);

	if (x == 0) {
		memcpy(id, t.id, sizeof(t.id));
		*epoch = t.epoch;
	}
	sodium_memzero(&t, sizeof(t));
	return x;
}

/* ---- welcomes ---------------------------------------------------------------- */

int
group_welcome_peek(const uint8_t *welcome, size_t len,
    uint8_t id[static GROUP_ID_LEN], uint32_t *version)
{
	struct told t;
	int x = read_welcome(&t, welcome, len);

	if (x == 0) {
		memcpy(id, t.id, sizeof(t.id));
		*version = t.version;
	}
	sodium_memzero(&t, sizeof(t));
	return x;
}

/* The relay's record is what the member saw. */
static bool
vouched(const struct group_public *v, const struct told *t)
{
	uint8_t state[GROUP_HASH_LEN];

	group_public_hash(v, state);
	return memcmp(t->id, v->id, sizeof(t->id)) == 0 &&
	       t->version == v->version &&
	       memcmp(t->head, v->head, sizeof(t->head)) == 0 &&
	       memcmp(t->state, state, sizeof(state)) == 0 && secret_fits(v, t);
}

/* A record at the welcome's place, with what the old one knew beside it. */
static int
start_over(struct group_record **r, const struct told *t, const uint8_t *pub,
    size_t len)
{
	enum group_meta_state ignored;
	struct group_record *next;
	size_t i;
	int x = record_new(&next, pub, len);

	if (x != 0)
		return x;
	if (!vouched(&next->pub, t)) {
		record_free(next);
		return ERR_AUTH;
	}
	for (i = 0; *r != NULL && i < (*r)->n_secrets; i++)
		next->secrets[next->n_secrets++] = (*r)->secrets[i];
	x = record_put_secret(next, t->epoch, t->secret);
	if (x == ERR_DUP)
		x = 0;
	if (x == 0)
		x = record_open_meta(next, &ignored);
	record_free(*r);
	*r = next;
	return x;
}

/* We are there or further already: only the secret may be news. */
static int
confirm(struct group_record *r, const struct told *t, enum group_why *why)
{
	enum group_meta_state ignored;
	int x;

	if (record_place(r, t->version, t->head) == GROUP_FORKED) {
		*why = GROUP_WHY_FORK;
		return ERR_DENIED;
	}
	x = take_key(r, t, &ignored);
	return x == ERR_EXPIRED ? ERR_DUP : x;
}

int
group_welcome_take(const uint8_t *record, size_t len, const uint8_t *welcome,
    size_t welcome_len, const uint8_t *pub, size_t pub_len, struct buf *out,
    enum group_why *why)
{
	struct group_record *r = NULL;
	struct told t;
	int x;

	*why = GROUP_WHY_NONE;
	x = read_welcome(&t, welcome, welcome_len);
	if (x == 0 && len > 0)
		x = record_open(&r, record, len);
	if (x == 0 && r != NULL && memcmp(r->pub.id, t.id, sizeof(t.id)) != 0)
		x = ERR_AUTH;
	if (x == 0 && r != NULL && t.version <= r->pub.version)
		x = confirm(r, &t, why);
	else if (x == 0)
		x = start_over(&r, &t, pub, pub_len);
	if (x == 0)
		x = record_pack(r, out);
	record_free(r);
	sodium_memzero(&t, sizeof(t));
	return x;
}

int
group_from_public(const uint8_t *pub, size_t len, struct buf *out)
{
	struct group_record *r;
	int x = record_new(&r, pub, len);

	if (x != 0)
		return x;
	x = record_pack(r, out);
	record_free(r);
	return x;
}
