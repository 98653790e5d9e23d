/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Voice notes: what the encoder makes, and the process that records and plays.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <opusfile.h>

#include "common/buf.h"
#include "common/proto/audio.pb-c.h"
#include "media/audio/serve.h"
#include "media/audio/voice.h"
#include "tests/lib/tree.h"
#include "tests/unit/test.h"

#define PI	3.14159265358979323846
#define OGG_MAX (1024 * 1024)

typedef Sotto__Audio__Request Request;
typedef Sotto__Audio__Event Event;

/* ---- the encoder -------------------------------------------------------------------- */

static int
into_buf(void *ctx, const uint8_t *p, size_t len)
{
	return buf_put(ctx, p, len);
}

static int
refuse(void *ctx, const uint8_t *p, size_t len)
{
	(void)ctx;
	(void)p;
	(void)len;
	return ERR_IO;
}

/* n frames, quiet at first and loud in the second half. */
static int
put_frames(struct voice *v, int n)
{
	int16_t frame[AUDIO_FRAME];
	size_t at = 0;
	int r = 0;

	for (int f = 0; f < n && r == 0; f++) {
		double loud = f < n / 2 ? 500.0 : 20000.0;

		for (size_t i = 0; i < AUDIO_FRAME; i++, at++)
			frame[i] = (int16_t)(loud * sin(2.0 * PI * 300.0 *
							(double)at / AUDIO_HZ));
		r = voice_put(v, frame);
	}
	return r;
}

static int64_t
samples_in(const struct buf *b)
{
	int e = 0;
	OggOpusFile *of = op_open_memory(b->p, b->len, &e);
	int64_t n;

	if (of == NULL)
		fail_msg("no Ogg Opus: %d", e);
	n = op_pcm_total(of, -1);
	assert_int_equal(op_channel_count(of, -1), 1);
	op_free(of);
	return n;
}

static void
test_voice__is_an_ogg_file_of_its_length(void **state)
{
	struct voice_facts f;
	struct voice *v = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, OGG_MAX);
	assert_ok(voice_new(&v, 60000, into_buf, &b));
	assert_ok(put_frames(v, 300));
	assert_int_equal(voice_ms(v), 3000);
	assert_ok(voice_finish(v, &f));
	assert_int_equal(f.duration_ms, 3000);
	assert_int_equal(samples_in(&b), 3 * AUDIO_HZ);
	/* 24 kbit/s and some headers */
	assert_in_range(b.len, 3000, 14000);
	for (size_t i = 0; i < VOICE_BARS / 2 - 1; i++)
		assert_in_range(f.bars[i], 1, 20);
	for (size_t i = VOICE_BARS / 2 + 1; i < VOICE_BARS; i++)
		assert_in_range(f.bars[i], 200, 255);
	voice_free(v);
	buf_clear(&b);
}

static void
test_voice__a_short_one_has_all_bars(void **state)
{
	struct voice_facts f;
	struct voice *v = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, OGG_MAX);
	assert_ok(voice_new(&v, 60000, into_buf, &b));
	assert_int_equal(voice_finish(v, &f), ERR_STATE);
	assert_ok(put_frames(v, 2));
	assert_ok(voice_finish(v, &f));
	for (size_t i = 0; i < VOICE_BARS; i++)
		assert_true(f.bars[i] > 0);
	voice_free(v);
	buf_clear(&b);
}

static void
test_voice__where_it_goes_may_refuse(void **state)
{
	struct voice_facts f;
	struct voice *v = NULL;
	int r;

	(void)state;
	r = voice_new(&v, 60000, refuse, NULL);
	if (r == 0)
		r = put_frames(v, 500);
	if (r == 0)
		r = voice_finish(v, &f);
	assert_int_equal(r, ERR_IO);
	voice_free(v);
	voice_free(NULL);
}

static void
test_voice__ends_after_what_it_was_given(void **state)
{
	static int16_t silence[AUDIO_FRAME];
	struct voice_facts f;
	struct voice *v = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, OGG_MAX);
	assert_ok(voice_new(&v, 75, into_buf, &b));
	for (int i = 0; i < 8; i++)
		assert_ok(voice_put(v, silence));
	assert_int_equal(voice_put(v, silence), ERR_FULL);
	assert_ok(voice_finish(v, &f));
	assert_int_equal(f.duration_ms, 80);
	voice_free(v);
	buf_clear(&b);
}

/* ---- the process ---------------------------------------------------------------------- */

struct child {
	pthread_t thread;
	int fd, theirs; /* ours; the thread's */
	int code;
	char dir[64];
	struct buf ogg;
};

static void *
run_child(void *arg)
{
	struct child *c = arg;

	c->code = audio_serve(c->theirs);
	close(c->theirs);
	return NULL;
}

static int
start_child(void **state)
{
	static struct child c;
	int fd[2];

	snprintf(c.dir, sizeof(c.dir), "/tmp/sotto-voice-XXXXXX");
	assert_non_null(mkdtemp(c.dir));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	c.fd = fd[0];
	c.theirs = fd[1];
	buf_init(&c.ogg, OGG_MAX);
	assert_int_equal(pthread_create(&c.thread, NULL, run_child, &c), 0);
	*state = &c;
	return 0;
}

static int
end_child(void **state)
{
	struct child *c = *state;

	if (c->fd >= 0)
		close(c->fd);
	pthread_join(c->thread, NULL);
	buf_clear(&c->ogg);
	return tree_remove(c->dir);
}

static void
send_bytes(struct child *c, const uint8_t *p, size_t len)
{
	uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
	    (uint8_t)(len >> 8), (uint8_t)len};

	assert_int_equal(write(c->fd, head, 4), 4);
	while (len > 0) {
		ssize_t n = write(c->fd, p, len);

		assert_true(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

static void
ask(struct child *c, const Request *m)
{
	size_t len = sotto__audio__request__get_packed_size(m);
	uint8_t *p = malloc(len + 1);

	assert_non_null(p);
	sotto__audio__request__pack(m, p);
	send_bytes(c, p, len);
	free(p);
}

#define ASK(c, KIND, field, Type, INIT, ...)                                   \
	do {                                                                   \
		Request req_ = SOTTO__AUDIO__REQUEST__INIT;                    \
		Sotto__Audio__##Type m_ = SOTTO__AUDIO__##INIT##__INIT;        \
		__VA_ARGS__;                                                   \
		req_.body_case = SOTTO__AUDIO__REQUEST__BODY_##KIND;           \
		req_.field = &m_;                                              \
		ask(c, &req_);                                                 \
	} while (0)

static bool
read_bytes(int fd, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* The next event; NULL at the end. */
static Event *
next_event(struct child *c)
{
	uint8_t head[4], *p;
	size_t len;
	Event *ev;

	if (!read_bytes(c->fd, head, 4))
		return NULL;
	len = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	p = malloc(len + 1);
	assert_non_null(p);
	assert_true(read_bytes(c->fd, p, len));
	ev = sotto__audio__event__unpack(NULL, len, p);
	assert_non_null(ev);
	free(p);
	return ev;
}

/* Events up to one of that kind; pieces of a file are kept. */
static Event *
await(struct child *c, Sotto__Audio__Event__BodyCase kind)
{
	Event *ev;

	while ((ev = next_event(c)) != NULL && ev->body_case != kind) {
		if (ev->body_case == SOTTO__AUDIO__EVENT__BODY_FAILED)
			fail_msg("failed: %s", ev->failed->text);
		if (ev->body_case == SOTTO__AUDIO__EVENT__BODY_OGG)
			assert_ok(buf_put(&c->ogg, ev->ogg.data, ev->ogg.len));
		sotto__audio__event__free_unpacked(ev, NULL);
	}
	assert_non_null(ev);
	return ev;
}

static void
await_only(struct child *c, Sotto__Audio__Event__BodyCase kind)
{
	sotto__audio__event__free_unpacked(await(c, kind), NULL);
}

static char *
device(struct child *c, const char *name)
{
	static char id[128];

	snprintf(id, sizeof(id), "file:%s/%s", c->dir, name);
	return id;
}

/* A file with so many frames of a tone. */
static void
make_tone(struct child *c, const char *name, int frames)
{
	struct audio_why why;
	struct audio *a;
	int16_t frame[AUDIO_FRAME];

	assert_ok(audio_open(&a, AUDIO_OUT, device(c, name), &why));
	for (int i = 0; i < frames; i++) {
		for (size_t k = 0; k < AUDIO_FRAME; k++)
			frame[k] = (int16_t)(k * 50);
		assert_ok(audio_write(a, frame, 1000));
	}
	audio_close(a);
}

static void
test_serve__records_until_it_is_told_to_stop(void **state)
{
	struct child *c = *state;
	Event *ev;

	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = (char *)"null:", m_.max_ms = 60000);
	ev = await(c, SOTTO__AUDIO__EVENT__BODY_LEVEL);
	assert_int_equal(ev->level->ms, 50);
	assert_int_equal(ev->level->loudness, 0);
	sotto__audio__event__free_unpacked(ev, NULL);
	ASK(c, STOP, stop, Stop, STOP, (void)m_);
	ev = await(c, SOTTO__AUDIO__EVENT__BODY_RECORDED);
	assert_true(ev->recorded->duration_ms >= 50);
	assert_int_equal(ev->recorded->bars.len, VOICE_BARS);
	assert_int_equal(samples_in(&c->ogg),
	    (int64_t)ev->recorded->duration_ms * AUDIO_HZ / 1000);
	sotto__audio__event__free_unpacked(ev, NULL);
}

static void
test_serve__records_for_so_long_and_what_a_file_has(void **state)
{
	struct child *c = *state;
	Event *ev;

	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = (char *)"null:", m_.max_ms = 80);
	ev = await(c, SOTTO__AUDIO__EVENT__BODY_RECORDED);
	assert_int_equal(ev->recorded->duration_ms, 80);
	sotto__audio__event__free_unpacked(ev, NULL);
	make_tone(c, "in.wav", 7);
	ASK(c, RECORD, record, Record, RECORD, m_.device = device(c, "in.wav"),
	    m_.max_ms = 60000);
	ev = await(c, SOTTO__AUDIO__EVENT__BODY_RECORDED);
	assert_int_equal(ev->recorded->duration_ms, 70);
	assert_true(ev->recorded->bars.data[0] > 200);
	sotto__audio__event__free_unpacked(ev, NULL);
}

static void
test_serve__cancel_and_failure_leave_it_ready(void **state)
{
	struct child *c = *state;
	Event *ev;

	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = (char *)"null:", m_.max_ms = 60000);
	ASK(c, CANCEL, cancel, Cancel, CANCEL, (void)m_);
	await_only(c, SOTTO__AUDIO__EVENT__BODY_ENDED);
	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = device(c, "nothing.wav"), m_.max_ms = 60000);
	ev = next_event(c);
	assert_non_null(ev);
	assert_int_equal(ev->body_case, SOTTO__AUDIO__EVENT__BODY_FAILED);
	assert_int_equal(ev->failed->code, ERR_NOTFOUND);
	assert_non_null(strstr(ev->failed->text, "No such file"));
	sotto__audio__event__free_unpacked(ev, NULL);
	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = (char *)"null:", m_.max_ms = 20);
	await_only(c, SOTTO__AUDIO__EVENT__BODY_RECORDED);
}

/* The file goes on, and ends, while nothing of it is recorded. */
static void
test_serve__pause_records_nothing(void **state)
{
	struct child *c = *state;
	Event *ev;

	make_tone(c, "long.wav", 60);
	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = device(c, "long.wav"), m_.max_ms = 60000);
	await_only(c, SOTTO__AUDIO__EVENT__BODY_LEVEL);
	ASK(c, PAUSE, pause, Pause, PAUSE, m_.on = true);
	ev = await(c, SOTTO__AUDIO__EVENT__BODY_RECORDED);
	assert_in_range(ev->recorded->duration_ms, 50, 590);
	sotto__audio__event__free_unpacked(ev, NULL);
}

/* Answer what is wanted with a tone of so many ms in all, until the end.
 * Returns how often there was something to answer. */
static int
play_all(struct child *c, uint32_t total_ms, uint32_t piece_ms)
{
	static int16_t samples[SERVE_SAMPLES_MS * 48];
	int wants = 0;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		samples[i] = (int16_t)(10000.0 * sin(2.0 * PI * 400.0 *
						     (double)i / 48000));
	for (;;) {
		Event *ev = next_event(c);
		bool end;

		assert_non_null(ev);
		assert_int_not_equal(
		    ev->body_case, SOTTO__AUDIO__EVENT__BODY_FAILED);
		end = ev->body_case == SOTTO__AUDIO__EVENT__BODY_ENDED;
		if (ev->body_case == SOTTO__AUDIO__EVENT__BODY_WANT) {
			uint32_t from = ev->want->from_ms;
			uint32_t ms = total_ms - from;

			if (ms > piece_ms)
				ms = piece_ms;
			wants++;
			ASK(c, SAMPLES, samples, Samples, SAMPLES,
			    m_.from_ms = from, m_.pcm.data = (uint8_t *)samples,
			    m_.pcm.len = (size_t)ms * 96,
			    m_.last = from + ms == total_ms);
		}
		sotto__audio__event__free_unpacked(ev, NULL);
		if (end)
			return wants;
	}
}

/* How many frames a WAV file has, and that its last tenth is still a tone. */
static size_t
frames_in(struct child *c, const char *name, int16_t loudest[static 1])
{
	struct audio_why why;
	struct audio *a;
	int16_t frame[AUDIO_FRAME];
	size_t n = 0;

	loudest[0] = 0;
	assert_ok(audio_open(&a, AUDIO_IN, device(c, name), &why));
	while (audio_read(a, frame, 1000) == 0) {
		n++;
		for (size_t k = 0; k < AUDIO_FRAME; k++) {
			if (frame[k] > loudest[0])
				loudest[0] = frame[k];
		}
	}
	audio_close(a);
	return n;
}

static void
test_serve__plays_in_pieces_and_faster(void **state)
{
	struct child *c = *state;
	int16_t loudest;
	size_t n;

	ASK(c, PLAY, play, Play, PLAY, m_.device = device(c, "out.wav"),
	    m_.from_ms = 0, m_.speed = 100);
	assert_int_equal(play_all(c, 300, 100), 3);
	n = frames_in(c, "out.wav", &loudest);
	assert_in_range(n, 30, 33); /* and the silence that flushes */
	assert_in_range(loudest, 9000, 11000);
	ASK(c, PLAY, play, Play, PLAY, m_.device = device(c, "fast.wav"),
	    m_.from_ms = 100, m_.speed = 200);
	assert_int_equal(play_all(c, 500, 1000), 1);
	n = frames_in(c, "fast.wav", &loudest);
	assert_in_range(n, 20, 23);
}

/* An answer to what was asked before one jumped to another place. */
static void
test_serve__drops_samples_that_come_too_late(void **state)
{
	struct child *c = *state;
	static const uint8_t loud[4800] = {0x7f, 0x7f};
	int16_t loudest;

	ASK(c, PLAY, play, Play, PLAY,
	    m_.device = (char *)"null:", m_.from_ms = 0, m_.speed = 100);
	await_only(c, SOTTO__AUDIO__EVENT__BODY_WANT);
	ASK(c, PLAY, play, Play, PLAY, m_.device = device(c, "jump.wav"),
	    m_.from_ms = 200, m_.speed = 100);
	ASK(c, SAMPLES, samples, Samples, SAMPLES, m_.from_ms = 0,
	    m_.pcm.data = (uint8_t *)(uintptr_t)loud, m_.pcm.len = sizeof(loud),
	    m_.last = true);
	assert_int_equal(play_all(c, 300, 100), 1);
	assert_in_range(frames_in(c, "jump.wav", &loudest), 10, 13);
	assert_in_range(loudest, 9000, 11000);
}

static void
test_serve__plays_nothing_of_nothing(void **state)
{
	struct child *c = *state;

	ASK(c, PLAY, play, Play, PLAY,
	    m_.device = (char *)"null:", m_.from_ms = 300, m_.speed = 100);
	assert_int_equal(play_all(c, 300, 100), 1);
}

static void
test_serve__what_makes_no_sense_ends_it(void **state)
{
	struct child *c = *state;
	static const uint8_t junk[] = {0xff, 0xff, 0xff};

	send_bytes(c, junk, sizeof(junk));
	assert_null(next_event(c));
	pthread_join(c->thread, NULL);
	assert_int_equal(c->code, ERR_FORMAT);
	close(c->fd);
	/* end_child() joins again: give it one that ends at once. */
	start_child(state);
	c = *state;
	ASK(c, RECORD, record, Record, RECORD,
	    m_.device = (char *)"null:", m_.max_ms = 0);
	assert_null(next_event(c));
	assert_int_equal(shutdown(c->fd, SHUT_RDWR), 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start_child, end_child)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_voice__is_an_ogg_file_of_its_length),
	    cmocka_unit_test(test_voice__a_short_one_has_all_bars),
	    cmocka_unit_test(test_voice__where_it_goes_may_refuse),
	    cmocka_unit_test(test_voice__ends_after_what_it_was_given),
	    T(test_serve__records_until_it_is_told_to_stop),
	    T(test_serve__records_for_so_long_and_what_a_file_has),
	    T(test_serve__cancel_and_failure_leave_it_ready),
	    T(test_serve__pause_records_nothing),
	    T(test_serve__plays_in_pieces_and_faster),
	    T(test_serve__drops_samples_that_come_too_late),
	    T(test_serve__plays_nothing_of_nothing),
	    T(test_serve__what_makes_no_sense_ends_it),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
