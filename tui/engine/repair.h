/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repair.h — messages that do not open: shown as waiting, asked for again over
 * a fresh session, and sent again by the other side. docs/protocol.md §6.4.
 *
 * Everything here is bounded, since whoever can reach this device can send
 * garbage to it, and whoever it wrote to can ask.
 */
#ifndef TUI_ENGINE_REPAIR_H
#define TUI_ENGINE_REPAIR_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"

#define REPAIR_ASKS_MAX	     5 /* for one message */
#define REPAIR_RESENDS_MAX   5 /* of one message to one device */
#define REPAIR_IDS_MAX	     64 /* messages in one request */
#define REPAIR_WAITING_MAX   1000 /* of one account with a conversation */
#define REPAIR_STRANGER_MAX  20 /* of one account without */
#define REPAIR_STRANGERS_MAX 500 /* with so many waiting: none of strangers */
#define REPAIR_WINDOW_MS     (3600ull * 1000)
#define REPAIR_ASKS	     30 /* requests to one device in a window */
#define REPAIR_ANSWERS	     2000 /* answers to one device in a window */
#define REPAIR_RENEW_MS	     (5ull * 60 * 1000) /* sessions with a device */
#define REPAIR_AGE_MS	     (30ull * 24 * 3600 * 1000)

/* Where a message came from. */
struct repair_from {
	const uint8_t *account; /* STORE_ID_LEN bytes, borrowed */
	uint32_t device;
	const uint8_t *message_id; /* STORE_ID_LEN bytes, borrowed */
	const uint8_t *group; /* the same, of a group message; NULL: it came in
			       * a conversation of two */
	bool quiet; /* there is nothing to show: a status post */
};

/*
 * It did not open: note that it is to be asked for, if that is allowed.
 *   show  out: a waiting row belongs into the conversation
 * In a transaction.
 */
int repair_unreadable(
    struct engine *e, const struct repair_from *from, bool *show) MUST_USE;

/*
 * A text has come: the row that waited for it goes, and nothing more is asked.
 *   known  out: this text is there already, do not add it
 * In a transaction.
 */
int repair_text(
    struct engine *e, const struct repair_from *from, bool *known) MUST_USE;

/*
 * Something else than a text has come: the row that waited for it goes, and
 * nothing more is asked.
 *   wire_id  what the relay knew it by; from has the content's own id
 *   known    out: it has come before, do nothing
 * In a transaction.
 */
int repair_other(struct engine *e, const struct repair_from *from,
    const uint8_t wire_id[static STORE_ID_LEN], bool *known) MUST_USE;

/* What did not open had nothing to show. In a transaction. */
int repair_nothing(struct engine *e, const struct repair_from *from) MUST_USE;

/* The device has begun a session: what it owes is asked for over that one.
 * In a transaction. */
int repair_session(struct engine *e, const struct repair_from *from) MUST_USE;

/* They ask us. In a transaction. */
int repair_answer(struct engine *e, const struct repair_from *from,
    const Sotto__Content__RetryRequest *rq) MUST_USE;

/* ---- for what answers (sentlog.h, group messages) ----------------------------- */

/* May this device have what was sent to its account then? A relay knows ids:
 * with a new key in its hand it must get nothing from before; and nothing that
 * is older than REPAIR_AGE_MS. */
int repair_may_have(struct engine *e, const struct repair_from *from,
    uint64_t when_ms, bool *yes) MUST_USE;

/* A relay takes a message id once. The n-th time it is another one, by which
 * the recipient still knows what it is in case it does not open either. */
void repair_wire_id(uint8_t out[static STORE_ID_LEN],
    const uint8_t id[static STORE_ID_LEN], uint32_t n);

/* Another device of theirs has asked for it: what is in the outbox under this
 * id is for all of them. */
bool repair_under_way(
    struct engine *e, const uint8_t wire_id[static STORE_ID_LEN]);

/* Once a connection: ask again, forget. In a transaction. */
int repair_upkeep(struct engine *e) MUST_USE;

/* Make the requests that are due. Returns 0; or after how many milliseconds to
 * try again. */
uint64_t repair_flush(struct engine *e);

#endif
