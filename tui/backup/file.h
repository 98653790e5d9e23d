/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h — backups on disk: written beside their place and moved there when
 * they are whole; verified; restored in transactions of some hundred records.
 */
#ifndef TUI_BACKUP_FILE_H
#define TUI_BACKUP_FILE_H

#include "tui/backup/dump.h"

#define BACKUP_WHY_MAX	  256
#define BACKUP_CALLED_OFF "interrupted" /* why, when progress said so */

/* How far it is; total is 0 while that is not known. Returning false ends the
 * work with ERR_CLOSED, and nothing has changed but what was restored. */
typedef bool backup_progress_fn(void *ctx, uint64_t done, uint64_t total);

struct backup_job {
	const char *path;
	const struct backup_key *key;
	backup_progress_fn *progress; /* may be NULL */
	void *ctx;
	bool carries; /* schedule.h: the file is whole and on its way */
	char why[BACKUP_WHY_MAX]; /* a sentence, on failure */
};

/*
 * Write everything that is in the store. An existing file is replaced in one
 * step, with 0600, when all of the new one is on disk; on failure it is what it
 * was. Returns 0; ERR_SYS (why names the file); ERR_FULL disk full; ERR_CLOSED;
 * ERR_STATE no account; errors of key and store.
 */
int backup_create(
    struct backup_job *job, struct store *s, uint64_t now_ms) MUST_USE;

/*
 * The same with records from elsewhere: no store is touched, any thread.
 * next() fills rec and returns 0; ERR_NOTFOUND that was all; an error ends it.
 */
struct backup_source {
	int (*next)(
	    void *ctx, struct buf *rec, uint64_t *done, uint64_t *total);
	void *ctx;
};
int backup_write(
    struct backup_job *job, const struct backup_source *from) MUST_USE;
/* The records of a dump; d is borrowed. */
struct backup_source backup_source_dump(struct dump *d);

/* What opens a file. Returns 0; ERR_SYS; ERR_FORMAT it is none; ERR_VERSION. */
int backup_kind_of(struct backup_job *job, enum backup_kind *kind) MUST_USE;

/*
 * Read all of it and count. Returns 0; ERR_AUTH wrong key, or damaged (why says
 * which); ERR_FORMAT; ERR_VERSION; ERR_RANGE not this kind of key; ERR_CLOSED;
 * ERR_SYS; ERR_NOMEM.
 */
int backup_verify(struct backup_job *job, struct restore_count *n) MUST_USE;

/*
 * Read it into the store. The whole file is verified first, so that a damaged
 * one changes nothing. ERR_DENIED another account's; otherwise as above.
 */
int backup_restore(
    struct backup_job *job, struct store *s, struct restore_count *n) MUST_USE;

#endif
