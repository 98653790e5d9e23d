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

/* ---- media_act.c --------------------------------------------------------------- */

/* A menu of what can be done with the file of a message. */
void media_menu(struct app *a, const struct item *it);
void media_saved(struct app *a, const struct engine_event *ev);

/* ---- chat_act.c ---------------------------------------------------------------- */

/* The chat that the details show, that is marked in the list, that is open. */
struct chat *chat_target(const struct app *a);
/* False: it is no action for a chat. */
bool chat_act(struct app *a, enum action act);
/* The same with words behind a /command; false: none are needed. */
bool chat_command(struct app *a, enum action act, const char *words);

/* ---- room_act.c --------------------------------------------------------------- */

/* Make one, join one; words may be "": they are asked for. */
void room_new(struct app *a, const char *name);
void room_join(struct app *a, const char *link);
void room_rename(struct app *a, const char *name, int64_t chat);
void room_set_timer(struct app *a, int64_t chat, uint32_t seconds);
/* Of the group whose details are open. */
void room_add(struct app *a);
void room_about(struct app *a);
void room_permit(struct app *a);
void room_link(struct app *a);
void room_leave(struct app *a);
void room_accept(struct app *a);
void room_member(struct app *a, const struct group_member_row *m);

/* ---- account_act.c ------------------------------------------------------------- */

void account_menu(struct app *a);
void account_event(struct app *a, const struct engine_event *ev);

/* ---- room.c -------------------------------------------------------------------- */

void room_row_clear(struct group_row *g);
/* A copy; false without memory, to is as it was. Members stay when from has
 * none. */
bool room_row_take(struct group_row *to, const struct group_row *from);

/* The open chat is another one. */
void room_open(struct app *a);
void room_take(struct app *a, const struct engine_event *ev);
bool room_alarm(const struct app *a); /* and it is not accepted */
void room_words(const struct app *a, char *out, size_t cap);
/* Why nothing can be written in it; NULL: it can. Static. */
const char *room_silent(const struct app *a);
bool room_complete(struct app *a); /* Tab behind "@An" */

/* ---- forget.c ------------------------------------------------------------------ */

/* Delete for oneself: out of sight at once, for good in a few seconds. */
void forgetting_begin(struct app *a, const int64_t *ids, size_t n);
bool forgetting_undo(struct app *a); /* false: there is nothing */
void forgetting_now(struct app *a);

#endif
