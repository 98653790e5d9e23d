/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spqr_record.c — SPQR's state as bytes; common/proto/signal.proto. */
#include <string.h>

#include <sodium.h>

#include "common/proto/signal.pb-c.h"
#include "common/signal/pb.h"
#include "common/signal/spqr.h"

#define RECORD_FORMAT 1
#define IN_ENTRY      (2 + CHUNK_LEN)

/* ---- load ----------------------------------------------------------------- */

static int
line_load(struct spqr_line *l, const Sotto__Signal__PqRatchet__Line *pb)
{
	l->counter = pb->counter;
	l->open = pb->has_next;
	skipped_init(&l->skipped);
	if (l->open && pb_fixed(l->next, KDF_LEN, pb->next) != 0)
		return ERR_FORMAT;
	return skipped_restore(&l->skipped, pb->skipped.data, pb->skipped.len);
}

/* The chain's epochs are without gaps; the one that is sent with is there,
 * and at most one before it. */
static int
chain_load(struct spqr_chain *c, const Sotto__Signal__PqRatchet *pb)
{
	uint64_t oldest, sending;
	size_t i;
	int r = 0;

	if (pb->n_epochs < 1 || pb->n_epochs > SPQR_EPOCHS_MAX)
		return ERR_RANGE;
	if (pb->newest_epoch < pb->n_epochs - 1)
		return ERR_FORMAT;
	oldest = pb->newest_epoch - (pb->n_epochs - 1);
	if (pb->sending_epoch > pb->newest_epoch || pb->sending_epoch < oldest)
		return ERR_FORMAT;
	sending = pb->sending_epoch - oldest;
	if (sending > 1) /* of those before, one is kept */
		return ERR_FORMAT;
	c->initiator = pb->initiator;
	c->newest = pb->newest_epoch;
	c->sending = pb->sending_epoch;
	r = pb_fixed(c->root, KDF_LEN, pb->chain_root);
	for (i = 0; r == 0 && i < pb->n_epochs; i++) {
		c->n++;
		r = line_load(&c->send[i], pb->epochs[i]->sending);
		if (r == 0)
			r = line_load(&c->recv[i], pb->epochs[i]->receiving);
		/* open: all that receive, and what may still be sent with */
		if (r == 0 &&
		    (!c->recv[i].open || c->send[i].open != (i >= sending)))
			r = ERR_FORMAT;
	}
	return r;
}

/* Chunks with different numbers, and fewer than would have been taken. */
static int
in_load(struct spqr *q, ProtobufCBinaryData in, size_t need)
{
	size_t i, k;

	if (in.len % IN_ENTRY != 0 || (in.len > 0 && in.len / IN_ENTRY >= need))
		return ERR_FORMAT;
	for (i = 0; i < in.len / IN_ENTRY; i++) {
		const uint8_t *p = in.data + i * IN_ENTRY;

		q->in[i].x = get_be16(p);
		memcpy(q->in[i].b, p + 2, CHUNK_LEN);
		for (k = 0; k < i; k++) {
			if (q->in[k].x == q->in[i].x)
				return ERR_FORMAT;
		}
	}
	q->in_n = i;
	return 0;
}

/* Exactly the parts that belong to the step. */
static int
parts_load(struct spqr *q, const Sotto__Signal__PqRatchet *pb,
    const struct spqr_shape *shape)
{
	const struct {
		void *to;
		size_t len; /* 0: must be absent */
		ProtobufCBinaryData from;
	} parts[] = {
	    {q->out, (size_t)shape->out * CHUNK_LEN, pb->out},
	    {q->seed, shape->parts & SPQR_SEED ? sizeof(q->seed) : 0, pb->seed},
	    {q->ct1, shape->parts & SPQR_CT1_KEPT ? sizeof(q->ct1) : 0,
		pb->ct1},
	    {q->hdr, shape->parts & SPQR_HDR_KEPT ? sizeof(q->hdr) : 0,
		pb->header},
	    {q->m, shape->parts & SPQR_M ? sizeof(q->m) : 0, pb->message},
	    {q->ct2, shape->parts & SPQR_CT2_KEPT ? sizeof(q->ct2) : 0,
		pb->ct2},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].from.len != parts[i].len)
			return ERR_FORMAT;
		if (parts[i].len > 0)
			memcpy(parts[i].to, parts[i].from.data, parts[i].len);
	}
	q->out_next = pb->out_next;
	return in_load(q, pb->in, shape->in);
}

/*
 * The chain has the epochs that belong to the step. Only a side that has not
 * sent in this epoch yet may still send with the one before; while it is not
 * known whether the peer does SPQR, there is only the first.
 */
static bool
epochs_fit(const struct spqr *q, const struct spqr_shape *shape)
{
	bool silent = q->step == SPQR_KEYS_UNSAMPLED ||
		      q->step == SPQR_NO_HEADER_RECEIVED ||
		      q->step == SPQR_HEADER_RECEIVED;

	return q->chain.newest == q->epoch - !(shape->parts & SPQR_ADDED) &&
	       q->chain.sending < q->epoch &&
	       (silent || q->chain.sending == q->epoch - 1) &&
	       (!q->negotiating || q->epoch == 1);
}

static int
fields_load(struct spqr *q, const Sotto__Signal__PqRatchet *pb)
{
	const struct spqr_shape *shape = spqr_shape(pb->step);
	int r;

	if (pb->format != RECORD_FORMAT)
		return ERR_VERSION;
	if (shape == NULL || pb->epoch == 0 || pb->epoch == UINT64_MAX)
		return ERR_FORMAT;
	q->step = (enum spqr_step)pb->step;
	q->epoch = pb->epoch;
	q->negotiating = pb->negotiating;
	r = chain_load(&q->chain, pb);
	if (r != 0)
		return r;
	if (!epochs_fit(q, shape))
		return ERR_FORMAT;
	if (pb_fixed(q->auth.root, KDF_LEN, pb->auth_root) != 0 ||
	    pb_fixed(q->auth.mac, KDF_LEN, pb->auth_mac_key) != 0)
		return ERR_FORMAT;
	return parts_load(q, pb, shape);
}

int
spqr_load(struct spqr *q, const uint8_t *p, size_t len)
{
	struct pb_mem mem;
	ProtobufCMessage *pb;
	int r;

	memset(q, 0, sizeof(*q));
	r = pb_borrow(
	    &mem, &sotto__signal__pq_ratchet__descriptor, p, len, &pb);
	if (r != 0)
		return r;
	r = fields_load(q, (const Sotto__Signal__PqRatchet *)pb);
	pb_free(&mem, pb);
	if (r != 0)
		spqr_clear(q);
	return r;
}

/* ---- store ---------------------------------------------------------------- */

static void
line_put(struct pb_out *o, const void *message)
{
	const struct spqr_line *l = message;

	pb_put_number(o, 1, l->counter);
	if (l->open)
		pb_put_bytes(o, 2, l->next, KDF_LEN);
	if (l->skipped.len > 0)
		pb_put_bytes(o, 3, l->skipped.p, l->skipped.len);
}

struct epoch {
	const struct spqr_line *sending, *receiving;
};

static void
epoch_put(struct pb_out *o, const void *message)
{
	const struct epoch *e = message;

	pb_put_child(o, 1, line_put, e->sending);
	pb_put_child(o, 2, line_put, e->receiving);
}

static void
in_put(struct pb_out *o, const struct spqr *q)
{
	uint8_t x[2];
	size_t i;

	pb_put_prefix(o, 14, q->in_n * IN_ENTRY);
	for (i = 0; i < q->in_n; i++) {
		put_be16(x, q->in[i].x);
		pb_put_raw(o, x, sizeof(x));
		pb_put_raw(o, q->in[i].b, CHUNK_LEN);
	}
}

/* What is told by the step. */
static void
parts_put(struct pb_out *o, const struct spqr *q)
{
	const struct spqr_shape *shape = spqr_shape(q->step);

	if (shape->out > 0) {
		pb_put_number(o, 12, q->out_next);
		pb_put_bytes(o, 13, q->out, (size_t)shape->out * CHUNK_LEN);
	}
	if (q->in_n > 0)
		in_put(o, q);
	if (shape->parts & SPQR_SEED)
		pb_put_bytes(o, 15, q->seed, sizeof(q->seed));
	if (shape->parts & SPQR_CT1_KEPT)
		pb_put_bytes(o, 16, q->ct1, sizeof(q->ct1));
	if (shape->parts & SPQR_HDR_KEPT)
		pb_put_bytes(o, 17, q->hdr, sizeof(q->hdr));
	if (shape->parts & SPQR_M)
		pb_put_bytes(o, 18, q->m, sizeof(q->m));
	if (shape->parts & SPQR_CT2_KEPT)
		pb_put_bytes(o, 19, q->ct2, sizeof(q->ct2));
}

/* common/proto/signal.proto: PqRatchet */
void
spqr_put(struct pb_out *o, const void *message)
{
	const struct spqr *q = message;
	const struct spqr_chain *c = &q->chain;
	size_t i;

	pb_put_number(o, 1, RECORD_FORMAT);
	pb_put_number(o, 2, q->step);
	pb_put_number(o, 3, q->epoch);
	pb_put_number(o, 4, c->initiator);
	pb_put_number(o, 5, q->negotiating);
	pb_put_bytes(o, 6, q->auth.root, KDF_LEN);
	pb_put_bytes(o, 7, q->auth.mac, KDF_LEN);
	pb_put_bytes(o, 8, c->root, KDF_LEN);
	pb_put_number(o, 9, c->newest);
	pb_put_number(o, 10, c->sending);
	for (i = 0; i < c->n; i++)
		pb_put_child(o, 11, epoch_put,
		    &(struct epoch){&c->send[i], &c->recv[i]});
	parts_put(o, q);
}

int
spqr_store(const struct spqr *q, struct buf *out)
{
	return pb_put(out, spqr_put, q);
}
