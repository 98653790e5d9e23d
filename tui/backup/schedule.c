/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/backup/schedule.h"

#include <inttypes.h>
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
#define ANY	    "sotto-"

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

uint64_t
backup_schedule_next(const struct backup_schedule *sc)
{
	if (sc->to[0] == '\0')
		return 0;
	return sc->last_ms > 0 ? sc->last_ms + sc->every_days * DAY_MS : 1;
}

static int
note(struct store *s, int r, uint64_t now_ms, const char *why)
{
	int done;

	if (r == 0) {
		done = store_setting_put_int(s, LAST, (int64_t)now_ms);
		if (done == 0)
			done = store_setting_put(s, FAILED, NULL);
		return done == 0 ? store_setting_put(s, WHY, NULL) : done;
	}
	done = store_setting_put_int(s, FAILED, (int64_t)now_ms);
	return done == 0 ? store_setting_put(s, WHY, why) : done;
}

/* ---- making one ------------------------------------------------------------------------- */

/* Of this account, whatever else lies there. */
static int
prefix_of(struct store *s, char out[static PLACE_NAME_MAX])
{
	struct store_account self;
	char hex[9];
	int r = store_account_get(s, &self);

	if (r != 0)
		return r;
	sodium_bin2hex(hex, sizeof(hex), self.account, 4);
	snprintf(out, PLACE_NAME_MAX, ANY "%s-", hex);
	store_account_clear(&self);
	return 0;
}

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
make(struct backup_job *job, struct store *s, struct place *p,
    const struct backup_schedule *sc, const char *dir, const char *name,
    uint64_t now_ms)
{
	struct backup_key key = {.kind = BACKUP_CODE, .code = &sc->code};
	char path[2 * PLACE_URL_MAX];
	const char *folder = place_folder(p);
	int r;

	snprintf(
	    path, sizeof(path), "%s/%s", folder != NULL ? folder : dir, name);
	job->path = path;
	job->key = &key;
	r = backup_create(job, s, now_ms);
	if (r == 0 && folder == NULL) {
		r = place_put(p, path, name);
		if (r != 0)
			failed(job, p, r);
		unlink(path);
	}
	job->path = NULL;
	job->key = NULL;
	return r;
}

static int
run(struct backup_job *job, struct store *s, const struct backup_schedule *sc,
    const char *dir, uint64_t now_ms, char *name)
{
	char prefix[PLACE_NAME_MAX], stamp[32];
	time_t t = (time_t)(now_ms / 1000);
	struct place *p = NULL;
	struct tm tm;
	int r = prefix_of(s, prefix);

	if (r == 0)
		r = place_open(&p, sc->to,
		    sc->credentials[0] != '\0' ? sc->credentials : NULL,
		    job->why);
	if (r != 0)
		return r;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm) == 0)
		stamp[0] = '\0';
	snprintf(name, PLACE_NAME_MAX, "%.32s%.20s.backup", prefix, stamp);
	r = make(job, s, p, sc, dir, name, now_ms);
	if (r == 0)
		r = rotate(job, p, prefix, sc->keep);
	place_free(p);
	return r;
}

int
backup_run(struct backup_job *job, struct store *s, const char *dir,
    uint64_t now_ms, char *name)
{
	struct backup_schedule sc;
	int r = backup_schedule_get(s, &sc), noted;

	if (r != 0)
		return r;
	if (sc.to[0] == '\0' || !sc.has_code) {
		snprintf(job->why, sizeof(job->why),
		    "there is no schedule for backups");
		sodium_memzero(&sc, sizeof(sc));
		return ERR_STATE;
	}
	r = run(job, s, &sc, dir, now_ms, name);
	sodium_memzero(&sc, sizeof(sc));
	noted = note(s, r, now_ms, job->why);
	return r != 0 ? r : noted;
}

/* By its time, whoever's it is; NULL: there is none. */
static const char *
newest(char (*v)[PLACE_NAME_MAX], size_t n)
{
	const char *best = NULL, *at, *best_at = "";
	size_t i;

	for (i = 0; i < n; i++) {
		at = strrchr(v[i], '-');
		if (at != NULL && strcmp(at, best_at) > 0) {
			best = v[i];
			best_at = at;
		}
	}
	return best;
}

int
backup_fetch(
    struct backup_job *job, struct place *p, const char *name, const char *file)
{
	char(*v)[PLACE_NAME_MAX] = NULL;
	size_t n = 0;
	int r = place_list(p, ANY, &v, &n);

	if (r == 0 && name == NULL)
		name = newest(v, n);
	if (r == 0 && name == NULL) {
		free(v);
		snprintf(job->why, sizeof(job->why), "there is no backup");
		return ERR_NOTFOUND;
	}
	if (r == 0)
		r = place_get(p, name, file);
	free(v);
	return r == 0 ? 0 : failed(job, p, r);
}
