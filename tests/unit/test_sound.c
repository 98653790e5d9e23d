/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Voice notes by the real children: recorded from a file, played into one. */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/sound.h"
#include "tests/lib/tree.h"
#include "tests/unit/media_help.h"
#include "tests/unit/test.h"

#define PI   3.14159265358979323846
#define RATE 48000

struct rig {
	uv_loop_t loop;
	struct preview *preview;
	struct sound *sound;
	char dir[64];
	/* what was heard of */
	enum sound_kind last;
	unsigned count[SOUND_FAILED + 1];
	unsigned loudest, at_ms;
	int code;
	char text[256];
	uint8_t *note;
	size_t len;
	bool over; /* until then the loop runs */
	unsigned stop_at; /* so many positions or levels */
};

static void
on_event(void *ctx, const struct sound_event *ev)
{
	struct rig *r = ctx;

	r->last = ev->kind;
	r->count[ev->kind]++;
	switch (ev->kind) {
	case SOUND_LEVEL:
	case SOUND_POSITION:
		r->at_ms = ev->at_ms;
		if (ev->loudness > r->loudest)
			r->loudest = ev->loudness;
		r->over = r->stop_at != 0 && r->count[ev->kind] >= r->stop_at;
		return;
	case SOUND_RECORDED:
		r->at_ms = ev->at_ms;
		free(r->note);
		r->note = malloc(ev->len);
		assert_non_null(r->note);
		memcpy(r->note, ev->note, ev->len);
		r->len = ev->len;
		assert_non_null(ev->bars);
		break;
	case SOUND_FAILED:
		r->code = ev->code;
		snprintf(r->text, sizeof(r->text), "%s", ev->text);
		break;
	case SOUND_DEVICES:
	case SOUND_ENDED:
		break;
	}
	r->over = true;
}

static char program[4096]; /* beside sotto-preview */

static int
find_children(void **state)
{
	char *slash;

	if (media_find_child(state) != 0)
		return -1;
	snprintf(program, sizeof(program), "%s", media_child());
	slash = strrchr(program, '/');
	memcpy(slash, "/sotto-audio", sizeof("/sotto-audio"));
	sound_override(program);
	return 0;
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	snprintf(r->dir, sizeof(r->dir), "/tmp/sotto-sound-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	assert_int_equal(uv_loop_init(&r->loop), 0);
	assert_ok(preview_new(&r->preview, &r->loop));
	assert_ok(
	    sound_new(&r->sound, &r->loop, r->preview, environ, on_event, r));
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;
	int code;

	sound_free(r->sound);
	preview_free(r->preview);
	assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&r->loop), 0);
	free(r->note);
	code = tree_remove(r->dir);
	free(r);
	return code;
}

static void
run(struct rig *r)
{
	r->over = false;
	while (!r->over)
		uv_run(&r->loop, UV_RUN_ONCE);
}

static const char *
file(struct rig *r, const char *name)
{
	static char id[128];

	snprintf(id, sizeof(id), "file:%s/%s", r->dir, name);
	return id;
}

/* A WAV file of a tone, by hand: 44 bytes and samples. */
static void
make_wav(struct rig *r, const char *name, unsigned ms)
{
	FILE *f = fopen(file(r, name) + 5, "wbe");
	uint32_t bytes = ms * RATE / 1000 * 2, hz = RATE, rate = RATE * 2,
		 all = 36 + bytes, sixteen = 16;
	uint16_t one = 1, two = 2, bits = 16;

	assert_non_null(f);
	fwrite("RIFF", 4, 1, f);
	fwrite(&all, 4, 1, f);
	fwrite("WAVEfmt ", 8, 1, f);
	fwrite(&sixteen, 4, 1, f);
	fwrite(&one, 2, 1, f);
	fwrite(&one, 2, 1, f);
	fwrite(&hz, 4, 1, f);
	fwrite(&rate, 4, 1, f);
	fwrite(&two, 2, 1, f);
	fwrite(&bits, 2, 1, f);
	fwrite("data", 4, 1, f);
	fwrite(&bytes, 4, 1, f);
	for (uint32_t i = 0; i < bytes / 2; i++) {
		int16_t v = (int16_t)(12000.0 *
				      sin(2.0 * PI * 440.0 * (double)i / RATE));

		fwrite(&v, 2, 1, f);
	}
	assert_int_equal(fclose(f), 0);
}

/* Milliseconds and loudest sample of a WAV file. */
static unsigned
look_at_wav(struct rig *r, const char *name, int *loudest)
{
	static int16_t v[RATE * 10];
	FILE *f = fopen(file(r, name) + 5, "rbe");
	size_t n;

	assert_non_null(f);
	assert_int_equal(fseek(f, 44, SEEK_SET), 0);
	n = fread(v, 2, ARRAY_LEN(v), f);
	fclose(f);
	*loudest = 0;
	for (size_t i = 0; i < n; i++) {
		if (abs(v[i]) > *loudest)
			*loudest = abs(v[i]);
	}
	return (unsigned)(n * 1000 / RATE);
}

/* A note of a tone into r->note. */
static void
record_tone(struct rig *r, unsigned ms)
{
	make_wav(r, "in.wav", ms);
	assert_ok(sound_record(r->sound, file(r, "in.wav"), 60000));
	assert_true(sound_is_busy(r->sound));
	run(r);
	assert_int_equal(r->last, SOUND_RECORDED);
	assert_int_equal(r->at_ms, ms);
}

static void
test_sound__what_is_recorded_can_be_played(void **state)
{
	struct rig *r = *state;
	int loudest;

	record_tone(r, 600);
	assert_false(sound_is_busy(r->sound));
	assert_true(r->count[SOUND_LEVEL] >= 10);
	assert_in_range(r->loudest, 150, 180);
	assert_ok(
	    sound_play(r->sound, file(r, "out.wav"), r->note, r->len, 0, 100));
	run(r);
	assert_int_equal(r->last, SOUND_ENDED);
	assert_true(r->count[SOUND_POSITION] >= 5);
	assert_in_range(look_at_wav(r, "out.wav", &loudest), 600, 630);
	assert_in_range(loudest, 10000, 15000);
}

static void
test_sound_seek__goes_on_from_there(void **state)
{
	struct rig *r = *state;
	int loudest;

	record_tone(r, 900);
	assert_ok(
	    sound_play(r->sound, file(r, "out.wav"), r->note, r->len, 0, 100));
	r->stop_at = 1;
	run(r);
	r->stop_at = 0;
	sound_seek(r->sound, 700); /* the file begins anew */
	run(r);
	assert_int_equal(r->last, SOUND_ENDED);
	assert_in_range(look_at_wav(r, "out.wav", &loudest), 200, 230);
	assert_ok(
	    sound_play(r->sound, file(r, "out.wav"), r->note, r->len, 0, 100));
	sound_seek(r->sound, 5000);
	run(r);
	assert_int_equal(r->last, SOUND_ENDED);
	assert_in_range(look_at_wav(r, "out.wav", &loudest), 0, 30);
}

static void
test_sound_speed__changes_while_it_plays(void **state)
{
	struct rig *r = *state;
	int loudest;

	record_tone(r, 900);
	assert_ok(
	    sound_play(r->sound, file(r, "out.wav"), r->note, r->len, 0, 1000));
	sound_speed(r->sound, 200);
	run(r);
	assert_int_equal(r->last, SOUND_ENDED);
	assert_in_range(look_at_wav(r, "out.wav", &loudest), 440, 490);
}

static void
test_sound_stop__keeps_a_recording_and_ends_a_note(void **state)
{
	struct rig *r = *state;

	assert_ok(sound_record(r->sound, "null:", 60000));
	r->stop_at = 2;
	run(r);
	r->stop_at = 0;
	sound_stop(r->sound);
	run(r);
	assert_int_equal(r->last, SOUND_RECORDED);
	assert_true(r->at_ms >= 100);
	record_tone(r, 900);
	assert_ok(sound_play(r->sound, "null:", r->note, r->len, 0, 100));
	sound_stop(r->sound);
	run(r);
	assert_int_equal(r->last, SOUND_ENDED);
}

static void
test_sound_cancel__keeps_nothing(void **state)
{
	struct rig *r = *state;

	assert_ok(sound_record(r->sound, "null:", 60000));
	r->stop_at = 1;
	run(r);
	r->stop_at = 0;
	sound_cancel(r->sound);
	run(r);
	assert_int_equal(r->last, SOUND_ENDED);
	assert_int_equal(r->count[SOUND_RECORDED], 0);
	assert_false(sound_is_busy(r->sound));
}

static void
test_sound__failures_are_told_and_over(void **state)
{
	struct rig *r = *state;
	static const uint8_t junk[] = "this is no Ogg file";

	assert_ok(sound_record(r->sound, file(r, "none.wav"), 1000));
	assert_int_equal(sound_record(r->sound, NULL, 1000), ERR_BUSY);
	assert_int_equal(sound_list(r->sound, true), ERR_BUSY);
	assert_int_equal(
	    sound_play(r->sound, NULL, junk, sizeof(junk), 0, 100), ERR_BUSY);
	run(r);
	assert_int_equal(r->last, SOUND_FAILED);
	assert_int_equal(r->code, ERR_NOTFOUND);
	assert_non_null(strstr(r->text, "No such file"));
	assert_ok(sound_play(r->sound, "null:", junk, sizeof(junk), 0, 100));
	run(r);
	assert_int_equal(r->code, ERR_FORMAT);
	assert_non_null(strstr(r->text, "voice note"));
	assert_int_equal(sound_record(r->sound, NULL, 0), ERR_RANGE);
	assert_int_equal(
	    sound_play(r->sound, NULL, junk, 0, 0, 100), ERR_RANGE);
	sound_stop(r->sound);
	sound_cancel(r->sound);
	sound_pause(r->sound, true);
	sound_seek(r->sound, 5);
	sound_speed(r->sound, 100);
	assert_false(sound_is_busy(r->sound));
}

static void
test_sound__a_child_that_dies_or_lies(void **state)
{
	struct rig *r = *state;
	char liar[128];
	const char *programs[] = {"/bin/false", liar, "/nonexistent/x"};
	static const int codes[] = {ERR_CLOSED, ERR_RANGE, ERR_SYS};
	FILE *f;

	snprintf(liar, sizeof(liar), "%s/liar", r->dir);
	f = fopen(liar, "we");
	assert_non_null(f);
	assert_true(fputs("#!/bin/sh\necho yyyyyyyy >&0\nread x\n", f) >= 0);
	assert_int_equal(fchmod(fileno(f), 0700), 0);
	assert_int_equal(fclose(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		sound_override(programs[i]);
		r->code = sound_record(r->sound, "null:", 1000);
		if (r->code == 0)
			run(r);
		assert_int_equal(r->code, codes[i]);
		assert_false(sound_is_busy(r->sound));
	}
	sound_override(program);
	record_tone(r, 50);
}

static void
test_sound_free__while_it_records(void **state)
{
	struct rig *r = *state;

	assert_ok(sound_record(r->sound, "null:", 60000));
	r->stop_at = 1;
	run(r);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_sound__what_is_recorded_can_be_played),
	    T(test_sound_seek__goes_on_from_there),
	    T(test_sound_speed__changes_while_it_plays),
	    T(test_sound_stop__keeps_a_recording_and_ends_a_note),
	    T(test_sound_cancel__keeps_nothing),
	    T(test_sound__failures_are_told_and_over),
	    T(test_sound__a_child_that_dies_or_lies),
	    T(test_sound_free__while_it_records),
	};
#undef T

	return cmocka_run_group_tests(tests, find_children, NULL);
}
