/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audio_pulse.c — PulseAudio's client library, which speaks to PipeWire, too.
 * Its event loop turns inside of the calls of audio.h and nowhere else; when
 * the device goes, the server moves the stream to another one if it can.
 * Source: PulseAudio 16 client API, pulse/stream.h, pulse/introspect.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pulse/pulseaudio.h>

#include "media/audio/audio_int.h"
#include "media/audio/library.h"

#define ANSWER_MS 3000 /* for the server to answer */
#define CARRY_MAX 65536 /* bytes of a fragment that are kept */

#define PULSE_FNS(X)                                                           \
	X(mainloop_new)                                                        \
	X(mainloop_free)                                                       \
	X(mainloop_get_api)                                                    \
	X(mainloop_prepare)                                                    \
	X(mainloop_poll)                                                       \
	X(mainloop_dispatch)                                                   \
	X(context_new)                                                         \
	X(context_unref)                                                       \
	X(context_connect)                                                     \
	X(context_disconnect)                                                  \
	X(context_get_state)                                                   \
	X(context_errno)                                                       \
	X(context_get_server_info)                                             \
	X(context_get_source_info_list)                                        \
	X(context_get_sink_info_list)                                          \
	X(operation_get_state)                                                 \
	X(operation_unref)                                                     \
	X(stream_new)                                                          \
	X(stream_unref)                                                        \
	X(stream_connect_record)                                               \
	X(stream_connect_playback)                                             \
	X(stream_disconnect)                                                   \
	X(stream_get_state)                                                    \
	X(stream_peek)                                                         \
	X(stream_drop)                                                         \
	X(stream_write)                                                        \
	X(stream_writable_size)                                                \
	X(stream_drain)                                                        \
	X(stream_get_latency)                                                  \
	X(strerror)

static struct {
#define X(name) __typeof__(pa_##name) *name;
	PULSE_FNS(X)
#undef X
} pa;

static const struct library_row rows[] = {
#define X(name) {"pa_" #name, &pa.name},
    PULSE_FNS(X)
#undef X
	{NULL, NULL},
};

struct pulse {
	pa_mainloop *loop;
	pa_context *ctx;
	pa_stream *stream;
	size_t len; /* of carry: what a fragment had beyond the last frame */
	uint8_t carry[CARRY_MAX];
};

static bool
have_library(void)
{
	static int have = -1;

	if (have < 0)
		have = library_open("libpulse.so.0", rows);
	return have != 0;
}

/* ---- the loop ----------------------------------------------------------------- */

/* One turn that waits at most until then: 0, ERR_TIMEOUT, ERR_CLOSED. */
static int
turn(struct pulse *p, int64_t until_us)
{
	int64_t left = until_us - audio_now_us();

	if (left <= 0)
		return ERR_TIMEOUT;
	if (left > 1000000)
		left = 1000000;
	if (pa.mainloop_prepare(p->loop, (int)left) < 0 ||
	    pa.mainloop_poll(p->loop) < 0 || pa.mainloop_dispatch(p->loop) < 0)
		return ERR_CLOSED;
	return 0;
}

static int64_t
from_now(int timeout_ms)
{
	return audio_now_us() + (int64_t)timeout_ms * 1000;
}

static void
hang_up(struct pulse *p)
{
	if (p->stream != NULL) {
		pa.stream_disconnect(p->stream);
		pa.stream_unref(p->stream);
	}
	if (p->ctx != NULL) {
		pa.context_disconnect(p->ctx);
		pa.context_unref(p->ctx);
	}
	if (p->loop != NULL)
		pa.mainloop_free(p->loop);
	free(p);
}

/* Wait for the server: 0, ERR_NOTFOUND nobody answers. */
static int
wait_ready(struct pulse *p)
{
	int64_t until = from_now(ANSWER_MS);
	int r = 0;

	while (r == 0) {
		pa_context_state_t s = pa.context_get_state(p->ctx);

		if (s == PA_CONTEXT_READY)
			return 0;
		if (!PA_CONTEXT_IS_GOOD(s))
			break;
		r = turn(p, until);
	}
	return ERR_NOTFOUND;
}

static int
dial(struct pulse **out, struct audio_why *why)
{
	struct pulse *p;
	int r = ERR_NOMEM;

	if (!have_library())
		return audio_fail(
		    why, ERR_NOTFOUND, "libpulse is not installed.");
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return audio_fail(why, ERR_NOMEM, "Out of memory.");
	p->loop = pa.mainloop_new();
	if (p->loop != NULL)
		p->ctx = pa.context_new(pa.mainloop_get_api(p->loop), "Sotto");
	/* A server is not ours to start. */
	if (p->ctx != NULL)
		r = pa.context_connect(
			p->ctx, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0
			? ERR_NOTFOUND
			: wait_ready(p);
	if (r != 0) {
		audio_fail(why, r, "PulseAudio or PipeWire does not answer.");
		hang_up(p);
		return r;
	}
	*out = p;
	return 0;
}

/* Until the operation has ended; it is given up then. */
static int
await(struct pulse *p, pa_operation *o, int64_t until_us)
{
	int r = 0;

	if (o == NULL)
		return ERR_CLOSED;
	while (r == 0 && pa.operation_get_state(o) == PA_OPERATION_RUNNING)
		r = turn(p, until_us);
	pa.operation_unref(o);
	return r;
}

/* ---- what there is --------------------------------------------------------------- */

struct listing {
	enum audio_dir dir;
	struct audio_device *out;
	size_t n, cap;
	char best[AUDIO_ID_MAX]; /* the default's name */
};

static void
on_server(pa_context *c, const pa_server_info *i, void *ctx)
{
	struct listing *l = ctx;
	const char *name;

	(void)c;
	if (i == NULL)
		return;
	name =
	    l->dir == AUDIO_IN ? i->default_source_name : i->default_sink_name;
	if (name != NULL)
		snprintf(l->best, sizeof(l->best), "%s", name);
}

static void
add(struct listing *l, const char *name, const char *words)
{
	struct audio_device *d = &l->out[l->n];
	struct audio_device first;
	int n;

	if (l->n == l->cap)
		return;
	n = snprintf(d->id, sizeof(d->id), "pulse:%s", name);
	if (n < 0 || (size_t)n >= sizeof(d->id))
		return; /* an id that is cut names another */
	snprintf(d->name, sizeof(d->name), "%s", words != NULL ? words : name);
	d->is_default = strcmp(name, l->best) == 0;
	if (d->is_default && l->n > 0) {
		first = *d;
		memmove(&l->out[1], &l->out[0], l->n * sizeof(*d));
		l->out[0] = first;
	}
	l->n++;
}

static void
on_source(pa_context *c, const pa_source_info *i, int end, void *ctx)
{
	struct listing *l = ctx;

	(void)c;
	/* What a loudspeaker plays is no microphone, unless it was chosen. */
	if (end == 0 && (i->monitor_of_sink == PA_INVALID_INDEX ||
			    strcmp(i->name, l->best) == 0))
		add(l, i->name, i->description);
}

static void
on_sink(pa_context *c, const pa_sink_info *i, int end, void *ctx)
{
	(void)c;
	if (end == 0)
		add(ctx, i->name, i->description);
}

static int
pulse_list(enum audio_dir dir, struct audio_device *out, size_t cap,
    struct audio_why *why)
{
	struct listing l = {.dir = dir, .out = out, .cap = cap};
	struct pulse *p = NULL;
	int64_t until = from_now(ANSWER_MS);
	int r = dial(&p, why);

	if (p == NULL)
		return r;
	r = await(p, pa.context_get_server_info(p->ctx, on_server, &l), until);
	if (r == 0)
		r = await(p,
		    dir == AUDIO_IN
			? pa.context_get_source_info_list(p->ctx, on_source, &l)
			: pa.context_get_sink_info_list(p->ctx, on_sink, &l),
		    until);
	hang_up(p);
	if (r != 0)
		return audio_fail(
		    why, ERR_NOTFOUND, "The sound server stopped answering.");
	return (int)l.n;
}

/* ---- a stream ----------------------------------------------------------------------- */

static const char *
noun(const struct audio *a)
{
	return a->dir == AUDIO_IN ? "microphone" : "loudspeaker";
}

static int
refused(struct audio *a, struct pulse *p)
{
	int e = pa.context_errno(p->ctx);

	if (e == PA_ERR_NOENTITY)
		return audio_fail(
		    &a->why, ERR_NOTFOUND, "There is no such %s.", noun(a));
	if (e == PA_ERR_ACCESS)
		return audio_fail(&a->why, ERR_DENIED,
		    "The sound server does not allow the %s.", noun(a));
	if (e == PA_ERR_BUSY)
		return audio_fail(
		    &a->why, ERR_BUSY, "Another program has the %s.", noun(a));
	return audio_fail(
	    &a->why, ERR_IO, "The %s: %s.", noun(a), pa.strerror(e));
}

static int
connect_stream(struct audio *a, struct pulse *p, const char *dev)
{
	static const pa_sample_spec spec = {
	    .format = PA_SAMPLE_S16NE, .rate = AUDIO_HZ, .channels = 1};
	const pa_buffer_attr attr = {.maxlength = UINT32_MAX,
	    .tlength = AUDIO_DELAY_MS / AUDIO_FRAME_MS * AUDIO_FRAME_BYTES,
	    .prebuf = AUDIO_FRAME_BYTES,
	    .minreq = AUDIO_FRAME_BYTES,
	    .fragsize = AUDIO_FRAME_BYTES};
	const pa_stream_flags_t flags = PA_STREAM_ADJUST_LATENCY |
					PA_STREAM_AUTO_TIMING_UPDATE |
					PA_STREAM_INTERPOLATE_TIMING;

	p->stream = pa.stream_new(p->ctx, "Sotto", &spec, NULL);
	if (p->stream == NULL)
		return -1;
	return a->dir == AUDIO_IN
		   ? pa.stream_connect_record(p->stream, dev, &attr, flags)
		   : pa.stream_connect_playback(
			 p->stream, dev, &attr, flags, NULL, NULL);
}

static int
pulse_open(struct audio *a, const char *name)
{
	int64_t until = from_now(ANSWER_MS);
	struct pulse *p = NULL;
	pa_stream_state_t s;
	int r = dial(&p, &a->why);

	if (p == NULL)
		return r;
	if (connect_stream(a, p, name[0] != '\0' ? name : NULL) < 0) {
		r = refused(a, p);
		goto fail;
	}
	while ((s = pa.stream_get_state(p->stream)) != PA_STREAM_READY) {
		if (!PA_STREAM_IS_GOOD(s)) {
			r = refused(a, p);
			goto fail;
		}
		r = turn(p, until);
		if (r != 0) {
			audio_fail(
			    &a->why, r, "The %s does not start.", noun(a));
			goto fail;
		}
	}
	a->state = p;
	return 0;
fail:
	hang_up(p);
	return r;
}

static void
pulse_close(struct audio *a)
{
	hang_up(a->state);
}

static int
check_here(struct audio *a, struct pulse *p)
{
	if (pa.context_get_state(p->ctx) == PA_CONTEXT_READY &&
	    pa.stream_get_state(p->stream) == PA_STREAM_READY)
		return 0;
	return audio_fail(&a->why, ERR_CLOSED, "The %s has gone.", noun(a));
}

static int
turn_or_gone(struct audio *a, struct pulse *p, int64_t until_us)
{
	int r = turn(p, until_us);

	if (r == ERR_CLOSED)
		return audio_fail(&a->why, r, "The %s has gone.", noun(a));
	return r;
}

/* What has come, behind what was carried over. A hole is silence. */
static int
take_fragment(struct audio *a, struct pulse *p)
{
	const void *data;
	size_t n = 0, room = sizeof(p->carry) - p->len;

	if (pa.stream_peek(p->stream, &data, &n) < 0)
		return refused(a, p);
	if (n == 0)
		return 0;
	if (n <= room) {
		if (data != NULL)
			memcpy(p->carry + p->len, data, n);
		else
			memset(p->carry + p->len, 0, n);
		p->len += n;
	}
	return pa.stream_drop(p->stream) < 0 ? refused(a, p) : 0;
}

static int
pulse_read(struct audio *a, int16_t *frame, int timeout_ms)
{
	struct pulse *p = a->state;
	int64_t until = from_now(timeout_ms);
	int r = 0;

	while (r == 0 && p->len < AUDIO_FRAME_BYTES) {
		size_t before = p->len;

		r = check_here(a, p);
		if (r == 0)
			r = take_fragment(a, p);
		if (r == 0 && p->len == before)
			r = turn_or_gone(a, p, until);
	}
	if (p->len < AUDIO_FRAME_BYTES)
		return r;
	memcpy(frame, p->carry, AUDIO_FRAME_BYTES);
	p->len -= AUDIO_FRAME_BYTES;
	memmove(p->carry, p->carry + AUDIO_FRAME_BYTES, p->len);
	return 0;
}

static int
pulse_write(struct audio *a, const int16_t *frame, int timeout_ms)
{
	struct pulse *p = a->state;
	int64_t until = from_now(timeout_ms);
	int r;

	while ((r = check_here(a, p)) == 0 &&
	       pa.stream_writable_size(p->stream) < AUDIO_FRAME_BYTES) {
		r = turn_or_gone(a, p, until);
		if (r != 0)
			return r;
	}
	if (r != 0)
		return r;
	if (pa.stream_write(p->stream, frame, AUDIO_FRAME_BYTES, NULL, 0,
		PA_SEEK_RELATIVE) < 0)
		return refused(a, p);
	/* It leaves with the next turn; one that does not wait. */
	r = turn_or_gone(a, p, audio_now_us() + 1);
	return r == ERR_TIMEOUT ? 0 : r;
}

static void
on_drained(pa_stream *s, int success, void *ctx)
{
	(void)s;
	*(bool *)ctx = success != 0;
}

static int
pulse_drain(struct audio *a, int timeout_ms)
{
	struct pulse *p = a->state;
	bool done = false;
	int r = check_here(a, p);

	if (r == 0)
		r = await(p, pa.stream_drain(p->stream, on_drained, &done),
		    from_now(timeout_ms));
	if (r == 0 && !done)
		r = refused(a, p);
	return r;
}

static int
pulse_delay_ms(struct audio *a)
{
	struct pulse *p = a->state;
	pa_usec_t us = 0;
	int negative = 0;

	if (pa.stream_get_latency(p->stream, &us, &negative) < 0 || negative)
		return 0;
	return (int)(us / 1000);
}

const struct audio_ops audio_pulse = {.prefix = "pulse",
    .list = pulse_list,
    .open = pulse_open,
    .close = pulse_close,
    .read = pulse_read,
    .write = pulse_write,
    .drain = pulse_drain,
    .delay_ms = pulse_delay_ms};
