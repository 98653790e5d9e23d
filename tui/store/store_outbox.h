/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_outbox.h — what is still to be sent: the request exactly as it was
 * made, in the transaction that moved the ratchets, so that a crash re-sends
 * the same bytes.
 */
#ifndef TUI_STORE_STORE_OUTBOX_H
#define TUI_STORE_STORE_OUTBOX_H

#include "tui/store/store.h"

/* Of a line, one row at a time waits in the outbox. Numbers are on disk. */
enum store_line {
	STORE_LINE_NONE = 0, /* what people write: as many as there are */
	STORE_LINE_RECEIPT = 1, /* receipts for an account */
	STORE_LINE_RETRY = 2, /* requests to send again, to a device */
	STORE_LINE_VIEW = 3, /* which status posts of an account were seen */
	STORE_LINE_STATUS = 4, /* status posts: as many as there are */
};

struct store_outgoing {
	int64_t id; /* grows; ids are never reused */
	int64_t message; /* local id of the message; 0: a receipt or the like */
	uint8_t message_id[STORE_ID_LEN]; /* on the wire */
	enum store_line line;
	uint8_t account[STORE_ID_LEN]; /* whom it is for */
	uint32_t device; /* with STORE_LINE_RETRY */
	uint8_t *request; /* heap in what the store returns */
	size_t len;
	uint32_t attempts;
	uint64_t created_ms;
	uint64_t next_ms; /* not before */
};

void store_outgoing_clear(struct store_outgoing *o);

/* ERR_EXISTS this message_id is there already. o->id, attempts ignored. */
int store_outbox_add(
    struct store *s, const struct store_outgoing *o, int64_t *id) MUST_USE;

/* The first one with an id above `after` and next_ms <= now_ms. ERR_NOTFOUND. */
int store_outbox_next(struct store *s, int64_t after, uint64_t now_ms,
    struct store_outgoing *out) MUST_USE;
int store_outbox_get(
    struct store *s, int64_t id, struct store_outgoing *out) MUST_USE;
/* The ones of a message. ERR_NOTFOUND. */
int store_outbox_find(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN], int64_t *id) MUST_USE;

/* Those of a message (a local id) go: it is sent anew. Returns 0, also when
 * there are none. */
int store_outbox_drop_message(struct store *s, int64_t message) MUST_USE;

/* The relay refused the device list: the request is made anew, same id. */
int store_outbox_replace(
    struct store *s, int64_t id, const void *request, size_t len) MUST_USE;
/* attempts + 1, not again before next_ms. */
int store_outbox_failed(struct store *s, int64_t id, uint64_t next_ms) MUST_USE;
/* ERR_NOTFOUND. */
int store_outbox_delete(struct store *s, int64_t id) MUST_USE;

/* How many wait, and when the earliest may go (UINT64_MAX: none). */
int store_outbox_stat(struct store *s, uint64_t *n, uint64_t *next_ms) MUST_USE;

#endif
