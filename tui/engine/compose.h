/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose.h — a text of ours on its way into store and outbox. */
#ifndef TUI_ENGINE_COMPOSE_H
#define TUI_ENGINE_COMPOSE_H

#include "tui/engine/impl.h"
#include "tui/engine/mention.h"
#include "tui/store/store_action.h"
#include "tui/store/store_media.h"
#include "tui/store/store_message.h"

/* What it is besides its words. */
struct own_text {
	char *text; /* borrowed; with media its caption, may be "" */
	struct store_media *media; /* borrowed, message is filled in; NULL: a
				    * text */
	int64_t answers; /* local id; 0: nothing */
	const struct store_quote *quote; /* answers 0: it answers this, which
					  * is no message; or NULL */
	uint32_t flags; /* enum store_msg_flags */
	bool once; /* to be viewed once */
	const struct mentions *mentions; /* borrowed; NULL: nobody is named */
	bool keep_draft; /* what is being written there is something else */
};

/* Row and outbox; *m as it is stored, its text borrowed. ERR_NOTFOUND what it
 * answers is not there. In a transaction. */
int compose_add(struct engine *e, const struct store_chat *chat,
    const struct own_text *own, struct store_message *m) MUST_USE;

/* What was held back until its file was up: into the outbox. In a
 * transaction. */
int compose_leave(struct engine *e, const struct store_message *m) MUST_USE;

/* The same for the chat of a command, which is answered. */
void compose_send(struct engine *e, struct cmd *c, const struct own_text *own);

#endif
