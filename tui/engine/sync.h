/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync.h — what the devices of one account tell each other: copies of what was
 * sent, and what was read, named, muted, begun to write. Sealed like any other
 * message; docs/protocol.md §6.5.
 *
 * Nothing is told, and nothing is stored, while there is no other device.
 */
#ifndef TUI_ENGINE_SYNC_H
#define TUI_ENGINE_SYNC_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_message.h"

#define SYNC_CONTACTS_MAX 2000 /* told to a new device, latest chats first */
#define SYNC_ROWS	  128 /* contacts or chats in one message */
#define SYNC_DRAFT_MS	  2000 /* after the last key, or so */
#define SYNC_DRAFTS	  8 /* chats with a draft to tell */

/* Where a copy or a sync came from. */
struct sync_from {
	uint32_t device; /* of ours */
	const uint8_t *wire_id; /* the relay's, STORE_ID_LEN bytes */
};

/* Tell our other devices something, if there are any. In a transaction. */
int sync_tell(struct engine *e, Sotto__Content__Sync *s) MUST_USE;

/* Put the copy for our other devices beside a new outbox row, if a person
 * wrote its content. In a transaction. */
int sync_copy(struct engine *e, Sotto__Content__Outgoing *o) MUST_USE;

/* One of our other devices says so. In a transaction. */
int sync_take(struct engine *e, const struct sync_from *from,
    const Sotto__Content__Content *c) MUST_USE;

/* Each in a transaction. */
int sync_read(struct engine *e, int64_t chat,
    const struct store_messages *newly) MUST_USE;
int sync_contact(struct engine *e, const struct store_contact *c) MUST_USE;
int sync_chat(struct engine *e, int64_t chat) MUST_USE;
int sync_profile(struct engine *e) MUST_USE;
int sync_number(struct engine *e) MUST_USE;
int sync_secret(struct engine *e) MUST_USE;
int sync_star(
    struct engine *e, const struct store_message *m, bool on) MUST_USE;
int sync_forget(struct engine *e, const struct store_message *m) MUST_USE;
/* A view-once text was opened here. */
int sync_viewed(struct engine *e, const struct store_message *m) MUST_USE;
/* last: 0 none; gone: the chat too. Before its messages go. */
int sync_clear(struct engine *e, const struct store_chat *chat, int64_t last,
    uint64_t up_to_ms, bool gone) MUST_USE;
/* What this one said, as it is now: a draft, our name, the account's secret. */
int sync_anew(struct engine *e, const Sotto__Content__Sync *s) MUST_USE;
/* Contacts and settings of chats, for a new device. */
int sync_all(struct engine *e) MUST_USE;

/* The draft of this chat has changed: told when it rests. */
void sync_draft_later(struct engine *e, int64_t chat);
/* It was written (or emptied) here and now. In a transaction. */
int sync_draft_made(
    struct engine *e, const uint8_t peer[static STORE_ID_LEN]) MUST_USE;
/* It became a message: that it is gone is told with it, whatever happens to this
 * device next. In a transaction; once that has ended, sync_draft_told(). */
int sync_draft_sent(struct engine *e, const struct store_chat *chat) MUST_USE;
void sync_draft_told(struct engine *e, int64_t chat);
/* Tell drafts that rest. Returns 0; or after how many milliseconds there is
 * more to do. */
uint64_t sync_flush(struct engine *e);
/* Tell all of them, rested or not: this device is about to go. */
void sync_drafts_now(struct engine *e);

#endif
