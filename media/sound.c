/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sound.c — sotto-audio from our side. It runs from sound_record() or
 * sound_play() until that is over; what it says about something earlier has an
 * older serial number and is not heard.
 */
#include "media/sound.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "common/proto/audio.pb-c.h"
#include "media/child.h"

#define PROGRAM	  "sotto-audio"
#define EVENT_MAX (256 * 1024) /* bytes */
#define END_MS	  5000 /* to finish what is stopped */

typedef Sotto__Audio__Request Request;
typedef Sotto__Audio__Event Event;

enum doing { IDLE, RECORDING, PLAYING, LISTING };

/* The process and its socket; freed when libuv has closed both. */
struct kid {
	struct sound *s; /* NULL: nobody's any more */
	uv_process_t process;
	uv_pipe_t pipe;
	int handles;
	struct buf in;
};

struct out {
	uv_write_t write;
	size_t len;
	uint8_t p[];
};

struct sound {
	uv_loop_t *loop;
	struct preview *preview;
	char **env;
	sound_event_fn *fn;
	void *ctx;
	uv_timer_t timer; /* what was stopped ends by then */
	struct kid *kid;
	enum doing doing;
	bool cancelled;
	uint32_t serial;
	struct buf note; /* what is recorded or played */
	char device[SOUND_DEVICE_MAX];
	int percent;
	uint64_t question; /* to preview; 0: none is open */
	uint32_t question_ms;
};

/* ---- the child ---------------------------------------------------------------------- */

static void
kid_closed(uv_handle_t *h)
{
	struct kid *k = h->data;

	if (--k->handles > 0)
		return;
	buf_clear(&k->in);
	free(k);
}

static void
on_exit_(uv_process_t *p, int64_t status, int sig)
{
	(void)status; /* the socket's end tells */
	(void)sig;
	uv_close((uv_handle_t *)p, kid_closed);
}

static void
kid_end(struct sound *s)
{
	struct kid *k = s->kid;

	if (k == NULL)
		return;
	s->kid = NULL;
	k->s = NULL;
	if (uv_is_active((uv_handle_t *)&k->process))
		uv_process_kill(&k->process, SIGKILL);
	uv_close((uv_handle_t *)&k->pipe, kid_closed);
}

static void
wipe_note(struct sound *s)
{
	if (s->note.p != NULL)
		sodium_memzero(s->note.p, s->note.len);
	buf_clear(&s->note);
	buf_init(&s->note, SOUND_NOTE_MAX);
}

/* Over: the child ends, then the front hears of it and may begin anew. */
static void
end(struct sound *s, const struct sound_event *ev)
{
	struct buf note = s->note;

	if (s->question != 0)
		preview_cancel(s->preview, s->question);
	s->question = 0;
	s->doing = IDLE;
	s->cancelled = false;
	s->serial++;
	uv_timer_stop(&s->timer);
	kid_end(s);
	buf_init(&s->note, SOUND_NOTE_MAX);
	s->fn(s->ctx, ev);
	if (note.p != NULL)
		sodium_memzero(note.p, note.len);
	buf_clear(&note);
}

static void
fail(struct sound *s, int code, const char *text)
{
	struct sound_event ev = {
	    .kind = SOUND_FAILED, .code = code, .text = text};

	if (s->cancelled)
		ev = (struct sound_event){.kind = SOUND_ENDED};
	end(s, &ev);
}

/* ---- to the child --------------------------------------------------------------------- */

static void
on_written(uv_write_t *w, int status)
{
	struct out *o = w->data;

	(void)status; /* a child that does not read is one that has gone */
	sodium_memzero(o->p, o->len);
	free(o);
}

static int
ask(struct sound *s, Request *m)
{
	size_t len = sotto__audio__request__get_packed_size(m);
	struct out *o = malloc(sizeof(*o) + 4 + len);
	uv_buf_t b;

	if (o == NULL)
		return ERR_NOMEM;
	o->len = 4 + len;
	o->write.data = o;
	put_be32(o->p, (uint32_t)len);
	sotto__audio__request__pack(m, o->p + 4);
	b = uv_buf_init((char *)o->p, (unsigned)o->len);
	if (uv_write(&o->write, (uv_stream_t *)&s->kid->pipe, &b, 1,
		on_written) == 0)
		return 0;
	free(o);
	return ERR_CLOSED;
}

#define REQUEST(req, KIND, field, value)                                       \
	Request req = SOTTO__AUDIO__REQUEST__INIT;                             \
	req.body_case = SOTTO__AUDIO__REQUEST__BODY_##KIND;                    \
	req.field = (value);                                                   \
	req.serial = s->serial

static int
ask_play(struct sound *s, uint32_t from_ms)
{
	Sotto__Audio__Play m = SOTTO__AUDIO__PLAY__INIT;
	REQUEST(req, PLAY, play, &m);

	m.device = s->device;
	m.from_ms = from_ms;
	m.speed = (uint32_t)s->percent;
	return ask(s, &req);
}

static void
on_samples(void *ctx, uint64_t id, int code, struct preview_answer *a)
{
	Sotto__Audio__Samples m = SOTTO__AUDIO__SAMPLES__INIT;
	struct sound *s = ctx;
	REQUEST(req, SAMPLES, samples, &m);

	(void)id;
	s->question = 0;
	m.from_ms = s->question_ms;
	if (code == 0) {
		m.pcm.data = a->data;
		m.pcm.len = a->len;
		m.last = (uint64_t)m.from_ms + a->len / 96 >= a->duration_ms;
	} else if (code == ERR_RANGE && m.from_ms > 0) {
		m.last = true; /* somebody jumped behind the end */
	} else {
		fail(s, code, "This voice note cannot be read.");
		return;
	}
	code = ask(s, &req);
	if (code != 0)
		fail(s, code, err_str(code));
}

static void
on_want(struct sound *s, uint32_t from_ms)
{
	struct preview_ask q = {.what = PREVIEW_PCM,
	    .file = s->note.p,
	    .len = s->note.len,
	    .from_ms = from_ms};
	int r;

	if (s->doing != PLAYING || s->question != 0)
		return;
	s->question_ms = from_ms;
	r = preview_ask(s->preview, &q, on_samples, s, &s->question);
	if (r != 0)
		fail(s, r, err_str(r));
}

/* ---- from the child -------------------------------------------------------------------- */

static void
on_devices(struct sound *s, const Sotto__Audio__Devices *m)
{
	struct sound_device d[SOUND_LIST_MAX];
	struct sound_event ev = {.kind = SOUND_DEVICES, .devices = d};

	for (; ev.n < m->n_device && ev.n < SOUND_LIST_MAX; ev.n++)
		d[ev.n] = (struct sound_device){.id = m->device[ev.n]->id,
		    .name = m->device[ev.n]->name,
		    .is_default = m->device[ev.n]->is_default};
	end(s, &ev);
}

static void
on_recorded(struct sound *s, const Sotto__Audio__Recorded *m)
{
	struct sound_event ev = {.kind = SOUND_RECORDED,
	    .at_ms = m->duration_ms,
	    .note = s->note.p,
	    .len = s->note.len,
	    .bars = m->bars.data};

	if (m->bars.len != PREVIEW_BARS || s->note.len == 0)
		fail(s, ERR_FORMAT, "The recording is not whole.");
	else
		end(s, &ev);
}

static void
on_ogg(struct sound *s, const ProtobufCBinaryData *b)
{
	int r = s->doing == RECORDING ? buf_put(&s->note, b->data, b->len)
				      : ERR_FORMAT;

	if (r != 0)
		fail(s, r, err_str(r));
}

static void
on_event(struct sound *s, const Event *m)
{
	struct sound_event ev = {.kind = SOUND_ENDED};

	switch (m->body_case) {
	case SOTTO__AUDIO__EVENT__BODY_DEVICES:
		on_devices(s, m->devices);
		break;
	case SOTTO__AUDIO__EVENT__BODY_LEVEL:
		ev.kind = SOUND_LEVEL;
		ev.at_ms = m->level->ms;
		ev.loudness = (uint8_t)(m->level->loudness & 0xff);
		s->fn(s->ctx, &ev);
		break;
	case SOTTO__AUDIO__EVENT__BODY_OGG:
		on_ogg(s, &m->ogg);
		break;
	case SOTTO__AUDIO__EVENT__BODY_RECORDED:
		on_recorded(s, m->recorded);
		break;
	case SOTTO__AUDIO__EVENT__BODY_WANT:
		on_want(s, m->want->from_ms);
		break;
	case SOTTO__AUDIO__EVENT__BODY_POSITION:
		ev.kind = SOUND_POSITION;
		ev.at_ms = m->position->ms;
		s->fn(s->ctx, &ev);
		break;
	case SOTTO__AUDIO__EVENT__BODY_ENDED:
		end(s, &ev);
		break;
	case SOTTO__AUDIO__EVENT__BODY_FAILED:
		fail(s, m->failed->code, m->failed->text);
		break;
	case SOTTO__AUDIO__EVENT__BODY__NOT_SET:
	default:
		fail(s, ERR_FORMAT, "The sound program makes no sense.");
		break;
	}
}

/* One message, if it is whole. Returns false when there is none. */
static bool
take_message(struct kid *k)
{
	uint32_t len;
	Event *m;

	if (k->s == NULL || k->in.len < 4)
		return false;
	len = get_be32(k->in.p);
	if (len > EVENT_MAX) {
		fail(k->s, ERR_RANGE, "The sound program makes no sense.");
		return false;
	}
	if (k->in.len - 4 < len)
		return false;
	m = sotto__audio__event__unpack(NULL, len, k->in.p + 4);
	buf_drop(&k->in, 4 + len);
	if (m == NULL)
		fail(k->s, ERR_FORMAT, "The sound program makes no sense.");
	else if (m->serial == k->s->serial)
		on_event(k->s, m);
	if (m != NULL)
		sotto__audio__event__free_unpacked(m, NULL);
	return true;
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct kid *k = h->data;
	size_t n = suggested < 65536 ? suggested : 65536;

	*b = buf_reserve(&k->in, n) == 0
		 ? uv_buf_init((char *)k->in.p + k->in.len, (unsigned)n)
		 : uv_buf_init(NULL, 0);
}

static void
on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *b)
{
	struct kid *k = pipe->data;

	(void)b;
	if (k->s == NULL || n == 0)
		return;
	if (n < 0) {
		fail(k->s, ERR_CLOSED, "The sound program has died.");
		return;
	}
	k->in.len += (size_t)n;
	while (take_message(k))
		;
}

static const char *program_override;

void
sound_override(const char *program)
{
	program_override = program;
}

static int
kid_start(struct sound *s)
{
	char path[CHILD_PATH_MAX], name[] = PROGRAM;
	char *argv[] = {name, NULL};
	struct kid *k = calloc(1, sizeof(*k));
	uv_stdio_container_t io[3] = {
	    {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE},
	    {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
	uv_process_options_t o = {.file = path,
	    .args = argv,
	    .env = s->env,
	    .exit_cb = on_exit_,
	    .stdio = io,
	    .stdio_count = ARRAY_LEN(io)};

	if (k == NULL)
		return ERR_NOMEM;
	child_path(PROGRAM, path);
	if (program_override != NULL)
		o.file = program_override;
	uv_pipe_init(s->loop, &k->pipe, 0);
	k->pipe.data = k->process.data = k;
	k->handles = 2;
	k->s = s;
	buf_init(&k->in, EVENT_MAX + 4 + 65536);
	io[0].data.stream = (uv_stream_t *)&k->pipe;
	s->kid = k;
	if (uv_spawn(s->loop, &k->process, &o) != 0 ||
	    uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read) != 0) {
		bool runs = uv_is_active((uv_handle_t *)&k->process);

		kid_end(s);
		if (!runs) /* nobody will tell that it has ended */
			uv_close((uv_handle_t *)&k->process, kid_closed);
		return ERR_SYS;
	}
	return 0;
}

/* ---- what a front does ------------------------------------------------------------------- */

static int
begin(struct sound *s, enum doing what, const char *device)
{
	int r;

	if (device == NULL)
		device = "";
	if (strlen(device) >= sizeof(s->device))
		return ERR_RANGE;
	memcpy(s->device, device, strlen(device) + 1);
	wipe_note(s);
	r = kid_start(s);
	if (r == 0) {
		s->doing = what;
		s->cancelled = false;
		s->serial++;
	}
	return r;
}

/* It could not even be asked: as if nothing had begun. */
static int
give_up(struct sound *s, int code)
{
	kid_end(s);
	wipe_note(s);
	s->doing = IDLE;
	return code;
}

int
sound_record(struct sound *s, const char *device, uint32_t max_ms)
{
	Sotto__Audio__Record m = SOTTO__AUDIO__RECORD__INIT;
	int r;

	if (s->doing != IDLE)
		return ERR_BUSY;
	if (max_ms == 0)
		return ERR_RANGE;
	r = begin(s, RECORDING, device);
	if (r == 0) {
		REQUEST(req, RECORD, record, &m);

		m.device = s->device;
		m.max_ms = max_ms;
		r = ask(s, &req);
		if (r != 0)
			r = give_up(s, r);
	}
	return r;
}

static int
speed_within(int percent)
{
	return percent < SOUND_SPEED_MIN   ? SOUND_SPEED_MIN
	       : percent > SOUND_SPEED_MAX ? SOUND_SPEED_MAX
					   : percent;
}

static void
stop_playing(struct sound *s)
{
	if (s->question != 0)
		preview_cancel(s->preview, s->question);
	s->question = 0;
	kid_end(s);
	s->doing = IDLE;
}

int
sound_play(struct sound *s, const char *device, const uint8_t *note, size_t len,
    uint32_t from_ms, int percent)
{
	int r;

	if (s->doing == RECORDING || s->doing == LISTING)
		return ERR_BUSY;
	if (len == 0 || len > SOUND_NOTE_MAX)
		return ERR_RANGE;
	stop_playing(s);
	r = begin(s, PLAYING, device);
	if (r != 0)
		return r;
	s->percent = speed_within(percent);
	r = buf_put(&s->note, note, len);
	if (r == 0)
		r = ask_play(s, from_ms);
	return r == 0 ? 0 : give_up(s, r);
}

int
sound_list(struct sound *s, bool loudspeakers)
{
	Sotto__Audio__List m = SOTTO__AUDIO__LIST__INIT;
	int r;

	if (s->doing != IDLE)
		return ERR_BUSY;
	r = begin(s, LISTING, NULL);
	if (r == 0) {
		REQUEST(req, LIST, list, &m);

		m.loudspeakers = loudspeakers;
		r = ask(s, &req);
		if (r != 0)
			r = give_up(s, r);
	}
	return r;
}

void
sound_seek(struct sound *s, uint32_t from_ms)
{
	if (s->doing != PLAYING)
		return;
	if (s->question != 0)
		preview_cancel(s->preview, s->question);
	s->question = 0;
	s->serial++;
	/* A child that cannot be asked has gone: on_read() tells. */
	(void)ask_play(s, from_ms);
}

void
sound_speed(struct sound *s, int percent)
{
	Sotto__Audio__Speed m = SOTTO__AUDIO__SPEED__INIT;
	REQUEST(req, SPEED, speed, &m);

	if (s->doing != PLAYING)
		return;
	s->percent = speed_within(percent);
	m.percent = (uint32_t)s->percent;
	(void)ask(s, &req); /* as above */
}

void
sound_pause(struct sound *s, bool on)
{
	Sotto__Audio__Pause m = SOTTO__AUDIO__PAUSE__INIT;
	REQUEST(req, PAUSE, pause, &m);

	if (s->doing != PLAYING && s->doing != RECORDING)
		return;
	m.on = on;
	(void)ask(s, &req); /* as above */
}

static void
on_timer(uv_timer_t *t)
{
	fail(t->data, ERR_TIMEOUT, "The sound device does not answer.");
}

void
sound_stop(struct sound *s)
{
	Sotto__Audio__Stop m = SOTTO__AUDIO__STOP__INIT;
	REQUEST(req, STOP, stop, &m);

	if (s->doing == IDLE)
		return;
	(void)ask(s, &req); /* as above */
	uv_timer_start(&s->timer, on_timer, END_MS, 0);
}

void
sound_cancel(struct sound *s)
{
	Sotto__Audio__Cancel m = SOTTO__AUDIO__CANCEL__INIT;
	REQUEST(req, CANCEL, cancel, &m);

	if (s->doing == IDLE)
		return;
	s->cancelled = true;
	(void)ask(s, &req); /* as above */
	uv_timer_start(&s->timer, on_timer, END_MS, 0);
}

bool
sound_is_busy(const struct sound *s)
{
	return s->doing != IDLE;
}

/* ---- life --------------------------------------------------------------------------------- */

int
sound_new(struct sound **out, uv_loop_t *loop, struct preview *preview,
    char **env, sound_event_fn *fn, void *ctx)
{
	struct sound *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_NOMEM;
	s->loop = loop;
	s->preview = preview;
	s->env = env;
	s->fn = fn;
	s->ctx = ctx;
	buf_init(&s->note, SOUND_NOTE_MAX);
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	*out = s;
	return 0;
}

static void
timer_closed(uv_handle_t *h)
{
	free(h->data);
}

void
sound_free(struct sound *s)
{
	if (s == NULL)
		return;
	stop_playing(s);
	wipe_note(s);
	buf_clear(&s->note);
	uv_close((uv_handle_t *)&s->timer, timer_closed);
}
