/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * action.h — what is done to a message after it was written: edits, deletion
 * for everyone, reactions. docs/protocol.md §6.6.
 *
 * Messages are named by author and id, so an edit or a deletion can only be of
 * the actor's own message. What comes before its message waits (store_action.h).
 */
#ifndef TUI_ENGINE_ACTION_H
#define TUI_ENGINE_ACTION_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_action.h"

#define ACTION_EDIT_MS (15ull * 60 * 1000) /* after it was written */

/* Who acted, in which chat, and when by their clock. */
struct action_by {
	const uint8_t *account; /* STORE_ID_LEN bytes, borrowed */
	int64_t chat;
	uint64_t sent_ms;
};

/*
 * An Edit, Retract or Reaction has come. What is not allowed, or about a
 * message of another chat, changes nothing. In a transaction.
 */
int action_take(struct engine *e, const struct action_by *by,
    const Sotto__Content__Content *c) MUST_USE;

/* The same, read already; of one of our other devices also VIEWED and the later
 * ones, whose chat does not matter. */
int action_do(
    struct engine *e, const struct store_early *a, int64_t chat) MUST_USE;

/* A message has come: what waited for it happens now. In a transaction. */
int action_arrived(struct engine *e, int64_t id) MUST_USE;

#endif
