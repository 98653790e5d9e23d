/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.h — status posts: sealed like messages to a group, with a sender key
 * of their own, for an audience that only this account knows; kept for a day.
 * docs/status.md.
 *
 * Files by noun: posts here and their end (status.c), on their way out
 * (status_send.c) and in (status_receive.c), who sees them (status_people.c),
 * commands (status_cmd.c).
 */
#ifndef TUI_ENGINE_STATUS_H
#define TUI_ENGINE_STATUS_H

#include "common/proto/content.pb-c.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_status.h"

struct repair_from;

/* ---- posts: status.c ------------------------------------------------------------ */

int status_row_from(struct engine *e, struct status_row *out,
    const struct store_status *st) MUST_USE;
void status_row_clear(struct status_row *row);
/* An EV_STATUS_NEW, which may be an answer; an EV_STATUS_CHANGED. In a
 * transaction. */
int status_added(struct engine *e, int64_t id, uint64_t tag) MUST_USE;
int status_changed(struct engine *e, int64_t id) MUST_USE;
/* It goes, with all that is known of it, and its row of the outbox: an
 * EV_STATUS_GONE. In a transaction. */
int status_remove(struct engine *e, int64_t id) MUST_USE;

/* Those that are over go. *next_ms: when the next one is; 0: there is none.
 * Outside of a transaction. */
int status_expire(struct engine *e, uint64_t *next_ms) MUST_USE;

/* ---- out: status_send.c ----------------------------------------------------------- */

/* A post of ours, or its end, into the outbox. In a transaction.
 *   to  n accounts for whom it is; of a post ignored: the store has them */
int status_send_add(struct engine *e, const Sotto__Content__Content *c,
    const uint8_t (*to)[STORE_ID_LEN], size_t n) MUST_USE;

/* As those of group_send.h. */
int status_send_ready(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, bool *ready) MUST_USE;
int status_send_request(struct engine *e, const struct store_outgoing *row,
    const Sotto__Content__Outgoing *o, struct buf *out) MUST_USE;
int status_send_stale(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o,
    const Sotto__Relay__SendGroupResponse *res) MUST_USE;
/* The relay takes no more posts for so long; messages go on. */
void status_send_hold(struct engine *e, uint32_t ms);
/* A row of STORE_LINE_STATUS has left the outbox, or never will leave. In a
 * transaction. */
int status_send_ended(struct engine *e, const struct store_outgoing *row,
    enum store_status_state state) MUST_USE;

/* They ask for a post that we sent. *ours: it was one, and they were answered
 * as far as they may have it. In a transaction. */
int status_send_asked(struct engine *e, const struct repair_from *from,
    const uint8_t message_id[static STORE_ID_LEN], bool *ours) MUST_USE;

/* Views of ours that are owed leave. Returns 0; or after how many milliseconds
 * to try again. */
uint64_t status_flush(struct engine *e);

/* ---- in: status_receive.c --------------------------------------------------------- */

/* An item sealed by a sender key, without a group. *unreadable: it did not
 * open, and is to be asked for. In a transaction. */
int status_receive_item(struct engine *e,
    const Sotto__Relay__DeliverEvent__Item *it, bool *unreadable) MUST_USE;
/* Over a session: a key for posts, a post that was asked for, a view. In a
 * transaction. */
int status_receive_content(struct engine *e,
    const Sotto__Relay__DeliverEvent__Item *it,
    const Sotto__Content__Content *c) MUST_USE;

/* ---- people: status_people.c -------------------------------------------------------- */

/* Whom a post of now is for. *v is heap, freed by free(). */
int status_audience_now(
    struct engine *e, uint8_t (**v)[STORE_ID_LEN], size_t *n) MUST_USE;
/* The setting, as an event's; what an event holds is freed with it. */
int status_audience_row(
    struct engine *e, struct status_audience **out) MUST_USE;
void status_audience_free(struct status_audience *a);
/* Ours, or our other device's at this stamp. In a transaction. */
int status_set_audience(struct engine *e, enum status_mode mode,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n) MUST_USE;
int status_mute(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    bool on) MUST_USE;
/* Somebody was blocked: nothing of theirs stays, and nothing goes to them. In a
 * transaction. */
int status_blocked(
    struct engine *e, const uint8_t account[static STORE_ID_LEN]) MUST_USE;

/* What our other devices tell, and are told. In a transaction. */
int status_sync_take(
    struct engine *e, const Sotto__Content__SyncStatus *m) MUST_USE;
int status_sync_take_post(
    struct engine *e, const Sotto__Content__SyncStatusPost *m) MUST_USE;
int status_sync_seen(struct engine *e, const struct store_status *st) MUST_USE;
int status_sync_sent(struct engine *e, const struct store_status *st) MUST_USE;
/* For a new device. */
int status_sync_all(struct engine *e) MUST_USE;

#endif
