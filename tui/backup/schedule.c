/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schedule.c — backups by themselves; what lies there: found.c. */
#include "tui/backup/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/store/store_account.h"
#include "tui/store/store_setting.h"

#define TO	    "backup_to"
#define CREDENTIALS "backup_credentials"
#define EVERY	    "backup_every_days"
#define KEEP	    "backup_keep"
#define CODE	    "backup_code"
#define LAST	    "backup_last_ms"
#define FAILED	    "backup_failed_ms"
#define WHY	    "backup_why"
#define DAY_MS	    (24ull * 3600 * 1000)

/* ---- what is set ----------------------------------------------------------------------- */

static int
get_text(struct store *s, const char *name, char *out, size_t cap)
{
	char *text = NULL;
	int r = store_setting_get(s, name, &text);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (strlen(text) < cap)
		memcpy(out, text, strlen(text) + 1);
	sodium_memzero(text, strlen(text));
	free(text);
	return 0;
}

static int
get_number(struct store *s, const char *name, uint64_t *out)
{
	int64_t v = 0;
	int r = store_setting_get_int(s, name, 0, &v);

	*out = v > 0 ? (uint64_t)v : 0;
	return r;
}

int
backup_schedule_get(struct store *s, struct backup_schedule *out)
{
	char code[BACKUP_CODE_SHOWN + 1] = "";
	struct backup_schedule sc = {.every_days = 1};
	uint64_t every = 0, keep = 0;
	int r = get_text(s, TO, sc.to, sizeof(sc.to));

	if (r == 0)
		r = get_text(
		    s, CREDENTIALS, sc.credentials, sizeof(sc.credentials));
	if (r == 0)
		r = get_text(s, WHY, sc.why, sizeof(sc.why));
	if (r == 0)
		r = get_text(s, CODE, code, sizeof(code));
	if (r == 0)
		r = get_number(s, EVERY, &every);
	if (r == 0)
		r = get_number(s, KEEP, &keep);
	if (r == 0)
		r = get_number(s, LAST, &sc.last_ms);
	if (r == 0)
		r = get_number(s, FAILED, &sc.failed_ms);
	sc.every_days = every > 0 && every < 1000 ? (uint32_t)every : 1;
	sc.keep = keep > 0 && keep < 10000 ? (uint32_t)keep : 7;
	sc.has_code =
	    code[0] != '\0' && backup_code_read(&sc.code, code, NULL) == 0;
	sodium_memzero(code, sizeof(code));
	if (r == 0)
		*out = sc;
	sodium_memzero(&sc, sizeof(sc));
	return r;
}

int
backup_schedule_put(struct store *s, const struct backup_schedule *sc)
{
	char code[BACKUP_CODE_SHOWN + 1];
	bool on = sc->to[0] != '\0';
	int r = store_setting_put(s, TO, on ? sc->to : NULL);

	if (r == 0)
		r = store_setting_put(s, CREDENTIALS,
		    sc->credentials[0] != '\0' ? sc->credentials : NULL);
	if (r == 0)
		r = store_setting_put_int(s, EVERY, sc->every_days);
	if (r == 0)
		r = store_setting_put_int(s, KEEP, sc->keep);
	if (r == 0 && sc->has_code) {
		backup_code_show(&sc->code, code);
		r = store_setting_put(s, CODE, code);
		sodium_memzero(code, sizeof(code));
	}
	return r;
}

/* A path that is there, whole; ~/ is the home folder. */
static int
whole_path(const char *path, char *out, size_t cap, char *why)
{
	const char *home = getenv("HOME");
	char full[PATH_MAX], typed[PATH_MAX];
	int n;

	if (strncmp(path, "~/", 2) == 0 && home != NULL)
		n = snprintf(typed, sizeof(typed), "%s/%s", home, path + 2);
	else
		n = snprintf(typed, sizeof(typed), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(typed) ||
	    realpath(typed, full) == NULL) {
		snprintf(
		    why, BACKUP_WHY_MAX, "%.180s: %s", path, strerror(errno));
		return ERR_NOTFOUND;
	}
	if (strlen(full) >= cap) {
		snprintf(why, BACKUP_WHY_MAX, "that path is too long");
		return ERR_RANGE;
	}
	memset(out, 0, cap);
	memcpy(out, full, strlen(full));
	return 0;
}

int
backup_schedule_place(struct backup_schedule *sc, const char *to,
    const char *credentials, char why[static BACKUP_WHY_MAX])
{
	char place[PLACE_URL_MAX] = "", file[PLACE_URL_MAX] = "";
	struct place *p = NULL;
	int r = 0;

	memcpy(file, sc->credentials, sizeof(file));
	if (strlen(to) >= sizeof(place))
		to = ""; /* which is no place */
	if (strstr(to, "://") == NULL)
		r = whole_path(to, place, sizeof(place), why);
	else
		memcpy(place, to, strlen(to) + 1);
	if (r == 0 && credentials != NULL && credentials[0] != '\0')
		r = whole_path(credentials, file, sizeof(file), why);
	if (r == 0)
		r = place_open(&p, place, file[0] != '\0' ? file : NULL, why);
	place_free(p);
	if (r != 0)
		return r;
	memcpy(sc->to, place, sizeof(sc->to));
	memcpy(sc->credentials, file, sizeof(sc->credentials));
	return 0;
}

uint64_t
backup_schedule_next(const struct backup_schedule *sc)
{
	if (sc->to[0] == '\0')
		return 0;
	return sc->last_ms > 0 ? sc->last_ms + sc->every_days * DAY_MS : 1;
}

uint64_t
backup_schedule_due(const struct backup_schedule *sc)
{
	uint64_t next = backup_schedule_next(sc);

	if (next != 0 && sc->failed_ms > 0 &&
	    sc->failed_ms + BACKUP_AGAIN_MS > next)
		next = sc->failed_ms + BACKUP_AGAIN_MS;
	return next;
}

/* ---- the plan --------------------------------------------------------------------------- */

/* Of this account and device, whatever else lies there: another device's have
 * another code. */
static int
whose(struct backup_plan *plan, struct store *s)
{
	struct store_account self;
	int r = store_account_get(s, &self);

	if (r != 0)
		return r;
	backup_account_hex(plan->account, self.account);
	plan->device = self.device;
	snprintf(plan->prefix, sizeof(plan->prefix),
	    BACKUP_NAMES "%s-%" PRIu32 "-", plan->account, plan->device);
	store_account_clear(&self);
	return 0;
}

static void
name_of(struct backup_plan *plan)
{
	time_t t = (time_t)(plan->now_ms / 1000);
	char stamp[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), BACKUP_STAMP, &tm) == 0)
		stamp[0] = '\0';
	snprintf(plan->name, sizeof(plan->name), "%.32s%.20s.backup",
	    plan->prefix, stamp);
}

int
backup_plan_make(struct backup_plan *plan, struct store *s, uint64_t now_ms,
    char why[static BACKUP_WHY_MAX])
{
	struct backup_plan p = {.now_ms = now_ms};
	int r = backup_schedule_get(s, &p.sc);

	if (r == 0 && (p.sc.to[0] == '\0' || !p.sc.has_code)) {
		snprintf(
		    why, BACKUP_WHY_MAX, "there is no schedule for backups");
		r = ERR_STATE;
	} else if (r == 0) {
		r = whose(&p, s);
	}
	if (r == 0) {
		name_of(&p);
		*plan = p;
	}
	backup_plan_wipe(&p);
	return r;
}

void
backup_plan_wipe(struct backup_plan *plan)
{
	sodium_memzero(plan, sizeof(*plan));
}

int
backup_plan_place(const struct backup_plan *plan, struct place **p,
    char why[static BACKUP_WHY_MAX])
{
	const struct backup_schedule *sc = &plan->sc;

	return place_open(p, sc->to,
	    sc->credentials[0] != '\0' ? sc->credentials : NULL, why);
}

/* ---- the work --------------------------------------------------------------------------- */

static int
failed(struct backup_job *job, const struct place *p, int r)
{
	snprintf(job->why, sizeof(job->why), "%s", place_error(p));
	return r;
}

/* Whatever goes wrong here, the new one is in its place. */
static int
rotate(struct backup_job *job, struct place *p, const char *prefix, size_t keep)
{
	char(*v)[PLACE_NAME_MAX] = NULL;
	size_t i, n = 0;
	int r = place_list(p, prefix, &v, &n);

	for (i = 0; r == 0 && i + keep < n; i++)
		r = place_drop(p, v[i]);
	free(v);
	return r == 0 ? 0 : failed(job, p, r);
}

static int
carry(
    struct backup_job *job, struct place *p, const char *path, const char *name)
{
	int r;

	job->carries = true;
	r = place_put(p, path, name);
	job->carries = false;
	return r == 0 ? 0 : failed(job, p, r);
}

static int
make(const struct backup_plan *plan, struct backup_job *job, struct place *p,
    const struct backup_source *from, const char *dir)
{
	struct backup_key key = {.kind = BACKUP_CODE, .code = &plan->sc.code};
	char path[2 * PLACE_URL_MAX];
	const char *folder = place_folder(p);
	int r;

	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : dir,
	    plan->name);
	job->path = path;
	job->key = &key;
	r = backup_write(job, from);
	if (r == 0 && folder == NULL) {
		r = carry(job, p, path, plan->name);
		unlink(path);
	}
	job->path = NULL;
	job->key = NULL;
	return r;
}

int
backup_plan_do(const struct backup_plan *plan, struct backup_job *job,
    const struct backup_source *from, const char *dir)
{
	struct place *p = NULL;
	int r = backup_plan_place(plan, &p, job->why);

	if (r != 0)
		return r;
	place_watch(p, job->progress, job->ctx);
	r = make(plan, job, p, from, dir);
	if (r == 0)
		r = rotate(job, p, plan->prefix, plan->sc.keep);
	place_free(p);
	return r;
}

/* ---- what came of it ---------------------------------------------------------------------- */

int
backup_plan_note(
    const struct backup_plan *plan, struct store *s, int r, const char *why)
{
	int done;

	if (r == ERR_CLOSED && strcmp(why, BACKUP_CALLED_OFF) == 0)
		return 0;
	if (r == 0) {
		done = store_setting_put_int(s, LAST, (int64_t)plan->now_ms);
		if (done == 0)
			done = store_setting_put(s, FAILED, NULL);
		return done == 0 ? store_setting_put(s, WHY, NULL) : done;
	}
	done = store_setting_put_int(s, FAILED, (int64_t)plan->now_ms);
	return done == 0 ? store_setting_put(s, WHY, why) : done;
}

int
backup_run(struct backup_job *job, struct store *s, const char *dir,
    uint64_t now_ms, char *name)
{
	struct dump_opts opts = {.now_ms = now_ms};
	struct backup_source from;
	struct backup_plan plan;
	struct dump *d = NULL;
	int r = backup_plan_make(&plan, s, now_ms, job->why), noted;

	if (r != 0)
		return r;
	r = dump_new(&d, s, &opts);
	from = backup_source_dump(d);
	if (r == 0)
		r = backup_plan_do(&plan, job, &from, dir);
	dump_free(d);
	if (r != 0 && job->why[0] == '\0')
		snprintf(job->why, sizeof(job->why), "%s", err_str(r));
	noted = backup_plan_note(&plan, s, r, job->why);
	if (r == 0)
		memcpy(name, plan.name, sizeof(plan.name));
	backup_plan_wipe(&plan);
	return r != 0 ? r : noted;
}
