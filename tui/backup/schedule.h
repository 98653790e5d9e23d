/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schedule.h — backups by themselves: where to, how often, how many stay; and
 * making one. It is in the store, with the recovery code that opens them.
 */
#ifndef TUI_BACKUP_SCHEDULE_H
#define TUI_BACKUP_SCHEDULE_H

#include "common/backup/code.h"
#include "tui/backup/file.h"
#include "tui/backup/place.h"

struct backup_schedule {
	char to[PLACE_URL_MAX]; /* "": none */
	char credentials[PLACE_URL_MAX]; /* a file; "" none */
	uint32_t every_days, keep;
	bool has_code;
	struct backup_code code; /* wipe */
	uint64_t last_ms; /* the last that worked; 0: none */
	uint64_t failed_ms; /* a later one that did not; 0: none */
	char why[BACKUP_WHY_MAX]; /* of that one */
};

int backup_schedule_get(struct store *s, struct backup_schedule *out) MUST_USE;
/* Where, how often, how many, the code; what came of it stays. */
int backup_schedule_put(
    struct store *s, const struct backup_schedule *sc) MUST_USE;

/* When the next one is due; 0: there is no schedule. */
uint64_t backup_schedule_next(const struct backup_schedule *sc);

/*
 * Make one and put it there, then remove the oldest beyond what is kept; the
 * outcome is noted in the store. dir: a folder of this profile for the file
 * until it is there. name (PLACE_NAME_MAX bytes): what it is called.
 * As backup_create() and place_put(); ERR_STATE there is no schedule.
 */
int backup_run(struct backup_job *job, struct store *s, const char *dir,
    uint64_t now_ms, char *name) MUST_USE;

/* Fetch the newest one (or name) into a new file. ERR_NOTFOUND. */
int backup_fetch(struct backup_job *job, struct place *p, const char *name,
    const char *file) MUST_USE;

#endif
