/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures out of real videos by the real child, and children that lie: this
 * program is one of them when it is started as sotto-still. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "media/preview.h"
#include "media/still.h"
#include "media/still_int.h"
#include "media/stream.h"
#include "tests/unit/media_help.h"

static char real[4096];

struct video {
	struct file file;
	uint64_t reads, furthest;
	uint64_t broken_from; /* nothing can be read from here on */
};

static int
video_read(void *ctx, uint64_t at, uint8_t *p, size_t len)
{
	struct video *v = ctx;

	assert_true(len >= 1 && len <= STILL_READ_MAX);
	assert_true(at < v->file.len && len <= v->file.len - at);
	v->reads++;
	if (v->broken_from > 0 && at + len > v->broken_from)
		return ERR_AUTH;
	memcpy(p, v->file.p + at, len);
	return 0;
}

static int
still_of(struct video *v, int side, struct still *out)
{
	struct still_source source = {v->file.len, video_read, v};

	return still_run(&source, side, out);
}

static struct video
video_of(const char *path)
{
	return (struct video){.file = media_file(path)};
}

/* The pixels behind the head of a P6 file, and its size. */
static const uint8_t *
pixels(const struct still *s, unsigned *w, unsigned *h)
{
	int n = 0;

	assert_int_equal(
	    sscanf((const char *)s->picture, "P6\n%u %u\n255%n", w, h, &n), 2);
	assert_int_equal(s->len, (size_t)n + 1 + 3 * (size_t)*w * *h);
	return s->picture + n + 1;
}

static void
test_still_run__a_video_gives_a_picture_and_its_length(void **state)
{
	static const struct {
		const char *path;
		uint32_t w, h, ms;
	} rows[] = {
	    {MEDIA "clip.mp4", 160, 90, 2500},
	    {MEDIA "clip.webm", 96, 64, 1000},
	};
	struct video v;
	struct still s;
	unsigned w, h;
	size_t i, j, light;
	const uint8_t *p;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		v = video_of(rows[i].path);
		assert_ok(still_of(&v, STILL_SIDE_MAX, &s));
		assert_int_equal(s.width, rows[i].w);
		assert_int_equal(s.height, rows[i].h);
		assert_int_equal(s.duration_ms, rows[i].ms);
		p = pixels(&s, &w, &h);
		assert_int_equal(w, rows[i].w);
		assert_int_equal(h, rows[i].h);
		/* The half second of black at its start is passed over. */
		for (light = 0, j = 0; j < 3 * (size_t)w * h; j++)
			light += p[j];
		assert_true(light / (3 * (size_t)w * h) > 40);
		still_clear(&s);
		free(v.file.p);
	}
}

static void
test_still_run__it_stands_upright_and_is_as_small_as_asked(void **state)
{
	struct video straight = video_of(MEDIA "clip.mp4");
	struct video turned = video_of(MEDIA "turned.mp4");
	struct still a, b;
	unsigned w, h, tw, th, x, y;
	const uint8_t *p, *q;

	(void)state;
	assert_ok(still_of(&straight, 80, &a));
	assert_ok(still_of(&turned, 80, &b));
	p = pixels(&a, &w, &h);
	q = pixels(&b, &tw, &th);
	assert_int_equal(w, 80);
	assert_int_equal(h, 45);
	assert_int_equal(tw, 45);
	assert_int_equal(th, 80);
	assert_int_equal(b.width, 90);
	assert_int_equal(b.height, 160);
	for (y = 0; y < h; y++) /* its left column is the other's top row */
		for (x = 0; x < w; x++)
			assert_memory_equal(p + 3 * (y * w + x),
			    q + 3 * (x * tw + (tw - 1 - y)), 3);
	still_clear(&a);
	still_clear(&b);
	free(straight.file.p);
	free(turned.file.p);
}

static void
test_still_run__the_picture_can_be_drawn(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_RENDER,
	    .look = LOOK_BLOCKS,
	    .colours = 256,
	    .cols = 20,
	    .rows = 10,
	    .cell_w = 8,
	    .cell_h = 16};
	struct video v = video_of(MEDIA "clip.mp4");
	struct preview_answer a;
	struct still s;

	(void)state;
	assert_ok(still_of(&v, 320, &s));
	ask.file = s.picture;
	ask.len = s.len;
	assert_ok(preview_run(&ask, &a));
	assert_int_equal(a.width, 160);
	assert_int_equal(a.cols, 20);
	preview_answer_clear(&a);
	still_clear(&s);
	free(v.file.p);
}

static void
test_still_run__what_is_no_video_is_refused(void **state)
{
	static const char *const paths[] = {
	    MEDIA "photo.jpg", MEDIA "voice.opus", MEDIA "README.md"};
	struct still s = {.width = 77};
	struct video v;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(paths); i++) {
		v = video_of(paths[i]);
		assert_int_equal(still_of(&v, 320, &s), ERR_FORMAT);
		free(v.file.p);
	}
	v = video_of(MEDIA "clip.mp4");
	assert_int_equal(still_of(&v, 15, &s), ERR_RANGE);
	assert_int_equal(still_of(&v, STILL_SIDE_MAX + 1, &s), ERR_RANGE);
	free(v.file.p);
	assert_int_equal(s.width, 77); /* untouched */
}

/* A playlist names other files: it must not even be looked into. */
static void
test_still_run__a_list_of_other_files_is_refused(void **state)
{
	static const char *const lists[] = {
	    "ffconcat version 1.0\nfile 'clip.mp4'\n",
	    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nclip.mp4\n",
	};
	struct still s;
	struct video v;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lists); i++) {
		v = (struct video){
		    .file = {(uint8_t *)strdup(lists[i]), strlen(lists[i])}};
		assert_int_equal(still_of(&v, 320, &s), ERR_FORMAT);
		free(v.file.p);
	}
}

/* Any answer is right but a hang, and nothing is left behind. */
static void
test_still_run__damage_costs_one_still(void **state)
{
	unsigned before = media_fds(), seed = 1;
	struct still s;
	struct video v;
	int round, r;
	size_t i;

	(void)state;
	for (round = 0; round < 16; round++) {
		v = video_of(
		    round % 2 != 0 ? MEDIA "clip.mp4" : MEDIA "clip.webm");
		if (round < 4)
			v.file.len = v.file.len * (size_t)(round + 1) / 6;
		for (i = 0; i < 40 && round >= 4; i++) {
			seed = seed * 1103515245u + 12345u;
			v.file.p[(seed >> 8) % v.file.len] ^=
			    (uint8_t)(1u << (seed >> 28 & 7));
		}
		r = still_of(&v, 64, &s);
		if (r == 0)
			still_clear(&s);
		else
			assert_true(r == ERR_FORMAT || r == ERR_RANGE ||
				    r == ERR_CLOSED || r == ERR_NOMEM);
		free(v.file.p);
	}
	assert_int_equal(media_fds(), before);
}

static void
test_still_run__what_cannot_be_read_ends_it(void **state)
{
	struct video v = video_of(MEDIA "clip.mp4");
	struct still s;

	(void)state;
	v.broken_from = 1000;
	assert_int_equal(still_of(&v, 64, &s), ERR_AUTH);
	free(v.file.p);
}

/* ---- children that lie -------------------------------------------------------------- */

enum lie {
	LIE_BEHIND_THE_END = 20,
	LIE_EMPTY_READ,
	LIE_LARGE_READ,
	LIE_READS_FOR_EVER,
	LIE_LARGE_PICTURE,
	LIE_NO_PICTURE,
	LIE_LARGE_VIDEO,
	LIE_SHORT_PICTURE,
	LIE_LETTER,
	LIE_CODE,
	LIE_GOOD_CODE,
	LIE_NOTHING,
	LIE_HANG,
	LIE_LAST
};

static void
ask_part(uint64_t at, uint32_t len)
{
	uint8_t b[1 + STILL_READ_LEN] = {STILL_READ};

	put_be64(b + 1, at);
	put_be32(b + 9, len);
	if (stream_write(0, b, sizeof(b)) != 0)
		_exit(0);
}

static void
say_answer(const uint32_t say[static 6], size_t pixels_sent)
{
	uint8_t b[1 + STILL_ANSWER_LEN + 3 * 64] = {STILL_ANSWER};
	size_t i;

	for (i = 0; i < 6; i++)
		put_be32(b + 1 + 4 * i, say[i]);
	if (stream_write(0, b, 1 + STILL_ANSWER_LEN + pixels_sent) != 0)
		_exit(0);
}

NORETURN static void
lie_for_ever(void)
{
	uint8_t part[4 + 4096];

	for (;;) {
		ask_part(0, 4096);
		if (stream_read(0, part, sizeof(part)) != 0)
			_exit(0);
	}
}

static int
lie(void)
{
	static const struct {
		int lie;
		uint32_t say[6];
		size_t pixels;
	} answers[] = {
	    {LIE_LARGE_PICTURE, {0, 1, 9, 9, 9999, 4}, 0},
	    {LIE_NO_PICTURE, {0, 1, 9, 9, 0, 4}, 0},
	    {LIE_LARGE_VIDEO, {0, 1, 9, STILL_VIDEO_SIDE + 1, 4, 4}, 48},
	    {LIE_SHORT_PICTURE, {0, 1, 9, 9, 4, 4}, 47},
	    {LIE_CODE, {4000000000u, 0, 0, 0, 0, 0}, 0},
	    {LIE_GOOD_CODE, {(uint32_t)-ERR_RANGE, 0, 0, 0, 0, 0}, 0},
	};
	uint8_t head[STILL_HEAD_LEN];
	uint32_t what;
	size_t i;

	signal(SIGALRM, SIG_DFL);
	alarm(20);
	if (stream_read(0, head, sizeof(head)) != 0)
		return 1;
	what = get_be32(head + 8);
	for (i = 0; i < ARRAY_LEN(answers); i++)
		if (answers[i].lie == (int)what)
			say_answer(answers[i].say, answers[i].pixels);
	if (what == LIE_BEHIND_THE_END)
		ask_part(get_be64(head) - 1, 2);
	else if (what == LIE_EMPTY_READ)
		ask_part(0, 0);
	else if (what == LIE_LARGE_READ)
		ask_part(0, STILL_READ_MAX + 1);
	else if (what == LIE_READS_FOR_EVER)
		lie_for_ever();
	else if (what == LIE_LETTER && stream_write(0, "X", 1) != 0)
		return 1;
	else if (what == LIE_HANG)
		pause();
	return 0;
}

static void
test_still_run__a_child_that_lies_is_not_believed(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct file large = {calloc(1, 1 << 20), 1 << 20};
	struct video v = {.file = large};
	struct still s;
	int what, want;

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	for (what = LIE_BEHIND_THE_END; what < LIE_LAST; what++) {
		still_override(self, what == LIE_HANG ? 100 : 0);
		want = what == LIE_HANG		    ? ERR_TIMEOUT
		       : what == LIE_GOOD_CODE	    ? ERR_RANGE
		       : what == LIE_READS_FOR_EVER ? ERR_FORMAT
						    : ERR_CLOSED;
		assert_int_equal(still_of(&v, what, &s), want);
	}
	still_override("/nowhere/sotto-still", 0);
	assert_int_equal(still_of(&v, 64, &s), ERR_SYS);
	assert_int_equal(errno, ENOENT);
	still_override(real, 0);
	free(large.p);
}

static int
find_child(void **state)
{
	int r = media_find_child(state);

	snprintf(real, sizeof(real), "%s", media_child());
	memcpy(strrchr(real, '/'), "/sotto-still", sizeof("/sotto-still"));
	still_override(real, 0);
	return r;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_still_run__a_video_gives_a_picture_and_its_length),
	    cmocka_unit_test(
		test_still_run__it_stands_upright_and_is_as_small_as_asked),
	    cmocka_unit_test(test_still_run__the_picture_can_be_drawn),
	    cmocka_unit_test(test_still_run__what_is_no_video_is_refused),
	    cmocka_unit_test(test_still_run__a_list_of_other_files_is_refused),
	    cmocka_unit_test(test_still_run__damage_costs_one_still),
	    cmocka_unit_test(test_still_run__what_cannot_be_read_ends_it),
	    cmocka_unit_test(test_still_run__a_child_that_lies_is_not_believed),
	};

	if (argc > 0 && strcmp(argv[0], "sotto-still") == 0)
		return lie();
	return cmocka_run_group_tests(tests, find_child, NULL);
}
