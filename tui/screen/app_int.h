/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app_int.h — what the parts of the app share, and nobody else: app.c, its
 * chats, its sending, its events. */
#ifndef TUI_SCREEN_APP_INT_H
#define TUI_SCREEN_APP_INT_H

#include "tui/screen/views.h"

/* Chats, messages and texts go from memory, wiped. */
void app_forget(struct app *a);

/* ---- app_chat.c ---------------------------------------------------------------- */

/* Save the draft of the open chat, when it has changed. */
void app_save_draft(struct app *a);
/* Ask for a page of the open chat; what it is to become is noted in a->hist. */
void app_ask_page(struct app *a, enum hist_want want, int64_t id);

void app_reload(struct app *a); /* the open chat has been cleared */
void app_leave_chat(struct app *a); /* it is no more: show another one */

/* ---- app_send.c ---------------------------------------------------------------- */

void sending_free(struct sending *s); /* wipes */
/* Out of the list of what is under way; NULL: nothing is with that tag. */
struct sending *sending_take(struct app *a, uint64_t tag);
/* It did not go: back to where it was written, before what came after. */
void sending_failed(struct app *a, struct sending *s, const char *why);

/* ---- writing.c ----------------------------------------------------------------- */

/* In the open chat. */
enum writing_kind writing_kind(const struct app *a);
void writing_reply(
    struct app *a, int64_t msg, const char *who, const char *what);
/* The composer gets the text; the draft waits. */
void writing_edit(struct app *a, int64_t msg, const char *text);
/* False: there was nothing to leave. Nothing typed is lost by it. */
bool writing_leave(struct app *a);
/* It has been sent: the composer is for what is next. */
void writing_done(struct app *a);
void writing_clear(struct writing *w); /* wipes */
bool writing_set(struct app *a, enum writing_kind kind, int64_t msg,
    const char *who, const char *what);
/* The line above the composer. */
void writing_draw(struct app *a, int y, int x, int w);

/* ---- chat_act.c ---------------------------------------------------------------- */

/* The chat that the details show, that is marked in the list, that is open. */
struct chat *chat_target(const struct app *a);
/* False: it is no action for a chat. */
bool chat_act(struct app *a, enum action act);
/* The same with words behind a /command; false: none are needed. */
bool chat_command(struct app *a, enum action act, const char *words);

/* ---- forget.c ------------------------------------------------------------------ */

/* Delete for oneself: out of sight at once, for good in a few seconds. */
void forget_begin(struct app *a, const int64_t *ids, size_t n);
bool forget_undo(struct app *a); /* false: there is nothing */
void forget_now(struct app *a);

#endif
