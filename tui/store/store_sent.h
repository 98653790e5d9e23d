/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_sent.h — what was sent and is no message of a conversation: edits,
 * reactions, syncs and the like, kept for a while for those who could not open
 * it. And how often anything was sent again to whom.
 */
#ifndef TUI_STORE_STORE_SENT_H
#define TUI_STORE_STORE_SENT_H

#include "tui/store/store.h"

#define STORE_SENT_MAX	     5000 /* rows; the oldest go */
#define STORE_SENT_BYTES_MAX (8u << 20) /* of contents; the oldest go */

/* One content to one account. */
struct store_sent {
	int64_t id;
	uint8_t message_id[STORE_ID_LEN]; /* the content's, and on the wire */
	uint8_t account[STORE_ID_LEN]; /* whom it was for */
	/* What it is about. Of our own message: it goes when the message is
	 * deleted, here or for everyone. */
	bool has_about;
	uint8_t about[STORE_ID_LEN];
	uint64_t sent_ms;
	uint8_t *content; /* padded; heap in what the store returns */
	size_t len;
};

void store_sent_clear(struct store_sent *v); /* wipes */

/*
 * Remember it; v->id is ignored.
 *   newest  what was sent to this account about the same before is forgotten:
 *           this one says it all
 * In a transaction with its outbox row. ERR_EXISTS.
 */
int store_sent_add(
    struct store *s, const struct store_sent *v, bool newest) MUST_USE;

/* What has this id: account NULL: whomever it was for. ERR_NOTFOUND. */
int store_sent_get(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN], const uint8_t *account,
    struct store_sent *out) MUST_USE;

/* How often what has this id went to that device again; one more. */
int store_again_get(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    uint32_t *times) MUST_USE;
int store_again_add(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    uint64_t now_ms) MUST_USE;

/* Forget what is older, of both. */
int store_sent_prune(struct store *s, uint64_t before_ms) MUST_USE;

#endif
