/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backup.c — `sotto backup create|verify|restore FILE`. */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/backup/file.h"
#include "tui/cli/commands.h"

static const char *const every_words[] = {"daily", "weekly", NULL};

const struct conf_row backup_rows[BACKUP_ROWS] = {
    {.name = "code",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, code),
	.doc = "create: open it with a recovery code instead of a password."},
    {.name = "force",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, force),
	.doc = "create: replace a file that is there."},
    {.name = "every",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, every),
	.choices = every_words,
	.def = "daily",
	.doc = "schedule: how often."},
    {.name = "keep",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, keep),
	.min = 1,
	.max = 1000,
	.def = "7",
	.doc = "schedule: so many of the newest stay, older ones go."},
    {.name = "credentials",
	.type = CONF_PATH,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, credentials),
	.doc = "schedule, verify, restore: a file that only you can read, with "
	       "user and secret on a line each. Also SOTTO_BACKUP_USER and "
	       "SOTTO_BACKUP_SECRET."},
    {.name = "name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, name),
	.doc = "verify, restore from a place: this file of those that list "
	       "shows, instead of the account's newest."},
    {.name = "due",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct backup_opts, due),
	.doc = "run: only if one is due. For timers."},
};

/* What opens the file, and where it lives; wiped as a whole. */
struct secret {
	struct backup_key key;
	struct backup_code code;
	char password[BACKUP_PASSWORD_MAX + 2];
};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* A line that is written over, when somebody watches. */
static bool
show_progress(void *ctx, uint64_t done, uint64_t total)
{
	const struct backup_job *job = ctx;

	if (total > 0 && isatty(STDERR_FILENO)) {
		done = done < total ? done : total;
		if (job->carries)
			fprintf(stderr, "\r\033[Ksent: %.0f%%",
			    100.0 * (double)done / (double)total);
		else
			fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " messages",
			    done, total);
	}
	return !interrupted;
}

static void
end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

static int
say(int status, const char *sentence)
{
	fprintf(stderr, "sotto: %s\n", sentence);
	return status;
}

static int
report(const struct backup_job *job, int r)
{
	return say(cli_exit_of(r), job->why[0] != '\0' ? job->why : err_str(r));
}

/* ---- keys ---------------------------------------------------------------------------- */

static int
take_password(struct secret *x, const char *text)
{
	size_t n = strlen(text);

	if (n < 1 || n > BACKUP_PASSWORD_MAX)
		return say(CLI_EXIT_USAGE, "the password is empty or too long");
	memmove(x->password, text, n + 1);
	x->key.kind = BACKUP_PASSWORD;
	x->key.password = x->password;
	return 0;
}

static int
take_code(struct secret *x, const char *text)
{
	size_t n = 0;
	int r = backup_code_read(&x->code, text, &n);

	if (r == ERR_RANGE) {
		fprintf(stderr,
		    "sotto: a recovery code has 64 digits, these are %zu\n", n);
		return CLI_EXIT_USAGE;
	}
	if (r != 0)
		return say(CLI_EXIT_USAGE,
		    r == ERR_AUTH ? "the recovery code has a typing error"
				  : "a recovery code has digits only");
	x->key.kind = BACKUP_CODE;
	x->key.code = &x->code;
	return 0;
}

static int
ask(struct secret *x, const char *prompt)
{
	return front_ask_secret(prompt, x->password, sizeof(x->password)) == 0
		   ? 0
		   : say(CLI_EXIT_LOCKED,
			 "nothing to open the backup with: set "
			 "SOTTO_BACKUP_PASSWORD or SOTTO_BACKUP_CODE, or use a "
			 "terminal");
}

static int
new_password(struct secret *x)
{
	const char *env = getenv("SOTTO_BACKUP_PASSWORD");
	char first[sizeof(x->password)];
	int r;

	if (env != NULL)
		return take_password(x, env);
	r = ask(x, "New password for the backup: ");
	memcpy(first, x->password, sizeof(first));
	if (r == 0)
		r = ask(x, "Once more: ");
	if (r == 0 && strcmp(first, x->password) != 0)
		r = say(CLI_EXIT_USAGE, "the two passwords differ");
	if (r == 0 && strlen(first) < BACKUP_PASSWORD_MIN)
		r = say(CLI_EXIT_USAGE,
		    "that is too short: whoever finds the file can try "
		    "passwords for years");
	if (r == 0)
		r = take_password(x, x->password);
	sodium_memzero(first, sizeof(first));
	return r;
}

/* A code that the person has not seen is printed once the file is whole. */
static int
new_key(struct secret *x, bool code, bool *show)
{
	const char *env = getenv("SOTTO_BACKUP_CODE");

	*show = false;
	if (!code)
		return new_password(x);
	if (env != NULL)
		return take_code(x, env);
	backup_code_make(&x->code, &backup_rng_system);
	x->key.kind = BACKUP_CODE;
	x->key.code = &x->code;
	*show = true;
	return 0;
}

static int
known_key(struct secret *x, enum backup_kind kind)
{
	bool code = kind == BACKUP_CODE;
	const char *env =
	    getenv(code ? "SOTTO_BACKUP_CODE" : "SOTTO_BACKUP_PASSWORD");
	int r;

	if (kind == BACKUP_RAW)
		return say(CLI_EXIT_REFUSED,
		    "this file is history for a device, no backup");
	if (env != NULL)
		return code ? take_code(x, env) : take_password(x, env);
	r = ask(x,
	    code ? "Recovery code (64 digits): " : "Password of the backup: ");
	if (r == 0)
		r = code ? take_code(x, x->password)
			 : take_password(x, x->password);
	return r;
}

static void
show_code(const struct backup_code *c)
{
	char text[BACKUP_CODE_SHOWN + 1];

	backup_code_show(c, text);
	fprintf(stderr, "The recovery code of this backup. Write it down and "
			"keep it apart from the file:\nwithout it the history "
			"is lost, and nobody can help.\n");
	printf("%s\n", text);
	sodium_memzero(text, sizeof(text));
}

/* ---- the three verbs ---------------------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int
create(const struct cli_args *args, struct backup_job *job, struct secret *x)
{
	const struct backup_opts *own = args->own;
	struct store *s = NULL;
	bool show = false;
	int r;

	if (!own->force && access(job->path, F_OK) == 0)
		return say(CLI_EXIT_REFUSED,
		    "that file is there already; --force replaces it");
	r = cli_open_store(args->opts, &s);
	if (r != 0)
		return r;
	r = new_key(x, own->code, &show);
	if (r == 0) {
		r = backup_create(job, s, now_ms());
		end_progress();
		if (r != 0)
			r = report(job, r);
		else if (show)
			show_code(&x->code);
	}
	store_close(s);
	return r;
}

static void
say_count(const struct restore_count *n, bool restored)
{
	char when[WHEN_CAP];

	printf("Made on %s: %" PRIu64 " messages in %" PRIu64 " chats, %" PRIu64
	       " contacts.\n",
	    when_text(when, n->created_ms), n->messages, n->chats, n->contacts);
	if (restored)
		printf("%" PRIu64 " messages were added; the others were here "
		       "already.\n",
		    n->added);
	else
		printf("The backup is whole.\n");
}

static int
open_and(struct backup_job *job, struct secret *x, struct store *s)
{
	struct restore_count n = {0};
	enum backup_kind kind;
	int r = backup_kind_of(job, &kind);

	if (r != 0)
		return report(job, r);
	r = known_key(x, kind);
	if (r != 0)
		return r;
	r = s != NULL ? backup_restore(job, s, &n) : backup_verify(job, &n);
	end_progress();
	if (r != 0)
		return report(job, r);
	say_count(&n, s != NULL);
	return 0;
}

/* From a place the newest of the account, as a file of this machine for so
 * long. */
static int
bring_and(const struct cli_args *args, struct backup_job *job, struct secret *x,
    bool restore)
{
	const char *const there = job->path;
	char path[PATH_MAX] = "";
	struct store *s = NULL;
	int r = restore ? cli_open_store(args->opts, &s) : 0;

	if (r == 0 && backup_is_place(job->path)) {
		r = backup_bring(args, job, s, path, sizeof(path));
		job->path = path;
	}
	if (r == 0)
		r = open_and(job, x, s);
	job->path = there;
	if (path[0] != '\0')
		unlink(path);
	store_close(s);
	return r;
}

static bool
is_auto(const char *verb)
{
	return strcmp(verb, "schedule") == 0 || strcmp(verb, "run") == 0 ||
	       strcmp(verb, "status") == 0 || strcmp(verb, "list") == 0;
}

int
cli_backup(void *ctx, const struct cli_args *args)
{
	const char *verb = args->argv[0];
	struct secret x = {.key.fast = getenv("SOTTO_TEST_FAST_KDF") != NULL};
	struct backup_job job = {
	    .path = args->argc > 1 ? args->argv[1] : NULL,
	    .key = &x.key,
	    .progress = show_progress,
	};
	struct sigaction sa = {.sa_handler = on_interrupt};
	int r;

	(void)ctx;
	job.ctx = &job;
	if (sodium_init() < 0)
		return CLI_EXIT_FAILURE;
	sigaction(SIGINT, &sa, NULL);
	if (is_auto(verb))
		r = backup_auto(args, &job, now_ms());
	else if (args->argc != 2)
		r = say(CLI_EXIT_USAGE,
		    "backup create, verify or restore, and a file");
	else if (strcmp(verb, "create") == 0)
		r = create(args, &job, &x);
	else if (strcmp(verb, "verify") == 0)
		r = bring_and(args, &job, &x, false);
	else if (strcmp(verb, "restore") == 0)
		r = bring_and(args, &job, &x, true);
	else
		r = say(CLI_EXIT_USAGE,
		    "backup: create, verify, restore, list, schedule, run "
		    "or status");
	sodium_memzero(&x, sizeof(x));
	return r;
}
