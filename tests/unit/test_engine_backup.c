/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backups of a running engine, as a front sees them: thread, store, files. */
#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/unit/store_help.h"
#include "tui/backup/schedule.h"
#include "tui/engine/engine.h"
#include "tui/store/store_account.h"

#define MANY 3000 /* messages: more than the queue to the thread holds */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

struct fixture {
	char *dir, *to;
	struct engine *e;
	uint64_t tag;
};

static void
wake(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
}

static struct engine_event *
next_event(struct fixture *f)
{
	struct engine_event *ev;

	pthread_mutex_lock(&lock);
	while ((ev = engine_next(f->e)) == NULL)
		pthread_cond_wait(&woken, &lock);
	pthread_mutex_unlock(&lock);
	if (ev->kind == EV_FATAL)
		fail_msg("fatal: %s", ev->text);
	return ev;
}

/* The answer to the last command; the caller frees it. */
static struct engine_event *
answer(struct fixture *f, enum engine_event_kind kind)
{
	struct engine_event *ev;

	while ((ev = next_event(f))->tag != f->tag)
		engine_event_free(ev);
	if (ev->kind != kind)
		fail_msg("event %d (%s), not %d", ev->kind,
		    ev->text ? ev->text : "", kind);
	return ev;
}

/* How the one under way ends; *moved: reports before that. */
static struct engine_event *
end_of_it(struct fixture *f, unsigned *moved)
{
	struct engine_event *ev;

	for (*moved = 0;; engine_event_free(ev)) {
		ev = next_event(f);
		if (ev->kind != EV_BACKUP || ev->tag != 0)
			continue;
		if (ev->text != NULL)
			return ev;
		++*moved;
		assert_int_not_equal(ev->backup->doing, BACKUP_AT_REST);
	}
}

static void
open_engine(struct fixture *f, bool offline)
{
	struct engine_opts o = {
	    .dir = f->dir, .wake = wake, .offline = offline, .fast_kdf = true};
	struct engine_key k = {.passphrase = PASS};
	int pid;

	assert_ok(engine_new(&f->e, &o, &pid));
	assert_ok(engine_unlock(f->e, ++f->tag, &k));
	engine_event_free(answer(f, EV_UNLOCKED));
}

/* A profile whose keys the engine has made, with n messages. */
static void
fill(struct fixture *f, unsigned n)
{
	struct store_account self;
	struct store *s;
	char text[2048];
	int64_t chat;
	unsigned i;

	open_engine(f, true);
	engine_free(f->e);
	s = store_at(f->dir);
	chat = chat_with(s, 1);
	assert_ok(store_account_get(s, &self));
	self.registered = true;
	self.device = 1;
	memcpy(self.account, id_of(90).b, STORE_ID_LEN);
	snprintf(
	    self.relay_uri, sizeof(self.relay_uri), "sotto://127.0.0.1:1/");
	assert_ok(store_account_put(s, &self));
	store_account_clear(&self);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_ok(store_begin(s));
	for (i = 0; i < n; i++)
		add_text(s, chat, STORE_IN, 10 + i, 1000 + i, text);
	assert_ok(store_commit(s));
	store_close(s);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->dir = dir_new();
	f->to = dir_new();
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	engine_free(f->e);
	dir_free(f->dir);
	dir_free(f->to);
	free(f);
	return 0;
}

static unsigned
files_in(const char *dir, const char *part)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, part) != NULL;
	closedir(d);
	return n;
}

/* To the fixture's folder; the code, when one was made. */
static void
set(struct fixture *f, struct backup_code *code)
{
	struct engine_event *ev;

	assert_ok(engine_backup_set(f->e, ++f->tag, f->to, NULL, 7, 3));
	ev = answer(f, EV_BACKUP);
	assert_string_equal(ev->backup->to, f->to);
	assert_int_equal(ev->backup->every_days, 7);
	assert_int_equal(ev->backup->keep, 3);
	assert_true(ev->backup->has_code);
	if (code != NULL)
		assert_ok(backup_code_read(code, ev->backup->code, NULL));
	engine_event_free(ev);
}

/* The file opens with the code that was shown, and all is in it. */
static void
assert_opens(struct fixture *f, const char *said, struct backup_code *code)
{
	struct backup_key key = {.kind = BACKUP_CODE, .code = code};
	struct restore_count n = {0};
	struct backup_job job = {.key = &key};
	char path[512];
	const char *name = strstr(said, "sotto-");

	assert_non_null(name);
	snprintf(path, sizeof(path), "%s/%.*s", f->to,
	    (int)(strstr(name, ".backup") + 7 - name), name);
	job.path = path;
	assert_ok(backup_verify(&job, &n));
	assert_int_equal(n.messages, MANY);
	assert_int_equal(n.chats, 1);
}

static void
test_backup__made_and_verified_while_the_engine_runs(void **state)
{
	struct fixture *f = *state;
	struct engine_event *ev;
	struct backup_code code;
	unsigned moved;

	fill(f, MANY);
	open_engine(f, true);
	set(f, &code);
	assert_ok(engine_backup_now(f->e, ++f->tag));
	ev = answer(f, EV_BACKUP);
	assert_int_equal(ev->backup->doing, BACKUP_IS_MADE);
	engine_event_free(ev);
	ev = end_of_it(f, &moved);
	assert_int_equal(ev->code, 0);
	assert_int_equal(ev->backup->doing, BACKUP_AT_REST);
	assert_true(ev->backup->last_ms > 0);
	assert_true(ev->backup->next_ms > ev->backup->last_ms);
	assert_string_equal(ev->backup->code, ""); /* not told again */
	assert_opens(f, ev->text, &code);
	engine_event_free(ev);
	assert_int_equal(files_in(f->to, ".part"), 0);

	assert_ok(engine_backup_verify(f->e, ++f->tag));
	engine_event_free(answer(f, EV_BACKUP));
	ev = end_of_it(f, &moved);
	assert_int_equal(ev->code, 0);
	assert_non_null(strstr(ev->text, "whole: 3000 messages"));
	engine_event_free(ev);
	assert_int_equal(files_in(f->dir, ".backup"), 0);
}

/* Commands have their turn meanwhile, and nothing is left of it. */
static void
test_backup__called_off(void **state)
{
	struct fixture *f = *state;
	struct engine_event *ev;
	unsigned moved;

	fill(f, MANY);
	open_engine(f, true);
	set(f, NULL);
	assert_ok(engine_backup_now(f->e, ++f->tag));
	engine_event_free(answer(f, EV_BACKUP));
	assert_ok(engine_backup_now(f->e, ++f->tag));
	ev = answer(f, EV_ERROR);
	assert_int_equal(ev->code, ERR_BUSY);
	engine_event_free(ev);
	assert_ok(engine_backup_cancel(f->e, ++f->tag));
	engine_event_free(answer(f, EV_DONE));
	ev = end_of_it(f, &moved);
	assert_int_equal(ev->code, ERR_CLOSED);
	assert_string_equal(ev->text, "Called off.");
	assert_int_equal(ev->backup->failed_ms, 0); /* no failure */
	assert_int_equal(ev->backup->last_ms, 0);
	engine_event_free(ev);
	assert_int_equal(files_in(f->to, "sotto-"), 0);
	/* and the engine may end in the middle */
	assert_ok(engine_backup_now(f->e, ++f->tag));
	engine_event_free(answer(f, EV_BACKUP));
	engine_free(f->e);
	f->e = NULL;
	assert_int_equal(files_in(f->to, ".part"), 0);
}

static void
test_backup__failure_is_told_in_words(void **state)
{
	struct fixture *f = *state;
	struct engine_event *ev;
	unsigned moved;

	fill(f, 1);
	open_engine(f, true);
	assert_ok(engine_backup_now(f->e, ++f->tag));
	ev = answer(f, EV_ERROR);
	assert_int_equal(ev->code, ERR_STATE); /* no place yet */
	engine_event_free(ev);
	assert_ok(
	    engine_backup_set(f->e, ++f->tag, "/nowhere/at/all", NULL, 1, 1));
	ev = answer(f, EV_ERROR);
	assert_int_equal(ev->code, ERR_NOTFOUND);
	assert_non_null(strstr(ev->text, "/nowhere"));
	engine_event_free(ev);
	set(f, NULL);
	assert_int_equal(rmdir(f->to), 0);
	assert_ok(engine_backup_now(f->e, ++f->tag));
	engine_event_free(answer(f, EV_BACKUP));
	ev = end_of_it(f, &moved);
	assert_int_equal(ev->code, ERR_SYS);
	assert_non_null(strstr(ev->text, f->to));
	assert_true(ev->backup->failed_ms > 0);
	assert_non_null(strstr(ev->backup->why, f->to));
	/* and tried again an hour later, not at once */
	assert_true(
	    ev->backup->next_ms >= ev->backup->failed_ms + BACKUP_AGAIN_MS);
	engine_event_free(ev);
	assert_int_equal(access(f->to, F_OK), -1);
	free(f->to);
	f->to = dir_new();
}

/* Nobody asks: it is due. */
static void
test_backup__by_itself(void **state)
{
	struct fixture *f = *state;
	struct engine_event *ev;
	unsigned moved;

	fill(f, 5);
	open_engine(f, false);
	set(f, NULL);
	ev = end_of_it(f, &moved);
	assert_int_equal(ev->code, 0);
	assert_true(
	    ev->backup->next_ms == ev->backup->last_ms + 7 * 86400000ull);
	engine_event_free(ev);
	assert_int_equal(files_in(f->to, "sotto-"), 1);
	/* off: the code stays, for what lies there */
	assert_ok(engine_backup_set(f->e, ++f->tag, NULL, NULL, 1, 1));
	ev = answer(f, EV_BACKUP);
	assert_string_equal(ev->backup->to, "");
	assert_int_equal(ev->backup->next_ms, 0);
	assert_string_equal(ev->backup->code, "");
	engine_event_free(ev);
	assert_ok(engine_backup(f->e, ++f->tag, true));
	ev = answer(f, EV_BACKUP);
	assert_int_equal(strlen(ev->backup->code), BACKUP_CODE_SHOWN);
	engine_event_free(ev);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_backup__made_and_verified_while_the_engine_runs),
	    T(test_backup__called_off),
	    T(test_backup__failure_is_told_in_words),
	    T(test_backup__by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
