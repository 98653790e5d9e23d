/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of messages: their rows, what is read of others', and that nothing is
 * lost wherever the program ends. Real transfers: tests/e2e/test_media.py. */
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/blob/blob.h"
#include "media/still.h"
#include "media/tiny.h"
#include "tests/unit/engine_rig.h"
#include "tests/unit/media_help.h"
#include "tui/backup/media_record.h"
#include "tui/engine/arrive.h"
#include "tui/engine/media_int.h"
#include "tui/store/store_action.h"
#include "tui/store/store_once.h"

#define WORDS "not for others"

struct home {
	struct er_net net;
	struct er_person *anna, *ben;
	char path[256];
};

static int
setup(void **state)
{
	struct home *h = calloc(1, sizeof(*h));
	FILE *f;

	assert_non_null(h);
	er_init(&h->net);
	h->anna = er_add(&h->net, 1);
	h->ben = er_add(&h->net, 2);
	assert_true(er_say(h->ben, h->anna, "hello"));
	er_run(&h->net);
	snprintf(h->path, sizeof(h->path), "%s/report.txt", h->anna->dir);
	f = fopen(h->path, "w");
	assert_non_null(f);
	assert_true(fputs(WORDS, f) >= 0);
	assert_int_equal(fclose(f), 0);
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	struct home *h = *state;

	assert_int_equal(h->anna->fatal + h->ben->fatal, 0);
	assert_ok(store_check(h->anna->e->store));
	assert_ok(store_check(h->ben->e->store));
	er_clear(&h->net);
	free(h);
	return 0;
}

/* The newest message of the chat of two; 0 none. */
static int64_t
newest(struct er_person *p, const struct er_person *with)
{
	struct store_messages page;
	int64_t id;

	assert_ok(
	    store_message_before(p->e->store, er_chat(p, with), 0, 1, &page));
	id = page.n > 0 ? page.v[0].id : 0;
	store_messages_clear(&page);
	return id;
}

static struct store_media
row_of(struct er_person *p, int64_t id)
{
	struct store_media row;

	assert_ok(store_media_get(p->e->store, id, &row));
	return row;
}

/* Commands are answered by one event; its kind. */
static enum engine_event_kind
order(struct er_person *p, cmd_fn *fn, struct cmd *c)
{
	enum engine_event_kind kind = 0;
	struct engine_event *ev;

	c->tag = 7;
	fn(p->e, c);
	while ((ev = engine_next(p->e)) != NULL) {
		if (ev->tag == 7)
			kind = ev->kind;
		engine_event_free(ev);
	}
	return kind;
}

static int64_t
send_file(struct home *h, const char *caption, int flags)
{
	struct cmd c = {.chat = er_chat(h->anna, h->ben),
	    .n = 1,
	    .flag = {flags},
	    .s = {(char *)(uintptr_t)caption},
	    .data = (uint8_t *)h->path,
	    .data_len = strlen(h->path) + 1};

	assert_int_equal(order(h->anna, cmd_send_files, &c), EV_SENT_LOCALLY);
	return newest(h->anna, h->ben);
}

/* Turn the loop until the row is in that state. */
static void
until(struct er_person *p, int64_t id, enum store_media_state state)
{
	struct store_media row = row_of(p, id);

	for (; row.state != state; row = row_of(p, id)) {
		if (row.state == STORE_MEDIA_FAILED)
			fail_msg("it failed: %s", row.why);
		assert_true(uv_run(&p->e->loop, UV_RUN_ONCE) != 0);
	}
}

static void
again(struct er_person *p)
{
	er_stop(p);
	er_start(p);
}

static size_t
files_in(const struct er_person *p)
{
	char dir[300];
	struct dirent *d;
	size_t n = 0;
	DIR *at;

	snprintf(dir, sizeof(dir), "%s/media", p->dir);
	at = opendir(dir);
	assert_non_null(at);
	while ((d = readdir(at)) != NULL)
		n += d->d_name[0] != '.';
	closedir(at);
	return n;
}

/* As if the relay had said that it has all of it. */
static void
is_up(struct er_person *p, int64_t id)
{
	struct store_media row = row_of(p, id);

	memset(row.locator, 7, sizeof(row.locator));
	row.flags |= STORE_MEDIA_BEGUN | STORE_MEDIA_STORED;
	assert_ok(store_media_put(p->e->store, &row));
	media_kick(p->e);
}

/* ---- sending ----------------------------------------------------------------------- */

static void
test_send__goes_on_wherever_it_ended(void **state)
{
	struct home *h = *state;
	struct store_media row, theirs;
	struct store_message m;
	int64_t id;

	er_online(h->anna, false);
	id = send_file(h, "read this", 0);
	assert_int_equal(row_of(h->anna, id).state, STORE_MEDIA_PREPARED);
	assert_shows(h->anna, h->ben, "received:hello pending:read this");
	again(h->anna); /* before it is sealed */
	er_online(h->anna, false);
	until(h->anna, id, STORE_MEDIA_SENT);
	again(h->anna); /* sealed, not up */
	er_online(h->anna, false);
	row = row_of(h->anna, id);
	assert_int_equal(row.state, STORE_MEDIA_SENT);
	assert_int_equal(row.sealed_size, blob_sealed_size(strlen(WORDS)));
	assert_int_equal(files_in(h->anna), 1);
	is_up(h->anna, id);
	again(h->anna); /* up, and the message has not left */
	until(h->anna, id, STORE_MEDIA_HERE);
	er_run(&h->net);
	assert_shows(h->anna, h->ben, "received:hello delivered:read this");
	assert_shows(h->ben, h->anna, "delivered:hello received:read this");
	id = newest(h->ben, h->anna);
	assert_ok(store_message_get(h->ben->e->store, id, &m));
	assert_int_equal(m.kind, STORE_MSG_MEDIA);
	store_message_clear(&m);
	theirs = row_of(h->ben, id);
	assert_memory_equal(theirs.key, row.key, sizeof(row.key));
	assert_string_equal(theirs.name, "report.txt");
	assert_string_equal(theirs.source, "");
}

static void
test_send__what_is_deleted_leaves_nothing(void **state)
{
	struct home *h = *state;
	struct cmd c = {.id = 0};

	er_online(h->anna, false);
	c.id = send_file(h, NULL, 0);
	until(h->anna, c.id, STORE_MEDIA_SENT);
	assert_int_equal(files_in(h->anna), 1);
	assert_int_equal(order(h->anna, cmd_forget, &c), EV_DONE);
	while (files_in(h->anna) > 0)
		assert_true(uv_run(&h->anna->e->loop, UV_RUN_ONCE) != 0);
}

static void
test_send__a_file_that_no_row_knows_is_swept(void **state)
{
	struct home *h = *state;
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path),
	    "%s/media/00112233445566778899aabbccddeeff", h->anna->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	again(h->anna);
	assert_int_equal(files_in(h->anna), 0);
}

static void
test_send__a_picture_that_tells_is_not_sent(void **state)
{
	struct home *h = *state;
	struct store_message m;
	int64_t id;

	er_online(h->anna, false);
	assert_int_equal(truncate(h->path, 0), 0);
	snprintf(h->path, sizeof(h->path), "%s/x.jpg", h->anna->dir);
	FILE *f = fopen(h->path, "w");
	assert_non_null(f);
	assert_true(fputs("\xff\xd8\xff no picture", f) >= 0);
	assert_int_equal(fclose(f), 0);
	id = send_file(h, NULL, 0);
	until(h->anna, id, STORE_MEDIA_FAILED);
	assert_non_null(strstr(row_of(h->anna, id).why, "cannot be removed"));
	assert_ok(store_message_get(h->anna->e->store, id, &m));
	assert_int_equal(m.state, STORE_MSG_FAILED);
	store_message_clear(&m);
	assert_int_equal(files_in(h->anna), 0);
	id = send_file(h, NULL, FILES_ORIGINAL); /* the person wants it so */
	until(h->anna, id, STORE_MEDIA_SENT);
}

/* Another file to be sent, a copy of a vector. */
static void
take(struct home *h, const char *name, const char *vector)
{
	struct file f = media_file(vector);
	FILE *to;

	snprintf(h->path, sizeof(h->path), "%s/%s", h->anna->dir, name);
	to = fopen(h->path, "w");
	assert_non_null(to);
	assert_int_equal(fwrite(f.p, 1, f.len, to), f.len);
	assert_int_equal(fclose(to), 0);
	free(f.p);
}

static void
still_beside(char out[static 4096])
{
	snprintf(out, 4096, "%s", media_child());
	memcpy(strrchr(out, '/'), "/sotto-still", sizeof("/sotto-still"));
}

static void
test_send__a_video_says_how_it_looks(void **state)
{
	struct home *h = *state;
	struct store_media row;
	struct tiny tiny;
	char still[4096];
	int64_t id;

	still_beside(still);
	still_override(still, 0);
	er_online(h->anna, false);
	take(h, "clip.mp4", MEDIA "clip.mp4");
	id = send_file(h, NULL, 0);
	until(h->anna, id, STORE_MEDIA_SENT);
	row = row_of(h->anna, id);
	assert_int_equal(row.width, 160);
	assert_int_equal(row.height, 90);
	assert_in_range(row.duration_ms, 2400, 2600);
	assert_ok(tiny_read(&tiny, row.tiny, row.tiny_len));
	assert_int_equal(tiny.w, TINY_SIDE_MAX);
	/* as a file it is a file */
	id = send_file(h, NULL, FILES_AS_FILES);
	until(h->anna, id, STORE_MEDIA_SENT);
	assert_int_equal(row_of(h->anna, id).tiny_len, 0);
}

static void
test_send__a_video_goes_without_its_looks(void **state)
{
	struct home *h = *state;
	struct store_media row;
	char still[4096];
	int64_t id;

	er_online(h->anna, false);
	take(h, "clip.mp4", MEDIA "clip.mp4");
	still_override("/nowhere/sotto-still", 0); /* not installed */
	id = send_file(h, NULL, 0);
	until(h->anna, id, STORE_MEDIA_SENT);
	row = row_of(h->anna, id);
	assert_int_equal(row.duration_ms + row.width + row.tiny_len, 0);
	still_beside(still);
	still_override(still, 0);
	take(h, "no.mp4", MEDIA "README.md");
	id = send_file(h, NULL, 0);
	until(h->anna, id, STORE_MEDIA_SENT);
	row = row_of(h->anna, id);
	assert_int_equal(row.duration_ms + row.width + row.tiny_len, 0);
}

static void
test_send__refuses_what_is_no_file(void **state)
{
	struct home *h = *state;
	struct cmd c = {.chat = er_chat(h->anna, h->ben),
	    .n = 1,
	    .data = (uint8_t *)h->anna->dir,
	    .data_len = strlen(h->anna->dir) + 1};
	int64_t before = newest(h->anna, h->ben);

	assert_int_equal(order(h->anna, cmd_send_files, &c), EV_ERROR);
	c.data = (uint8_t *)"/nothing/there";
	assert_int_equal(order(h->anna, cmd_send_files, &c), EV_ERROR);
	c.data = (uint8_t *)h->path;
	c.flag[0] = FILES_ONCE; /* a text file */
	assert_int_equal(order(h->anna, cmd_send_files, &c), EV_ERROR);
	assert_int_equal(newest(h->anna, h->ben), before);
}

/* ---- rows -------------------------------------------------------------------------- */

static void
test_row__goes_when_it_is_taken_back_or_was_seen(void **state)
{
	struct home *h = *state;
	uint8_t file[STORE_ID_LEN], locator[STORE_ID_LEN];
	struct store *s = h->ben->e->store;
	struct store_media row = {
	    .state = STORE_MEDIA_HERE, .flags = STORE_MEDIA_BLOB};
	struct store_message m = {.chat = er_chat(h->ben, h->anna),
	    .dir = STORE_IN,
	    .kind = STORE_MSG_MEDIA,
	    .state = STORE_MSG_RECEIVED,
	    .sent_ms = 1,
	    .received_ms = 2};
	bool changed;

	memcpy(m.account, h->anna->account, sizeof(m.account));
	assert_ok(store_message_add(s, &m, &row.message));
	assert_ok(store_media_add(s, &row));
	assert_int_equal(store_media_add(s, &row), ERR_EXISTS);
	assert_ok(store_message_retract(s, row.message));
	assert_int_equal(store_media_get(s, row.message, &row), ERR_NOTFOUND);
	assert_ok(store_media_left(s, file, locator));
	assert_true(sodium_is_zero(locator, sizeof(locator)));
	assert_ok(store_media_removed(s, file));
	assert_int_equal(store_media_left(s, file, locator), ERR_NOTFOUND);

	m.kind = STORE_MSG_ONCE;
	m.message_id[0] = 9;
	row = (struct store_media){
	    .state = STORE_MEDIA_HERE, .flags = STORE_MEDIA_BLOB};
	assert_ok(store_message_add(s, &m, &row.message));
	assert_ok(store_once_put(s, row.message, ""));
	assert_ok(store_media_add(s, &row));
	assert_ok(store_once_opened(s, row.message, &changed));
	assert_int_equal(store_media_get(s, row.message, &row), ERR_NOTFOUND);
}

/* ---- what others send ---------------------------------------------------------------- */

static struct store_media
sound_row(void)
{
	struct store_media row = {.kind = MEDIA_KIND_VOICE,
	    .flags = STORE_MEDIA_BLOB | STORE_MEDIA_SEALED,
	    .state = STORE_MEDIA_HERE,
	    .size = 1000,
	    .sealed_size = blob_sealed_size(1000),
	    .name = "note.ogg",
	    .mime = "audio/ogg",
	    .duration_ms = 2500,
	    .has_bars = true,
	    .has_album = true,
	    .tiny_len = 3,
	    .tiny = {1, 2, 3}};

	memset(row.key, 1, sizeof(row.key));
	memset(row.digest, 2, sizeof(row.digest));
	memset(row.locator, 3, sizeof(row.locator));
	memset(row.bars, 4, sizeof(row.bars));
	return row;
}

static void
test_record__is_read_as_it_was_written(void **state)
{
	struct store_media row = sound_row(), got;
	struct media_record rec;

	(void)state;
	media_record_write(&rec, &row);
	media_record_read(&got, &rec.m);
	assert_int_equal(got.state, STORE_MEDIA_THERE);
	got.state = row.state;
	assert_memory_equal(&got, &row, sizeof(row));
}

static void
test_record__what_is_not_right_cannot_be_fetched(void **state)
{
	struct store_media row = sound_row(), got;
	Sotto__Content__Location place = SOTTO__CONTENT__LOCATION__INIT;
	struct media_record rec;

	(void)state;
	media_record_write(&rec, &row);
	rec.blob.sealed_size++;
	media_record_read(&got, &rec.m);
	assert_int_equal(got.state, STORE_MEDIA_GONE);
	assert_int_equal(got.flags, 0);
	rec.blob.sealed_size--;
	rec.blob.size = UINT64_MAX;
	media_record_read(&got, &rec.m);
	assert_int_equal(got.state, STORE_MEDIA_GONE);
	rec.blob.size = row.size;
	rec.blob.key.len--;
	media_record_read(&got, &rec.m);
	assert_int_equal(got.state, STORE_MEDIA_GONE);
	rec.blob.key.len++;
	rec.m.kind = 4711;
	rec.m.name = (char[]){"a\x1b]0;b\a\xe2\x80\xae.txt"};
	media_record_read(&got, &rec.m);
	assert_int_equal(got.kind, MEDIA_KIND_FILE);
	assert_int_equal(got.state, STORE_MEDIA_THERE);
	assert_null(strchr(got.name, '\x1b'));
	assert_null(strstr(got.name, "\xe2\x80\xae"));
	rec.m.kind = MEDIA_KIND_LOCATION;
	place.lat_e7 = MEDIA_LAT_MAX + 1;
	rec.m.location = &place;
	media_record_read(&got, &rec.m);
	assert_int_equal(got.kind, MEDIA_KIND_FILE);
	assert_int_equal(got.state, STORE_MEDIA_GONE);
}

static void
test_rules__fetch_from_whom_one_knows(void **state)
{
	struct home *h = *state;
	struct store_media row = {.state = STORE_MEDIA_THERE,
	    .kind = MEDIA_KIND_PHOTO,
	    .size = 1 << 20};
	struct store_message m = {.dir = STORE_IN};
	struct media_rules rules;
	bool yes;

	m.chat = er_chat(h->anna, h->ben);
	memcpy(m.account, h->ben->account, sizeof(m.account));
	assert_ok(media_wanted(h->anna->e, &m, &row, &yes));
	assert_false(yes); /* Anna has never written to Ben */
	m.chat = er_chat(h->ben, h->anna);
	memcpy(m.account, h->anna->account, sizeof(m.account));
	assert_ok(media_wanted(h->ben->e, &m, &row, &yes));
	assert_true(yes);
	assert_ok(media_rules_get(h->ben->e, &rules));
	rules.metered = true;
	rules.metered_max[MEDIA_KIND_PHOTO] = (1 << 20) - 1;
	rules.down_bytes_s = 5;
	assert_ok(media_rules_put(h->ben->e, &rules));
	again(h->ben);
	assert_ok(media_rules_get(h->ben->e, &rules));
	assert_int_equal(rules.down_bytes_s, 5);
	assert_ok(media_wanted(h->ben->e, &m, &row, &yes));
	assert_false(yes);
}

/* ---- short of memory ------------------------------------------------------------------ */

struct sweep {
	struct home *h;
	int64_t id;
};

static int
step_row(void *arg)
{
	struct sweep *s = arg;
	struct media_row *row = NULL;
	int r = media_row_from(s->h->anna->e, s->id, &row);

	media_row_free(row);
	return r;
}

static void
test_row__short_of_memory(void **state)
{
	struct home *h = *state;
	struct sweep s = {.h = h};

	er_online(h->anna, false);
	s.id = send_file(h, "x", 0);
	assert_true(alloc_sweep(step_row, &s) > 0);
}

/* Whoever gave up begins again; nothing fails any more. */
static void
recover(struct er_person *p)
{
	alloc_fail_at(-1);
	if (p->e->failed)
		again(p);
	p->fatal = 0;
	er_online(p, false);
	assert_false(store_in_transaction(p->e->store));
}

/* The newest message has its file, whatever was told. */
static bool
is_whole(struct home *h, int64_t id)
{
	return row_of(h->anna, id).state == STORE_MEDIA_PREPARED;
}

static void
test_send__short_of_memory_is_an_error_or_done(void **state)
{
	struct home *h = *state;
	struct cmd c = {.n = 1, .flag = {0}, .s = {lit("read this")}};
	enum engine_event_kind said;
	bool failed = true, stored;
	unsigned refused = 0;
	int64_t before, now;
	long n;

	er_online(h->anna, false);
	c.chat = er_chat(h->anna, h->ben);
	c.data = (uint8_t *)h->path;
	c.data_len = strlen(h->path) + 1;
	for (n = 0; failed; n++) {
		before = newest(h->anna, h->ben);
		alloc_fail_at(n);
		said = order(h->anna, cmd_send_files, &c);
		failed = alloc_failed();
		recover(h->anna);
		now = newest(h->anna, h->ben);
		stored = now != before;
		assert_true(!stored || is_whole(h, now));
		assert_true(failed || said == EV_SENT_LOCALLY);
		assert_true(said != EV_SENT_LOCALLY || stored);
		assert_true(said != EV_ERROR || !stored);
		refused += said == EV_ERROR;
	}
	assert_true(refused > 5);
}

struct arrival {
	struct home *h;
	struct media_record rec;
};

/* As the inbox does it; taken back, so that the next one finds the same. */
static int
step_arrive(void *arg)
{
	struct arrival *a = arg;
	struct engine *e = a->h->ben->e;
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	uint8_t id[STORE_ID_LEN] = {5};
	struct store_message m = {
	    .dir = STORE_IN, .state = STORE_MSG_RECEIVED, .received_ms = 2};
	int r;

	alloc_spare(1);
	m.chat = er_chat(a->h->ben, a->h->anna);
	memcpy(m.account, a->h->anna->account, sizeof(m.account));
	c.sent_ms = 1;
	c.message_id = (ProtobufCBinaryData){sizeof(id), id};
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_MEDIA;
	c.media = &a->rec.m;
	r = txn_begin(e);
	assert_ok(r);
	alloc_spare(0);
	r = arrive_text(e, &m, &c);
	alloc_spare(1);
	assert_int_equal(
	    txn_end(e, r != 0 ? r : ERR_STATE), r != 0 ? r : ERR_STATE);
	alloc_spare(0);
	return r;
}

static void
test_arrive__short_of_memory_is_taken_again(void **state)
{
	struct home *h = *state;
	struct store_media row = sound_row();
	struct arrival a = {.h = h};
	int64_t before = newest(h->ben, h->anna);

	media_record_write(&a.rec, &row);
	a.rec.m.caption = lit("listen");
	assert_true(alloc_sweep(step_arrive, &a) > 3);
	assert_int_equal(newest(h->ben, h->anna), before);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_send__goes_on_wherever_it_ended),
	    T(test_send__what_is_deleted_leaves_nothing),
	    T(test_send__a_file_that_no_row_knows_is_swept),
	    T(test_send__a_picture_that_tells_is_not_sent),
	    T(test_send__a_video_says_how_it_looks),
	    T(test_send__a_video_goes_without_its_looks),
	    T(test_send__refuses_what_is_no_file),
	    T(test_row__goes_when_it_is_taken_back_or_was_seen),
	    cmocka_unit_test(test_record__is_read_as_it_was_written),
	    cmocka_unit_test(test_record__what_is_not_right_cannot_be_fetched),
	    T(test_rules__fetch_from_whom_one_knows),
	    T(test_row__short_of_memory),
	    T(test_send__short_of_memory_is_an_error_or_done),
	    T(test_arrive__short_of_memory_is_taken_again),
	};

	return cmocka_run_group_tests(tests, media_find_child, NULL);
}
