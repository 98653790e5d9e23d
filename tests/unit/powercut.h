/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * powercut.h — what a power cut may leave of a database. A recorder under
 * SQLite writes down every change of every file; an image is made from all that
 * was synced before the cut and any of what was not: sectors of 512 bytes that
 * are dropped, torn apart or out of order, files that are not there yet or not
 * gone yet.
 */
#ifndef TESTS_UNIT_POWERCUT_H
#define TESTS_UNIT_POWERCUT_H

#include "tests/unit/tapvfs.h"
#include "tests/unit/test.h"

struct cut; /* a recording */

struct cut *cut_new(void);
void cut_free(struct cut *c);

/* The files of a folder are as they are, safely on disk. Call it first. */
void cut_base(struct cut *c, const char *dir);

/* The listener for tap_register(); ctx is the recording. */
int cut_record(void *ctx, const struct tap_op *op);

/* A commit has come back to its caller. */
void cut_mark(struct cut *c, int64_t n);

size_t cut_events(const struct cut *c);

/* Make the files as they may be after the first `at` events, in an empty
 * folder. Returns the last mark before that. */
int64_t cut_image(
    const struct cut *c, size_t at, uint64_t seed, const char *dir);

#endif
