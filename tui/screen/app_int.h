/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app_int.h — what the parts of the app share, and nobody else: app.c, its
 * chats, its sending, its events. */
#ifndef TUI_SCREEN_APP_INT_H
#define TUI_SCREEN_APP_INT_H

#include "tui/screen/views.h"

/* ---- app_chat.c ---------------------------------------------------------------- */

/* Save the draft of the open chat, when it has changed. */
void app_save_draft(struct app *a);
/* Ask for a page of the open chat; what it is to become is noted in a->hist. */
void app_ask_page(struct app *a, enum hist_want want, int64_t id);

/* ---- app_send.c ---------------------------------------------------------------- */

void sending_free(struct sending *s); /* wipes */
/* Out of the list of what is under way; NULL: nothing is with that tag. */
struct sending *sending_take(struct app *a, uint64_t tag);
/* It did not go: back to where it was written, before what came after. */
void sending_failed(struct app *a, struct sending *s, const char *why);

#endif
