/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entry.h — internal: signed entries, made and verified. docs/groups.md §2. */
#ifndef COMMON_GROUP_ENTRY_H
#define COMMON_GROUP_ENTRY_H

#include "common/group/public.h"

#define ENTRY_PROOF_LEN	 64 /* Ed25519 */
#define ENTRY_SEALED_MIN (24 + 16) /* nonce and tag */

/*
 * Pack and sign; appends to out, sets e->hash. All pointers of e are read, own
 * is not. Returns 0; ERR_RANGE longer than GROUP_ENTRY_MAX; ERR_NOMEM.
 */
int entry_sign(struct group_entry *e, const struct identity_key_pair *key,
    const struct signal_rng *rng, struct buf *out) MUST_USE;

/* Verify the signature of an opened entry: 0, ERR_AUTH, ERR_NOMEM. */
int entry_verify(
    const struct group_entry *e, const struct identity_pk *key) MUST_USE;

/* What the token of a link signs: that this account comes at this place. */
void entry_prove(uint8_t out[static ENTRY_PROOF_LEN],
    const struct group_entry *e, const uint8_t *token);
bool entry_proof_ok(const struct group_entry *e, const uint8_t *link_key);

#endif
