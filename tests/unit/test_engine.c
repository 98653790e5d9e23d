/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine without a relay: its store, its refusals, its queues. What needs
 * a relay is in tests/e2e. */
#include <pthread.h>
#include <unistd.h>

#include "tests/unit/test.h"
#include "tui/engine/engine.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static char dir[] = "/tmp/sotto-engine-XXXXXX";

static void
wake(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
}

static struct engine *
start(void)
{
	struct engine_opts o = {
	    .dir = dir, .wake = wake, .offline = true, .fast_kdf = true};
	struct engine *e = NULL;
	int pid;

	assert_ok(engine_new(&e, &o, &pid));
	return e;
}

/* The answer to a tag; others are dropped. The caller frees it. */
static struct engine_event *
answer(struct engine *e, uint64_t tag)
{
	struct engine_event *ev;

	for (;;) {
		pthread_mutex_lock(&lock);
		while ((ev = engine_next(e)) == NULL)
			pthread_cond_wait(&woken, &lock);
		pthread_mutex_unlock(&lock);
		if (ev->tag == tag)
			return ev;
		engine_event_free(ev);
	}
}

static void
expect(struct engine *e, uint64_t tag, enum engine_event_kind kind, int code)
{
	struct engine_event *ev = answer(e, tag);

	if (ev->kind != kind || ev->code != code)
		fail_msg("event %d code %d (%s), not %d code %d", ev->kind,
		    ev->code, ev->text ? ev->text : "", kind, code);
	if (kind == EV_ERROR)
		assert_non_null(ev->text);
	engine_event_free(ev);
}

static void
unlock(struct engine *e, uint64_t tag, const char *passphrase)
{
	struct engine_key k = {.passphrase = passphrase};

	assert_ok(engine_unlock(e, tag, &k));
}

static void
test_engine_unlock__makes_a_store_and_opens_it_again(void **state)
{
	struct engine_opts o = {.dir = dir};
	struct engine_event *ev;
	struct engine *e = start();

	(void)state;
	assert_false(engine_exists(&o));
	unlock(e, 1, "right");
	ev = answer(e, 1);
	assert_int_equal(ev->kind, EV_UNLOCKED);
	assert_false(ev->self.registered);
	assert_string_equal(ev->self.phone, "");
	engine_event_free(ev);
	unlock(e, 2, "right");
	expect(e, 2, EV_ERROR, ERR_STATE);
	engine_free(e);
	assert_true(engine_exists(&o));

	e = start();
	unlock(e, 1, "wrong");
	expect(e, 1, EV_ERROR, ERR_AUTH);
	unlock(e, 2, "right");
	expect(e, 2, EV_UNLOCKED, 0);
	engine_free(e);
}

static void
test_engine_new__one_process_a_profile(void **state)
{
	struct engine_opts o = {.dir = dir, .offline = true};
	struct engine *e = start(), *second = NULL;
	int pid = 0;

	(void)state;
	assert_err(engine_new(&second, &o, &pid), ERR_BUSY);
	assert_null(second);
	assert_int_equal(pid, getpid());
	engine_free(e);
	e = start();
	engine_free(e);
}

static void
test_engine__refuses_what_is_not_possible_yet(void **state)
{
	struct engine *e = start();

	(void)state;
	assert_ok(engine_chats(e, 1));
	expect(e, 1, EV_ERROR, ERR_STATE); /* locked */
	unlock(e, 2, "right");
	expect(e, 2, EV_UNLOCKED, 0);
	assert_ok(engine_contact(e, 3, "+4915550000011", NULL));
	expect(e, 3, EV_ERROR, ERR_STATE); /* not registered */
	assert_ok(engine_send_text(e, 4, 1, "hello"));
	expect(e, 4, EV_ERROR, ERR_STATE);
	assert_ok(engine_verify(e, 5, "123456"));
	expect(e, 5, EV_ERROR, ERR_STATE); /* no code was asked for */
	assert_ok(engine_register(e, 6, "sotto://", "+4915550000011", "A"));
	expect(e, 6, EV_ERROR, ERR_FORMAT);
	assert_ok(engine_register(e, 7, "sotto://127.0.0.1:1/", "12ab", "A"));
	expect(e, 7, EV_ERROR, ERR_FORMAT);
	assert_ok(engine_relay_key(e, 8, true));
	expect(e, 8, EV_ERROR, ERR_STATE);
	assert_ok(engine_page_before(e, 9, 77, 5, 10));
	expect(e, 9, EV_ERROR, ERR_NOTFOUND);
	engine_free(e);
}

static void
test_engine__arguments_are_judged_before_they_are_queued(void **state)
{
	struct engine_key none = {0};
	struct engine *e = start();
	char *huge = malloc(ENGINE_TEXT_MAX + 2);

	(void)state;
	assert_non_null(huge);
	memset(huge, 'x', ENGINE_TEXT_MAX + 1);
	huge[ENGINE_TEXT_MAX + 1] = '\0';
	assert_err(engine_send_text(e, 1, 1, huge), ERR_RANGE);
	assert_err(engine_send_text(e, 1, 1, ""), ERR_RANGE);
	assert_err(engine_set_draft(e, 1, 1, huge), ERR_RANGE);
	assert_err(engine_unlock(e, 1, &none), ERR_RANGE);
	assert_err(engine_page_before(e, 1, 1, 0, 0), ERR_RANGE);
	assert_err(
	    engine_page_after(e, 1, 1, 0, ENGINE_PAGE_MAX + 1), ERR_RANGE);
	assert_err(engine_search(e, 1, 0, "x", 0), ERR_RANGE);
	assert_err(engine_set_trust(e, 1, 1, TRUST_CHANGED), ERR_RANGE);
	assert_null(engine_next(e));
	free(huge);
	engine_free(e);
}

static void
test_engine_free__finishes_what_was_given(void **state)
{
	struct engine *e = start();
	struct engine_event *ev;

	(void)state;
	unlock(e, 1, "right");
	assert_ok(engine_set_profile(e, 2, "Anna", false, true));
	engine_free(e); /* neither answer was read */
	e = start();
	unlock(e, 1, "right");
	ev = answer(e, 1);
	assert_string_equal(ev->self.name, "Anna");
	assert_false(ev->self.read_receipts);
	assert_true(ev->self.share_presence);
	engine_event_free(ev);
	engine_free(e);
}

static void
test_engine_change_passphrase__only_the_new_one_opens(void **state)
{
	struct engine *e = start();

	(void)state;
	unlock(e, 1, "right");
	expect(e, 1, EV_UNLOCKED, 0);
	assert_ok(engine_change_passphrase(e, 2, "wrong", "next"));
	expect(e, 2, EV_ERROR, ERR_AUTH);
	assert_ok(engine_change_passphrase(e, 3, "right", "next"));
	expect(e, 3, EV_DONE, 0);
	engine_free(e);
	e = start();
	unlock(e, 1, "right");
	expect(e, 1, EV_ERROR, ERR_AUTH);
	unlock(e, 2, "next");
	expect(e, 2, EV_UNLOCKED, 0);
	assert_ok(engine_change_passphrase(e, 3, "next", "right"));
	expect(e, 3, EV_DONE, 0);
	engine_free(e);
}

static void
test_engine__a_relay_that_is_not_there_is_a_sentence(void **state)
{
	struct engine_opts o = {.dir = dir, .wake = wake, .fast_kdf = true};
	struct engine_event *ev;
	struct engine *e = NULL;
	int pid;

	(void)state;
	assert_ok(engine_new(&e, &o, &pid));
	unlock(e, 1, "right");
	expect(e, 1, EV_UNLOCKED, 0);
	/* port 1 of loopback: refused at once */
	assert_ok(engine_register(
	    e, 2, "sotto://127.0.0.1:1/", "+49 1555 0000011", "Anna"));
	ev = answer(e, 2);
	assert_int_equal(ev->kind, EV_ERROR);
	assert_non_null(strstr(ev->text, "127.0.0.1"));
	assert_non_null(strstr(ev->text, "try again"));
	engine_event_free(ev);
	engine_free(e);
}

static void
remove_file(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
drop_dir(void **state)
{
	(void)state;
	remove_file("store.key");
	remove_file("store.db");
	remove_file("store.db-wal");
	remove_file("lock");
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_engine_unlock__makes_a_store_and_opens_it_again),
	    cmocka_unit_test(test_engine_new__one_process_a_profile),
	    cmocka_unit_test(test_engine__refuses_what_is_not_possible_yet),
	    cmocka_unit_test(
		test_engine__arguments_are_judged_before_they_are_queued),
	    cmocka_unit_test(test_engine_free__finishes_what_was_given),
	    cmocka_unit_test(
		test_engine_change_passphrase__only_the_new_one_opens),
	    cmocka_unit_test(
		test_engine__a_relay_that_is_not_there_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
