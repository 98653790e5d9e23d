/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fileio.h — small files read whole and replaced in one step. */
#ifndef TUI_STORE_FILEIO_H
#define TUI_STORE_FILEIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

/* dir/name, heap; NULL: no memory. */
char *path_join(const char *dir, const char *name);

/*
 * Read a file of at most max bytes. *p is heap (wipe it if it is secret).
 * Returns 0; ERR_NOTFOUND; ERR_RANGE longer than max; ERR_SYS; ERR_NOMEM.
 */
int file_read(const char *path, size_t max, uint8_t **p, size_t *len) MUST_USE;

/* Replace a file, 0600: temporary file beside it, fsync, rename, fsync of the
 * folder. Returns 0; ERR_SYS; ERR_NOMEM. The old file is whole on error. */
int file_replace(const char *path, const void *p, size_t len) MUST_USE;

/* fsync the folder a path lies in. 0; ERR_SYS; ERR_NOMEM. */
int file_sync_dir(const char *path) MUST_USE;

/* Bytes of a file; -1: it is not there or cannot be looked at. */
off_t file_size(const char *path);

#endif
