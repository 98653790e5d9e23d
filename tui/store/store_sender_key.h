/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_sender_key.h — keys for group messages: our own, one a group; who was
 * given it; those of other devices; and what we sent with ours, for whoever
 * asks for it again. docs/groups.md §10.
 */
#ifndef TUI_STORE_STORE_SENDER_KEY_H
#define TUI_STORE_STORE_SENDER_KEY_H

#include "common/buf.h"
#include "tui/store/store.h"

#define STORE_PEER_KEYS_MAX 5 /* kept of one device in one group */

/* ---- our own ----------------------------------------------------------------- */

struct store_own_key {
	uint8_t group[STORE_ID_LEN];
	uint8_t distribution[STORE_ID_LEN];
	uint64_t created_ms;
	uint64_t messages; /* sealed with it */
	uint64_t given_at; /* messages, when it was last given to somebody: what
			    * was sealed before, not everybody can read */
};

/* record: initialised by the caller; the record is appended. ERR_NOTFOUND. */
int store_own_key_get(struct store *s, const uint8_t group[static STORE_ID_LEN],
    struct store_own_key *out, struct buf *record) MUST_USE;
/* Insert, or replace. Another distribution than before was given to nobody. */
int store_own_key_put(struct store *s, const struct store_own_key *k,
    const void *record, size_t len) MUST_USE;
/* With who was given it. Returns 0 also when there was none. */
int store_own_key_delete(
    struct store *s, const uint8_t group[static STORE_ID_LEN]) MUST_USE;

/* ---- who was given it -------------------------------------------------------- */

struct store_given {
	uint8_t account[STORE_ID_LEN];
	uint32_t device;
	uint32_t registration_id;
	int64_t row; /* the outbox row that carries it; it may be gone */
};

int store_given_put(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const struct store_given *g) MUST_USE;
/* By account, then device. *v is heap, freed by free(). */
int store_given_list(struct store *s, const uint8_t group[static STORE_ID_LEN],
    struct store_given **v, size_t *n) MUST_USE;
/* This row will never arrive. *group: of which one it was; ERR_NOTFOUND. */
int store_given_drop_row(
    struct store *s, int64_t row, uint8_t group[static STORE_ID_LEN]) MUST_USE;
/* A device has lost it. Returns 0 also when it was not given. */
int store_given_drop(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device) MUST_USE;
/* Rows of the outbox that carry it, without those for somebody whose key is to
 * be looked at first (STORE_TRUST_CHANGED). */
int store_given_waiting(struct store *s,
    const uint8_t group[static STORE_ID_LEN], size_t *n) MUST_USE;

/* ---- those of others --------------------------------------------------------- */

struct store_peer_key {
	uint8_t account[STORE_ID_LEN];
	uint32_t device;
	uint8_t distribution[STORE_ID_LEN];
	uint8_t group[STORE_ID_LEN]; /* what it was given for */
	uint8_t identity[STORE_PUB_LEN]; /* of the device that gave it */
	uint64_t added_ms;
};

/* account, device and distribution of k say which. ERR_NOTFOUND. */
int store_peer_key_get(
    struct store *s, struct store_peer_key *k, struct buf *record) MUST_USE;
/* Insert, or replace the record. Of the device's keys for this group the
 * newest STORE_PEER_KEYS_MAX stay. */
int store_peer_key_put(struct store *s, const struct store_peer_key *k,
    const void *record, size_t len) MUST_USE;
/* Nothing of this group is read or written any more. */
int store_sender_keys_forget(
    struct store *s, const uint8_t group[static STORE_ID_LEN]) MUST_USE;

/* ---- what we sent ------------------------------------------------------------ */

/* What a group was sent: whoever asks for it gets it only if they were members
 * at that version. Contents: messages, and store_sent.h under the group's id. */
struct store_group_sent {
	uint8_t message_id[STORE_ID_LEN]; /* the content's */
	uint8_t group[STORE_ID_LEN];
	uint32_t version; /* of the group */
	uint64_t sent_ms;
};

/* Insert or replace. */
int store_group_sent_put(
    struct store *s, const struct store_group_sent *g) MUST_USE;
/* ERR_NOTFOUND. */
int store_group_sent_get(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN],
    struct store_group_sent *out) MUST_USE;
int store_group_sent_prune(struct store *s, uint64_t before_ms) MUST_USE;

/* ---- what came before we could judge it -------------------------------------- */

#define STORE_GROUP_HELD_ALL 1000 /* contents of groups that wait */

/* A content of somebody who may be a member by a change we do not have yet. */
struct store_group_content {
	int64_t id;
	uint8_t group[STORE_ID_LEN];
	uint8_t account[STORE_ID_LEN]; /* who sent it */
	uint32_t device;
	uint8_t wire_id[STORE_ID_LEN];
	uint64_t received_ms;
	uint8_t *content; /* padded; heap in what the store returns */
	size_t len;
};

void store_group_content_clear(struct store_group_content *c); /* wipes */
/* ERR_FULL STORE_GROUP_HELD_ALL wait. */
int store_group_content_add(
    struct store *s, const struct store_group_content *c) MUST_USE;
/* The first one with an id above after. ERR_NOTFOUND. */
int store_group_content_next(
    struct store *s, int64_t after, struct store_group_content *out) MUST_USE;
int store_group_content_delete(struct store *s, int64_t id) MUST_USE;
int store_group_content_prune(struct store *s, uint64_t before_ms) MUST_USE;

#endif
