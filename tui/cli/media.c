/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media.c — files: `sotto send --file`, `sotto fetch`, `sotto downloads`. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/base/paths.h"
#include "tui/cli/commands.h"

const struct conf_row fetch_rows[FETCH_ROWS] = {
    {.name = "to",
	.type = CONF_PATH,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct fetch_opts, to),
	.doc = "The folder; else where downloads go."},
};

static const char *const yes_no[] = {"as-is", "yes", "no", NULL};

const struct conf_row downloads_rows[DOWNLOADS_ROWS] = {
    {.name = "kind",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct downloads_opts, kind),
	.doc = "Set this one: photo, video, voice, audio, file."},
    {.name = "max",
	.type = CONF_SIZE,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct downloads_opts, max),
	.def = "0",
	.doc = "With --kind: it is fetched by itself up to this size. 0: "
	       "never."},
    {.name = "metered-max",
	.type = CONF_SIZE,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct downloads_opts, metered_max),
	.def = "0",
	.doc = "With --kind: the same on a metered network."},
    {.name = "metered",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct downloads_opts, metered),
	.choices = yes_no,
	.def = "as-is",
	.doc = "Whether this network costs by the byte."},
    {.name = "up",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct downloads_opts, up),
	.doc = "All uploads together take at most so many bytes a second. 0: "
	       "any."},
    {.name = "down",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct downloads_opts, down),
	.doc = "The same for downloads."},
};

/* ---- words ----------------------------------------------------------------------- */

static const char *const media_word[MEDIA_KINDS] = {
    [MEDIA_KIND_FILE] = "file",
    [MEDIA_KIND_PHOTO] = "photo",
    [MEDIA_KIND_VIDEO] = "video",
    [MEDIA_KIND_VOICE] = "voice",
    [MEDIA_KIND_AUDIO] = "audio",
    [MEDIA_KIND_CONTACT] = "contact",
    [MEDIA_KIND_LOCATION] = "location",
};

static const char *const at_word[] = {
    [MEDIA_IS_PREPARED] = "preparing",
    [MEDIA_IS_SENT] = "uploading",
    [MEDIA_IS_HERE] = "here",
    [MEDIA_IS_THERE] = "not-fetched",
    [MEDIA_IS_FETCHED] = "fetching",
    [MEDIA_IS_GONE] = "gone",
    [MEDIA_IS_FAILED] = "failed",
};

static void
json_place(struct json *j, const char *key, int32_t e7)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%d.%07d", e7 < 0 ? "-" : "",
	    abs(e7 / 10000000), abs(e7 % 10000000));
	json_kv_str(j, key, text);
}

void
json_kv_media(struct json *j, const struct media_row *m)
{
	json_key(j, "media");
	json_obj(j);
	json_kv_str(j, "kind", media_word[m->kind]);
	json_kv_str(j, "state", at_word[m->state]);
	if (m->kind == MEDIA_KIND_CONTACT) {
		json_kv_str(j, "name", m->contact_name);
		json_kv_str(j, "phone", m->contact_phone);
	} else if (m->kind == MEDIA_KIND_LOCATION) {
		json_place(j, "lat", m->lat_e7);
		json_place(j, "lon", m->lon_e7);
	} else {
		json_kv_str(j, "name", m->name);
		json_kv_str(j, "mime", m->mime);
		json_kv_u64(j, "size", m->size);
		json_kv_u64(j, "done", m->done);
		json_kv_bool(j, "paused", m->paused);
	}
	if (m->width != 0) {
		json_kv_u64(j, "width", m->width);
		json_kv_u64(j, "height", m->height);
	}
	if (m->duration_ms != 0)
		json_kv_u64(j, "duration_ms", m->duration_ms);
	if (m->has_bars)
		json_kv_hex(j, "bars", m->bars, sizeof(m->bars));
	if (m->tiny != NULL)
		json_kv_hex(j, "tiny", m->tiny, m->tiny_len);
	if (m->in_album)
		json_kv_hex(j, "album", m->album, sizeof(m->album));
	if (m->why != NULL)
		json_kv_str(j, "why", m->why);
	json_close(j);
}

const char *
media_line(const struct media_row *m, char out[static MEDIA_LINE])
{
	if (m->kind == MEDIA_KIND_CONTACT)
		snprintf(out, MEDIA_LINE, "[contact %s %s]", m->contact_name,
		    m->contact_phone);
	else if (m->kind == MEDIA_KIND_LOCATION)
		snprintf(out, MEDIA_LINE, "[location %.7f,%.7f]",
		    m->lat_e7 / 1e7, m->lon_e7 / 1e7);
	else
		snprintf(out, MEDIA_LINE, "[%s %s, %" PRIu64 " bytes%s%s]",
		    media_word[m->kind], m->name, m->size,
		    m->state == MEDIA_IS_HERE ? "" : ", ",
		    m->state == MEDIA_IS_HERE ? "" : at_word[m->state]);
	return out;
}

/* ---- following --------------------------------------------------------------------- */

#define FOLLOW_MAX ENGINE_FILES_MAX

struct followed {
	int64_t msg;
	enum msg_state state;
	enum media_state at;
	bool left; /* it is off our hands, one way or the other */
	char why[256];
};

struct follow {
	const struct cli_opts *o;
	struct followed v[FOLLOW_MAX];
	size_t n;
	bool up, tty, shown;
	bool quiet; /* no lines of progress in JSON */
};

static struct followed *
find(struct follow *w, int64_t msg)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->v[i].msg == msg)
			return &w->v[i];
	return NULL;
}

static void
tell(struct follow *w, const struct msg_row *m)
{
	struct json j;
	struct buf b;
	int percent;

	if (w->o->json && !w->quiet) {
		line_begin(&j, &b);
		json_kv_str(&j, "event", "progress");
		json_kv_i64(&j, "id", m->id);
		json_kv_hex(&j, "message_id", m->message_id, ENGINE_ID_LEN);
		json_kv_str(&j, "state", state_word[m->state]);
		json_kv_media(&j, m->media);
		if (line_print(&j, &b) != 0)
			return;
	} else if (w->tty && m->media->size > 0) {
		percent = (int)(100.0 * (double)m->media->done /
				(double)m->media->size);
		fprintf(stderr, "\r%s  %3d %% of %" PRIu64 " bytes  ",
		    m->media->name, percent, m->media->size);
		w->shown = true;
	}
}

static void
take(struct follow *w, const struct msg_row *m)
{
	struct followed *f = find(w, m->id);

	if (f == NULL || m->media == NULL)
		return;
	f->state = m->state;
	f->at = m->media->state;
	snprintf(f->why, sizeof(f->why), "%s",
	    m->media->why != NULL ? m->media->why : "");
	f->left = w->up ? m->state != MSG_PENDING
			: m->media->state == MEDIA_IS_HERE ||
			      m->media->state == MEDIA_IS_GONE ||
			      m->media->state == MEDIA_IS_FAILED ||
			      m->media->state == MEDIA_IS_THERE;
	tell(w, m);
}

static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct follow *w = ctx;
	struct followed *f;

	if ((ev->kind == EV_MEDIA || ev->kind == EV_MSG_CHANGED) && ev->n == 1)
		take(w, &ev->msgs[0]);
	f = ev->kind == EV_MSG_STATE || ev->kind == EV_MSG_GONE
		? find(w, ev->msg_id)
		: NULL;
	if (f == NULL)
		return;
	f->state = ev->kind == EV_MSG_GONE ? MSG_FAILED : ev->state;
	f->left = ev->kind == EV_MSG_GONE || (w->up && f->state != MSG_PENDING);
}

static bool
all_left(const struct follow *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (!w->v[i].left)
			return false;
	return true;
}

/* --timeout is how long nothing moves. */
static int
follow_on(struct front *f, struct follow *w)
{
	int r = 0;

	if (all_left(w))
		return 0;
	r = front_online(f, timeout_of(w->o));
	while (r == 0 && !all_left(w))
		r = front_turn(f, timeout_of(w->o));
	if (w->shown)
		fputc('\n', stderr);
	return r;
}

/* ---- send ---------------------------------------------------------------------------- */

static int
report_one(const struct followed *v)
{
	if (v->state == MSG_PENDING) {
		fprintf(stderr,
		    "sotto: the file waits; it goes on the next time this "
		    "profile is connected\n");
		return CLI_EXIT_OFFLINE;
	}
	if (v->state != MSG_FAILED)
		return 0;
	fprintf(stderr, "sotto: %s\n",
	    v->why[0] != '\0' ? v->why : "the message was not sent");
	return CLI_EXIT_REFUSED;
}

static int
report(const struct follow *w, const struct engine_event *sent)
{
	int status = 0, one;
	struct json j;
	struct buf b;
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (w->o->json) {
			line_begin(&j, &b);
			json_kv_i64(&j, "id", w->v[i].msg);
			json_kv_hex(&j, "message_id", sent->msgs[i].message_id,
			    ENGINE_ID_LEN);
			json_kv_hex(
			    &j, "author", sent->msgs[i].author, ENGINE_ID_LEN);
			json_kv_str(&j, "state", state_word[w->v[i].state]);
			one = line_print(&j, &b);
			if (one != 0)
				return one;
		}
		one = report_one(&w->v[i]);
		status = status != 0 ? status : one;
	}
	return status;
}

static bool
read_degrees(const char **s, int32_t most, char end, int32_t *e7)
{
	char *rest;
	double d;

	errno = 0;
	d = strtod(*s, &rest);
	if (rest == *s || *rest != end || errno != 0 || !isfinite(d) ||
	    d < -most || d > most)
		return false;
	*e7 = (int32_t)(d * 1e7 + (d < 0 ? -0.5 : 0.5));
	*s = rest + (end != '\0');
	return true;
}

static int
give(struct front *f, uint64_t tag, int64_t chat, const struct send_opts *own,
    const char *caption)
{
	const struct engine_files files = {
	    .paths = (const char *const *)own->file.v,
	    .n = own->file.n,
	    .caption = caption,
	    .original = own->original,
	    .voice = own->voice,
	    .as_files = own->as_file,
	    .once = own->view_once};
	const char *s = own->location;
	int32_t lat, lon;

	if (own->contact != NULL)
		return engine_send_contact(f->e, tag, chat,
		    own->contact_name != NULL ? own->contact_name
					      : own->contact,
		    own->contact);
	if (s == NULL)
		return engine_send_files(f->e, tag, chat, &files);
	if (!read_degrees(&s, 90, ',', &lat) ||
	    !read_degrees(&s, 180, '\0', &lon))
		return ERR_RANGE;
	return engine_send_location(f->e, tag, chat, lat, lon, caption);
}

static int
send_on(struct front *f, struct follow *w, int64_t chat,
    const struct send_opts *own, const char *caption)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	size_t i;
	int status, r = give(f, tag, chat, own, caption);

	if (r == ERR_RANGE) {
		fprintf(stderr,
		    "sotto: that cannot be sent: --location takes "
		    "LAT,LON in degrees, --voice one file, and "
		    "there are at most %d files\n",
		    ENGINE_FILES_MAX);
		return CLI_EXIT_USAGE;
	}
	ev = front_wait(f, r, tag, timeout_of(w->o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_SENT_LOCALLY) {
		status = front_refused(ev);
		engine_event_free(ev);
		return status;
	}
	for (i = 0; i < ev->n && i < FOLLOW_MAX; i++)
		w->v[i] = (struct followed){.msg = ev->msgs[i].id,
		    .state = ev->msgs[i].state,
		    .left = ev->msgs[i].state != MSG_PENDING};
	w->n = i;
	if (w->n > 0 && all_left(w)) { /* a card among our own notes */
		status = report(w, ev);
		engine_event_free(ev);
		return status == 0 ? leave_now(f, w->o, false) : status;
	}
	(void)follow_on(f, w);
	status = report(w, ev);
	engine_event_free(ev);
	if (status == 0 && own->to_self)
		flush_out(f, w->o);
	return status;
}

int
send_media(const struct cli_args *args, const char *number, const char *caption)
{
	const struct cli_opts *o = args->opts;
	struct follow w = {
	    .o = o, .up = true, .tty = isatty(STDERR_FILENO) != 0};
	struct front f = {.on_event = on_event, .ctx = &w};
	struct front_opts fo;
	char country[8];
	int64_t chat = 0;
	int status;

	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = chat_of_number(&f, o, number, NULL, &chat);
	if (status == 0)
		status = send_on(&f, &w, chat, args->own, caption);
	front_close(&f);
	return status;
}

/* ---- fetch ---------------------------------------------------------------------------- */

static int
save_to(struct front *f, const struct cli_opts *o, int64_t msg, const char *dir)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev =
	    front_finish(f, engine_media_save(f->e, tag, msg, dir), tag);
	struct json j;
	struct buf b;
	int status = 0;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_MEDIA_SAVED) {
		status = front_refused(ev);
	} else if (o->json) {
		line_begin(&j, &b);
		json_kv_i64(&j, "id", msg);
		json_kv_str(&j, "path", ev->text);
		status = line_print(&j, &b);
	} else {
		printf("%s\n", ev->text);
	}
	engine_event_free(ev);
	return status;
}

static int
fetch(struct front *f, struct follow *w)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev =
	    front_finish(f, engine_fetch(f->e, tag, w->v[0].msg), tag);
	int status = 0;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_DONE)
		status = front_refused(ev);
	engine_event_free(ev);
	if (status != 0)
		return status;
	tag = front_tag(f); /* what it is now: it may be here already */
	ev = front_finish(f, engine_msg_info(f->e, tag, w->v[0].msg), tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind == EV_MSG_INFO && ev->n == 1)
		take(w, &ev->msgs[0]);
	engine_event_free(ev);
	if (follow_on(f, w) != 0 && !w->v[0].left) {
		fprintf(stderr, "sotto: the file is not here yet; fetch it "
				"again to go on\n");
		return CLI_EXIT_OFFLINE;
	}
	if (w->v[0].at == MEDIA_IS_HERE)
		return 0;
	fprintf(stderr, "sotto: %s\n",
	    w->v[0].why[0] != '\0' ? w->v[0].why : "it was not fetched");
	return w->v[0].at == MEDIA_IS_GONE ? CLI_EXIT_NOT_FOUND
					   : CLI_EXIT_FAILURE;
}

static int
folder_of(const struct fetch_opts *own, char out[static PATHS_CAP])
{
	if (own->to != NULL) {
		if (realpath(own->to, out) != NULL)
			return 0;
		fprintf(stderr, "sotto: %s: %s\n", own->to, strerror(errno));
		return CLI_EXIT_USAGE;
	}
	if (paths_downloads(environ, out) == 0)
		return 0;
	fprintf(stderr, "sotto: there is no folder for downloads: name one "
			"with --to\n");
	return CLI_EXIT_USAGE;
}

int
cli_fetch(void *ctx, const struct cli_args *args)
{
	const struct cli_opts *o = args->opts;
	struct follow w = {.o = o, .n = 1, .tty = isatty(STDERR_FILENO) != 0};
	struct front f = {.on_event = on_event, .ctx = &w};
	char country[8], dir[PATH_MAX > PATHS_CAP ? PATH_MAX : PATHS_CAP];
	struct front_opts fo;
	int status = folder_of(args->own, dir);

	(void)ctx;
	if (status != 0)
		return status;
	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = message_of_name(&f, args->argv[0], &w.v[0].msg);
	if (status == 0)
		status = fetch(&f, &w);
	if (status == 0)
		status = save_to(&f, o, w.v[0].msg, dir);
	front_close(&f);
	return status;
}

/* ---- open: what can be viewed once ------------------------------------------------------ */

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

static int
print_once(const struct cli_opts *o, const struct msg_row *m, const char *path)
{
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("%s\n%s", path, m->text);
		return puts("") >= 0 && fflush(stdout) == 0 ? 0
							    : CLI_EXIT_FAILURE;
	}
	line_begin(&j, &b);
	json_kv_message(&j, m);
	json_kv_str(&j, "path", path);
	return line_print(&j, &b);
}

static int
open_to(struct front *f, const struct follow *w, const char *path, int fd)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev =
	    front_finish(f, engine_open_once(f->e, tag, w->v[0].msg), tag);
	int status = 0;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_ONCE || ev->n != 1) {
		status = front_refused(ev);
	} else if (write_all(fd, ev->data, ev->data_len) != 0) {
		fprintf(stderr, "sotto: %s: %s\n", path, strerror(errno));
		status = CLI_EXIT_FAILURE;
	} else {
		status = print_once(w->o, &ev->msgs[0], path);
	}
	engine_event_free(ev);
	return status;
}

int
open_file(const struct cli_args *args, const char *path)
{
	const struct cli_opts *o = args->opts;
	struct follow w = {
	    .o = o, .n = 1, .quiet = true, .tty = isatty(STDERR_FILENO) != 0};
	struct front f = {.on_event = on_event, .ctx = &w};
	struct front_opts fo;
	char country[8];
	int fd, status;

	/* before it is opened: else it would be lost */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		fprintf(stderr, "sotto: %s: %s\n", path, strerror(errno));
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status == 0) {
		status = message_of_name(&f, args->argv[0], &w.v[0].msg);
		if (status == 0)
			status = fetch(&f, &w);
		if (status == 0)
			status = open_to(&f, &w, path, fd);
		if (status == 0)
			status = leave_now(&f, o, false);
		front_close(&f);
	}
	close(fd);
	if (status != 0)
		(void)unlink(path);
	return status;
}

/* ---- downloads ------------------------------------------------------------------------ */

static int
print_rules(const struct cli_opts *o, const struct media_rules *r)
{
	struct json j;
	struct buf b;
	int i;

	if (o->json) {
		line_begin(&j, &b);
		json_kv_bool(&j, "metered", r->metered);
		json_kv_u64(&j, "up", r->up_bytes_s);
		json_kv_u64(&j, "down", r->down_bytes_s);
		for (i = 0; i <= MEDIA_KIND_AUDIO; i++) {
			json_key(&j, media_word[i]);
			json_obj(&j);
			json_kv_u64(&j, "max", r->max[i]);
			json_kv_u64(&j, "metered_max", r->metered_max[i]);
			json_close(&j);
		}
		return line_print(&j, &b);
	}
	for (i = 0; i <= MEDIA_KIND_AUDIO; i++)
		printf("%-6s up to %" PRIu64 " bytes, metered %" PRIu64 "\n",
		    media_word[i], r->max[i], r->metered_max[i]);
	printf("metered: %s\nup: %" PRIu64 " bytes/s\ndown: %" PRIu64
	       " bytes/s\n",
	    r->metered ? "yes" : "no", r->up_bytes_s, r->down_bytes_s);
	return fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILURE;
}

static bool
read_speed(const char *text, uint64_t *out)
{
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && text[0] != '-' && text[0] != '\0';
}

static int
apply(const struct downloads_opts *own, struct media_rules *r)
{
	int i;

	if (own->metered != 0)
		r->metered = own->metered == 1;
	if (!read_speed(own->up, &r->up_bytes_s) ||
	    !read_speed(own->down, &r->down_bytes_s)) {
		fprintf(stderr, "sotto: --up and --down take bytes a second\n");
		return CLI_EXIT_USAGE;
	}
	if (own->kind == NULL)
		return 0;
	for (i = 0; i <= MEDIA_KIND_AUDIO; i++)
		if (strcmp(own->kind, media_word[i]) == 0) {
			r->max[i] = own->max;
			r->metered_max[i] = own->metered_max;
			return 0;
		}
	fprintf(stderr, "sotto: --kind is photo, video, voice, audio or "
			"file\n");
	return CLI_EXIT_USAGE;
}

static int
exchange(
    struct front *f, const struct media_rules *set, struct media_rules *out)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev = front_finish(f,
	    set != NULL ? engine_set_media_rules(f->e, tag, set)
			: engine_media_rules(f->e, tag),
	    tag);
	int status = 0;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind == EV_MEDIA_RULES)
		*out = *ev->rules;
	else
		status = front_refused(ev);
	engine_event_free(ev);
	return status;
}

int
cli_downloads(void *ctx, const struct cli_args *args)
{
	const struct downloads_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct front f = {.on_event = NULL};
	struct media_rules rules = {.metered = false};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	fo = cli_front_opts(o, country);
	fo.offline = true;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = exchange(&f, NULL, &rules);
	if (status == 0 && (own->kind != NULL || own->metered != 0 ||
			       own->up != NULL || own->down != NULL)) {
		status = apply(own, &rules);
		if (status == 0)
			status = exchange(&f, &rules, &rules);
	}
	if (status == 0)
		status = print_rules(o, &rules);
	front_close(&f);
	return status;
}
