/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seal.h — internal: what members seal among themselves. docs/groups.md §5. */
#ifndef COMMON_GROUP_SEAL_H
#define COMMON_GROUP_SEAL_H

#include "common/group/group.h"

/* Which group, which secret, which entry: bound to what is sealed. */
struct seal_place {
	const uint8_t *id; /* GROUP_ID_LEN */
	uint32_t epoch;
	uint32_t version;
};

/* What the chain says about a secret; says nothing about its bytes. */
void secret_hash(uint8_t out[static GROUP_HASH_LEN], const uint8_t *id,
    uint32_t epoch, const uint8_t secret[static GROUP_SECRET_LEN]);

/* Append the packed metadata. 0; ERR_RANGE too long or not UTF-8; ERR_NOMEM. */
int meta_pack(const struct group_meta *m, struct buf *out) MUST_USE;

/* 0; ERR_FORMAT malformed, too long, or not UTF-8; ERR_NOMEM. */
int meta_unpack(struct group_meta *m, const uint8_t *p, size_t len) MUST_USE;

/* Pad and seal; appends to out. 0, ERR_RANGE, ERR_FULL, ERR_NOMEM. */
int meta_seal(struct buf *out, const struct seal_place *at,
    const uint8_t secret[static GROUP_SECRET_LEN], const struct group_meta *m,
    const struct signal_rng *rng) MUST_USE;

/* 0; ERR_AUTH it was not sealed here with this; ERR_FORMAT; ERR_NOMEM. m is
 * unchanged on error. */
int meta_open(struct group_meta *m, const struct seal_place *at,
    const uint8_t secret[static GROUP_SECRET_LEN], const uint8_t *sealed,
    size_t len) MUST_USE;

#endif
