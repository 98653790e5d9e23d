/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faster and slower at the same pitch. */
#include <math.h>
#include <stdlib.h>

#include "media/audio/stretch.h"
#include "tests/unit/test.h"

#define PI	  3.14159265358979323846
#define IN_MAX	  (AUDIO_HZ * 2)
#define OUT_MAX	  (IN_MAX * 2 + 4096)
#define TONE_HZ	  220.0
#define AMPLITUDE 12000.0

static int16_t in[IN_MAX], out[OUT_MAX];

static void
fill_tone(void)
{
	for (size_t i = 0; i < IN_MAX; i++)
		in[i] = (int16_t)(AMPLITUDE * sin(2.0 * PI * TONE_HZ *
						  (double)i / AUDIO_HZ));
}

/* All of in[] through it, put in pieces of 333; how many came out. */
static size_t
run(struct stretch *s, void (*at_half)(struct stretch *))
{
	size_t put = 0, got = 0;

	while (put < IN_MAX) {
		size_t n = IN_MAX - put < 333 ? IN_MAX - put : 333;

		if (n > stretch_room(s))
			n = stretch_room(s);
		assert_true(n > 0);
		stretch_put(s, in + put, n);
		put += n;
		if (at_half != NULL && put >= IN_MAX / 2) {
			at_half(s);
			at_half = NULL;
		}
		while (stretch_get(s, out + got))
			got += STRETCH_STEP;
		assert_true(got + STRETCH_STEP <= OUT_MAX);
	}
	return got;
}

static double
pitch_of(const int16_t *p, size_t n)
{
	size_t ups = 0;

	for (size_t i = 1; i < n; i++)
		ups += p[i - 1] < 0 && p[i] >= 0;
	return (double)ups * AUDIO_HZ / (double)n;
}

/* A tone has no step larger than its slope allows: a click has. */
static void
assert_no_click(const int16_t *p, size_t n)
{
	const double slope = AMPLITUDE * 2.0 * PI * TONE_HZ / AUDIO_HZ;

	for (size_t i = 1; i < n; i++) {
		if (abs(p[i] - p[i - 1]) > (int)(slope * 2.0))
			fail_msg(
			    "a step of %d at %zu", abs(p[i] - p[i - 1]), i);
	}
}

static void
test_stretch__100_changes_nothing(void **state)
{
	struct stretch s;
	size_t n;

	(void)state;
	srandom(1);
	for (size_t i = 0; i < IN_MAX; i++)
		in[i] = (int16_t)(random() & 0xffff);
	stretch_init(&s, 100);
	n = run(&s, NULL);
	assert_in_range(n, IN_MAX - STRETCH_ROOM, IN_MAX);
	assert_memory_equal(out, in, n * sizeof(*in));
}

static void
test_stretch__keeps_the_pitch(void **state)
{
	static const int speeds[] = {50, 80, 150, 200};

	(void)state;
	fill_tone();
	for (size_t i = 0; i < ARRAY_LEN(speeds); i++) {
		struct stretch s;
		double want = IN_MAX * 100.0 / speeds[i];
		size_t n;

		stretch_init(&s, speeds[i]);
		n = run(&s, NULL);
		/* What is not yet enough for a piece stays in it. */
		assert_true(fabs((double)n - want) < 8.0 * STRETCH_STEP);
		assert_true(fabs(pitch_of(out, n) - TONE_HZ) < 5.0);
		assert_no_click(out, n);
	}
}

static void
to_200(struct stretch *s)
{
	stretch_set(s, 200);
}

static void
to_100(struct stretch *s)
{
	stretch_set(s, 100);
}

static void
test_stretch_set__changes_without_a_click(void **state)
{
	struct stretch s;
	size_t n;

	(void)state;
	fill_tone();
	stretch_init(&s, 100);
	n = run(&s, to_200);
	assert_in_range(n, IN_MAX * 74 / 100, IN_MAX * 76 / 100);
	assert_no_click(out, n);
	stretch_init(&s, 150);
	n = run(&s, to_100);
	assert_no_click(out, n);
	stretch_init(&s, 10);
	assert_int_equal(s.percent, STRETCH_MIN);
	stretch_set(&s, 1000);
	assert_int_equal(s.percent, STRETCH_MAX);
}

static void
test_stretch_put__takes_no_more_than_there_is_room(void **state)
{
	struct stretch s;

	(void)state;
	fill_tone();
	stretch_init(&s, 200);
	stretch_put(&s, in, IN_MAX);
	assert_int_equal(stretch_room(&s), 0);
	assert_true(stretch_get(&s, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stretch__100_changes_nothing),
	    cmocka_unit_test(test_stretch__keeps_the_pitch),
	    cmocka_unit_test(test_stretch_set__changes_without_a_click),
	    cmocka_unit_test(
		test_stretch_put__takes_no_more_than_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
