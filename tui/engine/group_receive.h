/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_receive.h — what comes to a group: opened with the sender's key, and
 * believed only of a member, in the group that it names itself.
 * docs/groups.md §10.
 */
#ifndef TUI_ENGINE_GROUP_RECEIVE_H
#define TUI_ENGINE_GROUP_RECEIVE_H

#include "common/proto/content.pb-c.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"

typedef Sotto__Relay__DeliverEvent__Item group_item;

/*
 * An item with a group_id. In a transaction.
 *   opened  out, true: it was read; its wire id need not be known again
 *   owes    set when there is something to send: a receipt, a request
 */
int group_receive_item(
    struct engine *e, const group_item *it, bool *opened, bool *owes) MUST_USE;

/*
 * A content with a group_id that came over a session of that device: its key,
 * or a message that was asked for again. In a transaction.
 */
int group_receive_content(struct engine *e, const group_item *it,
    const Sotto__Content__Content *c, bool *owes) MUST_USE;

/*
 * They ask for a message that we sent to a group. *theirs: it is one, and was
 * answered as far as they may have it. In a transaction.
 */
int group_receive_asked(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    const uint8_t message_id[static STORE_ID_LEN], bool *theirs) MUST_USE;

#endif
