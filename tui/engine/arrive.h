/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arrive.h — a message from the wire becomes a row: somebody else's, or a copy
 * of what another device of ours has sent. */
#ifndef TUI_ENGINE_ARRIVE_H
#define TUI_ENGINE_ARRIVE_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/engine/mention.h"
#include "tui/store/store_message.h"

/* What is kept beside the row. */
struct arrive_with {
	const Sotto__Content__Quote *quote; /* with STORE_MSG_QUOTES */
	const Sotto__Content__Media *media; /* its file; NULL: it is a text */
	const char *once; /* the text of a STORE_MSG_ONCE; NULL: not for us */
	const struct mentions *mentions; /* with STORE_MSG_MENTIONS */
};

/* Add m, which is complete, tell it, and do what waited for it. ERR_EXISTS it is
 * there already. In a transaction. */
int arrive(struct engine *e, const struct store_message *m,
    const struct arrive_with *with) MUST_USE;

/* The same for a text, or a file with its caption. m: chat, account, device, dir, state, received_ms; the
 * rest is taken from the content. */
int arrive_text(struct engine *e, struct store_message *m,
    const Sotto__Content__Content *c) MUST_USE;

#endif
