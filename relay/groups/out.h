/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * out.h — inside relay/groups: something on its way to many devices, from the
 * request to the loops of those who are connected.
 */
#ifndef RELAY_GROUPS_OUT_H
#define RELAY_GROUPS_OUT_H

#include "relay/queue/parcel.h"

struct out {
	struct parcel parcel; /* first */
	struct service_loop *sl; /* the sender's */
	struct net_request rq;
	size_t size; /* counted by service_take() */
	void *block; /* what the operation borrows */
	struct parcel_mail *mails;
	union {
		struct store_op op;
		struct op_fan_out fan;
		struct op_group_change change;
	} u;
};

/*
 * With a copy of len bytes of p in block, and room for extra bytes before
 * them. NULL: the request was answered. kind: FAN_OUT or GROUP_CHANGE.
 */
struct out *out_new(struct conn *c, const struct net_request *rq,
    enum store_kind kind, void (*done)(struct store_op *op), size_t extra,
    const void *p, size_t len);

/* Not submitted after all. */
void out_drop(struct out *o);
void out_submit(struct out *o);

/* The operation is done: the connection, or NULL when it is gone. */
struct conn *out_done(struct out *o);

/* Mail what was stored: an envelope's body and type, and the row of
 * o->parcel are filled in. A full memory leaves it to the next drain. */
void out_mail(struct out *o, const struct store_fan *fan, uint32_t type,
    const uint8_t *body, uint32_t len);

#endif
