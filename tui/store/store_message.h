/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_message.h — messages, their pages, states, receipts, and which incoming
 * ones were seen before.
 *
 * The order in a chat is (sort key, id). The store gives live messages growing
 * keys, so there ids grow in the order shown; older history that comes later
 * from another device gets keys in its past. Ids are never reused.
 */
#ifndef TUI_STORE_STORE_MESSAGE_H
#define TUI_STORE_STORE_MESSAGE_H

#include "tui/store/store.h"

#define STORE_PAGE_MAX 1000 /* messages in one page */

/* Numbers are on disk. */
enum store_dir {
	STORE_IN = 0,
	STORE_OUT = 1,
	STORE_NOTE = 2, /* a line of our own making; never unread */
};
enum store_msg_kind {
	STORE_MSG_TEXT = 0,
	STORE_MSG_KEY_CHANGED = 1,
	STORE_MSG_NOTE = 2,
	STORE_MSG_DELETED = 3, /* for everyone: a line that says so */
	STORE_MSG_ONCE = 4, /* view-once; its text is in store_once.h alone */
	STORE_MSG_MEDIA = 5, /* store_media.h has what; its text: a caption */
};
/* Bits on disk. */
enum store_msg_flags {
	STORE_MSG_FORWARDED = 1,
	STORE_MSG_VIEW_ONCE = 2,
	STORE_MSG_VIEWED = 4, /* a view-once that was opened: no text is left */
	STORE_MSG_QUOTES = 8, /* store_quote_get() has what */
	STORE_MSG_MENTIONS_ME = 16,
	STORE_MSG_HISTORY = 32, /* from a backup or another device: not news */
	STORE_MSG_MENTIONS = 64, /* store_mention_get() has whom */
};
/* The same numbers as enum msg_state of the engine. */
enum store_msg_state {
	STORE_MSG_PENDING = 0,
	STORE_MSG_SENT = 1,
	STORE_MSG_DELIVERED = 2,
	STORE_MSG_READ = 3,
	STORE_MSG_FAILED = 4,
	STORE_MSG_RECEIVED = 5,
	STORE_MSG_WAITING = 6,
};

struct store_message {
	int64_t id; /* local */
	int64_t chat;
	uint8_t message_id[STORE_ID_LEN];
	uint8_t account[STORE_ID_LEN]; /* the sender's; zeros for notes */
	uint32_t device;
	enum store_dir dir;
	enum store_msg_kind kind;
	enum store_msg_state state;
	uint64_t sent_ms; /* the sender's clock */
	uint64_t received_ms; /* ours; the order comes from it */
	char *text; /* UTF-8; heap in what the store returns, NULL is "" */
	uint32_t flags; /* enum store_msg_flags */
	uint32_t expire_s; /* disappears so long after it was seen; 0: stays */
	/* What store_action.h changes; ignored when a message is added. */
	uint64_t edited_ms; /* 0: as it was written */
	uint64_t expires_ms; /* 0: its timer does not run */
	uint32_t reactions; /* how many accounts reacted */
	bool starred;
};

/* Ascending in the chat's order. */
struct store_messages {
	struct store_message *v;
	size_t n;
	bool more_before, more_after;
};

void store_message_clear(struct store_message *m);
void store_messages_clear(struct store_messages *m);

/*
 * Add a message (its id is ignored) and keep the chat's last message and
 * unread count. Returns 0; ERR_NOTFOUND no such chat; ERR_RANGE text too long
 * or not UTF-8; ERR_EXISTS this sender's message_id is there already (notes
 * have none: zeros never clash).
 */
int store_message_add(
    struct store *s, const struct store_message *m, int64_t *id) MUST_USE;

/* Returns 0; ERR_NOTFOUND. */
int store_message_get(
    struct store *s, int64_t id, struct store_message *out) MUST_USE;
int store_message_find(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], int64_t *id) MUST_USE;

/* By whoever wrote it; of two with the same id the one that came first. */
int store_message_find_any(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN], int64_t *id) MUST_USE;

/*
 * Move a state forward: PENDING < SENT < DELIVERED < READ; FAILED only from
 * PENDING and back by a retry; WAITING to RECEIVED by store_message_fill().
 * *moved (may be NULL): false when it was there already or further.
 * Returns 0; ERR_NOTFOUND; ERR_STATE not an outgoing message.
 */
int store_message_set_state(struct store *s, int64_t id,
    enum store_msg_state state, bool *moved) MUST_USE;

/* The text of a WAITING message has come. ERR_STATE it does not wait. */
int store_message_fill(struct store *s, int64_t id, enum store_msg_kind kind,
    const char *text, uint64_t sent_ms) MUST_USE;

/* Gone from chat, search and receipts. ERR_NOTFOUND. */
int store_message_delete(struct store *s, int64_t id) MUST_USE;

/*
 * Up to n messages before (older than) or after a message; before 0: the
 * latest, after 0: the oldest. An id that is gone or of another chat:
 * ERR_NOTFOUND. around: the message itself in the middle.
 */
int store_message_before(struct store *s, int64_t chat, int64_t before,
    size_t n, struct store_messages *out) MUST_USE;
int store_message_after(struct store *s, int64_t chat, int64_t after, size_t n,
    struct store_messages *out) MUST_USE;
int store_message_around(struct store *s, int64_t chat, int64_t id, size_t n,
    struct store_messages *out) MUST_USE;

/* Incoming ones of every chat with an id above `after`, by id; not history. */
int store_message_incoming(struct store *s, int64_t after, size_t n,
    struct store_messages *out) MUST_USE;

/*
 * Everything in the chat up to and including this message is read. newly (may
 * be NULL): the incoming messages that were unread, without their text; the
 * newest STORE_PAGE_MAX of them (more_before: there were more). Never moves
 * backwards. ERR_NOTFOUND no such message in this chat.
 */
int store_message_mark_read(struct store *s, int64_t chat, int64_t up_to,
    struct store_messages *newly) MUST_USE;

/* ---- receipts, one per device that told us ---------------------------------- */

struct store_receipt {
	uint8_t account[STORE_ID_LEN];
	uint32_t device;
	uint64_t delivered_ms; /* 0: not told */
	uint64_t read_ms;
};

/* state is DELIVERED or READ. Also moves the message's own state; *moved as
 * above. The first time told stays. ERR_NOTFOUND; ERR_STATE not outgoing. */
int store_receipt_put(struct store *s, int64_t id,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    enum store_msg_state state, uint64_t when_ms, bool *moved) MUST_USE;
/* The same, and the message stays in its state: who else it went to is for the
 * caller to count. ERR_STATE there is no such message. */
int store_receipt_note(struct store *s, int64_t id,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    enum store_msg_state state, uint64_t when_ms) MUST_USE;
/* By account, then device. *v is heap, freed by free(). */
int store_receipt_list(
    struct store *s, int64_t id, struct store_receipt **v, size_t *n) MUST_USE;

/* ---- what came in before ---------------------------------------------------- */

/* Returns 0 and remembers it; ERR_DUP it was there. */
int store_inbox_add(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const uint8_t message_id[static STORE_ID_LEN],
    uint64_t now_ms) MUST_USE;
/* Is it there? Changes nothing. */
int store_inbox_has(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const uint8_t message_id[static STORE_ID_LEN],
    bool *has) MUST_USE;
/* Forget what is older than the relay keeps messages. */
int store_inbox_prune(struct store *s, uint64_t before_ms) MUST_USE;

#endif
