/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/message.h"
#include "common/signal/pb_put.h"
#include "common/signal/state.h"

#define RECORD_FORMAT 1
#define PQ_STATE_MAX  (256 * 1024)

_Static_assert(SESSION_JUMP_MAX == CHAIN_JUMP_MAX &&
		   SESSION_SKIPPED_MAX == CHAIN_SKIPPED_MAX,
    "what session.h promises is what chains do");

void
state_init(struct state *s)
{
	memset(s, 0, offsetof(struct state, spqr));
}

void
state_clear(struct state *s)
{
	size_t i;

	for (i = 0; i < s->nchains; i++)
		chain_clear(&s->chain[i]);
	state_pq_drop(s);
	sodium_memzero(s, offsetof(struct state, spqr));
}

void
state_add_chain(
    struct state *s, const struct ec_pk *ratchet, const struct chain_key *key)
{
	struct chain *c = &s->chain[s->nchains++];

	chain_init(c, key, 0);
	c->ratchet = *ratchet;
	if (s->nchains <= SESSION_CHAINS_MAX)
		return;
	chain_clear(&s->chain[0]);
	memmove(&s->chain[0], &s->chain[1],
	    SESSION_CHAINS_MAX * sizeof(s->chain[0]));
	sodium_memzero(&s->chain[SESSION_CHAINS_MAX], sizeof(s->chain[0]));
	s->nchains = SESSION_CHAINS_MAX;
}

struct chain *
state_find_chain(struct state *s, const struct ec_pk *ratchet)
{
	size_t i;

	for (i = 0; i < s->nchains; i++) {
		if (ec_pk_equal(&s->chain[i].ratchet, ratchet))
			return &s->chain[i];
	}
	return NULL;
}

/* ---- load ----------------------------------------------------------------- */

static int
chain_load(struct state *s, const Sotto__Signal__Session__Chain *pb)
{
	struct ec_pk ratchet;
	struct chain_key key;
	struct chain *c;

	if (pb_fixed(ratchet.u, EC_LEN, pb->ratchet_key) != 0 ||
	    pb_fixed(key.b, KDF_LEN, pb->chain_key) != 0)
		return ERR_FORMAT;
	state_add_chain(s, &ratchet, &key);
	sodium_memzero(&key, sizeof(key));
	c = &s->chain[s->nchains - 1];
	c->index = pb->index;
	return chain_restore(c, pb->skipped.data, pb->skipped.len);
}

static int
pending_load(struct state *s, const Sotto__Signal__Session__Pending *pb)
{
	struct pending *p = &s->pending;

	s->is_pending = true;
	p->signed_id = pb->signed_pre_key_id;
	p->has_one_time = pb->has_pre_key_id;
	p->one_time_id = pb->pre_key_id;
	p->has_kyber = pb->has_kyber_pre_key_id;
	p->kyber_id = pb->kyber_pre_key_id;
	if (p->has_kyber != (s->version >= 4))
		return ERR_FORMAT;
	return p->has_kyber
		   ? pb_fixed(p->kyber_ct, KEM_CT_LEN, pb->kyber_ciphertext)
		   : 0;
}

static int
keys_load(struct state *s, const Sotto__Signal__Session *pb)
{
	const struct {
		void *out;
		ProtobufCBinaryData in;
	} keys[] = {
	    {s->local.u, pb->local_identity},
	    {s->remote.u, pb->remote_identity},
	    {s->base_key.u, pb->base_key},
	    {s->root.b, pb->root_key},
	    {s->ratchet.sk.k, pb->ratchet_private},
	    {s->ratchet.pk.u, pb->ratchet_public},
	    {s->sending.b, pb->sending_chain_key},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++) {
		if (pb_fixed(keys[i].out, 32, keys[i].in) != 0)
			return ERR_FORMAT;
	}
	return 0;
}

static int
fields_load(struct state *s, const Sotto__Signal__Session *pb)
{
	size_t i;
	int r;

	if (pb->version < SIGNAL_VERSION_MIN ||
	    pb->version > SIGNAL_VERSION_MAX)
		return ERR_VERSION;
	if (pb->n_receiving > SESSION_CHAINS_MAX ||
	    pb->pq_ratchet_state.len > PQ_STATE_MAX)
		return ERR_RANGE;
	s->version = (uint8_t)pb->version;
	s->initiator = pb->initiator;
	s->local_registration_id = pb->local_registration_id;
	s->remote_registration_id = pb->remote_registration_id;
	s->created_ms = pb->created_ms;
	s->sending_index = pb->sending_index;
	s->previous_counter = pb->previous_counter;
	r = keys_load(s, pb);
	for (i = 0; r == 0 && i < pb->n_receiving; i++)
		r = chain_load(s, pb->receiving[i]);
	if (r == 0 && pb->pending != NULL)
		r = pending_load(s, pb->pending);
	s->pq = cur_of(pb->pq_ratchet_state.data, pb->pq_ratchet_state.len);
	return r;
}

int
state_load(struct state *s, const uint8_t *p, size_t len)
{
	struct pb_mem mem;
	ProtobufCMessage *pb;
	int r;

	state_init(s);
	r = pb_borrow(&mem, &sotto__signal__session__descriptor, p, len, &pb);
	if (r != 0)
		return r;
	r = fields_load(s, (const Sotto__Signal__Session *)pb);
	pb_free(&mem, pb);
	if (r != 0)
		state_clear(s);
	return r;
}

/* ---- the post-quantum ratchet --------------------------------------------- */

bool
state_has_pq(const struct state *s)
{
	return s->pq_open || s->pq.left > 0;
}

int
state_pq_open(struct state *s)
{
	int r;

	if (s->pq_open)
		return 0;
	r = spqr_load(&s->spqr, s->pq.p, s->pq.left);
	if (r == 0)
		s->pq_open = true;
	return r;
}

void
state_pq_drop(struct state *s)
{
	if (s->pq_open)
		spqr_clear(&s->spqr);
	s->pq_open = false;
	s->pq = cur_of(NULL, 0);
}

/* ---- store ---------------------------------------------------------------- */

static void
chain_put(struct pb_out *o, const void *message)
{
	const struct chain *c = message;

	pb_put_bytes(o, 1, c->ratchet.u, EC_LEN);
	pb_put_bytes(o, 2, c->key.b, KDF_LEN);
	pb_put_number(o, 3, c->index);
	if (c->skipped.len > 0)
		pb_put_bytes(o, 4, c->skipped.p, c->skipped.len);
}

static void
pending_put(struct pb_out *o, const void *message)
{
	const struct pending *p = message;

	pb_put_number(o, 1, p->signed_id);
	if (p->has_one_time)
		pb_put_number(o, 2, p->one_time_id);
	if (!p->has_kyber)
		return;
	pb_put_number(o, 3, p->kyber_id);
	pb_put_bytes(o, 4, p->kyber_ct, KEM_CT_LEN);
}

/* common/proto/signal.proto: Session */
void
state_put(struct pb_out *o, const void *message)
{
	const struct state *s = message;
	size_t i;

	assert(s->nchains <= SESSION_CHAINS_MAX);
	pb_put_number(o, 1, s->version);
	pb_put_number(o, 2, s->initiator);
	pb_put_bytes(o, 3, s->local.u, EC_LEN);
	pb_put_bytes(o, 4, s->remote.u, EC_LEN);
	pb_put_number(o, 5, s->local_registration_id);
	pb_put_number(o, 6, s->remote_registration_id);
	pb_put_bytes(o, 7, s->base_key.u, EC_LEN);
	pb_put_number(o, 8, s->created_ms);
	pb_put_bytes(o, 9, s->root.b, KDF_LEN);
	pb_put_bytes(o, 10, s->ratchet.sk.k, EC_LEN);
	pb_put_bytes(o, 11, s->ratchet.pk.u, EC_LEN);
	pb_put_bytes(o, 12, s->sending.b, KDF_LEN);
	pb_put_number(o, 13, s->sending_index);
	pb_put_number(o, 14, s->previous_counter);
	for (i = 0; i < s->nchains; i++)
		pb_put_child(o, 15, chain_put, &s->chain[i]);
	if (s->is_pending)
		pb_put_child(o, 16, pending_put, &s->pending);
	if (s->pq_open)
		pb_put_child(o, 17, spqr_put, &s->spqr);
	else if (s->pq.left > 0)
		pb_put_bytes(o, 17, s->pq.p, s->pq.left);
}

/* ---- records -------------------------------------------------------------- */

int
record_load(struct record *rec, const uint8_t *p, size_t len)
{
	ProtobufCMessage *pb;
	int r;

	rec->pb = NULL;
	if (len == 0)
		return 0;
	if (len > SESSION_RECORD_MAX)
		return ERR_RANGE;
	r = pb_borrow(
	    &rec->mem, &sotto__signal__session_record__descriptor, p, len, &pb);
	if (r != 0)
		return r;
	rec->pb = (Sotto__Signal__SessionRecord *)pb;
	if (rec->pb->format != RECORD_FORMAT)
		r = ERR_VERSION;
	else if (rec->pb->n_archived > SESSION_ARCHIVED_MAX)
		r = ERR_RANGE;
	if (r != 0)
		record_clear(rec);
	return r;
}

void
record_clear(struct record *rec)
{
	if (rec->pb != NULL)
		pb_free(&rec->mem, &rec->pb->base);
	rec->pb = NULL;
}

size_t
record_sessions(const struct record *rec)
{
	return rec->pb == NULL ? 0 : 1 + rec->pb->n_archived;
}

ProtobufCBinaryData
record_session(const struct record *rec, size_t i)
{
	if (rec->pb == NULL || (i == 0 && !rec->pb->has_current))
		return pb_bytes(NULL, 0);
	return i == 0 ? rec->pb->current : rec->pb->archived[i - 1];
}

/* The newest first, as many as the limits let in. */
static size_t
archive_fill(ProtobufCBinaryData archived[static SESSION_ARCHIVED_MAX],
    const struct record *rec, size_t without, size_t room)
{
	ProtobufCBinaryData s;
	size_t i, n = 0;

	for (i = 0; i < record_sessions(rec); i++) {
		s = record_session(rec, i);
		if (i == without || s.len == 0)
			continue;
		if (n == SESSION_ARCHIVED_MAX || s.len + 8 > room)
			break;
		room -= s.len + 8; /* tag and length */
		archived[n++] = s;
	}
	return n;
}

/* A record about to be written: bytes that are borrowed. */
struct record_parts {
	const struct state *now; /* NULL: none */
	size_t now_len;
	ProtobufCBinaryData archived[SESSION_ARCHIVED_MAX];
	size_t n_archived;
};

/* common/proto/signal.proto: SessionRecord */
static void
record_put(struct pb_out *o, const void *message)
{
	const struct record_parts *parts = message;
	size_t i;

	pb_put_number(o, 1, RECORD_FORMAT);
	if (parts->now != NULL)
		pb_put_sized(o, 2, state_put, parts->now, parts->now_len);
	for (i = 0; i < parts->n_archived; i++)
		pb_put_bytes(
		    o, 3, parts->archived[i].data, parts->archived[i].len);
}

int
record_store(const struct record *rec, const struct state *now, size_t without,
    struct buf *out)
{
	const size_t room = SESSION_RECORD_MAX - 64;
	struct record_parts parts;

	buf_init(out, SESSION_RECORD_MAX);
	parts.now = now;
	parts.now_len = now != NULL ? pb_put_size(state_put, now) : 0;
	if (parts.now_len > room)
		return ERR_FULL;
	parts.n_archived =
	    archive_fill(parts.archived, rec, without, room - parts.now_len);
	return pb_put(out, record_put, &parts);
}
