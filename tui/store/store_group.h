/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_group.h — the groups of this device: the member's record
 * (common/group/group.h), what is still to be done about each, changes of our
 * own that wait for the relay, and what waits to be applied or sent.
 */
#ifndef TUI_STORE_STORE_GROUP_H
#define TUI_STORE_STORE_GROUP_H

#include "tui/store/store.h"

#define STORE_GROUP_RECORD_MAX	(64 * 1024) /* bytes */
#define STORE_GROUP_CHANGES_MAX 32 /* own changes that wait, a group */
#define STORE_GROUP_HELD_MAX	64 /* entries that wait, a group */
#define STORE_GROUP_PAPERS_MAX	8 /* welcomes and shares that wait, a group */
#define STORE_GROUP_WHY_MAX	200 /* bytes of a sentence */

/* What we are in it. Numbers are on disk. */
enum store_standing {
	STORE_GROUP_MAKING = 0, /* we made it; the relay has not taken it yet */
	STORE_GROUP_MEMBER = 1,
	STORE_GROUP_ADDED = 2, /* others say so; no record yet */
	STORE_GROUP_ASKED = 3, /* by a link; an admin decides */
	STORE_GROUP_LEFT = 4,
	STORE_GROUP_REMOVED = 5,
	STORE_GROUP_FAILED = 6, /* it was never made, or we were not let in */
	STORE_GROUP_JOINING = 7, /* by a link; the relay has not taken it yet */
};

/* What is still to be done. Bits on disk. */
enum store_group_todo {
	STORE_GROUP_STATE = 1, /* have the relay's record, for a welcome */
	STORE_GROUP_ENTRIES = 2, /* entries up to `wanted` are missing */
	STORE_GROUP_PROPOSE = 4, /* own changes wait */
	STORE_GROUP_ASK_KEY = 8, /* the present secret is missing */
	STORE_GROUP_ASK_WELCOME = 16, /* the chain cannot be followed */
	STORE_GROUP_OWED = 32, /* welcomes or shares are owed to members */
	STORE_GROUP_HELD = 64, /* an entry waits for a list of devices */
};

struct store_group {
	uint8_t id[STORE_ID_LEN];
	int64_t chat;
	enum store_standing standing;
	uint32_t version; /* of the record; 0: there is none */
	uint32_t wanted; /* the highest version anybody spoke of */
	uint32_t todo; /* enum store_group_todo */
	uint32_t attempts; /* of what is to be done, without success */
	uint64_t next_ms; /* not before */
	int alarm; /* enum group_why that is not right; 0: nothing */
	uint32_t alarm_version; /* the entry it is about */
	uint64_t alarm_ms;
	bool alarm_accepted; /* the person goes on all the same */
	uint64_t asked_ms; /* when we last asked a member for something */
	uint32_t asked; /* how often since it last helped */
	bool has_token;
	uint8_t token[32]; /* of the invite link, if we know it */
	char failed[STORE_GROUP_WHY_MAX]; /* why the last own change did not
					   * come about; "": it did */
	/* store_group_get() only; heap, holds secrets */
	uint8_t *record;
	size_t len;
};

/* Wipes and frees the record. */
void store_group_clear(struct store_group *g);

/* Returns 0; ERR_NOTFOUND. */
int store_group_get(struct store *s, const uint8_t id[static STORE_ID_LEN],
    struct store_group *out) MUST_USE;
/* Without its record. */
int store_group_peek(struct store *s, const uint8_t id[static STORE_ID_LEN],
    struct store_group *out) MUST_USE;
int store_group_by_chat(
    struct store *s, int64_t chat, uint8_t id[static STORE_ID_LEN]) MUST_USE;
/* Insert or replace, but for the record. The chat must exist. */
int store_group_put(struct store *s, const struct store_group *g) MUST_USE;
/* The record and its version. ERR_NOTFOUND, ERR_RANGE. */
int store_group_put_record(struct store *s,
    const uint8_t id[static STORE_ID_LEN], uint32_t version, const void *record,
    size_t len) MUST_USE;

/* All of them without records, by id. *v is heap, freed by free(). */
int store_group_list(
    struct store *s, struct store_group **v, size_t *n) MUST_USE;
/* What waits after an error is to be done now. */
int store_group_retry(struct store *s) MUST_USE;
/* One with something to do by now; *wait_ms: else how long until there is, 0:
 * never. ERR_NOTFOUND. */
int store_group_due(struct store *s, uint64_t now_ms,
    uint8_t id[static STORE_ID_LEN], uint64_t *wait_ms) MUST_USE;

/* ---- own changes, in the order made ------------------------------------------ */

struct store_change {
	int64_t id;
	uint8_t group[STORE_ID_LEN];
	uint8_t *intent; /* packed, group_intent_pack() */
	size_t intent_len;
	uint32_t version; /* of the entry below; 0: none is made */
	uint8_t *entry; /* signed */
	size_t entry_len;
	uint8_t *record; /* once the relay took it */
	size_t record_len;
	uint32_t tries;
};

void store_change_clear(struct store_change *c); /* wipes */
/* ERR_FULL STORE_GROUP_CHANGES_MAX wait. */
int store_change_add(
    struct store *s, const struct store_change *c, int64_t *id) MUST_USE;
/* The oldest one of a group. ERR_NOTFOUND. */
int store_change_first(struct store *s,
    const uint8_t group[static STORE_ID_LEN],
    struct store_change *out) MUST_USE;
int store_change_put(struct store *s, const struct store_change *c) MUST_USE;
int store_change_delete(struct store *s, int64_t id) MUST_USE;
int store_change_count(struct store *s,
    const uint8_t group[static STORE_ID_LEN], size_t *n) MUST_USE;

/* ---- entries that came and cannot be applied yet ------------------------------- */

/* Keeps the first one of a version and hash; over STORE_GROUP_HELD_MAX
 * nothing is kept (the relay has them). */
int store_entry_hold(struct store *s, const uint8_t group[static STORE_ID_LEN],
    uint32_t version, const void *entry, size_t len) MUST_USE;
/* The lowest version. *p is heap. ERR_NOTFOUND. */
int store_entry_first(struct store *s, const uint8_t group[static STORE_ID_LEN],
    int64_t *id, uint32_t *version, uint8_t **p, size_t *len) MUST_USE;
/* The next one that came, by id; 0: the first. */
int store_entry_next(struct store *s, const uint8_t group[static STORE_ID_LEN],
    int64_t after, int64_t *id, uint8_t **p, size_t *len) MUST_USE;
int store_entry_delete(struct store *s, int64_t id) MUST_USE;

/* ---- welcomes and shares that wait for a record --------------------------------- */

enum store_paper { STORE_PAPER_WELCOME = 1, STORE_PAPER_SHARE = 2 };

/* The newest STORE_GROUP_PAPERS_MAX are kept. */
int store_paper_add(struct store *s, const uint8_t group[static STORE_ID_LEN],
    enum store_paper kind, const uint8_t from[static STORE_ID_LEN],
    const void *p, size_t len) MUST_USE;
/* The newest one of a kind. *p is heap; wipe it. ERR_NOTFOUND. */
int store_paper_last(struct store *s, const uint8_t group[static STORE_ID_LEN],
    enum store_paper kind, int64_t *id, uint8_t from[static STORE_ID_LEN],
    uint8_t **p, size_t *len) MUST_USE;
int store_paper_delete(struct store *s, int64_t id) MUST_USE;
int store_paper_drop(struct store *s, const uint8_t group[static STORE_ID_LEN],
    enum store_paper kind) MUST_USE;

/* ---- what members are owed ------------------------------------------------------- */

enum store_owed { STORE_OWED_SHARE = 1, STORE_OWED_WELCOME = 2 };

/* The larger one stays. */
int store_owed_put(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], enum store_owed what) MUST_USE;
/* One of them, and it is gone. ERR_NOTFOUND. */
int store_owed_take(struct store *s, const uint8_t group[static STORE_ID_LEN],
    uint8_t account[static STORE_ID_LEN], enum store_owed *what) MUST_USE;
/* When this account was last helped with this group; 0: never. */
int store_helped_get(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint64_t *ms) MUST_USE;
int store_helped_put(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint64_t ms) MUST_USE;

/* The chat's title: the group's name as members sealed it. ERR_NOTFOUND. */
int store_chat_set_title(
    struct store *s, int64_t chat, const char *title) MUST_USE;

#endif
