/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_int.h — inside of group.h: how its files share the work.
 *   group.c        what others ask about groups
 *   group_follow.c entries are checked, applied, and their effects told
 *   group_paper.c  welcomes, secrets and what members ask each other for
 *   group_own.c    own changes: kept, proposed, settled
 *   group_work.c   one thing after another: what is to be done with the relay
 *   group_words.c  changes and alarms as sentences
 *   group_row.c    groups as fronts see them
 *   group_cmd.c    commands; group_link.c invite links as text
 */
#ifndef TUI_ENGINE_GROUP_INT_H
#define TUI_ENGINE_GROUP_INT_H

#include "tui/engine/group.h"

#define GROUP_TURN_OWED	 4 /* welcomes or shares sealed in one turn */
#define GROUP_TRIES_MAX	 16 /* a change that always comes second */
#define GROUP_HEARD_MS	 20000 /* a welcome is given so long to come */
#define GROUP_KEY_MS	 8000 /* and a share */
#define GROUP_AGAIN_MS	 5000 /* after a passing error */
#define GROUP_ASK_MAX_MS 3600000 /* between two questions to members */
#define GROUP_HELP_MS	 30000 /* between two answers to one of them */
#define GROUP_TOKEN_TO	 32 /* admins who are told a new link at once */
#define GROUP_WAITS	 16 /* commands that wait for the relay */

/* Besides enum group_why: what a relay can do wrong. On disk. */
#define GROUP_ALARM_HIDDEN 1001 /* others have seen more than it gives out */
#define GROUP_ALARM_RECORD 1002 /* its record is not what a member saw */

struct groups {
	struct engine *e;
	bool busy; /* one request at a time */
	bool listed; /* GROUP_LIST was answered on this connection */
	uint8_t id[GROUP_ID_LEN]; /* which group the request is about */
	int64_t change; /* the own change it carries; 0: none */
	bool from_start; /* entries of the relay: they begin a record, too */
	bool held_settled; /* the list of devices has come, or will not */
	uint8_t held_account[STORE_ID_LEN];
	struct {
		uint64_t tag; /* 0: free */
		int64_t change;
		uint8_t id[GROUP_ID_LEN];
	} waits[GROUP_WAITS];
};

/* Made when it is not there; NULL: no memory. */
struct groups *groups_get(struct engine *e);

/* ---- group.c ------------------------------------------------------------------- */

/* A new row with its chat. In a transaction. */
int group_begin(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    enum store_standing standing, struct store_group *out) MUST_USE;
/* There is something to do, after ms at the earliest; kept by the caller. */
void group_todo(struct store_group *g, uint32_t bits, uint64_t after_ms);
/* Save the row and tell it. In a transaction. */
int group_save(struct engine *e, const struct store_group *g) MUST_USE;
/* A new record has come to be: keep it, with all that shows it (title, timer,
 * link, standing). g->record is replaced, rec is emptied. In a transaction. */
int group_advance(
    struct engine *e, struct store_group *g, struct buf *rec) MUST_USE;
/* Something is not right; told once for each entry. In a transaction. */
int group_alarm(struct engine *e, struct store_group *g, int alarm,
    uint32_t version) MUST_USE;

/* ---- group_follow.c ---------------------------------------------------------------- */

/* Apply what is held, as far as it goes. In a transaction. */
int group_follow(struct engine *e, struct store_group *g) MUST_USE;
/* Hold an entry that the relay gave, of any version. */
int group_hold(struct engine *e, struct store_group *g, const uint8_t *entry,
    size_t len) MUST_USE;
/* What an entry did, that stands in g now: lines, rotation, duties. before:
 * the record before it, or NULL. In a transaction. */
int group_effects(struct engine *e, struct store_group *g,
    const struct group_view *before, const struct group_entry *en) MUST_USE;

/* ---- group_own.c -------------------------------------------------------------------- */

/* Keep a change; it is proposed when its turn comes. *id tells which. In a
 * transaction. */
int group_change_add(struct engine *e, struct store_group *g,
    const struct group_intent *in, int64_t *id, enum group_why *why) MUST_USE;
/* A group of our own making: its row, its chat and its first change. In a
 * transaction. */
int group_create(struct engine *e, const struct group_intent *in,
    struct store_group *g, int64_t *id, enum group_why *why) MUST_USE;
/* The first own change is this entry: it has come about. *ours. In a
 * transaction. */
int group_change_came(struct engine *e, struct store_group *g,
    const struct group_entry *en, bool *ours) MUST_USE;
/* Make the entry to be sent for the first change; ERR_NOTFOUND there is none
 * (any more). The caller clears c. In a transaction. */
int group_change_next(
    struct engine *e, struct store_group *g, struct store_change *c) MUST_USE;
/* It has been taken by the relay. In a transaction. */
int group_change_taken(
    struct engine *e, struct store_group *g, struct store_change *c) MUST_USE;
/* It will not come about. In a transaction. */
int group_change_failed(struct engine *e, struct store_group *g, int64_t id,
    int err, const char *why) MUST_USE;
/* None of them will: we are no member any more. */
int group_changes_end(
    struct engine *e, struct store_group *g, const char *why) MUST_USE;
/* Who acts, with what. */
struct group_actor group_actor_of(struct engine *e);
/* A command waits for this change; false: there is no room, answer now. */
bool group_wait(struct engine *e, const struct store_group *g, int64_t change,
    uint64_t tag);
/* Answer the commands that wait for a change (0: all of them). err 0: with the
 * group's row. */
void group_answer(struct engine *e, int64_t change, int err, const char *text);

/* ---- group_paper.c --------------------------------------------------------------------- */

/* The relay's record has come: see what the newest welcome says of it. In a
 * transaction. */
int group_welcome_state(struct engine *e, struct store_group *g,
    const uint8_t *pub, size_t len) MUST_USE;
/* Secrets that waited for a record. In a transaction. */
int group_papers(struct engine *e, struct store_group *g) MUST_USE;
/* Ask a member for what is missing, if it is time. Returns 0 and *wait_ms
 * until the next time. In a transaction. */
int group_ask(
    struct engine *e, struct store_group *g, uint64_t *wait_ms) MUST_USE;
/* Give a few members what they are owed. *more. In a transaction. */
int group_owed(struct engine *e, struct store_group *g, bool *more) MUST_USE;
/* The link's token to those who may know it. In a transaction. */
int group_tell_token(struct engine *e, const struct store_group *g,
    const struct group_entry *only) MUST_USE;

/* ---- group_words.c ------------------------------------------------------------------------ */

/* A line for the chat; heap, NULL: no memory, or "" nothing to tell. */
char *group_sentence(struct engine *e, const struct group_entry *en,
    const struct group_view *before, const struct group_view *after);
const char *group_alarm_text(int alarm); /* a sentence, static */

/* ---- group_row.c ----------------------------------------------------------------------------- */

/* An EV_GROUP without members, when the transaction is on disk. */
int group_changed(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN]) MUST_USE;
/* The answer to a command: with members. */
void group_reply(
    struct engine *e, uint64_t tag, const uint8_t id[static GROUP_ID_LEN]);

/* ---- group_link.c ------------------------------------------------------------------------------ */

#define GROUP_LINK_TEXT_MAX 640
/* 0; ERR_FORMAT with *why a sentence (static). relay: is filled if the link
 * names one, else its host is "". */
int group_link_parse(const char *text, uint8_t id[static GROUP_ID_LEN],
    uint8_t token[static GROUP_TOKEN_LEN], struct uri *relay,
    const char **why) MUST_USE;
int group_link_format(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t token[static GROUP_TOKEN_LEN], struct buf *out) MUST_USE;

#endif
