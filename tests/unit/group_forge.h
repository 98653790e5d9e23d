/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_forge.h — entries that no honest program would make. */
#ifndef TESTS_UNIT_GROUP_FORGE_H
#define TESTS_UNIT_GROUP_FORGE_H

#include "common/group/entry.h"
#include "tests/unit/group_help.h"

/* The next entry of a kind by somebody, with the parts that kind must have
 * (sealed with nobody's key); the caller spoils it. */
struct group_entry forge(struct world *w, int who, enum group_kind kind);

/* The state it would lead to is filled in, then signer's device signs. */
struct buf forge_sign(struct world *w, int signer, struct group_entry *e);

/* What the relay says to it; nothing is kept. */
int forge_try(struct world *w, const struct buf *entry, enum group_why *why);

/* forge_sign and forge_try: the reason it is refused for, NONE when it is not. */
enum group_why forge_why(struct world *w, int signer, struct group_entry *e);

#endif
