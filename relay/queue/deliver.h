/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deliver.h — inside relay/queue: from the store and from senders to devices.
 */
#ifndef RELAY_QUEUE_DELIVER_H
#define RELAY_QUEUE_DELIVER_H

#include "relay/queue/job.h"
#include "relay/queue/queue.h"

/* The fn of a parcel_mail: one envelope for a device of this loop. */
void deliver_mail(struct net_loop *l, struct net_mail *m);

#endif
