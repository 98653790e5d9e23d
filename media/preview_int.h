/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preview_int.h — what the two ways of asking share: the child, and what goes
 * to it and comes from it (common/proto/preview.proto). */
#ifndef MEDIA_PREVIEW_INT_H
#define MEDIA_PREVIEW_INT_H

#include <sys/types.h>

#include "media/child.h"
#include "media/preview.h"

/* Start it: our end of its socket, which blocks. 0; ERR_SYS with errno. */
int preview_child_start(pid_t *pid, int *fd) MUST_USE;
int preview_child_open(struct child *c) MUST_USE;
int preview_timeout(void); /* milliseconds */

/* Does it make sense to ask? 0; ERR_RANGE. */
int preview_check(const struct preview_ask *ask) MUST_USE;

/* The length and the request, appended. 0; ERR_FULL; ERR_NOMEM. */
int preview_pack(struct buf *b, const struct preview_ask *ask) MUST_USE;

/*
 * An answer to that question; nothing of it is believed.
 *   out  written on success only
 * 0; what the child says (ERR_NOTFOUND, ERR_FORMAT, ERR_RANGE, ERR_NOMEM);
 * ERR_CLOSED it is no answer; ERR_NOMEM.
 */
int preview_unpack(const struct preview_ask *ask, const uint8_t *p, size_t len,
    struct preview_answer *out) MUST_USE;

#endif
