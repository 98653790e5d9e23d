/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve.c — one thread: a frame in or out, then a look at what is asked. While
 * nothing is recorded or played it sleeps until something is.
 */
#include "media/audio/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/proto/audio.pb-c.h"
#include "media/audio/audio.h"
#include "media/audio/stretch.h"
#include "media/audio/voice.h"
#include "media/stream.h"

#define WAIT_MS		100 /* for a device, before requests are looked at */
#define DEVICE_MS	3000 /* one that does nothing for so long is given up */
#define LEVEL_FRAMES	5 /* between two levels */
#define POSITION_FRAMES 10
#define AHEAD_MS	5000 /* of samples, below which more are wanted */
#define SAMPLES_PER_MS	(AUDIO_HZ / 1000)

typedef Sotto__Audio__Request Request;
typedef Sotto__Audio__Event Event;

/* Samples that wait to be played. */
struct piece {
	uint8_t *pcm;
	size_t n, at; /* samples; played */
	uint32_t from_ms;
	bool last;
};

enum doing { IDLE, RECORDING, PLAYING };

struct serve {
	int fd;
	enum doing doing;
	bool paused;
	uint32_t serial; /* of what is under way, or was last */
	struct audio *dev;
	int waited_ms; /* for the device */
	unsigned frames; /* since the last level or position */
	/* recording */
	struct voice *voice;
	uint32_t max_ms;
	uint8_t loudest; /* since the last level */
	/* playing */
	struct stretch stretch;
	struct piece now, next;
	bool wanted; /* an answer is under way */
	int16_t out[STRETCH_STEP]; /* held until the device takes it */
	bool held;
	bool flushed; /* all samples, and silence behind them */
	uint32_t want_ms;
};

/* ---- the socket -------------------------------------------------------------------- */

static int
tell(struct serve *s, Event *ev)
{
	size_t len;
	uint8_t *p;
	int r;

	ev->serial = s->serial;
	len = sotto__audio__event__get_packed_size(ev);
	p = malloc(4 + len);
	if (p == NULL)
		return ERR_NOMEM;
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	sotto__audio__event__pack(ev, p + 4);
	r = stream_write(s->fd, p, 4 + len);
	free(p);
	return r;
}

#define EVENT(ev, KIND, field, value)                                          \
	Event ev = SOTTO__AUDIO__EVENT__INIT;                                  \
	ev.body_case = SOTTO__AUDIO__EVENT__BODY_##KIND;                       \
	ev.field = (value)

static int
tell_ended(struct serve *s)
{
	Sotto__Audio__Ended m = SOTTO__AUDIO__ENDED__INIT;
	EVENT(ev, ENDED, ended, &m);

	return tell(s, &ev);
}

static int
tell_failed(struct serve *s, int code, const char *text)
{
	Sotto__Audio__Failed m = SOTTO__AUDIO__FAILED__INIT;
	EVENT(ev, FAILED, failed, &m);

	m.code = code;
	m.text = (char *)(uintptr_t)text;
	return tell(s, &ev);
}

/* ---- what is under way ----------------------------------------------------------------- */

static void
piece_clear(struct piece *p)
{
	free(p->pcm);
	memset(p, 0, sizeof(*p));
}

static void
rest(struct serve *s)
{
	audio_close(s->dev);
	voice_free(s->voice);
	piece_clear(&s->now);
	piece_clear(&s->next);
	s->dev = NULL;
	s->voice = NULL;
	s->doing = IDLE;
	s->paused = s->wanted = s->flushed = s->held = false;
	s->frames = 0;
	s->waited_ms = 0;
	s->loudest = 0;
}

/* Has the device moved a frame? Some take their time to start. */
static int
moved(struct serve *s, int code)
{
	if (code != ERR_TIMEOUT) {
		s->waited_ms = 0;
		return code;
	}
	s->waited_ms += WAIT_MS;
	return s->waited_ms < DEVICE_MS ? ERR_AGAIN : ERR_TIMEOUT;
}

/* The device or the encoder; nobody's fault on the socket. */
static int
give_up(struct serve *s, int code)
{
	const char *why = s->dev != NULL ? audio_why(s->dev) : "";
	int r;

	if (code == ERR_TIMEOUT)
		why = "The sound device does nothing.";
	r = tell_failed(s, code, why[0] != '\0' ? why : err_str(code));

	rest(s);
	return r;
}

/* ---- recording --------------------------------------------------------------------------- */

static int
on_ogg(void *ctx, const uint8_t *p, size_t len)
{
	const ProtobufCBinaryData b = {len, (uint8_t *)(uintptr_t)p};
	EVENT(ev, OGG, ogg, b);

	return tell(ctx, &ev);
}

static int
start_recording(struct serve *s, uint32_t serial, const Sotto__Audio__Record *m)
{
	struct audio_why why = {.text = ""};
	int r;

	if (s->doing != IDLE || m->max_ms == 0)
		return ERR_FORMAT;
	s->serial = serial;
	r = audio_open(&s->dev, AUDIO_IN, m->device, &why);
	if (r != 0)
		return tell_failed(s, r, why.text);
	s->max_ms = m->max_ms < VOICE_MAX_MS ? m->max_ms : VOICE_MAX_MS;
	s->doing = RECORDING;
	r = voice_new(&s->voice, s->max_ms, on_ogg, s);
	return r == 0 ? 0 : give_up(s, r);
}

static int
tell_level(struct serve *s)
{
	Sotto__Audio__Level m = SOTTO__AUDIO__LEVEL__INIT;
	EVENT(ev, LEVEL, level, &m);

	m.ms = voice_ms(s->voice);
	m.loudness = s->loudest;
	s->frames = 0;
	s->loudest = 0;
	return tell(s, &ev);
}

static int
finish_recording(struct serve *s)
{
	Sotto__Audio__Recorded m = SOTTO__AUDIO__RECORDED__INIT;
	struct voice_facts f;
	EVENT(ev, RECORDED, recorded, &m);
	int r = voice_finish(s->voice, &f);

	if (r == ERR_STATE)
		r = tell_failed(s, r, "Nothing was recorded.");
	else if (r != 0)
		return give_up(s, r);
	else {
		m.duration_ms = f.duration_ms;
		m.bars.data = f.bars;
		m.bars.len = sizeof(f.bars);
		r = tell(s, &ev);
	}
	rest(s);
	return r;
}

static int
record_frame(struct serve *s)
{
	int16_t frame[AUDIO_FRAME];
	uint8_t level;
	int r = moved(s, audio_read(s->dev, frame, WAIT_MS));

	if (r == ERR_CLOSED && voice_ms(s->voice) > 0)
		return finish_recording(s); /* what there is is kept */
	if (r == ERR_AGAIN)
		return 0;
	if (r != 0)
		return give_up(s, r);
	if (s->paused)
		return 0;
	r = voice_put(s->voice, frame);
	if (r != 0)
		return give_up(s, r);
	level = voice_level(frame);
	if (level > s->loudest)
		s->loudest = level;
	if (voice_ms(s->voice) >= s->max_ms)
		return finish_recording(s);
	return ++s->frames >= LEVEL_FRAMES ? tell_level(s) : 0;
}

/* ---- playing -------------------------------------------------------------------------------- */

static int
want(struct serve *s, uint32_t from_ms)
{
	Sotto__Audio__Want m = SOTTO__AUDIO__WANT__INIT;
	EVENT(ev, WANT, want, &m);

	m.from_ms = s->want_ms = from_ms;
	s->wanted = true;
	return tell(s, &ev);
}

static int
start_playing(struct serve *s, uint32_t serial, const Sotto__Audio__Play *m)
{
	struct audio_why why = {.text = ""};
	int r;

	if (s->doing == RECORDING)
		return ERR_FORMAT;
	rest(s); /* another place of the same, or another note */
	s->serial = serial;
	r = audio_open(&s->dev, AUDIO_OUT, m->device, &why);
	if (r != 0)
		return tell_failed(s, r, why.text);
	s->doing = PLAYING;
	stretch_init(&s->stretch, (int)m->speed);
	return want(s, m->from_ms);
}

static uint32_t
end_of(const struct piece *p)
{
	return p->from_ms + (uint32_t)(p->n / SAMPLES_PER_MS);
}

static int
take_samples(struct serve *s, uint32_t serial, Sotto__Audio__Samples *m)
{
	struct piece *p = s->now.pcm == NULL ? &s->now : &s->next;

	if (s->doing != PLAYING || !s->wanted || serial != s->serial ||
	    m->from_ms != s->want_ms)
		return 0; /* of what was stopped meanwhile */
	if (p->pcm != NULL || m->pcm.len % 2 != 0 ||
	    m->pcm.len / 2 > (size_t)SERVE_SAMPLES_MS * SAMPLES_PER_MS ||
	    (m->pcm.len == 0 && !m->last))
		return ERR_FORMAT;
	*p = (struct piece){.pcm = m->pcm.data,
	    .n = m->pcm.len / 2,
	    .from_ms = m->from_ms,
	    .last = m->last};
	m->pcm.data = NULL; /* ours now */
	m->pcm.len = 0;
	s->wanted = false;
	return 0;
}

static int
tell_position(struct serve *s)
{
	Sotto__Audio__Position m = SOTTO__AUDIO__POSITION__INIT;
	EVENT(ev, POSITION, position, &m);

	m.ms = s->now.from_ms + (uint32_t)(s->now.at / SAMPLES_PER_MS);
	s->frames = 0;
	return tell(s, &ev);
}

/* As much as there is, into the stretcher. */
static void
feed(struct serve *s)
{
	int16_t block[AUDIO_FRAME];
	size_t n = s->now.n - s->now.at, room = stretch_room(&s->stretch);
	const uint8_t *p = s->now.pcm + 2 * s->now.at;

	if (n > room)
		n = room;
	if (n > AUDIO_FRAME)
		n = AUDIO_FRAME;
	for (size_t i = 0; i < n; i++)
		block[i] = (int16_t)(p[2 * i] | p[2 * i + 1] << 8);
	stretch_put(&s->stretch, block, n);
	s->now.at += n;
}

static int
finish_playing(struct serve *s)
{
	int r = audio_drain(s->dev, DEVICE_MS);

	if (r != 0)
		return give_up(s, r);
	r = tell_ended(s);
	rest(s);
	return r;
}

static bool
has_next(const struct serve *s)
{
	return s->next.pcm != NULL || s->next.last;
}

static int
ask_for_more(struct serve *s)
{
	const struct piece *p = &s->now;

	if (s->wanted || p->pcm == NULL || p->last || has_next(s) ||
	    (p->n - p->at) / SAMPLES_PER_MS >= AHEAD_MS)
		return 0;
	return want(s, end_of(p));
}

/* All that was sent is in the stretcher, and what follows is on its way. */
static bool
is_stalled(const struct serve *s)
{
	return s->now.at == s->now.n && !s->now.last && !has_next(s);
}

/* Silence, so that the last samples come out of the stretcher. */
static void
flush(struct serve *s)
{
	static const int16_t silence[2 * STRETCH_STEP + STRETCH_SEEK];
	size_t room = stretch_room(&s->stretch);

	stretch_put(&s->stretch, silence,
	    room < ARRAY_LEN(silence) ? room : ARRAY_LEN(silence));
	s->flushed = true;
}

/* The next frame into out, if there is one. False: all has been played, or
 * samples are on their way. */
static bool
next_frame(struct serve *s)
{
	while (!s->held && !stretch_get(&s->stretch, s->out)) {
		if (s->now.at < s->now.n) {
			feed(s);
		} else if (s->now.last) {
			if (s->flushed)
				return false;
			flush(s);
		} else if (has_next(s)) {
			piece_clear(&s->now);
			s->now = s->next;
			memset(&s->next, 0, sizeof(s->next));
		} else {
			return false;
		}
	}
	s->held = true;
	return true;
}

static int
play_frame(struct serve *s)
{
	int r = ask_for_more(s);

	if (r != 0)
		return r;
	if (!next_frame(s))
		return s->flushed ? finish_playing(s) : 0;
	r = moved(s, audio_write(s->dev, s->out, WAIT_MS));
	if (r == ERR_AGAIN)
		return 0;
	s->held = false;
	if (r != 0)
		return give_up(s, r);
	return ++s->frames >= POSITION_FRAMES ? tell_position(s) : 0;
}

/* ---- what is asked ------------------------------------------------------------------------- */

static int
list(struct serve *s, uint32_t serial, enum audio_dir dir)
{
	struct audio_device *d = calloc(AUDIO_LIST_MAX, sizeof(*d));
	Sotto__Audio__Device m[AUDIO_LIST_MAX], *pm[AUDIO_LIST_MAX];
	Sotto__Audio__Devices all = SOTTO__AUDIO__DEVICES__INIT;
	struct audio_why why = {.text = ""};
	EVENT(ev, DEVICES, devices, &all);
	int n, r;

	if (d == NULL)
		return ERR_NOMEM;
	if (s->doing != IDLE) {
		free(d);
		return ERR_FORMAT;
	}
	s->serial = serial;
	n = audio_list(dir, d, AUDIO_LIST_MAX, &why);
	for (int i = 0; i < n; i++) {
		sotto__audio__device__init(&m[i]);
		m[i].id = d[i].id;
		m[i].name = d[i].name;
		m[i].is_default = d[i].is_default;
		pm[i] = &m[i];
	}
	all.n_device = n > 0 ? (size_t)n : 0;
	all.device = pm;
	r = n < 0 ? tell_failed(s, n, why.text) : tell(s, &ev);
	free(d);
	return r;
}

static int
stop(struct serve *s)
{
	int r;

	if (s->doing == RECORDING)
		return finish_recording(s);
	r = tell_ended(s);
	rest(s);
	return r;
}

static int
cancel(struct serve *s)
{
	rest(s);
	return tell_ended(s);
}

static int
obey(struct serve *s, Request *m)
{
	switch (m->body_case) {
	case SOTTO__AUDIO__REQUEST__BODY_LIST:
		return list(
		    s, m->serial, m->list->loudspeakers ? AUDIO_OUT : AUDIO_IN);
	case SOTTO__AUDIO__REQUEST__BODY_RECORD:
		return start_recording(s, m->serial, m->record);
	case SOTTO__AUDIO__REQUEST__BODY_PLAY:
		return start_playing(s, m->serial, m->play);
	case SOTTO__AUDIO__REQUEST__BODY_SAMPLES:
		return take_samples(s, m->serial, m->samples);
	case SOTTO__AUDIO__REQUEST__BODY_PAUSE:
		s->paused = s->doing != IDLE && m->pause->on;
		return 0;
	case SOTTO__AUDIO__REQUEST__BODY_SPEED:
		stretch_set(&s->stretch, (int)m->speed->percent);
		return 0;
	case SOTTO__AUDIO__REQUEST__BODY_STOP:
		return stop(s);
	case SOTTO__AUDIO__REQUEST__BODY_CANCEL:
		return cancel(s);
	case SOTTO__AUDIO__REQUEST__BODY__NOT_SET:
	default:
		return ERR_FORMAT;
	}
}

static int
take_request(struct serve *s)
{
	uint8_t head[4], *p;
	size_t len;
	Request *m;
	int r = stream_read(s->fd, head, sizeof(head));

	if (r != 0)
		return r;
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	      (size_t)head[2] << 8 | head[3];
	if (len == 0 || len > SERVE_REQUEST_MAX)
		return ERR_RANGE;
	p = malloc(len);
	if (p == NULL)
		return ERR_NOMEM;
	r = stream_read(s->fd, p, len);
	if (r != 0) {
		free(p);
		return ERR_IO;
	}
	m = sotto__audio__request__unpack(NULL, len, p);
	free(p);
	if (m == NULL)
		return ERR_FORMAT;
	r = obey(s, m);
	sotto__audio__request__free_unpacked(m, NULL);
	return r;
}

/* Is there anything but to wait for the socket? */
static bool
is_busy(const struct serve *s)
{
	if (s->doing == RECORDING)
		return true; /* also while paused: the device must be emptied */
	return s->doing == PLAYING && !s->paused && !is_stalled(s);
}

static int
work(struct serve *s)
{
	return s->doing == RECORDING ? record_frame(s) : play_frame(s);
}

int
audio_serve(int fd)
{
	struct serve s = {.fd = fd};
	int r = 0;

	while (r == 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = poll(&p, 1, is_busy(&s) ? 0 : -1);

		if (n < 0 && errno != EINTR)
			r = ERR_IO;
		else if (n > 0)
			r = take_request(&s);
		else if (n == 0)
			r = work(&s);
	}
	rest(&s);
	return r == ERR_CLOSED ? 0 : r;
}
