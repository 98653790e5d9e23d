/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_transfer.h — history under way between devices of this account: how far
 * it is, so that it goes on after a restart. One in a direction and device; the
 * parts that the other side has not confirmed are kept with it.
 */
#ifndef TUI_STORE_STORE_TRANSFER_H
#define TUI_STORE_STORE_TRANSFER_H

#include "common/buf.h"
#include "tui/store/store.h"

#define STORE_TRANSFER_REST_MAX (2 * 1024 * 1024)
#define STORE_TRANSFER_WHY_MAX	256

/* The same numbers as enum history_state of the engine, which are on disk. */
enum store_transfer_state {
	STORE_TRANSFER_ASKED = 1,
	STORE_TRANSFER_ASKING = 2,
	STORE_TRANSFER_SENDING = 3,
	STORE_TRANSFER_RECEIVING = 4,
	STORE_TRANSFER_WHOLE = 5,
	STORE_TRANSFER_ENDED = 6,
};

struct store_transfer {
	uint32_t device; /* the other one */
	bool incoming;
	uint8_t id[STORE_ID_LEN];
	enum store_transfer_state state;
	uint32_t days, messages; /* what was asked for */
	uint64_t since_ms; /* sending: nothing older */
	/* how far */
	uint32_t part; /* the next one to make, or to come */
	uint32_t acked; /* sending: the other side has those below */
	uint32_t stage; /* sending: tui/backup/dump.h */
	int64_t last_id, until_id; /* sending: messages between are to come */
	uint64_t contacts, done, total;
	uint64_t touched_ms;
	char why[STORE_TRANSFER_WHY_MAX];
	/* Bytes of records: made and not in a part yet, or come without the
	 * end of their record. Heap in what the store returns. */
	uint8_t *rest;
	size_t rest_len;
};

void store_transfer_clear(struct store_transfer *t);

/* ERR_NOTFOUND. */
int store_transfer_get(struct store *s, uint32_t device, bool incoming,
    struct store_transfer *out) MUST_USE;
/* Replaces the one with this device in this direction; parts stay. ERR_RANGE
 * the rest is too long. */
int store_transfer_put(
    struct store *s, const struct store_transfer *t) MUST_USE;
int store_transfer_delete(
    struct store *s, uint32_t device, bool incoming) MUST_USE;

/* All of them, without rest. *v is heap, freed by free(). */
int store_transfer_list(
    struct store *s, struct store_transfer **v, size_t *n) MUST_USE;

/* ---- parts that were sent and not confirmed ------------------------------------ */

int store_part_put(struct store *s, uint32_t device, uint32_t part,
    const void *data, size_t len) MUST_USE;
/* Appended to out. ERR_NOTFOUND. */
int store_part_get(
    struct store *s, uint32_t device, uint32_t part, struct buf *out) MUST_USE;
/* Those below this number go. */
int store_part_drop(struct store *s, uint32_t device, uint32_t below) MUST_USE;

#endif
