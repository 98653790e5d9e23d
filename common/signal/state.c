/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/message.h"
#include "common/signal/state.h"

#define RECORD_FORMAT 1
#define PQ_STATE_MAX  (256 * 1024)

_Static_assert(SESSION_JUMP_MAX == CHAIN_JUMP_MAX &&
		   SESSION_SKIPPED_MAX == CHAIN_SKIPPED_MAX,
    "what session.h promises is what chains do");

void
state_init(struct state *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->pq, PQ_STATE_MAX);
}

void
state_clear(struct state *s)
{
	size_t i;

	for (i = 0; i < s->nchains; i++)
		chain_clear(&s->chain[i]);
	buf_clear(&s->pq);
	sodium_memzero(s, sizeof(*s));
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
	if (r == 0)
		r = buf_put(&s->pq, pb->pq_ratchet_state.data,
		    pb->pq_ratchet_state.len);
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

/* ---- store ---------------------------------------------------------------- */

static void
chain_fill(Sotto__Signal__Session__Chain *pb, const struct chain *c)
{
	sotto__signal__session__chain__init(pb);
	pb->ratchet_key = pb_bytes(c->ratchet.u, EC_LEN);
	pb->chain_key = pb_bytes(c->key.b, KDF_LEN);
	pb->index = c->index;
	pb->has_skipped = c->skipped.len > 0;
	pb->skipped = pb_bytes(c->skipped.p, c->skipped.len);
}

static void
pending_fill(Sotto__Signal__Session__Pending *pb, const struct pending *p)
{
	sotto__signal__session__pending__init(pb);
	pb->signed_pre_key_id = p->signed_id;
	pb->has_pre_key_id = p->has_one_time;
	pb->pre_key_id = p->one_time_id;
	pb->has_kyber_pre_key_id = p->has_kyber;
	pb->kyber_pre_key_id = p->kyber_id;
	pb->has_kyber_ciphertext = p->has_kyber;
	pb->kyber_ciphertext =
	    pb_bytes(p->kyber_ct, p->has_kyber ? KEM_CT_LEN : 0);
}

static void
fields_fill(Sotto__Signal__Session *pb, const struct state *s)
{
	sotto__signal__session__init(pb);
	pb->version = s->version;
	pb->initiator = s->initiator;
	pb->local_identity = pb_bytes(s->local.u, EC_LEN);
	pb->remote_identity = pb_bytes(s->remote.u, EC_LEN);
	pb->local_registration_id = s->local_registration_id;
	pb->remote_registration_id = s->remote_registration_id;
	pb->base_key = pb_bytes(s->base_key.u, EC_LEN);
	pb->created_ms = s->created_ms;
	pb->root_key = pb_bytes(s->root.b, KDF_LEN);
	pb->ratchet_private = pb_bytes(s->ratchet.sk.k, EC_LEN);
	pb->ratchet_public = pb_bytes(s->ratchet.pk.u, EC_LEN);
	pb->sending_chain_key = pb_bytes(s->sending.b, KDF_LEN);
	pb->sending_index = s->sending_index;
	pb->previous_counter = s->previous_counter;
	pb->has_pq_ratchet_state = s->pq.len > 0;
	pb->pq_ratchet_state = pb_bytes(s->pq.p, s->pq.len);
}

int
state_store(const struct state *s, struct buf *out)
{
	Sotto__Signal__Session__Chain chain[SESSION_CHAINS_MAX];
	Sotto__Signal__Session__Chain *chains[SESSION_CHAINS_MAX];
	Sotto__Signal__Session__Pending pending;
	Sotto__Signal__Session pb;
	size_t i;

	assert(s->nchains <= SESSION_CHAINS_MAX);
	fields_fill(&pb, s);
	for (i = 0; i < s->nchains; i++) {
		chain_fill(&chain[i], &s->chain[i]);
		chains[i] = &chain[i];
	}
	pb.n_receiving = s->nchains;
	pb.receiving = chains;
	if (s->is_pending) {
		pending_fill(&pending, &s->pending);
		pb.pending = &pending;
	}
	return pb_pack(out, &pb.base);
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

int
record_store(const struct record *rec, const struct state *now, size_t without,
    struct buf *out)
{
	ProtobufCBinaryData archived[SESSION_ARCHIVED_MAX];
	Sotto__Signal__SessionRecord pb = SOTTO__SIGNAL__SESSION_RECORD__INIT;
	struct buf current;
	int r = 0;

	buf_init(&current, SESSION_RECORD_MAX - 64);
	buf_init(out, SESSION_RECORD_MAX);
	if (now != NULL)
		r = state_store(now, &current);
	if (r != 0)
		goto out;
	pb.format = RECORD_FORMAT;
	pb.has_current = current.len > 0;
	pb.current = pb_bytes(current.p, current.len);
	pb.archived = archived;
	pb.n_archived = archive_fill(
	    archived, rec, without, SESSION_RECORD_MAX - 64 - current.len);
	r = pb_pack(out, &pb.base);
out:
	buf_clear(&current);
	return r;
}
