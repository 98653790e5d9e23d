/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * route.h — on which loop and connection a device is. Thread-safe, striped:
 * two devices rarely wait for one another.
 */
#ifndef RELAY_ROUTE_ROUTE_H
#define RELAY_ROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/net/slab.h"
#include "relay/store/store.h"

struct route;

struct route_place {
	struct slab_ref conn;
	uint16_t loop; /* net_index() */
};

/* 0 or ERR_NOMEM. */
int route_new(struct route **out) MUST_USE;
void route_free(struct route *r);

/*
 * The device is here from now on.
 *   old  out, where it was until now
 *   had  out, whether it was anywhere
 * Returns 0; ERR_NOMEM, nothing changed.
 */
int route_set(struct route *r, store_dev dev, const struct route_place *here,
    struct route_place *old, bool *had) MUST_USE;

/* It is not here any more; does nothing when it has moved meanwhile. */
void route_del(struct route *r, store_dev dev, const struct route_place *here);

/* False: it is not connected. */
bool route_get(struct route *r, store_dev dev, struct route_place *out);

size_t route_count(struct route *r);

#endif
