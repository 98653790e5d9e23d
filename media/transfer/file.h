/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h — a file sealed into another, and back, in constant memory.
 * docs/media.md §3.1. Both block: they are for a thread that may wait.
 *
 * What is uploaded is the sealed file, made once: a key never seals anything
 * again, and the original may change or vanish meanwhile.
 */
#ifndef MEDIA_TRANSFER_FILE_H
#define MEDIA_TRANSFER_FILE_H

#include <stdbool.h>

#include "common/blob/blob.h"

/* Called now and then with bytes of content done; false: stop. */
typedef bool media_progress_fn(void *arg, uint64_t done, uint64_t size);

/* What goes into the message. Wipe with sodium_memzero. */
struct media_seal {
	struct blob_key key;
	struct blob_digest digest;
	uint64_t size; /* of the content */
	uint64_t sealed_size;
};

/*
 * Seal the file `from` into `to`, which must not exist; it is on disk when this
 * returns. from is an open file at its beginning, of as many bytes as it has now.
 *   max   bytes of content at most
 *   fn    may be NULL
 * Returns 0; ERR_RANGE longer than max, or it grew or shrank meanwhile;
 * ERR_EXISTS; ERR_CLOSED fn said so; ERR_FULL the disk is full; ERR_IO;
 * ERR_NOMEM. On error there is no `to`, and *out is unchanged.
 */
int media_seal_file(int from, const char *to, uint64_t max,
    media_progress_fn *fn, void *arg, struct media_seal *out) MUST_USE;

/*
 * Open the sealed file `from` into the open, empty file `to`: first its digest
 * is compared, then every chunk is opened; `to` is on disk when this returns.
 * Returns 0; ERR_AUTH, ERR_FORMAT, ERR_VERSION, ERR_RANGE it is not that blob:
 * nothing was written; ERR_NOTFOUND there is no `from`; ERR_CLOSED, ERR_FULL,
 * ERR_IO, ERR_NOMEM: the caller removes what was written.
 */
int media_open_file(const char *from, const struct media_seal *seal, int to,
    media_progress_fn *fn, void *arg) MUST_USE;

#endif
