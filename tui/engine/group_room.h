/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_room.h — inside of group_send.h and status_send.h: the devices of one
 * group, or of the people a status post is for, as the relay names them, and
 * whether all of them have our sender key.
 */
#ifndef TUI_ENGINE_GROUP_ROOM_H
#define TUI_ENGINE_GROUP_ROOM_H

#include "tui/engine/group.h"
#include "tui/engine/group_send.h"
#include "tui/engine/sender_keys.h"

#define ROOM_DEVICES_MAX 16384 /* as the relay's */
#define ROOM_ROWS_MAX	 16 /* rows with our key on their way at once */
#define ROOM_FETCHES_MAX (FETCHES_MAX - 4) /* others want keys too */
#define ROOM_SLICE_NS	 (4ull * 1000 * 1000) /* of one turn of the loop */
#define ROOM_SHOWN	 20 /* accounts to be given it: progress is shown */

struct room_place { /* one device */
	uint8_t account[STORE_ID_LEN];
	uint32_t device;
	uint32_t registration_id;
};

struct group_room {
	struct group_room *next;
	uint8_t id[STORE_ID_LEN];
	/* as GROUP_DEVICES told; known: it holds */
	bool known;
	bool asking;
	bool status; /* id is store_status_list; accounts below */
	uint8_t (*accounts)[STORE_ID_LEN]; /* who may have our key; ascending */
	size_t n_accounts;
	uint32_t version;
	uint8_t digest[32];
	struct room_place *places; /* ascending by account, device */
	size_t n_places;
	/* Everybody who can have our key has it. */
	bool settled;
	bool wanted; /* a row waits for it */
	bool sliced; /* there was no more time in this turn */
	/* accounts whose keys cannot be had: they go without */
	uint8_t (*without)[STORE_ID_LEN];
	size_t n_without;
	size_t n_doubted; /* accounts whose changed key was not looked at */
	uint64_t hold_until_ms; /* the relay gives out no more keys till then */
	uint64_t typed_ms; /* when it was last told that we type */
	uint64_t judged; /* of what waits; group_receive.c */
	uint32_t shown, total; /* progress: accounts that lacked it */
};

/* Made when absent; NULL: no memory. */
struct group_room *group_room_get(
    struct engine *e, const uint8_t group[static STORE_ID_LEN]);

/* Ask the relay for the devices, unless that is under way. outbox_kick() when
 * they are there. */
void group_room_ask(struct engine *e, struct group_room *g);

/*
 * Go on giving our key to those who lack it, for a slice of time; rotate it
 * first if somebody has it who should not. Sets settled when nothing is left to
 * do; else the outbox is kicked when there is. Outside of a transaction.
 *   v  of the group; NULL: status posts, for the room's accounts and our own
 */
int group_room_settle(struct engine *e, struct group_room *g,
    const struct group_view *v) MUST_USE;

/* Everybody has the key: seal the row, if that was not done for all of them.
 * Not *ready: a key has just come to its end. Outside of a transaction. */
int group_room_seal(struct engine *e, struct group_room *g, int64_t row,
    Sotto__Content__Outgoing *o, const struct group_view *v,
    bool *ready) MUST_USE;
/* The relay calls what we know of it stale. In a transaction. ERR_DENIED too
 * often. */
int group_room_stale(struct engine *e, struct group_room *g, int64_t row,
    Sotto__Content__Outgoing *o,
    const Sotto__Relay__SendGroupResponse *res) MUST_USE;

#endif
