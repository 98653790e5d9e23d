/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.h — the screen's event loop and what hangs on it. Private to
 * screen.c, external.c. Everything runs on the main thread. */
#ifndef TUI_SCREEN_LOOP_H
#define TUI_SCREEN_LOOP_H

#include <uv.h>

#include "tui/base/paths.h"
#include "tui/screen/app.h"
#include "tui/screen/keys.h"
#include "tui/screen/tty.h"

#define LOOP_SIGNALS 5

struct loop {
	uv_loop_t uv;
	uv_poll_t in;
	uv_async_t wake; /* the engine has events */
	uv_timer_t due; /* the app waits for a moment */
	uv_timer_t esc; /* half a key has been read */
	uv_prepare_t draw_now; /* once a turn, before it sleeps */
	uv_signal_t signals[LOOP_SIGNALS];
	struct tty *tty;
	struct draw *draw;
	struct keys keys;
	struct app *app;
	struct engine *e;
	struct paths paths;
	bool want_suspend;
	bool running; /* handles are up */
	uint64_t hold_until; /* the first picture waits; 0: it does not */

	uv_timer_t asked; /* the terminal, about pictures */
	bool asked_enough; /* what is not answered yet is not waited for */
	struct preview *preview; /* NULL until there is a picture */
	struct seeing *seeing; /* the camera that runs; NULL */

	uv_process_t editor;
	char editor_file[PATHS_CAP]; /* "" no editor runs */
};

/* Read the settings; trouble with them is a notice, not an end. */
void external_load_prefs(struct loop *l);
void external_save_prefs(struct loop *l);

/* Run $VISUAL or $EDITOR on the text; app_edited() when it has ended. */
void external_editor(struct loop *l, const char *text);
/* Before the program ends: nothing of a text stays in the file. */
void external_forget(struct loop *l);

/* Pictures: struct host's, and what the terminal has answered. */
void loop_ask_terminal(struct loop *l);
void loop_load_picture(struct loop *l, uint64_t key, const char *path);
int loop_ask_picture(struct loop *l, const struct preview_ask *ask) MUST_USE;
/* As preview_ask(), with the child of the screen. */
int loop_ask_child(struct loop *l, const struct preview_ask *ask,
    preview_done_fn *done, void *ctx, uint64_t *id) MUST_USE;
void loop_open_file(struct loop *l, const char *path);
void loop_read_qr(struct loop *l, const char *path);
void loop_camera(struct loop *l, const struct preview_ask *ask);
void loop_camera_stop(struct loop *l);
/* What the terminal can, or what is wanted of it, has changed. */
void loop_ground(struct loop *l);

/* Start, stop reading keys. */
void loop_listen(struct loop *l, bool on);

#endif
