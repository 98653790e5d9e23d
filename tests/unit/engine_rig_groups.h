/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_rig_groups.h — groups on the rig's relay: it applies entries by the
 * relay's own rules (common/group/public.h), and can be told to lie.
 */
#ifndef TESTS_UNIT_ENGINE_RIG_GROUPS_H
#define TESTS_UNIT_ENGINE_RIG_GROUPS_H

#include "common/group/group.h"
#include "tests/unit/engine_rig.h"

struct er_group {
	struct er_group *next;
	unsigned world;
	uint8_t id[GROUP_ID_LEN];
	struct buf record; /* public */
	struct er_entry {
		size_t len;
		uint8_t *p;
	} * entries;
	uint32_t n; /* entries, and the version */
};

/* The only group, or the one made last, in a world; NULL: none. */
struct er_group *er_group_last(struct er_net *net, unsigned world);

/* From now on two stories: people of world 1 go on in a copy of their own. */
void er_group_fork(struct er_net *net, struct er_group *g);

/* A lie: the entry as it is, as the next of the chain, unchecked; to its
 * members' queues. The record stays what it was but for what `accounts` adds. */
void er_group_forge(
    struct er_net *net, struct er_group *g, const uint8_t *entry, size_t len);

/* A record with this account as one more member: what a relay would hand to
 * newcomers, and fan out to. */
void er_group_ghost(struct er_group *g, const uint8_t account[STORE_ID_LEN]);

/* A member's name in the group of p's store, as roles: "1*2*3" (* is an admin),
 * people by the last digits of their account; "-": no record. Static. */
const char *er_members(struct er_person *p, const uint8_t id[GROUP_ID_LEN]);

#endif
