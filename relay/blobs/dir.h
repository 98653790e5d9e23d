/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dir.h — a folder of blobs: the embedded backend.
 *
 *     tmp/<name>        on its way; its length is how far it got
 *     <2 digits>/<name> whole; was written, synced and moved there
 *
 * A name is a locator in hexadecimal. Calls block on the disk; any thread may
 * make them. A blob is never changed once it is whole. What was cut off stays
 * in tmp/ and is continued, also by another process.
 */
#ifndef RELAY_BLOBS_DIR_H
#define RELAY_BLOBS_DIR_H

#include <stdbool.h>

#include "relay/store/store.h"

struct blob_dir; /* heap, owned by the caller */

/* path is made when it is not there, 0700. 0; ERR_SYS with errno; ERR_RANGE too
 * long; ERR_NOMEM. */
int blob_dir_open(struct blob_dir **d, const char *path) MUST_USE;
void blob_dir_close(struct blob_dir *d);

/* How much of it is there, and whether that is all: it has been moved. A blob
 * nobody has begun has 0 bytes. 0; ERR_IO. */
int blob_dir_look(struct blob_dir *d, const struct blob_locator *l,
    uint64_t *bytes, bool *whole) MUST_USE;

/* Bytes free for us, or UINT64_MAX when that cannot be told. */
uint64_t blob_dir_free_bytes(const struct blob_dir *d);

struct blob_put; /* heap: an upload under way; holds a lock */

/*
 * Begin or continue an upload of `size` bytes at `offset`.
 * Returns 0; ERR_RANGE so much is not there, or more is: *at says how much;
 * ERR_EXISTS it is whole; ERR_BUSY somebody is at it; ERR_FULL no room on the
 * disk; ERR_IO; ERR_NOMEM.
 */
int blob_put_begin(struct blob_dir *d, const struct blob_locator *l,
    uint64_t size, uint64_t offset, struct blob_put **p, uint64_t *at) MUST_USE;

/* Append. 0; ERR_RANGE beyond size; ERR_FULL no room; ERR_IO. What was written
 * before an error stays. */
int blob_put_write(struct blob_put *p, const void *data, size_t len) MUST_USE;

/*
 * End a part. When all bytes are there, they are made durable and the blob
 * appears. Frees p in any case.
 *   whole  out: it is there now
 *   at     out: bytes there are
 * Returns 0; ERR_FULL, ERR_IO: it is not whole, what is there stays.
 */
int blob_put_end(struct blob_put *p, bool *whole, uint64_t *at) MUST_USE;

/* The other side is gone: keep what came. NULL is fine. */
void blob_put_leave(struct blob_put *p);

/* A file descriptor of a whole blob. 0; ERR_NOTFOUND; ERR_IO. */
int blob_dir_read(struct blob_dir *d, const struct blob_locator *l, int *fd,
    uint64_t *size) MUST_USE;

/* 0, also when there is nothing; ERR_IO. */
int blob_dir_remove(struct blob_dir *d, const struct blob_locator *l) MUST_USE;

/*
 * Every blob there is, whole or not, older than before_s; what has no name of a
 * blob is not ours and left alone. fn may remove it. 0; ERR_IO.
 */
int blob_dir_walk(struct blob_dir *d, uint64_t before_s,
    void (*fn)(void *arg, const struct blob_locator *l), void *arg) MUST_USE;

#endif
