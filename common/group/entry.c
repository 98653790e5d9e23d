/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/entry.h"
#include "common/group/layout.h"
#include "common/proto/group.pb-c.h"
#include "common/signal/pb.h"
#include "common/signal/xeddsa.h"

/* Signed before the entry, so that no other signature can pass for it. */
static const char context[] = "sotto group entry";
static const char join_context[] = "sotto group join";

#define DEVICE_MAX 127

/* What an opened entry owns. */
struct entry_own {
	struct pb_mem outer_mem, inner_mem;
	Sotto__Group__SignedEntry *outer;
	Sotto__Group__Entry *inner;
};

static void
own_free(struct entry_own *own)
{
	if (own == NULL)
		return;
	pb_free(&own->inner_mem, (ProtobufCMessage *)own->inner);
	pb_free(&own->outer_mem, (ProtobufCMessage *)own->outer);
	free(own);
}

void
group_entry_clear(struct group_entry *e)
{
	own_free(e->own);
	memset(e, 0, sizeof(*e));
}

static void
entry_hash(uint8_t out[static GROUP_HASH_LEN], const uint8_t *p, size_t len)
{
	crypto_hash_sha256_state h;

	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(
	    &h, (const uint8_t *)context, sizeof(context));
	crypto_hash_sha256_update(&h, p, len);
	crypto_hash_sha256_final(&h, out);
}

/* ---- opening ----------------------------------------------------------------- */

static bool
list_get(const uint8_t **p, size_t *n, ProtobufCBinaryData b)
{
	*p = b.data;
	*n = b.len / GROUP_ACCOUNT_LEN;
	return b.len % GROUP_ACCOUNT_LEN == 0 && *n <= GROUP_MEMBERS_MAX &&
	       layout_ascends(*p, *n, GROUP_ACCOUNT_LEN);
}

/* Two ascending lists have nothing in common. */
static bool
disjoint(const struct group_entry *e)
{
	size_t i;

	for (i = 0; i < e->n_admins; i++)
		if (layout_search(e->accounts, e->n_accounts, GROUP_ACCOUNT_LEN,
			e->admins + i * GROUP_ACCOUNT_LEN, NULL))
			return false;
	return true;
}

static bool
get_names(struct group_entry *e, const Sotto__Group__Entry *m)
{
	e->version = m->version;
	e->device = m->actor_device;
	e->list_version = m->list_version;
	e->when_ms = m->when_ms;
	e->kind = (enum group_kind)m->kind;
	return pb_fixed(e->id, sizeof(e->id), m->group_id) == 0 &&
	       pb_fixed(e->prev, sizeof(e->prev), m->prev_hash) == 0 &&
	       pb_fixed(e->actor, sizeof(e->actor), m->actor_account) == 0 &&
	       m->version >= 1 && m->actor_device >= 1 &&
	       m->actor_device <= DEVICE_MAX && m->kind > 0 &&
	       list_get(&e->accounts, &e->n_accounts, m->accounts) &&
	       list_get(&e->admins, &e->n_admins, m->admins) && disjoint(e);
}

static bool
get_permissions(struct group_entry *e, const Sotto__Group__Permissions *m)
{
	e->has_permissions = m != NULL;
	if (m == NULL)
		return true;
	e->permissions.send = (enum group_who)m->send;
	e->permissions.edit = (enum group_who)m->edit;
	e->permissions.add = (enum group_who)m->add;
	return (unsigned)m->send <= GROUP_ADMINS &&
	       (unsigned)m->edit <= GROUP_ADMINS &&
	       (unsigned)m->add <= GROUP_ADMINS;
}

static bool
get_link(struct group_entry *e, const Sotto__Group__Link *m)
{
	e->has_link = m != NULL;
	if (m == NULL || m->key.len == 0)
		return m == NULL || !m->approval;
	e->approval = m->approval;
	e->link_key = m->key.data;
	return m->key.len == GROUP_LINK_KEY_LEN &&
	       !sodium_is_zero(m->key.data, m->key.len);
}

static bool
get_rekey(struct group_entry *e, const Sotto__Group__Rekey *m)
{
	e->has_rekey = m != NULL;
	if (m == NULL)
		return true;
	e->epoch = m->epoch;
	e->secret_hash = m->secret_hash.data;
	return m->secret_hash.len == GROUP_HASH_LEN;
}

static bool
get_rest(struct group_entry *e, const Sotto__Group__Entry *m)
{
	if (m->proof.len > 0)
		e->proof = m->proof.data;
	if (m->sealed.len > 0)
		e->sealed = m->sealed.data;
	e->sealed_len = m->sealed.len;
	e->state_hash = m->state_hash.data;
	return (m->proof.len == 0 || m->proof.len == ENTRY_PROOF_LEN) &&
	       (m->sealed.len == 0 || m->sealed.len >= ENTRY_SEALED_MIN) &&
	       m->state_hash.len == GROUP_HASH_LEN;
}

static enum group_why
read_entry(struct group_entry *e, const struct entry_own *own)
{
	const Sotto__Group__Entry *m = own->inner;

	if (m->sealed.len > GROUP_SEALED_MAX)
		return GROUP_WHY_OVERSIZE;
	if (m->kind > SOTTO__GROUP__KIND__REKEY)
		return GROUP_WHY_UNKNOWN_KIND;
	if (own->outer->signature.len != SIGNATURE_LEN || !get_names(e, m) ||
	    !get_permissions(e, m->permissions) || !get_link(e, m->link) ||
	    !get_rekey(e, m->rekey) || !get_rest(e, m))
		return GROUP_WHY_MALFORMED;
	entry_hash(e->hash, own->outer->entry.data, own->outer->entry.len);
	return GROUP_WHY_NONE;
}

static int
unpack_both(struct entry_own *own, const uint8_t *p, size_t len)
{
	ProtobufCMessage *m;
	int r;

	r = pb_unpack(&own->outer_mem, &sotto__group__signed_entry__descriptor,
	    p, len, &m);
	if (r != 0)
		return r;
	own->outer = (Sotto__Group__SignedEntry *)m;
	r = pb_unpack(&own->inner_mem, &sotto__group__entry__descriptor,
	    own->outer->entry.data, own->outer->entry.len, &m);
	if (r == 0)
		own->inner = (Sotto__Group__Entry *)m;
	return r;
}

int
group_entry_open(struct group_entry *out, const uint8_t *entry, size_t len,
    enum group_why *why)
{
	struct group_entry e = {0};
	struct entry_own *own;
	int r;

	*why = GROUP_WHY_OVERSIZE;
	if (len > GROUP_ENTRY_MAX)
		return ERR_DENIED;
	own = calloc(1, sizeof(*own));
	if (own == NULL)
		r = ERR_NOMEM;
	else
		r = unpack_both(own, entry, len);
	*why = GROUP_WHY_NONE;
	if (r == 0)
		*why = read_entry(&e, own);
	else if (r != ERR_NOMEM)
		*why = GROUP_WHY_MALFORMED;
	if (*why != GROUP_WHY_NONE)
		r = ERR_DENIED;
	if (r != 0) {
		own_free(own);
		return r;
	}
	e.own = own;
	*out = e;
	return 0;
}

/* ---- signing ----------------------------------------------------------------- */

static int
signed_bytes(struct buf *out, const uint8_t *entry, size_t len)
{
	int r = buf_put(out, context, sizeof(context)); /* with its NUL */

	return r != 0 ? r : buf_put(out, entry, len);
}

int
entry_verify(const struct group_entry *e, const struct identity_pk *key)
{
	const struct entry_own *own = e->own;
	struct buf msg;
	int r;

	buf_init(&msg, GROUP_ENTRY_MAX + sizeof(context));
	r = signed_bytes(&msg, own->outer->entry.data, own->outer->entry.len);
	if (r == 0)
		r = xeddsa_verify(
		    own->outer->signature.data, key, msg.p, msg.len);
	buf_clear(&msg);
	return r;
}

/* The optional messages of an entry being packed. */
struct parts {
	Sotto__Group__Permissions permissions;
	Sotto__Group__Link link;
	Sotto__Group__Rekey rekey;
};

static void
set_parts(Sotto__Group__Entry *m, struct parts *s, const struct group_entry *e)
{
	sotto__group__permissions__init(&s->permissions);
	sotto__group__link__init(&s->link);
	sotto__group__rekey__init(&s->rekey);
	if (e->has_permissions) {
		s->permissions.send = (Sotto__Group__Who)e->permissions.send;
		s->permissions.edit = (Sotto__Group__Who)e->permissions.edit;
		s->permissions.add = (Sotto__Group__Who)e->permissions.add;
		m->permissions = &s->permissions;
	}
	if (e->has_link) {
		s->link.approval = e->approval;
		if (e->link_key != NULL)
			s->link.key = pb_bytes(e->link_key, GROUP_LINK_KEY_LEN);
		m->link = &s->link;
	}
	if (e->has_rekey) {
		s->rekey.epoch = e->epoch;
		s->rekey.secret_hash = pb_bytes(e->secret_hash, GROUP_HASH_LEN);
		m->rekey = &s->rekey;
	}
}

static int
pack_entry(const struct group_entry *e, struct buf *out)
{
	Sotto__Group__Entry m = SOTTO__GROUP__ENTRY__INIT;
	struct parts parts;

	m.group_id = pb_bytes(e->id, sizeof(e->id));
	m.version = e->version;
	m.prev_hash = pb_bytes(e->prev, sizeof(e->prev));
	m.actor_account = pb_bytes(e->actor, sizeof(e->actor));
	m.actor_device = e->device;
	m.list_version = e->list_version;
	m.when_ms = e->when_ms;
	m.kind = (Sotto__Group__Kind)e->kind;
	m.accounts = pb_bytes(e->accounts, e->n_accounts * GROUP_ACCOUNT_LEN);
	m.admins = pb_bytes(e->admins, e->n_admins * GROUP_ACCOUNT_LEN);
	if (e->proof != NULL)
		m.proof = pb_bytes(e->proof, ENTRY_PROOF_LEN);
	m.sealed = pb_bytes(e->sealed, e->sealed_len);
	m.state_hash = pb_bytes(e->state_hash, GROUP_HASH_LEN);
	set_parts(&m, &parts, e);
	return pb_pack(out, &m.base);
}

int
entry_sign(struct group_entry *e, const struct identity_key_pair *key,
    const struct signal_rng *rng, struct buf *out)
{
	Sotto__Group__SignedEntry s = SOTTO__GROUP__SIGNED_ENTRY__INIT;
	uint8_t sig[SIGNATURE_LEN];
	struct buf msg;
	int r;

	buf_init(&msg, GROUP_ENTRY_MAX + sizeof(context));
	r = buf_put(&msg, context, sizeof(context));
	if (r == 0)
		r = pack_entry(e, &msg);
	if (r != 0)
		goto out;
	xeddsa_sign(sig, key, msg.p, msg.len, rng);
	s.entry = pb_bytes(msg.p + sizeof(context), msg.len - sizeof(context));
	s.signature = pb_bytes(sig, sizeof(sig));
	r = ERR_RANGE;
	if (protobuf_c_message_get_packed_size(&s.base) > GROUP_ENTRY_MAX)
		goto out;
	r = pb_pack(out, &s.base);
	if (r == 0)
		entry_hash(e->hash, s.entry.data, s.entry.len);
out:
	buf_clear(&msg);
	return r == ERR_FULL ? ERR_RANGE : r;
}

/* ---- proof of a link ----------------------------------------------------------- */

#define JOIN_LEN                                                               \
	(sizeof(join_context) + GROUP_ID_LEN + GROUP_HASH_LEN +                \
	    GROUP_ACCOUNT_LEN)

static void
join_bytes(uint8_t out[static JOIN_LEN], const struct group_entry *e)
{
	memcpy(out, join_context, sizeof(join_context));
	out += sizeof(join_context);
	memcpy(out, e->id, GROUP_ID_LEN);
	memcpy(out + GROUP_ID_LEN, e->prev, GROUP_HASH_LEN);
	memcpy(
	    out + GROUP_ID_LEN + GROUP_HASH_LEN, e->actor, GROUP_ACCOUNT_LEN);
}

void
entry_prove(uint8_t out[static ENTRY_PROOF_LEN], const struct group_entry *e,
    const uint8_t *token)
{
	uint8_t pk[crypto_sign_PUBLICKEYBYTES];
	uint8_t sk[crypto_sign_SECRETKEYBYTES];
	uint8_t msg[JOIN_LEN];

	join_bytes(msg, e);
	crypto_sign_seed_keypair(pk, sk, token);
	crypto_sign_detached(out, NULL, msg, sizeof(msg), sk);
	sodium_memzero(sk, sizeof(sk));
}

bool
entry_proof_ok(const struct group_entry *e, const uint8_t *link_key)
{
	uint8_t msg[JOIN_LEN];

	join_bytes(msg, e);
	return crypto_sign_verify_detached(
		   e->proof, msg, sizeof(msg), link_key) == 0;
}
