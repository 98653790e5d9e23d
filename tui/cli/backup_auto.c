/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backup_auto.c — `sotto backup schedule|run|status|list`: backups by
 * themselves, and what lies where they are kept. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/backup/schedule.h"
#include "tui/base/paths.h"
#include "tui/cli/commands.h"
#include "tui/store/store_account.h"

static int
say(int status, const char *sentence)
{
	fprintf(stderr, "sotto: %s\n", sentence);
	return status;
}

static bool
is_url(const char *to)
{
	return strstr(to, "://") != NULL;
}

static int
own_folder(const struct cli_opts *o, struct paths *p)
{
	struct paths_err why = {""};

	if (paths_init(p, o->profile, environ, &why) == 0)
		return 0;
	return say(CLI_EXIT_CONFIG, why.text);
}

/* ---- schedule -------------------------------------------------------------------------- */

static int
take_place(
    struct backup_schedule *sc, const char *to, const struct backup_opts *own)
{
	char why[BACKUP_WHY_MAX] = "";
	int r = backup_schedule_place(sc, to, own->credentials, why);

	if (r == 0)
		return 0;
	return say(r == ERR_NOTFOUND ? CLI_EXIT_NOT_FOUND : CLI_EXIT_CONFIG,
	    why[0] != '\0' ? why : err_str(r));
}

static void
show_code(const struct backup_code *c)
{
	char text[BACKUP_CODE_SHOWN + 1];

	backup_code_show(c, text);
	fprintf(stderr,
	    "The recovery code of these backups. Write it down and keep it "
	    "apart from them:\nwithout it the history is lost, and nobody can "
	    "help.\n");
	printf("%s\n", text);
	sodium_memzero(text, sizeof(text));
}

static int
schedule(const struct cli_args *args, struct store *s)
{
	const struct backup_opts *own = args->own;
	const char *to = args->argv[1];
	struct backup_schedule sc;
	bool fresh = false;
	int status = 0, r = backup_schedule_get(s, &sc);

	if (r == 0 && strcmp(to, "off") == 0)
		sc.to[0] = '\0';
	else if (r == 0)
		status = take_place(&sc, to, own);
	sc.every_days = own->every == 1 ? 7 : 1;
	sc.keep = own->keep;
	if (r == 0 && status == 0 && !sc.has_code && sc.to[0] != '\0') {
		backup_code_make(&sc.code, &backup_rng_system);
		sc.has_code = fresh = true;
	}
	if (r == 0 && status == 0)
		r = backup_schedule_put(s, &sc);
	if (r != 0)
		status = say(cli_exit_of(r), store_error(s));
	else if (status == 0 && (fresh || own->code))
		show_code(&sc.code);
	sodium_memzero(&sc, sizeof(sc));
	return status;
}

/* ---- status ---------------------------------------------------------------------------- */

static int
status_json(const struct backup_schedule *sc)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_str(&j, "to", sc->to);
	json_kv_u64(&j, "every_days", sc->every_days);
	json_kv_u64(&j, "keep", sc->keep);
	json_kv_u64(&j, "last_ms", sc->last_ms);
	json_kv_u64(&j, "next_ms", backup_schedule_next(sc));
	json_kv_u64(&j, "failed_ms", sc->failed_ms);
	json_kv_str(&j, "why", sc->why);
	json_close(&j);
	return line_print(&j, &b);
}

static int
show_status(const struct cli_args *args, struct store *s)
{
	const struct cli_opts *o = args->opts;
	struct backup_schedule sc;
	char when[WHEN_CAP];
	int r = backup_schedule_get(s, &sc);

	if (r != 0)
		return say(cli_exit_of(r), store_error(s));
	if (o->json) {
		r = status_json(&sc);
	} else if (sc.to[0] == '\0') {
		printf("No backups are made by themselves.\n");
	} else {
		printf("to %s, every %" PRIu32 " days, the newest %" PRIu32
		       " stay\n",
		    sc.to, sc.every_days, sc.keep);
		printf("last: %s\n",
		    sc.last_ms > 0 ? when_text(when, sc.last_ms) : "none yet");
		if (sc.failed_ms > 0)
			printf("the try of %s failed: %s\n",
			    when_text(when, sc.failed_ms), sc.why);
	}
	sodium_memzero(&sc, sizeof(sc));
	return r;
}

/* ---- run --------------------------------------------------------------------------------- */

static int
run(const struct cli_args *args, struct store *s, struct backup_job *job,
    uint64_t now_ms)
{
	const struct backup_opts *own = args->own;
	struct backup_schedule sc;
	char name[PLACE_NAME_MAX] = "";
	uint64_t next;
	struct paths p;
	int r = backup_schedule_get(s, &sc);

	if (r != 0)
		return say(cli_exit_of(r), store_error(s));
	next = backup_schedule_next(&sc);
	sodium_memzero(&sc, sizeof(sc));
	if (own->due && next > now_ms)
		return 0;
	r = own_folder(args->opts, &p);
	if (r != 0)
		return r;
	r = backup_run(job, s, p.dir[PATHS_DATA], now_ms, name);
	if (r != 0)
		return say(cli_exit_of(r),
		    job->why[0] != '\0' ? job->why : err_str(r));
	printf("%s\n", name);
	return 0;
}

/* ---- list -------------------------------------------------------------------------------- */

static int
print_found(const struct cli_args *args, const struct backup_found *f)
{
	const struct cli_opts *o = args->opts;
	char when[WHEN_CAP];
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("%s  account %s  %s\n", when_text(when, f->made_ms),
		    f->account, f->name);
		return 0;
	}
	line_begin(&j, &b);
	json_kv_str(&j, "name", f->name);
	json_kv_str(&j, "account", f->account);
	json_kv_u64(&j, "device", f->device);
	json_kv_u64(&j, "made_ms", f->made_ms);
	json_close(&j);
	return line_print(&j, &b);
}

static int
open_place(
    const struct cli_args *args, struct backup_job *job, struct place **p)
{
	const struct backup_opts *own = args->own;
	const char *to = job->path;
	char full[PATH_MAX];
	int r;

	if (!is_url(to)) {
		if (realpath(to, full) == NULL)
			return say(CLI_EXIT_NOT_FOUND, strerror(errno));
		to = full;
	}
	r = place_open(p, to, own->credentials, job->why);
	return r == 0 ? 0 : say(cli_exit_of(r), job->why);
}

static int
list(const struct cli_args *args, struct backup_job *job)
{
	const struct cli_opts *o = args->opts;
	struct backup_found *v = NULL;
	struct place *p = NULL;
	size_t i, n = 0;
	int r = open_place(args, job, &p);

	if (r != 0)
		return r;
	r = backup_list(job, p, NULL, &v, &n);
	if (r != 0)
		r = say(cli_exit_of(r), job->why);
	for (i = 0; r == 0 && i < n; i++)
		r = print_found(args, &v[i]);
	if (r == 0 && n == 0 && !o->json)
		printf("There is no backup.\n");
	free(v);
	place_free(p);
	return r;
}

int
backup_auto(
    const struct cli_args *args, struct backup_job *job, uint64_t now_ms)
{
	const char *verb = args->argv[0];
	struct store *s = NULL;
	int status;

	if ((strcmp(verb, "schedule") == 0 || strcmp(verb, "list") == 0) !=
	    (args->argc == 2))
		return say(CLI_EXIT_USAGE,
		    "backup schedule PLACE|off, backup list PLACE, backup run, "
		    "or backup status");
	if (strcmp(verb, "list") == 0)
		return list(args, job);
	status = cli_open_store(args->opts, &s);
	if (status != 0)
		return status;
	if (strcmp(verb, "schedule") == 0)
		status = schedule(args, s);
	else if (strcmp(verb, "run") == 0)
		status = run(args, s, job, now_ms);
	else
		status = show_status(args, s);
	store_close(s);
	return status;
}

/* ---- from afar ----------------------------------------------------------------------------- */

bool
backup_is_place(const char *path)
{
	struct stat st;

	return is_url(path) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* The account whose backup is wanted. */
static int
account_of(struct store *s, char hex[static 9])
{
	struct store_account self;
	int r = store_account_get(s, &self);

	if (r != 0 || !self.registered)
		return say(CLI_EXIT_UNREGISTERED,
		    "this profile has no account yet: register first");
	backup_account_hex(hex, self.account);
	store_account_clear(&self);
	return 0;
}

int
backup_bring(const struct cli_args *args, struct backup_job *job,
    struct store *s, char *path, size_t cap)
{
	const struct backup_opts *own = args->own;
	struct paths own_paths;
	struct place *p = NULL;
	char account[9] = "";
	int r = own_folder(args->opts, &own_paths);

	if (r == 0 && s != NULL)
		r = account_of(s, account);
	if (r == 0)
		r = open_place(args, job, &p);
	if (r != 0)
		return r;
	if (snprintf(path, cap, "%s/fetched-%d.backup",
		own_paths.dir[PATHS_DATA], (int)getpid()) >= (int)cap)
		path[0] = '\0';
	place_watch(p, job->progress, job->ctx);
	job->carries = true;
	r = path[0] == '\0' ? ERR_RANGE
			    : backup_fetch(job, p, s != NULL ? account : NULL,
				  0, own->name, path);
	job->carries = false;
	place_free(p);
	return r == 0 ? 0
		      : say(cli_exit_of(r),
			    job->why[0] != '\0' ? job->why : err_str(r));
}
