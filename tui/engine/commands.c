/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands.c — on the front's thread: what can be done to messages and chats,
 * as commands. The others: engine.c. */
#include <stdlib.h>
#include <string.h>

#include "tui/engine/cmd.h"
#include "tui/engine/engine.h"
#include "tui/store/store.h"

/* A command about one message or chat. */
static int
submit_one(struct engine *e, struct cmd *c, int64_t chat, int64_t id)
{
	if (c == NULL)
		return ERR_NOMEM;
	c->chat = chat;
	c->id = id;
	return cmd_submit(e, c);
}

static struct cmd *
plain(enum cmd_kind kind, uint64_t tag)
{
	return cmd_new(kind, tag, NULL, NULL, NULL);
}

static int
submit_switch(
    struct engine *e, enum cmd_kind kind, uint64_t tag, int64_t chat, bool on)
{
	struct cmd *c = plain(kind, tag);

	if (c != NULL)
		c->n = on;
	return submit_one(e, c, chat, 0);
}

/* A command about these messages, and for these chats. */
static struct cmd *
with_ids(enum cmd_kind kind, uint64_t tag, const int64_t *ids, size_t n,
    const int64_t *chats, size_t n_chats)
{
	struct cmd *c = plain(kind, tag);

	if (c == NULL)
		return NULL;
	c->ids = calloc(n + n_chats, sizeof(*c->ids));
	if (c->ids == NULL) {
		cmd_free(c);
		return NULL;
	}
	memcpy(c->ids, ids, n * sizeof(*ids));
	if (n_chats > 0)
		memcpy(c->ids + n, chats, n_chats * sizeof(*chats));
	c->n_ids = n;
	c->n_chats = n_chats;
	return c;
}

/* ---- messages ------------------------------------------------------------- */

int
engine_forward_all(struct engine *e, uint64_t tag, const int64_t *msgs,
    size_t n_msgs, const int64_t *chats, size_t n_chats)
{
	if (n_msgs == 0 || n_msgs > ENGINE_FORWARD_MAX || n_chats == 0 ||
	    n_chats > ENGINE_FORWARD_MAX)
		return ERR_RANGE;
	return cmd_submit(
	    e, with_ids(CMD_FORWARD_ALL, tag, msgs, n_msgs, chats, n_chats));
}

int
engine_starred(
    struct engine *e, uint64_t tag, int64_t chat, int64_t before, uint32_t n)
{
	struct cmd *c;

	if (n == 0 || n > ENGINE_PAGE_MAX)
		return ERR_RANGE;
	c = plain(CMD_STARRED, tag);
	if (c != NULL)
		c->n = n;
	return submit_one(e, c, chat, before);
}

int
engine_msg_info(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit_one(e, plain(CMD_MSG_INFO, tag), 0, msg_id);
}

int
engine_find_message(struct engine *e, uint64_t tag,
    const uint8_t message_id[static ENGINE_ID_LEN], const uint8_t *author)
{
	struct cmd *c = plain(CMD_FIND_MESSAGE, tag);

	if (c == NULL)
		return ERR_NOMEM;
	memcpy(c->key[0], message_id, ENGINE_ID_LEN);
	c->flag[0] = author != NULL;
	if (author != NULL)
		memcpy(c->key[1], author, ENGINE_ID_LEN);
	return cmd_submit(e, c);
}

int
engine_send_once(struct engine *e, uint64_t tag, int64_t chat, const char *text)
{
	struct cmd *c;

	if (text[0] == '\0' || strlen(text) > ENGINE_TEXT_MAX)
		return ERR_RANGE;
	c = cmd_new(CMD_SEND_TEXT, tag, text, NULL, NULL);
	if (c != NULL)
		c->flag[0] = true;
	return submit_one(e, c, chat, 0);
}

int
engine_open_once(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit_one(e, plain(CMD_OPEN_ONCE, tag), 0, msg_id);
}

int
engine_report(struct engine *e, uint64_t tag, int64_t chat, const int64_t *msgs,
    size_t n, bool block)
{
	struct cmd *c;

	if (n == 0 || n > ENGINE_REPORT_MAX)
		return ERR_RANGE;
	c = with_ids(CMD_REPORT, tag, msgs, n, NULL, 0);
	if (c != NULL)
		c->flag[0] = block;
	return submit_one(e, c, chat, 0);
}

/* ---- chats ------------------------------------------------------------------ */

int
engine_mute(struct engine *e, uint64_t tag, int64_t chat, uint64_t until_ms)
{
	struct cmd *c = plain(CMD_MUTE, tag);

	if (c != NULL)
		c->ms = until_ms;
	return submit_one(e, c, chat, 0);
}

int
engine_pin(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	return submit_switch(e, CMD_PIN, tag, chat, on);
}

int
engine_archive(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	return submit_switch(e, CMD_ARCHIVE, tag, chat, on);
}

int
engine_mark_unread(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	return submit_switch(e, CMD_MARK_UNREAD, tag, chat, on);
}

int
engine_block(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	return submit_switch(e, CMD_BLOCK, tag, chat, on);
}

int
engine_rename_contact(
    struct engine *e, uint64_t tag, int64_t chat, const char *name)
{
	if (strlen(name) >= STORE_NAME_MAX)
		return ERR_RANGE;
	return submit_one(
	    e, cmd_new(CMD_RENAME_CONTACT, tag, name, NULL, NULL), chat, 0);
}

int
engine_set_timer(struct engine *e, uint64_t tag, int64_t chat, uint32_t seconds)
{
	struct cmd *c;

	if (seconds > ENGINE_EXPIRE_MAX_S)
		return ERR_RANGE;
	c = plain(CMD_SET_TIMER, tag);
	if (c != NULL)
		c->n = seconds;
	return submit_one(e, c, chat, 0);
}

int
engine_clear_chat(struct engine *e, uint64_t tag, int64_t chat)
{
	return submit_one(e, plain(CMD_CLEAR_CHAT, tag), chat, 0);
}

int
engine_delete_chat(struct engine *e, uint64_t tag, int64_t chat)
{
	return submit_one(e, plain(CMD_DELETE_CHAT, tag), chat, 0);
}

int
engine_to_self(struct engine *e, uint64_t tag)
{
	return cmd_submit(e, plain(CMD_TO_SELF, tag));
}
