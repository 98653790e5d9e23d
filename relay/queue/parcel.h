/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parcel.h — a message that the store has taken, on its way to the loops of
 * the devices it is for: one block of memory they share. Embedded in whatever
 * holds its envelopes and bodies.
 */
#ifndef RELAY_QUEUE_PARCEL_H
#define RELAY_QUEUE_PARCEL_H

#include <stdatomic.h>

#include "relay/session/session.h"

struct parcel {
	atomic_uint refs;
	void (*free)(struct parcel *p);
	bool ephemeral;
	/* What all receivers are told; seq, type, len and body are each
	 * envelope's. Filled in before parcel_send(). */
	struct store_row row;
};

/* One envelope, mailed to the loop its device is on. */
struct parcel_mail {
	struct net_mail mail;
	struct parcel *parcel;
	const struct store_envelope *env;
	struct slab_ref to;
};

/* One reference is the caller's. */
void parcel_init(struct parcel *p, void (*free)(struct parcel *p));
void parcel_ref(struct parcel *p);
void parcel_unref(struct parcel *p);

/*
 * Hand envelopes to whoever is connected; dev 0 and repeats are left out.
 *   v, n   belong to the parcel
 *   mails  n of them, zeroed, of the parcel too
 */
void parcel_send(struct parcel *p, struct service_loop *sl,
    const struct store_envelope *v, size_t n, struct parcel_mail *mails);

/* More than SERVICE_PENDING_MAX bytes are on their way to the store: false, the
 * request was answered. Else give them back with service_done(). */
bool service_take(struct conn *c, const struct net_request *rq, size_t bytes);
void service_done(struct service *sv, size_t bytes);

#endif
