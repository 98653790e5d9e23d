/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sound.c — `sotto sound`: which microphones and loudspeakers there are, and
 * voice notes recorded into a file or played from one. Needs no profile.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "common/text.h"
#include "media/sound.h"
#include "media/stream.h"
#include "tui/base/child_env.h"
#include "tui/cli/commands.h"

#define METER_CELLS 24
#define NAME_CAP    1024

const struct conf_row sound_rows[SOUND_ROWS] = {
    {.name = "device",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct sound_opts, device),
	.max = SOUND_DEVICE_MAX - 1,
	.doc = "An id of `sotto sound list`, or file:PATH, a WAV file of "
	       "48,000 Hz, mono, 16 bit. Without it: the default."},
    {.name = "seconds",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct sound_opts, seconds),
	.min = 1,
	.max = 3600,
	.def = "3600",
	.doc = "Record for so long."},
    {.name = "from",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct sound_opts, from),
	.max = 3600,
	.def = "0",
	.unit = "seconds",
	.doc = "Play from there on."},
    {.name = "speed",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct sound_opts, speed),
	.min = SOUND_SPEED_MIN,
	.max = SOUND_SPEED_MAX,
	.def = "100",
	.unit = "percent",
	.doc = "Play faster or slower, at the same pitch."},
    {.name = "force",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct sound_opts, force),
	.doc = "Record over a file that is there."},
};

struct job {
	const struct cli_opts *opts;
	const struct sound_opts *own;
	uv_loop_t loop;
	uv_signal_t interrupt;
	struct preview *preview;
	struct sound *sound;
	char **env;
	int fd; /* of the file that is recorded; -1 */
	size_t found; /* LIST: devices */
	bool loudspeakers; /* LIST: which of the two is asked for */
	bool meter; /* a line on standard error that is drawn over */
	int exit; /* an enum cli_exit */
};

/* ---- what is shown meanwhile ------------------------------------------------------- */

static void
draw_meter(const struct job *j, uint32_t ms, unsigned loudness)
{
	unsigned full = (loudness * METER_CELLS + 254) / 255;

	if (!j->meter)
		return;
	fprintf(stderr, "\r%u:%02u  ", ms / 60000, ms / 1000 % 60);
	for (unsigned i = 0; i < METER_CELLS; i++)
		fputc(i < full ? '#' : '.', stderr);
	fputs("  Ctrl-C ends", stderr);
	fflush(stderr);
}

static void
draw_position(const struct job *j, uint32_t ms)
{
	if (!j->meter)
		return;
	fprintf(stderr, "\r%u:%02u  Ctrl-C ends", ms / 60000, ms / 1000 % 60);
	fflush(stderr);
}

static void
clear_line(const struct job *j)
{
	if (j->meter)
		fputs("\r\033[K", stderr);
}

/* ---- what happened ------------------------------------------------------------------ */

static int
print_device(const struct job *j, const struct sound_device *d)
{
	const char *kind = j->loudspeakers ? "loudspeaker" : "microphone";
	char name[NAME_CAP];
	struct json js;
	struct buf b;

	if (j->opts->json) {
		line_begin(&js, &b);
		json_kv_str(&js, "kind", kind);
		json_kv_str(&js, "device", d->id);
		json_kv_str(&js, "name", d->name);
		json_kv_bool(&js, "default", d->is_default);
		return line_print(&js, &b);
	}
	text_sanitize(name, sizeof(name), d->name, strlen(d->name), TEXT_LINE);
	printf("%s %-11s %s\n", d->is_default ? "*" : " ", kind, name);
	text_sanitize(name, sizeof(name), d->id, strlen(d->id), TEXT_LINE);
	printf("              %s\n", name);
	return CLI_EXIT_OK;
}

static void
finish(struct job *j, int status)
{
	j->exit = status;
	uv_stop(&j->loop);
}

static void
on_devices(struct job *j, const struct sound_event *ev)
{
	int status = CLI_EXIT_OK;

	for (size_t i = 0; i < ev->n && status == CLI_EXIT_OK; i++)
		status = print_device(j, &ev->devices[i]);
	j->found += ev->n;
	if (j->loudspeakers || status != CLI_EXIT_OK) {
		if (j->found == 0) {
			fputs("sotto: no microphone and no loudspeaker was "
			      "found\n",
			    stderr);
			status = CLI_EXIT_NOT_FOUND;
		}
		finish(j, status);
		return;
	}
	j->loudspeakers = true;
	if (sound_list(j->sound, true) != 0)
		finish(j, CLI_EXIT_FAILURE);
}

static void
on_recorded(struct job *j, const struct sound_event *ev)
{
	int status = CLI_EXIT_OK;
	struct json js;
	struct buf b;

	if (stream_write(j->fd, ev->note, ev->len) != 0 || fsync(j->fd) != 0) {
		fprintf(stderr, "sotto: the recording: %s\n", strerror(errno));
		finish(j, CLI_EXIT_FAILURE);
		return;
	}
	if (j->opts->json) {
		line_begin(&js, &b);
		json_kv_u64(&js, "duration_ms", ev->at_ms);
		json_kv_u64(&js, "bytes", ev->len);
		json_kv_hex(&js, "bars", ev->bars, PREVIEW_BARS);
		status = line_print(&js, &b);
	} else {
		printf("Recorded %u.%u s, %zu bytes.\n", ev->at_ms / 1000,
		    ev->at_ms % 1000 / 100, ev->len);
	}
	finish(j, status);
}

static void
on_failed(struct job *j, const struct sound_event *ev)
{
	char words[NAME_CAP];

	text_sanitize(
	    words, sizeof(words), ev->text, strlen(ev->text), TEXT_LINE);
	fprintf(stderr, "sotto: %s\n", words);
	finish(j, cli_exit_of(ev->code));
}

static void
on_event(void *ctx, const struct sound_event *ev)
{
	struct job *j = ctx;

	if (ev->kind != SOUND_LEVEL && ev->kind != SOUND_POSITION)
		clear_line(j);
	switch (ev->kind) {
	case SOUND_LEVEL:
		draw_meter(j, ev->at_ms, ev->loudness);
		break;
	case SOUND_POSITION:
		draw_position(j, ev->at_ms);
		break;
	case SOUND_DEVICES:
		on_devices(j, ev);
		break;
	case SOUND_RECORDED:
		on_recorded(j, ev);
		break;
	case SOUND_ENDED:
		finish(j, CLI_EXIT_OK);
		break;
	case SOUND_FAILED:
		on_failed(j, ev);
		break;
	}
}

/* What was recorded until then is kept; a second one gives up. */
static void
on_interrupt(uv_signal_t *h, int sig)
{
	struct job *j = h->data;

	(void)sig;
	if (j->exit == CLI_EXIT_FAILURE) {
		finish(j, CLI_EXIT_OK);
		return;
	}
	j->exit = CLI_EXIT_FAILURE;
	sound_stop(j->sound);
}

/* ---- the three verbs ------------------------------------------------------------------ */

static int
start_list(struct job *j, const char *path)
{
	(void)path;
	return sound_list(j->sound, false);
}

static int
start_record(struct job *j, const char *path)
{
	/* What was said is nobody else's to read. */
	j->fd = open(path,
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
		(j->own->force ? O_TRUNC : O_EXCL),
	    0600);
	if (j->fd < 0)
		return ERR_SYS;
	return sound_record(j->sound, j->own->device, j->own->seconds * 1000);
}

static int
start_play(struct job *j, const char *path)
{
	struct buf file;
	int r;

	buf_init(&file, SOUND_NOTE_MAX);
	r = read_whole_file(path, &file);
	if (r == 0)
		r = sound_play(j->sound, j->own->device, file.p, file.len,
		    j->own->from * 1000, (int)j->own->speed);
	buf_clear(&file);
	return r;
}

static const struct verb {
	const char *name;
	bool file; /* it wants one */
	int (*start)(struct job *j, const char *path);
} verbs[] = {
    {"list", false, start_list},
    {"record", true, start_record},
    {"play", true, start_play},
};

static const struct verb *
verb_of(const struct cli_args *args)
{
	const char *name = args->argc > 0 ? args->argv[0] : "list";

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0 &&
		    (args->argc > 1) == verbs[i].file)
			return &verbs[i];
	}
	fputs("sotto: say list, record FILE or play FILE\n", stderr);
	return NULL;
}

/* ---- life -------------------------------------------------------------------------------- */

static int
job_open(struct job *j)
{
	int r;

	j->fd = -1;
	signal(SIGPIPE, SIG_IGN); /* a child that dies is an event */
	if (uv_loop_init(&j->loop) != 0)
		return ERR_SYS;
	uv_signal_init(&j->loop, &j->interrupt);
	j->interrupt.data = j;
	j->env = child_env(environ);
	r = j->env == NULL ? ERR_NOMEM : preview_new(&j->preview, &j->loop);
	if (r == 0)
		r = sound_new(
		    &j->sound, &j->loop, j->preview, j->env, on_event, j);
	if (r == 0 && uv_signal_start(&j->interrupt, on_interrupt, SIGINT) != 0)
		r = ERR_SYS;
	return r;
}

/* A file that nothing was recorded into was not there before. */
static void
job_close(struct job *j, const char *path)
{
	sound_free(j->sound);
	preview_free(j->preview);
	uv_close((uv_handle_t *)&j->interrupt, NULL);
	uv_run(&j->loop, UV_RUN_DEFAULT);
	uv_loop_close(&j->loop);
	free(j->env);
	if (j->fd >= 0) {
		struct stat st;

		if (fstat(j->fd, &st) == 0 && st.st_size == 0)
			unlink(path);
		close(j->fd);
	}
}

int
cli_sound(void *ctx, const struct cli_args *args)
{
	struct job j = {.opts = args->opts, .own = args->own};
	const char *path = args->argc > 1 ? args->argv[1] : "";
	const struct verb *v = verb_of(args);
	int r;

	(void)ctx;
	if (v == NULL)
		return CLI_EXIT_USAGE;
	j.meter = isatty(STDERR_FILENO) && !j.opts->json;
	r = job_open(&j);
	if (r == 0)
		r = v->start(&j, path);
	if (r == 0)
		uv_run(&j.loop, UV_RUN_DEFAULT);
	else
		fprintf(stderr, "sotto: %s%s%s\n", path, v->file ? ": " : "",
		    r == ERR_SYS ? strerror(errno) : err_str(r));
	job_close(&j, path);
	if (r != 0)
		j.exit = cli_exit_of(r);
	return j.exit;
}
