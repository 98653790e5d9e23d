/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message_int.h — inside of the store: rows of the message table. */
#ifndef TUI_STORE_MESSAGE_INT_H
#define TUI_STORE_MESSAGE_INT_H

#include "tui/store/query.h"
#include "tui/store/store_message.h"

/* What read_message() reads, from column 0; m is the table's name in the FROM
 * clause. */
#define MESSAGE_COLUMNS_WITH(text)                                             \
	"m.id, m.chat, m.message_id, m.account, m.device, m.dir, m.kind,"      \
	" m.state, m.sent_ms, m.received_ms, m.flags, m.expire_s,"             \
	" m.edited_ms, m.expires_ms, m.reactions, m.starred, " text
#define MESSAGE_COLUMNS		MESSAGE_COLUMNS_WITH("m.text")
#define MESSAGE_COLUMNS_NO_TEXT MESSAGE_COLUMNS_WITH("''")
#define MESSAGE_COLUMNS_N	17

void read_message(struct query *q, struct store_message *m);

/* Append a row to a list; errors stick in the query. */
void push_message(struct query *q, struct store_messages *list);

/* Find the chat's last message again, after one changed or went. */
int message_refresh_last(struct store *s, int64_t chat) MUST_USE;

/* Sort key of a message of this chat. ERR_NOTFOUND. */
int message_sort(
    struct store *s, int64_t chat, int64_t id, int64_t *sort) MUST_USE;

#endif
