/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place_int.h — inside of place.h. */
#ifndef TUI_BACKUP_PLACE_INT_H
#define TUI_BACKUP_PLACE_INT_H

#include "common/buf.h"
#include "tui/backup/place.h"

enum place_kind { PLACE_FOLDER, PLACE_DAV, PLACE_S3 };

struct place {
	enum place_kind kind;
	char url[PLACE_URL_MAX]; /* or the folder; no slash at its end */
	char region[64]; /* S3 */
	char user[256], secret[256];
	place_watch_fn *watch; /* may be NULL */
	void *watch_ctx;
	bool called_off; /* by watch */
	char why[PLACE_WHY_MAX];
};

struct place_names {
	char (*v)[PLACE_NAME_MAX];
	size_t n;
};

int place_fail(struct place *p, int r, const char *fmt, ...) PRINTF(3, 4);
/* If it is one of ours, and not there yet. */
int place_add_name(struct place_names *l, const char *prefix, const char *name,
    size_t len) MUST_USE;

/* ---- place_s3.c ---- */

#define PLACE_ASK_MAX (8 * PLACE_URL_MAX) /* a listing has its folder twice */
#define PLACE_NO_BODY                                                          \
	"e3b0c44298fc1c149afbf4c8996fb924"                                     \
	"27ae41e4649b934ca495991b7852b855" /* SHA-256 of nothing */

/*
 * A request of now: its URL, and headers to add, a NUL behind each.
 *   hash   SHA-256 of the body in hex
 * 0; ERR_RANGE; ERR_FULL; ERR_NOMEM.
 */
int place_s3_object(const struct place *p, const char *method, const char *name,
    const char *hash, char url[static PLACE_ASK_MAX],
    struct buf *headers) MUST_USE;
/* What begins with prefix, by name, behind after (NULL: from the first). */
int place_s3_list(const struct place *p, const char *prefix, const char *after,
    char url[static PLACE_ASK_MAX], struct buf *headers) MUST_USE;

int place_url_put(struct place *p, const char *file, const char *name) MUST_USE;
int place_url_get(struct place *p, const char *name, const char *file) MUST_USE;
int place_url_drop(struct place *p, const char *name) MUST_USE;
int place_url_list(
    struct place *p, const char *prefix, struct place_names *l) MUST_USE;

#endif
