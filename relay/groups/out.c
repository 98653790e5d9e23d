/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "relay/groups/out.h"

static void
out_free(struct parcel *p)
{
	struct out *o = (void *)p; /* it begins with the parcel */

	store_op_clear(&o->u.op);
	free(o->mails);
	free(o->block);
	free(o);
}

void
out_drop(struct out *o)
{
	service_done(o->sl->sv, o->size);
	parcel_unref(&o->parcel);
}

static struct out *
out_alloc(size_t extra, const void *p, size_t len)
{
	struct out *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->size = sizeof(*o) + extra + len;
	o->block = malloc(extra + len + 1);
	if (o->block == NULL) {
		free(o);
		return NULL;
	}
	if (len > 0)
		memcpy((uint8_t *)o->block + extra, p, len);
	parcel_init(&o->parcel, out_free);
	return o;
}

struct out *
out_new(struct conn *c, const struct net_request *rq, enum store_kind kind,
    void (*done)(struct store_op *op), size_t extra, const void *p, size_t len)
{
	struct out *o = out_alloc(extra, p, len);

	if (o == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		return NULL;
	}
	o->sl = service_of(c);
	o->rq = *rq;
	store_op_init(&o->u.op, kind, &o->sl->sink, done, o);
	if (service_take(c, rq, o->size))
		return o;
	parcel_unref(&o->parcel);
	return NULL;
}

void
out_submit(struct out *o)
{
	store_submit(o->sl->sv->store, &o->u.op);
}

struct conn *
out_done(struct out *o)
{
	service_done(o->sl->sv, o->size);
	return conn_of(o->sl->net, o->rq.conn);
}

void
out_mail(struct out *o, const struct store_fan *fan, uint32_t type,
    const uint8_t *body, uint32_t len)
{
	size_t i;

	for (i = 0; i < fan->n; i++) {
		fan->v[i].type = type;
		fan->v[i].body = body;
		fan->v[i].len = len;
	}
	o->mails = calloc(fan->n + 1, sizeof(*o->mails));
	if (o->mails != NULL)
		parcel_send(&o->parcel, o->sl, fan->v, fan->n, o->mails);
}
