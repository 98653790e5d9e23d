/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draft.h — internal: an intent as the next entry, not signed yet. */
#ifndef COMMON_GROUP_DRAFT_H
#define COMMON_GROUP_DRAFT_H

#include "common/group/entry.h"
#include "common/group/record.h"

struct draft {
	struct group_entry e; /* its pointers point in here */
	struct buf accounts, admins, sealed;
	bool lacks_secret; /* its sealed part cannot be made: an empty shell */
	uint8_t secret[GROUP_SECRET_LEN]; /* with e.has_rekey */
	uint8_t secret_hash[GROUP_HASH_LEN];
	uint8_t link_key[GROUP_LINK_KEY_LEN];
	uint8_t proof[ENTRY_PROOF_LEN];
	uint8_t state_hash[GROUP_HASH_LEN];
};

/*
 * Fill d for the entry after r's (r NULL: CREATE). rng NULL: only to see
 * whether the rules allow it; secret and sealed part are then empty shells.
 * Returns 0; ERR_RANGE lists or metadata are not sound; ERR_NOMEM. The caller
 * clears d in any case.
 */
int draft_make(struct draft *d, const struct group_record *r,
    const uint8_t *account, const struct group_intent *in,
    const struct signal_rng *rng) MUST_USE;
void draft_clear(struct draft *d);

/* What EDIT and PERMIT make of what is there. */
void draft_merge_meta(struct group_meta *m, const struct group_intent *in);
void draft_merge_permissions(
    struct group_permissions *p, const struct group_intent *in);

#endif
