/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audio_alsa.c — ALSA, for machines without a sound server.
 * Source: the ALSA library's API, alsa/pcm.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <alsa/asoundlib.h>

#include "media/audio/audio_int.h"
#include "media/audio/library.h"

#define ALSA_FNS(X)                                                            \
	X(pcm_open)                                                            \
	X(pcm_close)                                                           \
	X(pcm_set_params)                                                      \
	X(pcm_start)                                                           \
	X(pcm_state)                                                           \
	X(pcm_wait)                                                            \
	X(pcm_readi)                                                           \
	X(pcm_writei)                                                          \
	X(pcm_recover)                                                         \
	X(pcm_nonblock)                                                        \
	X(pcm_drain)                                                           \
	X(pcm_delay)                                                           \
	X(pcm_avail_update)                                                    \
	X(device_name_hint)                                                    \
	X(device_name_get_hint)                                                \
	X(device_name_free_hint)                                               \
	X(lib_error_set_handler)                                               \
	X(strerror)

static struct {
#define X(name) __typeof__(snd_##name) *name;
	ALSA_FNS(X)
#undef X
} snd;

static const struct library_row rows[] = {
#define X(name) {"snd_" #name, &snd.name},
    ALSA_FNS(X)
#undef X
	{NULL, NULL},
};

/* The library's own words go to standard error, which is somebody's screen. */
static void
say_nothing(
    const char *file, int line, const char *fn, int err, const char *fmt, ...)
{
	(void)file;
	(void)line;
	(void)fn;
	(void)err;
	(void)fmt;
}

static bool
have_library(void)
{
	static int have = -1;

	if (have < 0) {
		have = library_open("libasound.so.2", rows);
		if (have != 0)
			snd.lib_error_set_handler(say_nothing);
	}
	return have != 0;
}

static const char *
noun(const struct audio *a)
{
	return a->dir == AUDIO_IN ? "microphone" : "loudspeaker";
}

static int
failed(struct audio *a, int e)
{
	if (e == -ENODEV || e == -ENOENT || e == -ENXIO)
		return audio_fail(&a->why,
		    a->state != NULL ? ERR_CLOSED : ERR_NOTFOUND,
		    a->state != NULL ? "The %s has gone."
				     : "There is no such %s.",
		    noun(a));
	if (e == -EBUSY)
		return audio_fail(
		    &a->why, ERR_BUSY, "Another program has the %s.", noun(a));
	if (e == -EACCES || e == -EPERM)
		return audio_fail(&a->why, ERR_DENIED,
		    "The %s may not be used: is this account in the group "
		    "\"audio\"?",
		    noun(a));
	return audio_fail(
	    &a->why, ERR_IO, "The %s: %s.", noun(a), snd.strerror(e));
}

/* ---- what there is --------------------------------------------------------------- */

/* Hints name every channel layout of every card; these are for people. */
static bool
is_for_people(const char *name)
{
	return strcmp(name, "default") == 0 || strncmp(name, "plughw:", 7) == 0;
}

static bool
add(struct audio_device *d, const char *name, const char *words)
{
	int n = snprintf(d->id, sizeof(d->id), "alsa:%s", name);

	if (n < 0 || (size_t)n >= sizeof(d->id))
		return false;
	snprintf(d->name, sizeof(d->name), "%s", words != NULL ? words : name);
	/* Descriptions have two lines. */
	for (char *c = d->name; *c != '\0'; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	d->is_default = strcmp(name, "default") == 0;
	return true;
}

static int
alsa_list(enum audio_dir dir, struct audio_device *out, size_t cap,
    struct audio_why *why)
{
	void **hints;
	size_t n = 0;

	if (!have_library())
		return audio_fail(
		    why, ERR_NOTFOUND, "libasound is not installed.");
	if (snd.device_name_hint(-1, "pcm", &hints) < 0)
		return 0;
	for (void **h = hints; *h != NULL && n < cap; h++) {
		char *name = snd.device_name_get_hint(*h, "NAME");
		char *words = snd.device_name_get_hint(*h, "DESC");
		char *io = snd.device_name_get_hint(*h, "IOID");

		/* No direction: both. */
		if (name != NULL && is_for_people(name) &&
		    (io == NULL ||
			strcmp(io, dir == AUDIO_IN ? "Input" : "Output") ==
			    0) &&
		    add(&out[n], name, words))
			n++;
		free(name);
		free(words);
		free(io);
	}
	snd.device_name_free_hint(hints);
	return (int)n;
}

/* ---- a stream ----------------------------------------------------------------------- */

static int
alsa_open(struct audio *a, const char *name)
{
	snd_pcm_t *pcm = NULL;
	int e;

	if (!have_library())
		return audio_fail(
		    &a->why, ERR_NOTFOUND, "libasound is not installed.");
	e = snd.pcm_open(&pcm, name[0] != '\0' ? name : "default",
	    a->dir == AUDIO_IN ? SND_PCM_STREAM_CAPTURE
			       : SND_PCM_STREAM_PLAYBACK,
	    SND_PCM_NONBLOCK);
	if (e < 0)
		return failed(a, e);
	e = snd.pcm_set_params(pcm, SND_PCM_FORMAT_S16,
	    SND_PCM_ACCESS_RW_INTERLEAVED, 1, AUDIO_HZ, 1,
	    AUDIO_DELAY_MS * 1000);
	if (e == 0 && a->dir == AUDIO_IN)
		e = snd.pcm_start(pcm);
	if (e < 0) {
		e = failed(a, e);
		snd.pcm_close(pcm);
		return e;
	}
	a->state = pcm;
	return 0;
}

static void
alsa_close(struct audio *a)
{
	snd.pcm_close(a->state);
}

/* After an overrun or an underrun, and after a suspended machine. */
static int
recover(struct audio *a, int e)
{
	snd_pcm_t *pcm = a->state;

	e = snd.pcm_recover(pcm, e, 1);
	if (e == 0 && a->dir == AUDIO_IN &&
	    snd.pcm_state(pcm) == SND_PCM_STATE_PREPARED)
		e = snd.pcm_start(pcm);
	return e < 0 ? failed(a, e) : 0;
}

/* Until there is something, or room: 0, ERR_TIMEOUT, or what failed() says. */
static int
wait_for_it(struct audio *a, int64_t until_us)
{
	int64_t left = (until_us - audio_now_us() + 999) / 1000;
	int e;

	if (left <= 0)
		return ERR_TIMEOUT;
	e = snd.pcm_wait(a->state, (int)left);
	return e < 0 ? recover(a, e) : 0;
}

/* Until a whole frame is there, or has room: halves are never moved. */
static int
wait_for_frame(struct audio *a, int timeout_ms)
{
	int64_t until = audio_now_us() + (int64_t)timeout_ms * 1000;
	int r = 0;

	while (r == 0) {
		snd_pcm_sframes_t n = snd.pcm_avail_update(a->state);

		if (n >= AUDIO_FRAME)
			return 0;
		r = n < 0 ? recover(a, (int)n) : wait_for_it(a, until);
	}
	return r;
}

static int
alsa_read(struct audio *a, int16_t *frame, int timeout_ms)
{
	int r = wait_for_frame(a, timeout_ms);
	snd_pcm_sframes_t n;

	if (r != 0)
		return r;
	n = snd.pcm_readi(a->state, frame, AUDIO_FRAME);
	if (n == AUDIO_FRAME)
		return 0;
	return n < 0 ? failed(a, (int)n) : failed(a, -EIO);
}

static int
alsa_write(struct audio *a, const int16_t *frame, int timeout_ms)
{
	int r = wait_for_frame(a, timeout_ms);
	snd_pcm_sframes_t n;

	if (r != 0)
		return r;
	n = snd.pcm_writei(a->state, frame, AUDIO_FRAME);
	if (n == AUDIO_FRAME)
		return 0;
	return n < 0 ? failed(a, (int)n) : failed(a, -EIO);
}

/* snd_pcm_drain() waits by itself, for at most what is buffered. */
static int
alsa_drain(struct audio *a, int timeout_ms)
{
	int e;

	(void)timeout_ms;
	e = snd.pcm_nonblock(a->state, 0);
	if (e == 0)
		e = snd.pcm_drain(a->state);
	if (e == 0)
		e = snd.pcm_nonblock(a->state, 1);
	return e < 0 ? failed(a, e) : 0;
}

static int
alsa_delay_ms(struct audio *a)
{
	snd_pcm_sframes_t n = 0;

	if (snd.pcm_delay(a->state, &n) < 0 || n < 0)
		return 0;
	return (int)(n * 1000 / AUDIO_HZ);
}

const struct audio_ops audio_alsa = {.prefix = "alsa",
    .list = alsa_list,
    .open = alsa_open,
    .close = alsa_close,
    .read = alsa_read,
    .write = alsa_write,
    .drain = alsa_drain,
    .delay_ms = alsa_delay_ms};
