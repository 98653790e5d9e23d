/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upkeep.h — what the relay does by itself every few seconds, on one of its
 * loops: drop what has expired, look at the room on the disk.
 */
#ifndef RELAY_UPKEEP_H
#define RELAY_UPKEEP_H

#include "relay/session/service.h"

#define UPKEEP_SWEEP_MS 5000

struct upkeep;

/* On the thread that makes the loop. 0; ERR_NOMEM, ERR_SYS. */
int upkeep_new(struct upkeep **out, struct service_loop *sl) MUST_USE;

/* No more work from now on. NULL is fine. */
void upkeep_stop(struct upkeep *u);

/* Close its handle; freed by the loop's next turns and when its operation has
 * come back. NULL is fine. */
void upkeep_close(struct upkeep *u);

#endif
