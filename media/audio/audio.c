/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audio.c — which back end an id belongs to. */
#include "media/audio/audio.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "media/audio/audio_int.h"

/* Without an id, the first that answers. */
static const struct audio_ops *const systems[] = {&audio_pulse, &audio_alsa};
static const struct audio_ops *const all[] = {
    &audio_pulse, &audio_alsa, &audio_file, &audio_null};

int
audio_fail(struct audio_why *why, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return code;
}

int64_t
audio_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
no_system(struct audio_why *why)
{
	return audio_fail(why, ERR_NOTFOUND,
	    "No sound system answers: neither PulseAudio or PipeWire nor "
	    "ALSA.");
}

int
audio_list(enum audio_dir dir, struct audio_device *out, size_t cap,
    struct audio_why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
		int n = systems[i]->list(dir, out, cap, why);

		if (n != ERR_NOTFOUND)
			return n;
	}
	return no_system(why);
}

static int
open_with(struct audio *a, const struct audio_ops *ops, const char *name)
{
	a->ops = ops;
	return ops->open(a, name);
}

static int
open_default(struct audio *a)
{
	for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
		int r = open_with(a, systems[i], "");

		if (r != ERR_NOTFOUND)
			return r;
	}
	return no_system(&a->why);
}

static int
open_named(struct audio *a, const char *id)
{
	const char *colon = strchr(id, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - id);

	for (size_t i = 0; n > 0 && i < ARRAY_LEN(all); i++) {
		if (strlen(all[i]->prefix) == n &&
		    memcmp(all[i]->prefix, id, n) == 0)
			return open_with(a, all[i], colon + 1);
	}
	return audio_fail(&a->why, ERR_FORMAT,
	    "A sound device is named pulse:NAME, alsa:NAME or file:PATH.");
}

int
audio_open(struct audio **out, enum audio_dir dir, const char *id,
    struct audio_why *why)
{
	struct audio *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return audio_fail(why, ERR_NOMEM, "Out of memory.");
	a->dir = dir;
	r = id == NULL || id[0] == '\0' ? open_default(a) : open_named(a, id);
	if (r != 0) {
		*why = a->why;
		free(a);
		return r;
	}
	*out = a;
	return 0;
}

void
audio_close(struct audio *a)
{
	if (a == NULL)
		return;
	a->ops->close(a);
	free(a);
}

int
audio_read(struct audio *a, int16_t frame[static AUDIO_FRAME], int timeout_ms)
{
	if (a->dir != AUDIO_IN)
		return ERR_STATE;
	return a->ops->read(a, frame, timeout_ms);
}

int
audio_write(
    struct audio *a, const int16_t frame[static AUDIO_FRAME], int timeout_ms)
{
	if (a->dir != AUDIO_OUT)
		return ERR_STATE;
	return a->ops->write(a, frame, timeout_ms);
}

int
audio_drain(struct audio *a, int timeout_ms)
{
	if (a->dir != AUDIO_OUT)
		return ERR_STATE;
	return a->ops->drain(a, timeout_ms);
}

int
audio_delay_ms(struct audio *a)
{
	return a->ops->delay_ms(a);
}

const char *
audio_why(const struct audio *a)
{
	return a->why.text;
}
