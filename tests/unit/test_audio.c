/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound devices: files and silence, a real PulseAudio, ALSA without hardware. */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "media/audio/audio.h"
#include "tests/lib/tree.h"
#include "tests/unit/sound_server.h"
#include "tests/unit/test.h"

#define PI 3.14159265358979323846

static char root[64];

static int
make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/sotto-audio-XXXXXX");
	return mkdtemp(root) == NULL;
}

static int
remove_root(void **state)
{
	(void)state;
	return tree_remove(root);
}

static struct sound_server server;

static int
start_server(void **state)
{
	(void)state;
	sound_server_start(&server);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	sound_server_stop(&server);
	return 0;
}

static const char *
id_of_file(const char *name)
{
	static char id[128];

	snprintf(id, sizeof(id), "file:%s/%s", root, name);
	return id;
}

static struct audio *
open_ok(enum audio_dir dir, const char *id)
{
	struct audio_why why = {.text = ""};
	struct audio *a = NULL;
	int r = audio_open(&a, dir, id, &why);

	if (r != 0)
		fail_msg("%s: %s (%s)", id, err_name(r), why.text);
	return a;
}

static void
assert_refused(enum audio_dir dir, const char *id, int code, const char *words)
{
	struct audio_why why = {.text = ""};
	struct audio *a = NULL;

	assert_int_equal(audio_open(&a, dir, id, &why), code);
	assert_null(a);
	if (strstr(why.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

/* The next 10 ms of a tone. */
static void
tone(int16_t *frame, double hz, size_t *at)
{
	for (size_t i = 0; i < AUDIO_FRAME; i++, (*at)++)
		frame[i] = (int16_t)(16000.0 * sin(2.0 * PI * hz * (double)*at /
						   AUDIO_HZ));
}

/* How much of a frame is that tone: 0..1, by Goertzel's sum. */
static double
share_of(const int16_t *frame, double hz)
{
	double re = 0.0, im = 0.0, all = 1.0;

	for (size_t i = 0; i < AUDIO_FRAME; i++) {
		double w = 2.0 * PI * hz * (double)i / AUDIO_HZ;

		re += frame[i] * cos(w);
		im += frame[i] * sin(w);
		all += (double)frame[i] * frame[i];
	}
	return (re * re + im * im) * 2.0 / (all * AUDIO_FRAME);
}

/* ---- ids ------------------------------------------------------------------------ */

static void
test_audio_open__refuses_what_is_no_id(void **state)
{
	(void)state;
	assert_refused(AUDIO_IN, "microphone", ERR_FORMAT, "pulse:NAME");
	assert_refused(AUDIO_IN, ":x", ERR_FORMAT, "pulse:NAME");
	assert_refused(AUDIO_OUT, "pulsar:x", ERR_FORMAT, "pulse:NAME");
}

/* ---- files ----------------------------------------------------------------------- */

static void
test_audio_file__comes_back_as_it_went(void **state)
{
	struct audio *a = open_ok(AUDIO_OUT, id_of_file("a.wav"));
	int16_t sent[3][AUDIO_FRAME], got[AUDIO_FRAME];
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		tone(sent[i], 700.0, &at);
		assert_ok(audio_write(a, sent[i], 1000));
	}
	assert_ok(audio_drain(a, 1000));
	assert_int_equal(audio_read(a, got, 0), ERR_STATE);
	audio_close(a);
	a = open_ok(AUDIO_IN, id_of_file("a.wav"));
	for (size_t i = 0; i < 3; i++) {
		assert_ok(audio_read(a, got, 1000));
		assert_memory_equal(got, sent[i], sizeof(got));
	}
	assert_int_equal(audio_read(a, got, 1000), ERR_CLOSED);
	assert_string_equal(audio_why(a), "The sound file has ended.");
	assert_int_equal(audio_write(a, got, 0), ERR_STATE);
	assert_int_equal(audio_drain(a, 0), ERR_STATE);
	audio_close(a);
}

static void
write_file(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(id_of_file(name) + 5, "wbe");

	assert_non_null(f);
	assert_int_equal(fwrite(p, len, 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

static void
test_audio_file__another_format_is_a_sentence(void **state)
{
	uint8_t wav[64];
	struct audio *a = open_ok(AUDIO_OUT, id_of_file("b.wav"));
	FILE *f;

	(void)state;
	audio_close(a);
	f = fopen(id_of_file("b.wav") + 5, "rbe");
	assert_non_null(f);
	assert_int_equal(fread(wav, 44, 1, f), 1);
	fclose(f);
	wav[22] = 2; /* stereo */
	write_file("stereo.wav", wav, 44);
	assert_refused(AUDIO_IN, id_of_file("stereo.wav"), ERR_FORMAT, "mono");
	wav[22] = 1;
	for (size_t n = 1; n < 44; n++) {
		write_file("cut.wav", wav, n);
		assert_refused(
		    AUDIO_IN, id_of_file("cut.wav"), ERR_FORMAT, "WAV");
	}
	assert_refused(AUDIO_IN, id_of_file("none"), ERR_NOTFOUND, "No such");
	assert_refused(
	    AUDIO_OUT, "file:/proc/none/x.wav", ERR_NOTFOUND, "No such");
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
test_audio_null__keeps_time_and_is_silent(void **state)
{
	struct audio *in = open_ok(AUDIO_IN, "null:");
	struct audio *out = open_ok(AUDIO_OUT, "null:");
	int64_t begun = now_ms();
	int16_t frame[AUDIO_FRAME];

	(void)state;
	for (int i = 0; i < 6; i++) {
		memset(frame, 1, sizeof(frame));
		assert_ok(audio_read(in, frame, 1000));
		for (size_t k = 0; k < AUDIO_FRAME; k++)
			assert_int_equal(frame[k], 0);
		assert_ok(audio_write(out, frame, 1000));
	}
	assert_true(now_ms() - begun >= 49);
	assert_int_equal(audio_read(in, frame, 0), ERR_TIMEOUT);
	audio_close(in);
	audio_close(out);
	audio_close(NULL);
}

/* ---- PulseAudio ---------------------------------------------------------------------- */

static void
test_audio_pulse__lists_what_is_there(void **state)
{
	struct audio_device d[4];
	struct audio_why why;

	(void)state;
	assert_int_equal(audio_list(AUDIO_OUT, d, 4, &why), 1);
	assert_string_equal(d[0].id, "pulse:spk");
	assert_true(d[0].is_default);
	/* No microphone but the monitor, which is the default then. */
	assert_int_equal(audio_list(AUDIO_IN, d, 4, &why), 1);
	assert_string_equal(d[0].id, "pulse:spk.monitor");
	assert_int_equal(audio_list(AUDIO_OUT, d, 0, &why), 0);
}

static void
test_audio_pulse__what_is_played_is_heard(void **state)
{
	struct audio *out = open_ok(AUDIO_OUT, NULL);
	struct audio *in = open_ok(AUDIO_IN, "pulse:spk.monitor");
	int16_t frame[AUDIO_FRAME];
	double most = 0.0, other = 0.0;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		tone(frame, 1000.0, &at);
		assert_ok(audio_write(out, frame, 5000));
		assert_ok(audio_read(in, frame, 5000));
		if (share_of(frame, 1000.0) > most) {
			most = share_of(frame, 1000.0);
			other = share_of(frame, 3000.0);
		}
	}
	assert_true(most > 0.9);
	assert_true(other < 0.01);
	assert_in_range(audio_delay_ms(out), 1, 2000);
	assert_ok(audio_drain(out, 5000));
	audio_close(in);
	audio_close(out);
}

static void
test_audio_pulse__no_such_device(void **state)
{
	(void)state;
	assert_refused(AUDIO_IN, "pulse:attic", ERR_NOTFOUND, "microphone");
	assert_refused(AUDIO_OUT, "pulse:attic", ERR_NOTFOUND, "loudspeaker");
}

static void
test_audio_pulse__a_server_that_dies_is_a_sentence(void **state)
{
	struct audio *in = open_ok(AUDIO_IN, NULL);
	struct audio *out = open_ok(AUDIO_OUT, NULL);
	int16_t frame[AUDIO_FRAME];
	int r = 0;

	(void)state;
	assert_ok(audio_read(in, frame, 5000));
	sound_server_stop(&server);
	/* What had come before is still there. */
	for (int i = 0; r == 0 && i < 1000; i++)
		r = audio_read(in, frame, 5000);
	assert_int_equal(r, ERR_CLOSED);
	assert_string_equal(audio_why(in), "The microphone has gone.");
	r = 0;
	for (int i = 0; r == 0 && i < 1000; i++)
		r = audio_write(out, frame, 5000);
	assert_int_equal(r, ERR_CLOSED);
	assert_string_equal(audio_why(out), "The loudspeaker has gone.");
	assert_int_equal(audio_drain(out, 100), ERR_CLOSED);
	audio_close(in);
	audio_close(out);
	assert_refused(AUDIO_IN, "pulse:", ERR_NOTFOUND, "does not answer");
}

/* ---- ALSA ---------------------------------------------------------------------------- */

static void
test_audio_alsa__needs_no_hardware_for_silence(void **state)
{
	struct audio *in = open_ok(AUDIO_IN, "alsa:null");
	struct audio *out = open_ok(AUDIO_OUT, "alsa:null");
	int16_t frame[AUDIO_FRAME];

	(void)state;
	for (int i = 0; i < 20; i++) {
		/* Its null device leaves the frame as it is. */
		memset(frame, 0, sizeof(frame));
		assert_ok(audio_read(in, frame, 5000));
		assert_ok(audio_write(out, frame, 5000));
	}
	assert_ok(audio_drain(out, 1000));
	assert_in_range(audio_delay_ms(out), 0, 1000);
	audio_close(in);
	audio_close(out);
	assert_refused(AUDIO_IN, "alsa:attic", ERR_NOTFOUND, "microphone");
}

/* A file of ALSA's own: the samples arrive in it as they were given. */
static void
test_audio_alsa__samples_arrive(void **state)
{
	char conf[96], line[512], raw[96], id[] = "alsa:tofile";
	int16_t sent[AUDIO_FRAME], got[AUDIO_FRAME];
	struct audio *out;
	size_t at = 0;
	FILE *f;

	(void)state;
	snprintf(conf, sizeof(conf), "%s/asound.conf", root);
	snprintf(raw, sizeof(raw), "%s/raw", root);
	snprintf(line, sizeof(line),
	    "pcm.tofile { type file; slave.pcm null; file \"%s\"; "
	    "format raw; }\n",
	    raw);
	f = fopen(conf, "we");
	assert_non_null(f);
	assert_true(fputs("</usr/share/alsa/alsa.conf>\n", f) >= 0 &&
		    fputs(line, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(setenv("ALSA_CONFIG_PATH", conf, 1), 0);
	out = open_ok(AUDIO_OUT, id);
	tone(sent, 500.0, &at);
	assert_ok(audio_write(out, sent, 5000));
	assert_ok(audio_drain(out, 1000));
	audio_close(out);
	assert_int_equal(unsetenv("ALSA_CONFIG_PATH"), 0);
	f = fopen(raw, "rbe");
	assert_non_null(f);
	assert_int_equal(fread(got, sizeof(got), 1, f), 1);
	fclose(f);
	assert_memory_equal(got, sent, sizeof(got));
}

int
main(void)
{
#define WITH_ROOT(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)
#define WITH_SERVER(f)                                                         \
	cmocka_unit_test_setup_teardown(f, start_server, stop_server)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_audio_open__refuses_what_is_no_id),
	    WITH_ROOT(test_audio_file__comes_back_as_it_went),
	    WITH_ROOT(test_audio_file__another_format_is_a_sentence),
	    cmocka_unit_test(test_audio_null__keeps_time_and_is_silent),
	    WITH_SERVER(test_audio_pulse__lists_what_is_there),
	    WITH_SERVER(test_audio_pulse__what_is_played_is_heard),
	    WITH_SERVER(test_audio_pulse__no_such_device),
	    WITH_SERVER(test_audio_pulse__a_server_that_dies_is_a_sentence),
	    cmocka_unit_test(test_audio_alsa__needs_no_hardware_for_silence),
	    WITH_ROOT(test_audio_alsa__samples_arrive),
	};
#undef WITH_ROOT
#undef WITH_SERVER

	return cmocka_run_group_tests(tests, NULL, NULL);
}
