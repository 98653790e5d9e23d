/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_mention.h — whom a text in a group names, and where. */
#ifndef TUI_STORE_STORE_MENTION_H
#define TUI_STORE_STORE_MENTION_H

#include "tui/store/store_message.h"

#define STORE_MENTIONS_MAX 32 /* of one text */

struct store_mention {
	uint8_t account[STORE_ID_LEN];
	uint32_t start, len; /* bytes of the text; "@" is the first */
};

/*
 * Those of a message, in place of what it had: ascending, not overlapping,
 * within its text; the caller has seen to that. me: one of them is us, and
 * somebody else wrote it. Keeps the two flags true. ERR_NOTFOUND no such
 * message; ERR_RANGE too many.
 */
int store_mention_set(struct store *s, int64_t id,
    const struct store_mention *v, size_t n, bool me) MUST_USE;

/* In order; *n 0: none, and no error. */
int store_mention_get(struct store *s, int64_t id,
    struct store_mention v[static STORE_MENTIONS_MAX], size_t *n) MUST_USE;

/* Are we named in something unread of this chat? */
int store_mention_unread(struct store *s, int64_t chat, bool *yes) MUST_USE;

#endif
