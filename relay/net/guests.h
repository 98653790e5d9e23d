/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guests.h — how many connections of an address are not (yet) those of a
 * device. One table for all loops; thread-safe.
 */
#ifndef RELAY_NET_GUESTS_H
#define RELAY_NET_GUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/abuse/net_addr.h"

struct guests;

/* For at most `max` addresses at once. sodium_init() has been called.
 * Returns 0 or ERR_NOMEM. */
int guests_new(struct guests **out, size_t max) MUST_USE;
void guests_free(struct guests *g);

/* Count one more of this address (IPv6: of its /64).
 * Returns 0; ERR_FULL it has `limit` already, or the table is full. */
int guests_enter(
    struct guests *g, const struct net_addr *a, uint32_t limit) MUST_USE;

/* One that had entered is no guest any more. */
void guests_leave(struct guests *g, const struct net_addr *a);

#endif
