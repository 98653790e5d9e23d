/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.h — the store's folder: private, and one relay's at a time. */
#ifndef RELAY_STORE_FOLDER_H
#define RELAY_STORE_FOLDER_H

#include "relay/store/store.h"

/*
 * Make dir (0700) when absent, refuse one that others may enter, take its
 * lock, make sure that dir/name exists with mode 0600.
 *   lock   out, keep it open as long as the folder is in use
 *   path   out, dir/name, heap, the caller's to free
 * Returns 0; ERR_BUSY another process holds the lock; ERR_DENIED; ERR_RANGE
 * path too long; ERR_SYS; ERR_NOMEM. why is set on error.
 */
int folder_open(const char *dir, const char *name, int *lock, char **path,
    struct store_why *why) MUST_USE;

/* Make the folder's entries durable. 0 or ERR_SYS. */
int folder_sync(const char *dir) MUST_USE;

#endif
