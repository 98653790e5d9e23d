/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_chat.h — conversations. Last message and unread count stand in the
 * chat's own row, so that the list is one query whatever lies behind it.
 */
#ifndef TUI_STORE_STORE_CHAT_H
#define TUI_STORE_STORE_CHAT_H

#include "tui/store/store_contact.h"
#include "tui/store/store_message.h"

#define STORE_LAST_MAX 200 /* bytes of the last message kept for the list */

/* Numbers are on disk. */
enum store_chat_kind {
	STORE_CHAT_PERSON = 1, /* peer is an account id */
	STORE_CHAT_GROUP = 2, /* peer is a group id */
};

struct store_chat {
	int64_t id; /* > 0 */
	enum store_chat_kind kind;
	uint8_t peer[STORE_ID_LEN];
	char *title; /* own name for them, else theirs, else the phone; heap */
	char phone[STORE_PHONE_MAX]; /* "" where there is none */
	enum store_trust trust;
	bool blocked;
	uint32_t unread;
	int64_t read_up_to; /* message id; 0: nothing was read */
	uint64_t created_ms;
	uint64_t seen_ms; /* the contact's */
	/* last message; last_id 0: none, the others are 0 */
	int64_t last_id;
	uint64_t last_ms;
	enum store_dir last_dir;
	enum store_msg_kind last_kind;
	enum store_msg_state last_state;
	char *last_text; /* cut at STORE_LAST_MAX, newlines kept; heap */
	char *draft; /* heap, "" when there is none */
	/* store_chat_set() */
	uint64_t muted_until_ms; /* 0: not; STORE_MUTED_EVER */
	uint64_t pinned_ms; /* when it was pinned; 0: not */
	bool archived;
	bool unread_mark; /* set by hand */
	uint32_t expire_s; /* timer of new messages; 0: they stay */
};

#define STORE_MUTED_EVER ((uint64_t)INT64_MAX)

/* What a person sets for a chat; numbers are not on disk. */
enum store_chat_setting {
	STORE_CHAT_MUTED_UNTIL_MS,
	STORE_CHAT_PINNED_MS,
	STORE_CHAT_ARCHIVED,
	STORE_CHAT_EXPIRE_S,
	STORE_CHAT_UNREAD_MARK,
};

struct store_chats {
	struct store_chat *v;
	size_t n;
};

/* The chat with this peer, made when there is none. */
int store_chat_open(struct store *s, enum store_chat_kind kind,
    const uint8_t peer[static STORE_ID_LEN], uint64_t now_ms,
    int64_t *chat) MUST_USE;
/* Returns 0; ERR_NOTFOUND. */
int store_chat_find(struct store *s, enum store_chat_kind kind,
    const uint8_t peer[static STORE_ID_LEN], int64_t *chat) MUST_USE;
int store_chat_get(
    struct store *s, int64_t chat, struct store_chat *out) MUST_USE;
void store_chat_clear(struct store_chat *c);
/* What it is, and with whom. ERR_NOTFOUND. */
int store_chat_kind(struct store *s, int64_t chat, enum store_chat_kind *kind,
    uint8_t peer[static STORE_ID_LEN]) MUST_USE;

/* ERR_NOTFOUND; ERR_RANGE above INT64_MAX. */
int store_chat_set(struct store *s, int64_t chat, enum store_chat_setting what,
    uint64_t value) MUST_USE;

/* All chats: pinned ones, then last activity first. Freed by store_chats_clear(). */
int store_chat_list(struct store *s, struct store_chats *out) MUST_USE;
/* The first n of them, in a fraction of the time. */
int store_chat_top(
    struct store *s, uint32_t n, struct store_chats *out) MUST_USE;
void store_chats_clear(struct store_chats *c);

/* NULL or "" removes the draft. ERR_NOTFOUND no such chat; ERR_RANGE. */
int store_chat_set_draft(
    struct store *s, int64_t chat, const char *text, uint64_t now_ms) MUST_USE;

/* Unread messages in all chats. */
int store_chat_unread(struct store *s, uint64_t *n) MUST_USE;

#endif
