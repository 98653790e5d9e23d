/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_send.h — messages to groups on their way out. docs/groups.md §10.
 *
 * A row of the outbox holds the content. Before it leaves, every device that
 * the relay names and the chain allows has our sender key: who lacks it is
 * given it over its session, a few at a time, in rows that go before. Then the
 * content is sealed once, kept, and sent with the version and the digest of
 * those devices. If the relay calls that stale, all of it begins anew under
 * the same message id: nothing has been delivered.
 */
#ifndef TUI_ENGINE_GROUP_SEND_H
#define TUI_ENGINE_GROUP_SEND_H

#include "common/proto/content.pb-c.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"

#define GROUP_TYPING_MS	   4000 /* it is told again after so long */
#define GROUP_TYPING_MAX   32 /* members; in larger groups it is not told */
#define GROUP_RECEIPTS_MAX 128 /* members; in larger ones DELIVERED is not */

struct group_room; /* what is known of one group's devices; in memory */

/*
 * Put a content for a group into the outbox. In a transaction; then
 * outbox_kick().
 *   content     padded; with group_id and group_head in it
 *   message     local id of what it is; 0: nothing that is shown
 *   message_id  on the wire
 */
int group_send_add(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    const struct buf *content, int64_t message,
    const uint8_t message_id[static STORE_ID_LEN]) MUST_USE;

/*
 * The outbox has come to a row of a group. Returns 0 and *ready: o is sealed
 * and saved, send it; false: it waits for devices, keys or distributions,
 * which are under way. ERR_DENIED it cannot be sent: *why says it (static).
 */
int group_send_ready(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, bool *ready, const char **why) MUST_USE;

/* The SendGroupRequest of a ready row. */
int group_send_request(struct engine *e, const struct store_outgoing *row,
    const Sotto__Content__Outgoing *o, struct buf *out) MUST_USE;

/* The relay called it stale, and is at this version. In a transaction; o is
 * saved. ERR_DENIED too often. */
int group_send_stale(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o,
    const Sotto__Relay__SendGroupResponse *res) MUST_USE;

/* A row of the outbox for this account has failed: if it carried a key, that
 * has not arrived. In a transaction. */
int group_send_row_failed(struct engine *e, int64_t row,
    const uint8_t account[static STORE_ID_LEN]) MUST_USE;
/* The keys of this account cannot be had: groups do without it. retry_ms not
 * 0: for so long. */
void group_send_no_keys(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], uint32_t retry_ms);

/* Give our key again to a device that has lost it. In a transaction. */
int group_send_key_lost(struct engine *e,
    const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device) MUST_USE;

/* Our sender key is not used any more: somebody left, or lost a device. In a
 * transaction; nothing is fetched. */
enum group_rotate { GROUP_ROTATE_LEFT, GROUP_ROTATE_DEVICE };
int group_keys_rotate(struct engine *e,
    const uint8_t group[static STORE_ID_LEN], enum group_rotate why) MUST_USE;

/* A typing mark, if that is cheap. In a transaction. out: the request; empty:
 * nothing is to be sent. */
int group_send_typing(struct engine *e,
    const uint8_t group[static STORE_ID_LEN], struct buf *out) MUST_USE;

/* The outbox's turn begins: true, rows of groups are to be looked at again. */
bool group_send_turn(struct engine *e);
/* Is something under way that a row waits for? */
bool group_send_busy(const struct engine *e);
void group_send_link_lost(struct engine *e);
void group_send_close(struct engine *e);

#endif
