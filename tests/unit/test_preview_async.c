/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking on a loop: one child for many questions, and what becomes of it when
 * it crashes, hangs, is killed or is not wanted any more. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <uv.h>

#include "tests/unit/media_help.h"

struct asked {
	uint64_t id;
	int code;
	bool done;
	int cols, rows;
};

struct world {
	uv_loop_t loop;
	struct preview *p;
	struct asked v[64];
	unsigned n, done, fds;
	struct file photo;
};

static void
on_answer(void *ctx, uint64_t id, int code, struct preview_answer *a)
{
	struct world *w = ctx;
	unsigned i;

	for (i = 0; i < w->n && w->v[i].id != id; i++)
		;
	assert_true(i < w->n);
	assert_false(w->v[i].done);
	assert_true((code == 0) == (a != NULL));
	w->v[i].done = true;
	w->v[i].code = code;
	if (a != NULL) {
		w->v[i].cols = a->cols;
		w->v[i].rows = a->rows;
	}
	w->done++;
}

static int
ask_bytes(struct world *w, const uint8_t *p, size_t len)
{
	struct preview_ask ask = {.what = PREVIEW_RENDER,
	    .file = p,
	    .len = len,
	    .look = LOOK_BLOCKS,
	    .colours = 256,
	    .cols = 20,
	    .rows = 6,
	    .cell_w = 10,
	    .cell_h = 20};
	int r = preview_ask(w->p, &ask, on_answer, w, &w->v[w->n].id);

	if (r == 0)
		w->n++;
	return r;
}

static int
ask_photo(struct world *w)
{
	return ask_bytes(w, w->photo.p, w->photo.len);
}

/* Until so many answers have come. */
static void
run_until(struct world *w, unsigned done)
{
	while (w->done < done && uv_run(&w->loop, UV_RUN_ONCE) != 0)
		;
	assert_int_equal(w->done, done);
}

/* The children of this thread; how many, the first in *pid. */
static unsigned
children(pid_t *pid)
{
	char path[64], text[256];
	unsigned n = 0;
	FILE *f;
	long v;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	while (fscanf(f, "%255s", text) == 1) {
		v = strtol(text, NULL, 10);
		if (n++ == 0 && pid != NULL)
			*pid = (pid_t)v;
	}
	fclose(f);
	return n;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->photo = media_file(MEDIA "photo.jpg");
	preview_override(media_child(), 0);
	uv_loop_init(&w->loop); /* libuv opens something for all loops */
	uv_loop_close(&w->loop);
	w->fds = media_fds();
	uv_loop_init(&w->loop);
	if (preview_new(&w->p, &w->loop) != 0)
		return -1;
	*state = w;
	return 0;
}

/* Nothing is left: no child, no descriptor, no handle. */
static int
teardown(void **state)
{
	struct world *w = *state;

	preview_free(w->p);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(children(NULL), 0);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	assert_int_equal(media_fds(), w->fds);
	free(w->photo.p);
	free(w);
	return 0;
}

static void
test_preview_ask__one_child_answers_in_order(void **state)
{
	struct world *w = *state;
	pid_t first = 0, later = 0;
	unsigned i;

	assert_int_equal(children(NULL), 0); /* not before it is asked */
	for (i = 0; i < PREVIEW_QUEUE_MAX; i++)
		assert_ok(ask_photo(w));
	assert_err(ask_photo(w), ERR_FULL);
	assert_int_equal(w->done, 0); /* never from in there */
	run_until(w, 1);
	assert_int_equal(children(&first), 1);
	run_until(w, PREVIEW_QUEUE_MAX);
	assert_int_equal(children(&later), 1);
	assert_int_equal(first, later);
	for (i = 0; i < w->n; i++) {
		assert_int_equal(w->v[i].code, 0);
		assert_int_equal(w->v[i].cols, 9);
		assert_int_equal(w->v[i].rows, 6);
	}
}

static void
test_preview_ask__a_bad_file_costs_one_answer(void **state)
{
	static const uint8_t bad[] = "\x89PNG\r\n\x1a\nno more";
	struct world *w = *state;
	struct file bomb = media_file("tests/vectors/qr/bomb.png");

	assert_ok(ask_photo(w));
	assert_ok(ask_bytes(w, bad, sizeof(bad)));
	assert_ok(ask_bytes(w, bomb.p, bomb.len));
	assert_ok(ask_photo(w));
	run_until(w, 4);
	assert_int_equal(w->v[0].code, 0);
	assert_int_equal(w->v[1].code, ERR_FORMAT);
	assert_int_equal(w->v[2].code, ERR_RANGE);
	assert_int_equal(w->v[3].code, 0);
	free(bomb.p);
}

/* Killed between two questions, and while one is under way. */
static void
test_preview_ask__a_child_that_dies_is_replaced(void **state)
{
	struct world *w = *state;
	pid_t pid = 0, next = 0;

	assert_ok(ask_photo(w));
	run_until(w, 1);
	assert_int_equal(children(&pid), 1);
	assert_ok(kill(pid, SIGKILL));
	assert_ok(ask_photo(w));
	run_until(w, 2);
	assert_int_equal(w->v[1].code, 0);
	assert_int_equal(children(&next), 1);
	assert_int_not_equal(pid, next);
	assert_ok(ask_photo(w));
	assert_ok(ask_photo(w));
	assert_ok(kill(next, SIGSTOP)); /* it will not get to answer */
	uv_run(&w->loop, UV_RUN_NOWAIT);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_ok(kill(next, SIGKILL));
	run_until(w, 4);
	assert_int_equal(w->v[2].code, 0); /* asked once more */
	assert_int_equal(w->v[3].code, 0);
}

static void
test_preview_ask__children_that_crash_hang_or_are_missing(void **state)
{
	struct world *w = *state;

	preview_override("/bin/false", 0);
	assert_ok(ask_photo(w));
	run_until(w, 1);
	assert_int_equal(w->v[0].code, ERR_CLOSED);
	preview_override("/bin/cat", 50); /* swallows it and says nothing */
	assert_ok(ask_photo(w));
	run_until(w, 2);
	assert_int_equal(w->v[1].code, ERR_TIMEOUT);
	preview_override("/nonexistent/sotto-preview", 0);
	assert_ok(ask_photo(w));
	run_until(w, 3);
	assert_int_equal(w->v[2].code, ERR_SYS);
	preview_override(media_child(), 0);
	assert_ok(ask_photo(w));
	run_until(w, 4);
	assert_int_equal(w->v[3].code, 0);
}

static void
test_preview_ask__a_hang_costs_one_answer_and_blocks_nobody(void **state)
{
	struct world *w = *state;
	pid_t pid = 0;

	assert_ok(ask_photo(w));
	run_until(w, 1);
	assert_int_equal(children(&pid), 1);
	assert_ok(kill(pid, SIGSTOP));
	preview_override(media_child(), 80);
	assert_ok(ask_photo(w));
	assert_ok(ask_photo(w));
	run_until(w, 2);
	assert_int_equal(w->v[1].code, ERR_TIMEOUT);
	preview_override(media_child(), 0);
	run_until(w, 3);
	assert_int_equal(w->v[2].code, 0);
}

static void
test_preview_cancel__nobody_is_called(void **state)
{
	struct world *w = *state;
	unsigned i;

	for (i = 0; i < 4; i++)
		assert_ok(ask_photo(w));
	preview_cancel(w->p, w->v[0].id);
	preview_cancel(w->p, w->v[2].id);
	run_until(w, 2);
	assert_true(w->v[1].done && w->v[3].done);
	assert_false(w->v[0].done || w->v[2].done);
}

static void
test_preview_free__in_the_middle(void **state)
{
	struct world *w = *state;

	assert_ok(ask_photo(w));
	assert_ok(ask_photo(w));
	uv_run(&w->loop, UV_RUN_NOWAIT); /* teardown does the rest */
	assert_int_equal(w->done, 0);
}

/* Every kind of file, cut and changed everywhere, by few children. */
static void
test_preview_ask__a_hostile_corpus(void **state)
{
	static const char *const files[] = {MEDIA "photo.png",
	    MEDIA "photo.jpg", MEDIA "photo.webp", MEDIA "moving.gif",
	    MEDIA "clear.png"};
	struct world *w = *state;
	unsigned f, round, ok = 0, i;
	struct file file;
	size_t at;

	for (f = 0; f < ARRAY_LEN(files); f++) {
		file = media_file(files[f]);
		for (round = 0; round < 24; round++) {
			at = file.len * (round + 1) / 26;
			file.p[at] ^= (uint8_t)(0x5a + round);
			assert_ok(ask_bytes(
			    w, file.p, round % 3 == 0 ? at + 1 : file.len));
			run_until(w, 1);
			assert_true(w->v[0].code == 0 ||
				    w->v[0].code == ERR_FORMAT ||
				    w->v[0].code == ERR_RANGE);
			ok += w->v[0].code == 0;
			w->n = w->done = 0;
			memset(w->v, 0, sizeof(w->v));
			file.p[at] ^= (uint8_t)(0x5a + round);
		}
		free(file.p);
	}
	assert_true(ok > 5); /* some can be shown still */
	for (i = 0; i < 3; i++)
		assert_ok(ask_photo(w));
	run_until(w, 3);
}

/* No decoder is in the address space of who asks. */
static void
test_preview_ask__decodes_elsewhere(void **state)
{
	static const char *const never[] = {"pixbuf", "chafa", "libpng",
	    "libjpeg", "libzbar", "libopus", "glib"};
	struct world *w = *state;
	static char maps[256 * 1024];
	size_t n, i;
	FILE *f;

	assert_ok(ask_photo(w));
	run_until(w, 1);
	f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	n = fread(maps, 1, sizeof(maps) - 1, f);
	fclose(f);
	maps[n] = '\0';
	assert_non_null(strstr(maps, "libuv"));
	for (i = 0; i < ARRAY_LEN(never); i++)
		assert_null(strstr(maps, never[i]));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_preview_ask__one_child_answers_in_order),
	    T(test_preview_ask__a_bad_file_costs_one_answer),
	    T(test_preview_ask__a_child_that_dies_is_replaced),
	    T(test_preview_ask__children_that_crash_hang_or_are_missing),
	    T(test_preview_ask__a_hang_costs_one_answer_and_blocks_nobody),
	    T(test_preview_cancel__nobody_is_called),
	    T(test_preview_free__in_the_middle),
	    T(test_preview_ask__a_hostile_corpus),
	    T(test_preview_ask__decodes_elsewhere),
	};

	return cmocka_run_group_tests(tests, media_find_child, NULL);
}
