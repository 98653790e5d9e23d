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
#include "tui/store/store_message.h"

typedef Sotto__Relay__DeliverEvent__Item group_item;

/* What came of it; set where true, else left. */
struct group_took {
	bool unreadable; /* it did not open: to be asked for, and shown so */
	bool refused; /* nobody wrote it: nothing of it is shown */
	bool owes; /* a receipt, or a request, is to be sent */
	bool claims; /* somebody claims a number that we do not know */
};

/* A message with a group_id. In a transaction. */
int group_receive_item(
    struct engine *e, const group_item *it, struct group_took *took) MUST_USE;

/*
 * A content with a group_id that came over a session of that device: its key,
 * or a message that was asked for again. In a transaction.
 */
int group_receive_content(struct engine *e, const group_item *it,
    const Sotto__Content__Content *c, struct group_took *took) MUST_USE;

/* What waited until its sender could be judged, if that can be done now. */
void group_receive_held(struct engine *e);

/*
 * They ask for a message that we sent. *ours: it went to a group, and they were
 * answered as far as they may have it. In a transaction.
 */
struct repair_from;
int group_receive_asked(struct engine *e, const struct repair_from *from,
    const uint8_t message_id[static STORE_ID_LEN], bool *ours) MUST_USE;

/* A receipt of one device for a message of ours in a group. In a transaction. */
struct group_receipt {
	int64_t message;
	const uint8_t *message_id, *group, *account; /* borrowed */
	uint32_t device;
	enum store_msg_state state;
	uint64_t when_ms;
};
int group_receive_receipt(
    struct engine *e, const struct group_receipt *rc) MUST_USE;

#endif
