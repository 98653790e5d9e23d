/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_group.h — what sqlite_group.c and sqlite_fan.c share. */
#ifndef RELAY_STORE_SQLITE_GROUP_H
#define RELAY_STORE_SQLITE_GROUP_H

#include "relay/store/sqlite.h"

/* Through the cache: 0, ERR_NOTFOUND or an error. The slot is valid until the
 * next group is looked at. */
int known_group(struct backend *b, const struct group_id *id,
    struct group_slot **out) MUST_USE;

/* The same for a member; ERR_NOTFOUND for anybody else. g borrows the slot. */
int member_group(struct backend *b, const struct group_id *id,
    const struct account_id *who, struct group_slot **out,
    struct group_public *g) MUST_USE;

/* Fill in the slot's devices and digest, unless they are known. */
int group_audience(struct backend *b, struct group_slot *s,
    const struct group_public *g) MUST_USE;

/* Over places in ascending order. docs/protocol.md §9.2 */
void audience_digest(
    uint8_t out[static 32], const struct store_place *v, size_t n);

/* Ascending, each once; how many are left. */
size_t accounts_sort(struct account_id *v, size_t n);

/* Room for n. 0 or ERR_NOMEM. */
int fan_alloc(struct store_fan *fan, size_t n) MUST_USE;

#endif
