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

#define BACKUP_NAMES "sotto-" /* what all of them begin with */
#define BACKUP_STAMP "%Y%m%dT%H%M%SZ"

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

/*
 * Where to, as a person types it: a folder that is there (~/ is theirs), or a
 * URL; with a file of credentials (NULL or "": as it is).
 * Returns 0; ERR_NOTFOUND no such folder or file; errors of place_open(). why is
 * a sentence then, and sc is unchanged.
 */
int backup_schedule_place(struct backup_schedule *sc, const char *to,
    const char *credentials, char why[static BACKUP_WHY_MAX]) MUST_USE;

/* When the next one is due; 0: there is no schedule. */
uint64_t backup_schedule_next(const struct backup_schedule *sc);

/* How long after one that failed the next is tried by itself. */
#define BACKUP_AGAIN_MS (3600ull * 1000)

/* When one is to be made by itself; 0: never. */
uint64_t backup_schedule_due(const struct backup_schedule *sc);

/*
 * Making one has three parts, so that what takes long needs no store: the plan
 * (what the store says), the work (any thread), and the note of what came of it.
 */
struct backup_plan { /* backup_plan_wipe() it */
	struct backup_schedule sc;
	char account[9]; /* the beginning of its id, in hex */
	uint32_t device;
	char prefix[PLACE_NAME_MAX]; /* of this device's files */
	char name[PLACE_NAME_MAX]; /* of the new one */
	uint64_t now_ms;
};

/* ERR_STATE there is no schedule; errors of the store. */
int backup_plan_make(struct backup_plan *plan, struct store *s, uint64_t now_ms,
    char why[static BACKUP_WHY_MAX]) MUST_USE;
void backup_plan_wipe(struct backup_plan *plan);
/* Its place, opened. Errors of place_open(). */
int backup_plan_place(const struct backup_plan *plan, struct place **p,
    char why[static BACKUP_WHY_MAX]) MUST_USE;

/*
 * Write the records as a file, put it there, then remove the oldest beyond what
 * is kept. dir: a folder of this profile for the file until it is there.
 * Progress counts messages while the file is made, then bytes that are on their
 * way (job->carries). As backup_write() and place_put(); ERR_CLOSED called off:
 * nothing of it is left there.
 */
int backup_plan_do(const struct backup_plan *plan, struct backup_job *job,
    const struct backup_source *from, const char *dir) MUST_USE;

/* r and why: of backup_plan_do(). Being called off is no failure. */
int backup_plan_note(const struct backup_plan *plan, struct store *s, int r,
    const char *why) MUST_USE;

/* All of it. name (PLACE_NAME_MAX bytes): what it is called. */
int backup_run(struct backup_job *job, struct store *s, const char *dir,
    uint64_t now_ms, char *name) MUST_USE;

/* ---- files that lie there ----------------------------------------------------- */

struct backup_found {
	char name[PLACE_NAME_MAX];
	char account[9]; /* the beginning of its id, in hex */
	uint32_t device;
	uint64_t made_ms;
};

/* The beginning of an account's id, as in names. */
void backup_account_hex(
    char out[static 9], const uint8_t account[static STORE_ID_LEN]);

/* What is there, of this account (NULL: of all), oldest first. *v is heap. */
int backup_list(struct backup_job *job, struct place *p, const char *account,
    struct backup_found **v, size_t *n) MUST_USE;

/* Fetch the newest one of an account and device (0: of any), or name, into a new
 * file. ERR_NOTFOUND none; ERR_EXISTS account NULL, and there are several: why
 * names them. */
int backup_fetch(struct backup_job *job, struct place *p, const char *account,
    uint32_t device, const char *name, const char *file) MUST_USE;

#endif
