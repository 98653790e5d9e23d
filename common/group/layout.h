/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout.h — internal: the bytes of a public record. docs/groups.md §3.
 * Everything between head and sealed metadata is what the state hash covers.
 */
#ifndef COMMON_GROUP_LAYOUT_H
#define COMMON_GROUP_LAYOUT_H

#include "common/group/public.h"

#define PUB_FORMAT 1

enum {
	PUB_AT_FORMAT = 0,
	PUB_AT_HEAD = 1,
	PUB_AT_ID = PUB_AT_HEAD + GROUP_HASH_LEN,
	PUB_AT_VERSION = PUB_AT_ID + GROUP_ID_LEN,
	PUB_AT_EPOCH = PUB_AT_VERSION + 4,
	PUB_AT_EPOCH_VERSION = PUB_AT_EPOCH + 4,
	PUB_AT_SECRET_HASH = PUB_AT_EPOCH_VERSION + 4,
	PUB_AT_REKEY_DUE = PUB_AT_SECRET_HASH + GROUP_HASH_LEN,
	PUB_AT_SEND,
	PUB_AT_EDIT,
	PUB_AT_ADD,
	PUB_AT_LINK,
	PUB_AT_LINK_KEY,
	PUB_AT_SEALED_VERSION = PUB_AT_LINK_KEY + GROUP_LINK_KEY_LEN,
	PUB_AT_SEALED_HASH = PUB_AT_SEALED_VERSION + 4,
	PUB_AT_N_MEMBERS = PUB_AT_SEALED_HASH + GROUP_HASH_LEN,
	PUB_AT_N_REQUESTS = PUB_AT_N_MEMBERS + 2,
	PUB_AT_LISTS = PUB_AT_N_REQUESTS + 2, /* members, requests, sealed */
};

#define PUB_MEMBER_LEN	(GROUP_ACCOUNT_LEN + 1 + 4) /* account, role, since */
#define PUB_REQUEST_LEN (GROUP_ACCOUNT_LEN + 4)

/* record without its sealed metadata: len bytes from the format byte on. */
void layout_hash(
    uint8_t out[static GROUP_HASH_LEN], const uint8_t *record, size_t len);

/*
 * Binary search in n elements of size bytes that begin with an account and
 * ascend. *at: where it is, or where it would go; may be NULL.
 */
bool layout_search(const void *base, size_t n, size_t size,
    const uint8_t *account, size_t *at);

/* Whether n elements of size bytes begin with strictly ascending accounts. */
bool layout_ascends(const uint8_t *p, size_t n, size_t size);

#endif
