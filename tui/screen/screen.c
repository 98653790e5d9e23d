/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.c — one loop: keys, the engine's events, signals and one timer come
 * in; once a turn, before the loop sleeps, what has changed is drawn.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/screen/loop.h"
#include "tui/screen/screen.h"

#define READ_MAX   (64 * 1024) /* bytes of keys in one turn */
#define EVENTS_MAX 200 /* events in one turn: keys come in between */
#define HOLD_MS	   100 /* for the first picture to be a whole one */

/* ---- what the app wishes ---------------------------------------------------------- */

static void
host_bell(void *ctx)
{
	struct loop *l = ctx;

	tty_bell(l->tty);
}

static void
host_notify(void *ctx, const char *title, const char *body)
{
	struct loop *l = ctx;

	tty_notify(l->tty, title, body);
}

static void
host_title(void *ctx, const char *title)
{
	struct loop *l = ctx;

	tty_title(l->tty, title);
}

static void
host_copy(void *ctx, const char *s, size_t len)
{
	struct loop *l = ctx;

	tty_copy(l->tty, s, len);
}

static void
host_mouse(void *ctx, bool on)
{
	struct loop *l = ctx;

	tty_mouse(l->tty, on);
}

static void
host_editor(void *ctx, const char *text)
{
	external_editor(ctx, text);
}

static void
host_suspend(void *ctx)
{
	struct loop *l = ctx;

	l->want_suspend = true;
}

static void
host_save_prefs(void *ctx)
{
	external_save_prefs(ctx);
}

/* What the terminal can do, and what the person wants of it. */
static void
host_retheme(void *ctx)
{
	struct loop *l = ctx;
	const struct tty_caps *c = tty_caps(l->tty);
	enum theme_depth depth = c->depth;
	bool light = c->light;

	if (l->app->prefs.theme == THEME_MONO)
		depth = DEPTH_MONO;
	else if (l->app->prefs.theme != THEME_AUTO)
		light = l->app->prefs.theme == THEME_LIGHT;
	draw_set_theme(l->draw, depth, light, c->ascii);
	draw_set_terminal(l->draw, c->sync, c->clusters);
	loop_ground(l);
	l->app->dirty = true;
}

static void
host_ask_terminal(void *ctx)
{
	loop_ask_terminal(ctx);
}

static void
host_load_picture(void *ctx, uint64_t key, const char *path)
{
	loop_load_picture(ctx, key, path);
}

static int
host_ask_picture(void *ctx, const struct preview_ask *ask)
{
	return loop_ask_picture(ctx, ask);
}

static void
host_open_file(void *ctx, const char *path)
{
	loop_open_file(ctx, path);
}

static void
host_read_qr(void *ctx, const char *path)
{
	loop_read_qr(ctx, path);
}

static void
host_camera(void *ctx, const struct preview_ask *ask)
{
	loop_camera(ctx, ask);
}

static void
host_camera_stop(void *ctx)
{
	loop_camera_stop(ctx);
}

static const struct host host = {
    .bell = host_bell,
    .notify = host_notify,
    .title = host_title,
    .copy = host_copy,
    .mouse = host_mouse,
    .editor = host_editor,
    .suspend = host_suspend,
    .save_prefs = host_save_prefs,
    .retheme = host_retheme,
    .ask_terminal = host_ask_terminal,
    .load_picture = host_load_picture,
    .ask_picture = host_ask_picture,
    .read_qr = host_read_qr,
    .camera = host_camera,
    .camera_stop = host_camera_stop,
    .open_file = host_open_file,
};

/* ---- keys ---------------------------------------------------------------------------- */

static void
set_time(struct loop *l)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	app_time(l->app,
	    (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000,
	    uv_now(&l->uv));
}

static void
take_keys(struct loop *l)
{
	struct key ev;

	while (keys_next(&l->keys, &ev)) {
		if (ev.type != KT_REPLY) {
			if (ev.type == KT_PRESS || ev.type == KT_PASTE)
				l->hold_until = 0;
			app_key(l->app, &ev);
		} else if (tty_reply(l->tty, &ev)) {
			if (ev.reply == REPLY_DA1 || ev.reply >= REPLY_CELL)
				loop_ground(l);
			else
				host_retheme(l);
		}
	}
}

static void
on_esc(uv_timer_t *t)
{
	struct loop *l = t->data;

	set_time(l);
	keys_timeout(&l->keys);
	take_keys(l);
}

static void
feed(struct loop *l, const uint8_t *p, size_t n)
{
	size_t used;
	unsigned wait;

	while (n > 0) {
		used = keys_feed(&l->keys, p, n);
		p += used;
		n -= used;
		take_keys(l);
	}
	wait = keys_wait_ms(&l->keys);
	if (wait > 0)
		uv_timer_start(&l->esc, on_esc, wait, 0);
	else
		uv_timer_stop(&l->esc);
}

static void
on_readable(uv_poll_t *p, int status, int events)
{
	struct loop *l = p->data;
	static uint8_t bytes[READ_MAX];
	ssize_t n;

	(void)events;
	n = status < 0 ? -1 : read(tty_fd(l->tty), bytes, sizeof(bytes));
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && status == 0)
		return;
	if (n <= 0) { /* the terminal is gone */
		l->app->quit = true;
		uv_poll_stop(p);
		return;
	}
	set_time(l);
	feed(l, bytes, (size_t)n);
	sodium_memzero(bytes, (size_t)n);
}

void
loop_listen(struct loop *l, bool on)
{
	if (on)
		uv_poll_start(&l->in, UV_READABLE | UV_DISCONNECT, on_readable);
	else
		uv_poll_stop(&l->in);
}

/* ---- the engine -------------------------------------------------------------------------- */

/* On the engine's thread. */
static void
wake(void *ctx)
{
	struct loop *l = ctx;

	uv_async_send(&l->wake);
}

static void
on_wake(uv_async_t *async)
{
	struct loop *l = async->data;
	struct engine_event *ev;
	int n;

	set_time(l);
	for (n = 0; n < EVENTS_MAX; n++) {
		ev = engine_next(l->e);
		if (ev == NULL)
			return;
		app_event(l->app, ev);
		engine_event_free(ev);
	}
	uv_async_send(&l->wake); /* the rest after the keys */
}

/* ---- signals, the end of a turn ------------------------------------------------------------- */

static void
suspend(struct loop *l)
{
	l->want_suspend = false;
	if (l->editor_file[0] != '\0') { /* the terminal is the editor's */
		kill(getpid(), SIGSTOP);
		return;
	}
	app_flush(l->app);
	tty_leave(l->tty);
	kill(getpid(), SIGSTOP);
	/* SIGCONT */
	tty_enter(l->tty);
	pictures_lost(l->app->pictures);
	draw_redraw(l->draw);
	l->app->dirty = true;
}

static void
on_signal(uv_signal_t *s, int sig)
{
	struct loop *l = s->data;

	set_time(l);
	switch (sig) {
	case SIGWINCH:
		if (l->editor_file[0] == '\0')
			tty_resize(l->tty);
		draw_redraw(l->draw);
		l->app->dirty = true;
		break;
	case SIGTSTP:
		l->want_suspend = true;
		break;
	default:
		/* Ctrl-C reaches us only while it is meant for the editor. */
		if (sig != SIGINT || l->editor_file[0] == '\0')
			l->app->quit = true;
		break;
	}
}

static void
on_due(uv_timer_t *t)
{
	(void)t; /* end_turn() does what is due */
}

/* The chats and the messages of one come within a blink: what they would
 * cover at once is not worth a frame. */
static bool
holding(struct loop *l)
{
	if (l->hold_until <= l->app->mono || !app_settling(l->app))
		l->hold_until = 0;
	return l->hold_until != 0;
}

static void
end_turn(uv_prepare_t *p)
{
	struct loop *l = p->data;
	uint64_t next;

	if (l->want_suspend)
		suspend(l);
	set_time(l);
	next = app_tick(l->app);
	if (holding(l) && (next == 0 || next > l->hold_until))
		next = l->hold_until;
	if (next > l->app->mono)
		uv_timer_start(&l->due, on_due, next - l->app->mono, 0);
	else if (next > 0)
		uv_timer_start(&l->due, on_due, 1, 0);
	else
		uv_timer_stop(&l->due);
	if (l->app->dirty && l->hold_until == 0)
		app_draw(l->app);
	if (l->app->quit)
		uv_stop(&l->uv);
}

static void
handles_start(struct loop *l)
{
	static const int sigs[LOOP_SIGNALS] = {
	    SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP};
	size_t i;

	l->in.data = l->due.data = l->esc.data = l->draw_now.data = l;
	uv_poll_init(&l->uv, &l->in, tty_fd(l->tty));
	uv_timer_init(&l->uv, &l->due);
	uv_timer_init(&l->uv, &l->esc);
	uv_timer_init(&l->uv, &l->asked);
	l->asked.data = l;
	uv_prepare_init(&l->uv, &l->draw_now);
	uv_prepare_start(&l->draw_now, end_turn);
	for (i = 0; i < LOOP_SIGNALS; i++) {
		uv_signal_init(&l->uv, &l->signals[i]);
		l->signals[i].data = l;
		uv_signal_start(&l->signals[i], on_signal, sigs[i]);
	}
	loop_listen(l, true);
	l->running = true;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

static void
close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void
loop_clear(struct loop *l)
{
	external_forget(l);
	if (l->app != NULL)
		app_flush(l->app);
	engine_free(l->e);
	loop_camera_stop(l);
	preview_free(l->preview);
	app_free(l->app);
	l->app = NULL;
	draw_free(l->draw);
	tty_close(l->tty);
	keys_clear(&l->keys);
	uv_walk(&l->uv, close_handle, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
}

static void
tty_out(void *ctx, const void *p, size_t len)
{
	struct loop *l = ctx;

	tty_write(l->tty, p, len);
}

static int
fail(const char *what)
{
	fprintf(stderr, "sotto: %s\n", what);
	return 1;
}

static int
start_engine(struct loop *l, const struct engine_opts *eo)
{
	int pid = 0, r = engine_new(&l->e, eo, &pid);
	char text[128];

	if (r == 0)
		return 0;
	if (r == ERR_BUSY && pid > 0)
		snprintf(text, sizeof(text),
		    "this profile is in use by process %d. "
		    "--profile NAME opens another one.",
		    pid);
	else if (r == ERR_BUSY)
		snprintf(text, sizeof(text),
		    "this profile is in use by another sotto. "
		    "--profile NAME opens another one.");
	else
		snprintf(text, sizeof(text), "cannot start: %s%s%s.",
		    err_str(r), r == ERR_SYS ? ": " : "",
		    r == ERR_SYS ? strerror(errno) : "");
	return fail(text);
}

/* The app goes to work before there is a terminal to show it on: opening the
 * one takes as long as opening the store. */
static int
start_app(
    struct loop *l, const struct engine_opts *eo, const struct screen_opts *so)
{
	struct engine_key key = {
	    .command = so->passphrase_command, .key_file = so->key_file};
	bool given = key.command != NULL || key.key_file != NULL;
	int r = app_new(&l->app, &backend_engine, l->e, &host, l, NULL);

	if (r != 0)
		return fail(err_str(r));
	if (!given)
		key.passphrase = getenv("SOTTO_PASSPHRASE");
	if (so->country != NULL)
		l->app->home = (unsigned)strtoul(so->country, NULL, 10);
	set_time(l);
	app_start(l->app, engine_exists(eo),
	    given || key.passphrase != NULL ? &key : NULL);
	l->hold_until = l->app->mono + HOLD_MS;
	return 0;
}

static int
start_screen(struct loop *l)
{
	int r = tty_open(&l->tty);

	if (r == 0)
		r = draw_new(&l->draw, tty_out, l);
	if (r != 0) {
		tty_close(l->tty);
		l->tty = NULL;
		return fail(err_str(r));
	}
	if (draw_catch(l->draw, tty_curses_fd(l->tty)) != 0) {
		/* frames leave in pieces then */
	}
	app_use(l->app, l->draw);
	external_load_prefs(l);
	host_retheme(l);
	if (l->app->prefs.mouse)
		tty_mouse(l->tty, true);
	return 0;
}

int
screen_run(const struct screen_opts *opts)
{
	static const struct screen_opts none;
	const struct screen_opts *so = opts != NULL ? opts : &none;
	struct engine_opts eo = {.wake = wake,
	    .country = so->country,
	    .proxy = so->proxy,
	    .picture_first = true,
	    .auto_fetch = true,
	    .fast_kdf = getenv("SOTTO_TEST_FAST_KDF") != NULL};
	const char *unusable = tty_unusable();
	struct paths_err why = {{0}};
	struct loop *l;
	int status = 1;

	if (unusable != NULL)
		return fail(unusable);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return fail(err_str(ERR_NOMEM));
	keys_init(&l->keys);
	if (paths_init(&l->paths, so->profile, environ, &why) != 0 ||
	    paths_make(&l->paths, PATHS_DATA, &why) != 0) {
		free(l);
		return fail(why.text[0] != '\0' ? why.text : strerror(errno));
	}
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&l->uv);
	l->wake.data = l;
	uv_async_init(&l->uv, &l->wake, on_wake);
	eo.dir = l->paths.dir[PATHS_DATA];
	eo.ctx = l;
	if (start_engine(l, &eo) == 0 && start_app(l, &eo, so) == 0 &&
	    start_screen(l) == 0) {
		handles_start(l);
		uv_run(&l->uv, UV_RUN_DEFAULT);
		status = l->app->status;
	}
	loop_clear(l);
	free(l);
	return status;
}
