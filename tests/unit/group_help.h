/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_help.h — a relay and some people for the tests of groups. All they draw
 * comes from a counter, so every run is the same. */
#ifndef TESTS_UNIT_GROUP_HELP_H
#define TESTS_UNIT_GROUP_HELP_H

#include "common/group/group.h"
#include "tests/unit/test.h"

#define WORLD_PEOPLE  32
#define WORLD_ENTRIES 2048

struct person {
	uint8_t account[GROUP_ACCOUNT_LEN];
	struct identity_key_pair key[2]; /* devices 1 and 2 */
	struct buf record; /* of the one group there is; empty: none */
};

struct world {
	uint32_t counter;
	struct signal_rng rng;
	struct group_keys keys; /* everybody's devices 1 and 2 */
	struct person p[WORLD_PEOPLE];
	/* the relay */
	struct buf relay; /* public record */
	struct buf entries[WORLD_ENTRIES]; /* [i]: version i + 1 */
	size_t n_entries;
	uint32_t gone_device; /* not in anybody's list; 0: none */
};

struct world *world_new(void);
void world_free(struct world *w);

/* Acting with device 1 at a fixed time. */
struct group_actor world_actor(struct world *w, int who);

/* An intent of this kind about up to three people (-1: nobody). */
struct group_intent about(struct world *w, enum group_kind kind, int a, int b);
struct group_intent named(enum group_kind kind, const char *name);

/* Replace *to by *from, which becomes empty. */
void put_record(struct buf *to, struct buf *from);

/* who proposes; the relay applies; who takes the record. 0 or the code of the
 * first that refused, with *why. */
int try_act(struct world *w, int who, const struct group_intent *in,
    enum group_why *why);
void act(struct world *w, int who, const struct group_intent *in);
void act_not(struct world *w, int who, const struct group_intent *in,
    enum group_why why);

/* The relay takes an entry and keeps it. */
int relay_take(struct world *w, const struct buf *entry, enum group_why *why);

/* who applies everything the relay has that is newer than its record. */
int try_follow(struct world *w, int who, enum group_why *why);
void follow(struct world *w, int who);

/* from welcomes to, at the relay's present record; from shares its key. */
void welcome(struct world *w, int from, int to);
int try_share(struct world *w, int from, int to);
void share(struct world *w, int from, int to);

/* 0 makes the group "Friends" with 1 .. n-1, who are all welcomed. */
void make_group(struct world *w, int n);

struct group_view look(const struct world *w, int who);
uint32_t version_of(const struct world *w, int who);
bool is_member(const struct world *w, int who);
bool is_admin(const struct world *w, int who);

/* Same head, same state, and equal metadata, or the test fails. */
void assert_agree(const struct world *w, int a, int b);
#define assert_why(w, b) assert_string_equal(group_why_name(w), #b)

#endif
