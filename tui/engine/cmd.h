/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd.h — commands on their way from a front to the engine's thread, and the
 * table that says which of them is allowed when and who handles it.
 */
#ifndef TUI_ENGINE_CMD_H
#define TUI_ENGINE_CMD_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

struct engine;
struct cmd;

/* What the engine must be for a command; the refusal is a sentence. */
enum cmd_need {
	NEED_NOTHING = 0,
	NEED_LOCKED, /* the store is not open yet */
	NEED_OPEN, /* the store is open */
	NEED_REGISTERED, /* and this device is part of an account */
};

#define ENGINE_CMDS(X) /* name, needs, handler */                              \
	X(UNLOCK, NEED_LOCKED, cmd_unlock)                                     \
	X(CHANGE_PASSPHRASE, NEED_OPEN, cmd_change_passphrase)                 \
	X(REGISTER, NEED_OPEN, cmd_register)                                   \
	X(VERIFY, NEED_OPEN, cmd_verify)                                       \
	X(RELAY_KEY, NEED_OPEN, cmd_relay_key)                                 \
	X(LINK_BEGIN, NEED_OPEN, cmd_link_begin)                               \
	X(LINK_ANSWER, NEED_REGISTERED, cmd_link_answer)                       \
	X(LINK_CONFIRM, NEED_REGISTERED, cmd_link_confirm)                     \
	X(LINK_CANCEL, NEED_OPEN, cmd_link_cancel)                             \
	X(DEVICES, NEED_REGISTERED, cmd_devices)                               \
	X(DEVICE_RENAME, NEED_REGISTERED, cmd_device_rename)                   \
	X(DEVICE_REMOVE, NEED_REGISTERED, cmd_device_remove)                   \
	X(WIPE, NEED_OPEN, cmd_wipe)                                           \
	X(SELF, NEED_OPEN, cmd_self)                                           \
	X(VERIFY_PIN, NEED_OPEN, cmd_verify_pin)                               \
	X(HISTORY_SEND, NEED_REGISTERED, cmd_history_send)                     \
	X(HISTORY_ASK, NEED_REGISTERED, cmd_history_ask)                       \
	X(HISTORY_CANCEL, NEED_REGISTERED, cmd_history_cancel)                 \
	X(HISTORY, NEED_REGISTERED, cmd_history)                               \
	X(SET_PIN, NEED_REGISTERED, cmd_set_pin)                               \
	X(CHECK_PIN, NEED_REGISTERED, cmd_check_pin)                           \
	X(CHANGE_NUMBER, NEED_REGISTERED, cmd_change_number)                   \
	X(CHANGE_NUMBER_CODE, NEED_REGISTERED, cmd_change_number_code)         \
	X(DELETE_ACCOUNT, NEED_REGISTERED, cmd_delete_account)                 \
	X(BACKUP, NEED_REGISTERED, cmd_backup)                                 \
	X(BACKUP_SET, NEED_REGISTERED, cmd_backup_set)                         \
	X(BACKUP_NOW, NEED_REGISTERED, cmd_backup_now)                         \
	X(BACKUP_CANCEL, NEED_OPEN, cmd_backup_cancel)                         \
	X(SET_PROFILE, NEED_OPEN, cmd_set_profile)                             \
	X(CONTACT, NEED_REGISTERED, cmd_contact)                               \
	X(CHATS, NEED_OPEN, cmd_chats)                                         \
	X(PAGE_BEFORE, NEED_OPEN, cmd_page_before)                             \
	X(PAGE_AFTER, NEED_OPEN, cmd_page_after)                               \
	X(PAGE_AROUND, NEED_OPEN, cmd_page_around)                             \
	X(SEND_TEXT, NEED_REGISTERED, cmd_send_text)                           \
	X(RETRY, NEED_REGISTERED, cmd_retry)                                   \
	X(FORWARD, NEED_REGISTERED, cmd_forward)                               \
	X(EDIT, NEED_REGISTERED, cmd_edit)                                     \
	X(RETRACT, NEED_REGISTERED, cmd_retract)                               \
	X(FORGET, NEED_OPEN, cmd_forget)                                       \
	X(REACT, NEED_REGISTERED, cmd_react)                                   \
	X(STAR, NEED_OPEN, cmd_star)                                           \
	X(FORWARD_ALL, NEED_REGISTERED, cmd_forward_all)                       \
	X(STARRED, NEED_OPEN, cmd_starred)                                     \
	X(MSG_INFO, NEED_OPEN, cmd_msg_info)                                   \
	X(FIND_MESSAGE, NEED_OPEN, cmd_find_message)                           \
	X(OPEN_ONCE, NEED_OPEN, cmd_open_once)                                 \
	X(REPORT, NEED_REGISTERED, cmd_report)                                 \
	X(MUTE, NEED_OPEN, cmd_mute)                                           \
	X(PIN, NEED_OPEN, cmd_pin)                                             \
	X(ARCHIVE, NEED_OPEN, cmd_archive)                                     \
	X(MARK_UNREAD, NEED_OPEN, cmd_mark_unread)                             \
	X(BLOCK, NEED_REGISTERED, cmd_block)                                   \
	X(RENAME_CONTACT, NEED_OPEN, cmd_rename_contact)                       \
	X(SET_TIMER, NEED_REGISTERED, cmd_set_timer)                           \
	X(CLEAR_CHAT, NEED_OPEN, cmd_clear_chat)                               \
	X(DELETE_CHAT, NEED_OPEN, cmd_delete_chat)                             \
	X(TO_SELF, NEED_REGISTERED, cmd_to_self)                               \
	X(MARK_READ, NEED_OPEN, cmd_mark_read)                                 \
	X(SET_DRAFT, NEED_OPEN, cmd_set_draft)                                 \
	X(TYPING, NEED_REGISTERED, cmd_typing)                                 \
	X(SEARCH, NEED_OPEN, cmd_search)                                       \
	X(SAFETY, NEED_REGISTERED, cmd_safety)                                 \
	X(SET_TRUST, NEED_REGISTERED, cmd_set_trust)                           \
	X(RECONNECT, NEED_REGISTERED, cmd_reconnect)                           \
	X(FLUSH, NEED_REGISTERED, cmd_flush)                                   \
	X(GROUPS, NEED_OPEN, cmd_groups)                                       \
	X(GROUP, NEED_OPEN, cmd_group)                                         \
	X(GROUP_CHANGE, NEED_REGISTERED, cmd_group_change)                     \
	X(GROUP_JOIN, NEED_REGISTERED, cmd_group_join)                         \
	X(GROUP_ACCEPT, NEED_REGISTERED, cmd_group_accept)                     \
	X(STATUSES, NEED_OPEN, cmd_statuses)                                   \
	X(STATUS_POST, NEED_REGISTERED, cmd_status_post)                       \
	X(STATUS_SEE, NEED_REGISTERED, cmd_status_see)                         \
	X(STATUS_VIEWERS, NEED_OPEN, cmd_status_viewers)                       \
	X(STATUS_DELETE, NEED_REGISTERED, cmd_status_delete)                   \
	X(STATUS_RETRY, NEED_REGISTERED, cmd_status_retry)                     \
	X(STATUS_REPLY, NEED_REGISTERED, cmd_status_reply)                     \
	X(STATUS_MUTE, NEED_REGISTERED, cmd_status_mute)                       \
	X(STATUS_AUDIENCE, NEED_OPEN, cmd_status_audience)                     \
	X(STATUS_SET_AUDIENCE, NEED_REGISTERED, cmd_status_set_audience)       \
	X(SEND_FILES, NEED_REGISTERED, cmd_send_files)                         \
	X(SEND_CARD, NEED_REGISTERED, cmd_send_card)                           \
	X(FETCH, NEED_REGISTERED, cmd_fetch)                                   \
	X(MEDIA_PAUSE, NEED_REGISTERED, cmd_media_pause)                       \
	X(MEDIA_CANCEL, NEED_REGISTERED, cmd_media_cancel)                     \
	X(MEDIA_READ, NEED_OPEN, cmd_media_read)                               \
	X(MEDIA_RULES, NEED_OPEN, cmd_media_rules)                             \
	X(INCOMING_AFTER, NEED_OPEN, cmd_incoming_after)                       \
	X(SET_CURSOR, NEED_OPEN, cmd_set_cursor)

typedef void cmd_fn(struct engine *e, struct cmd *c);

enum cmd_kind {
#define X(name, need, fn) CMD_##name,
	ENGINE_CMDS(X)
#undef X
};

#define X(name, need, fn) cmd_fn fn;
ENGINE_CMDS(X)
#undef X

#define CMD_STRINGS 3

struct cmd {
	enum cmd_kind kind;
	uint64_t tag;
	int64_t chat;
	int64_t id;
	uint32_t n;
	int flag[2];
	uint64_t ms;
	uint8_t key[2][16]; /* a message id, an account */
	int64_t *ids; /* heap: messages, then chats */
	size_t n_ids, n_chats;
	uint8_t *data; /* heap, wiped: a packed group_intent, or accounts */
	size_t data_len;
	char *s[CMD_STRINGS]; /* heap; wiped when the command is freed */
	struct cmd *next;
};

/* A command with copies of the strings (NULL stays NULL); NULL: no memory. */
struct cmd *cmd_new(enum cmd_kind kind, uint64_t tag, const char *s0,
    const char *s1, const char *s2);
void cmd_free(struct cmd *c);

/* Queue a command; c belongs to the engine then. On the front's thread. 0;
 * ERR_NOMEM when c is NULL. */
int cmd_submit(struct engine *e, struct cmd *c) MUST_USE;

#endif
