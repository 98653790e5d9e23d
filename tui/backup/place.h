/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place.h — where backups are kept: a folder, or a WebDAV or S3 URL through
 * libcurl. docs/backup.md. Blocking; any thread, one at a time.
 *
 *     /media/stick, ~ is the shell's           a folder
 *     https://host/path                        WebDAV
 *     s3+https://host[:port]/bucket[/prefix][?region=R]   S3, by path
 *
 * http:// and s3+http:// are for this machine alone: a password is not sent in
 * the open. User and secret (of S3: access key and secret key) are the first
 * two lines of a file that only its owner reads, or SOTTO_BACKUP_USER and
 * SOTTO_BACKUP_SECRET. The region of S3 stands in the names of Amazon's hosts;
 * elsewhere it is us-east-1 unless ?region= says another.
 */
#ifndef TUI_BACKUP_PLACE_H
#define TUI_BACKUP_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define PLACE_NAME_MAX 64 /* bytes of a file's name, with its NUL */
#define PLACE_WHY_MAX  256
#define PLACE_URL_MAX  1024

struct place; /* heap, owned by the caller; holds a secret */

/*
 * credentials may be NULL. Nothing is asked of the network yet.
 * Returns 0; ERR_FORMAT no such kind of place; ERR_DENIED others can read the
 * file of credentials, or http to another machine; ERR_SYS; ERR_NOMEM. why is a
 * sentence then.
 */
int place_open(struct place **p, const char *to, const char *credentials,
    char why[static PLACE_WHY_MAX]) MUST_USE;
void place_free(struct place *p);

/* Called while files are on their way, with bytes; false ends it: ERR_CLOSED. */
typedef bool place_watch_fn(void *ctx, uint64_t done, uint64_t total);
void place_watch(struct place *p, place_watch_fn *fn, void *ctx);

/* The folder's path; NULL: it is none. */
const char *place_folder(const struct place *p);
/* A sentence about the last error. */
const char *place_error(const struct place *p);

/*
 * A file of this machine to there, under that name: all of it, or as if nothing
 * had been. ERR_CLOSED cannot be reached; ERR_AUTH credentials; ERR_SYS;
 * ERR_IO the server says no; ERR_NOMEM.
 */
int place_put(struct place *p, const char *file, const char *name) MUST_USE;
/* And back, into a new file. ERR_NOTFOUND. */
int place_get(struct place *p, const char *name, const char *file) MUST_USE;
int place_drop(struct place *p, const char *name) MUST_USE;

/* Names there that begin with prefix and end in ".backup", ascending; *v is
 * heap, freed by free(). */
int place_list(struct place *p, const char *prefix, char (**v)[PLACE_NAME_MAX],
    size_t *n) MUST_USE;

#endif
