/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record.h — internal: a member's record taken apart. docs/groups.md §6. */
#ifndef COMMON_GROUP_RECORD_H
#define COMMON_GROUP_RECORD_H

#include "common/group/group.h"

#define RECORD_AHEAD_MAX 8 /* epochs that a secret may come early */

struct record_secret {
	uint32_t epoch;
	uint8_t b[GROUP_SECRET_LEN];
};

/* On the heap; holds secrets. */
struct group_record {
	struct buf pub_bytes;
	struct group_public pub; /* borrows pub_bytes */
	struct record_secret secrets[GROUP_SECRETS_MAX]; /* as they came */
	size_t n_secrets;
	uint8_t heads[GROUP_HEADS_MAX]
		     [GROUP_HASH_LEN]; /* the last: version-1 */
	size_t n_heads;
	struct group_meta meta;
	uint32_t meta_version; /* 0: never opened */
};

/* Returns 0; ERR_FORMAT, ERR_VERSION; ERR_NOMEM. Freed by record_free(). */
int record_open(
    struct group_record **out, const uint8_t *p, size_t len) MUST_USE;

/* A record with nothing but this public part: 0, ERR_FORMAT, ERR_VERSION,
 * ERR_NOMEM. */
int record_new(
    struct group_record **out, const uint8_t *pub, size_t len) MUST_USE;
void record_free(struct group_record *r);

/* *out is initialised; 0, ERR_NOMEM. */
int record_pack(const struct group_record *r, struct buf *out) MUST_USE;

/* Go on to the next public part (moved here); remembers the head. 0,
 * ERR_FORMAT, ERR_VERSION; nothing changes on error. */
int record_advance(struct group_record *r, struct buf *pub) MUST_USE;

/* The secret of the current epoch, or NULL. */
const uint8_t *record_secret(const struct group_record *r);

/* Keep a secret of the current or a later epoch; ERR_DUP when it is there. */
int record_put_secret(struct group_record *r, uint32_t epoch,
    const uint8_t secret[static GROUP_SECRET_LEN]) MUST_USE;

/* Open the newest metadata if that was not done: 0 or ERR_NOMEM. *state is
 * KEPT when there was nothing to do. */
int record_open_meta(
    struct group_record *r, enum group_meta_state *state) MUST_USE;

enum group_place record_place(const struct group_record *r, uint32_t version,
    const uint8_t hash[static GROUP_HASH_LEN]);

#endif
