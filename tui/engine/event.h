/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h — making events and answering commands; engine's thread only,
 * except event_queue_*, which has the lock.
 */
#ifndef TUI_ENGINE_EVENT_H
#define TUI_ENGINE_EVENT_H

#include "tui/engine/cmd.h"
#include "tui/engine/engine.h"

/* Answer a command (tag) or tell the front something (tag 0). Running out of
 * memory here drops an event and tells the front by EV_FATAL, for which one is
 * kept in reserve. */
struct engine_event *event_new(
    struct engine *e, enum engine_event_kind kind, uint64_t tag);
void event_post(struct engine *e, struct engine_event *ev);

void reply_done(struct engine *e, uint64_t tag);
/* text NULL: the code's own sentence. */
void reply_error(struct engine *e, uint64_t tag, int code, const char *fmt, ...)
    PRINTF(4, 5);

void msg_row_clear(struct msg_row *m);
void media_row_free(struct media_row *m);
void chat_row_clear(struct chat_row *c);
void group_row_clear(struct group_row *g);

#endif
