/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lock.h — one process per profile: a lock on the file "lock" in its folder,
 * which also names the process that holds it. The kernel drops the lock when
 * the process dies, however it dies; a file left behind means nothing.
 */
#ifndef TUI_STORE_LOCK_H
#define TUI_STORE_LOCK_H

#include "common/base.h"

#define LOCK_NAME "lock"

struct lock; /* heap, owned by whoever took it */

/*
 * Take the lock of a profile folder, without waiting.
 *   pid  out, may be NULL: with ERR_BUSY the holder's process id, 0 unknown
 * Returns 0; ERR_BUSY held by somebody (this process included); ERR_SYS with
 * errno (no such folder, not writable); ERR_NOMEM.
 */
int lock_take(const char *dir, struct lock **out, int *pid) MUST_USE;

/* Let go and forget the pid. NULL is fine. */
void lock_free(struct lock *l);

#endif
