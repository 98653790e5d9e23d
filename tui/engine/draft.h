/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draft.h — a content that is being written: the fields every one has, its
 * body, and the way into the outbox. */
#ifndef TUI_ENGINE_DRAFT_H
#define TUI_ENGINE_DRAFT_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"

struct draft {
	Sotto__Content__Content c; /* points into the rest */
	Sotto__Content__Profile profile;
	uint8_t id[STORE_ID_LEN]; /* the content's; random, may be replaced */
};

void draft_init(struct draft *d);

/* Say who writes: with every text, so that a new name is known by the next
 * one. It costs nothing on the wire, as it is within the padding. */
void draft_introduce(struct engine *e, struct draft *d);

/* Pad it and put it into the outbox. On the wire it has its own id.
 * In a transaction. */
int draft_send(
    struct engine *e, struct draft *d, const struct outbox_for *whom) MUST_USE;

/* The same for what is said in a chat, whoever is in it.
 *   message  the row that it is of, 0: none */
int draft_send_in(struct engine *e, struct draft *d,
    const struct store_chat *chat, int64_t message) MUST_USE;

/* Whom a content of this chat is for; borrows from it. */
struct outbox_for outbox_for_chat(
    const struct engine *e, const struct store_chat *chat, int64_t message);

/* May something be written in this chat now? If not, the command is answered
 * by a sentence that says why. */
bool may_write(
    struct engine *e, uint64_t tag, const struct store_chat *chat) MUST_USE;

/* The relay knows it by another id, wire_id. */
int draft_send_as(struct engine *e, struct draft *d,
    const uint8_t wire_id[static STORE_ID_LEN],
    const struct outbox_for *whom) MUST_USE;

/* The same for a text that is in the store, under that text's id. ERR_NOTFOUND
 * it could be looked at once, and is gone.
 *   wire_id  what the relay is to know it by */
int draft_send_text(struct engine *e, const struct store_message *m,
    const uint8_t wire_id[static STORE_ID_LEN],
    const struct outbox_for *whom) MUST_USE;

#endif
