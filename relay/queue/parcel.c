/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/queue/parcel.h"
#include "relay/queue/deliver.h"

#define BUSY_RETRY_MS 1000

void
parcel_init(struct parcel *p, void (*free)(struct parcel *p))
{
	atomic_init(&p->refs, 1);
	p->free = free;
}

void
parcel_ref(struct parcel *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void
parcel_unref(struct parcel *p)
{
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		p->free(p);
}

void
parcel_send(struct parcel *p, struct service_loop *sl,
    const struct store_envelope *v, size_t n, struct parcel_mail *mails)
{
	struct service *sv = sl->sv;
	struct route_place where;
	size_t i;

	for (i = 0; i < n; i++) {
		struct parcel_mail *m = &mails[i];

		/* A repeat was mailed when it came first, or is read. */
		if (v[i].repeat || v[i].dev == 0 ||
		    !route_get(sv->route, v[i].dev, &where))
			continue;
		m->parcel = p;
		m->env = &v[i];
		m->to = where.conn;
		m->mail.fn = deliver_mail;
		parcel_ref(p);
		net_post(sl->net, net_loop_at(sv->net, where.loop), &m->mail);
	}
	metrics_add(p->ephemeral ? METRIC_ephemeral : METRIC_messages_accepted,
	    (int64_t)n);
}

bool
service_take(struct conn *c, const struct net_request *rq, size_t bytes)
{
	struct service *sv = service_of(c)->sv;

	if (atomic_fetch_add(&sv->pending_bytes, bytes) + bytes <=
	    SERVICE_PENDING_MAX)
		return true;
	atomic_fetch_sub(&sv->pending_bytes, bytes);
	conn_refuse(c, rq, ERR_RATE, "the relay is busy", BUSY_RETRY_MS);
	return false;
}

void
service_done(struct service *sv, size_t bytes)
{
	atomic_fetch_sub(&sv->pending_bytes, bytes);
}
