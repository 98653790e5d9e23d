/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pub.h — internal: the public state taken apart, so that it can be changed.
 * docs/groups.md §3 has the bytes.
 */
#ifndef COMMON_GROUP_PUB_H
#define COMMON_GROUP_PUB_H

#include "common/group/public.h"

struct pub_request {
	uint8_t account[GROUP_ACCOUNT_LEN];
	uint32_t since;
};

/* All zero: the group before its first entry. Large: on the heap. */
struct pub {
	uint8_t id[GROUP_ID_LEN];
	uint32_t version;
	uint8_t head[GROUP_HASH_LEN];
	uint32_t epoch, epoch_version;
	uint8_t secret_hash[GROUP_HASH_LEN];
	bool rekey_due;
	struct group_permissions permissions;
	enum group_link link;
	uint8_t link_key[GROUP_LINK_KEY_LEN];
	uint32_t sealed_version;
	uint8_t sealed[GROUP_SEALED_MAX];
	size_t sealed_len;
	size_t n_members, n_requests;
	struct group_member members[GROUP_MEMBERS_MAX]; /* by account */
	struct pub_request requests[GROUP_REQUESTS_MAX]; /* by account */
};

/*
 * A heap copy to work on; record NULL and 0: the empty one. Freed with free().
 * Returns 0; ERR_FORMAT, ERR_VERSION; ERR_NOMEM.
 */
int pub_new(struct pub **out, const uint8_t *record, size_t len) MUST_USE;

/* Append the record: 0, ERR_FULL, ERR_NOMEM. */
int pub_write(const struct pub *p, struct buf *out) MUST_USE;

/* As group_public_hash(). 0, ERR_NOMEM. */
int pub_hash(const struct pub *p, uint8_t out[static GROUP_HASH_LEN]) MUST_USE;

/* The place of an account; false and where it would go when it is not there. */
bool pub_find(const struct pub *p, const uint8_t *account, size_t *at);
bool pub_find_request(const struct pub *p, const uint8_t *account, size_t *at);

/* The account must not be there (put) or be there (drop); put needs room. */
void pub_put(struct pub *p, const uint8_t *account, enum group_role role,
    uint32_t since);
void pub_drop(struct pub *p, const uint8_t *account);
void pub_put_request(struct pub *p, const uint8_t *account, uint32_t since);
void pub_drop_request(struct pub *p, const uint8_t *account);

size_t pub_admins(const struct pub *p);

/*
 * The rules: whether the entry may come next, and what it does. Signature and
 * state hash are the caller's; p->head is left. Of p nothing may be used after
 * an error. Returns GROUP_WHY_NONE or why not. Source: docs/groups.md §4.
 */
enum group_why pub_step(struct pub *p, const struct group_entry *e);

#endif
