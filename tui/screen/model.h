/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h — what the screen knows: the list of chats, who we are, the state of
 * the connection. Kept from the engine's events; no drawing.
 */
#ifndef TUI_SCREEN_MODEL_H
#define TUI_SCREEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/engine/engine.h"

#define MODEL_TYPING_MS 10000 /* "typing" is believed for so long */

struct chat {
	int64_t id;
	char *title, *phone, *last_text, *draft; /* heap, never NULL */
	enum trust trust;
	uint32_t unread;
	uint64_t last_ms;
	uint64_t sort_ms; /* last_ms, or when an empty chat was made */
	bool last_outgoing;
	enum msg_state last_state;
	bool online;
	uint64_t last_seen_ms;
	uint8_t account[ENGINE_ID_LEN]; /* or the group's id */
	bool group, to_self, blocked, archived, marked_unread;
	bool mentioned; /* we are, in something unread */
	uint64_t pinned_ms; /* since when; 0: not */
	uint64_t muted_until_ms; /* 0: not; may be over: model_is_muted() */
	uint32_t expire_s; /* of new messages; 0: they stay */
	uint64_t typing_until; /* monotonic ms; 0: does not type */
	uint64_t visited; /* grows with every visit; 0: never */
};

struct model {
	struct chat **v; /* pinned ones, then the latest; archived ones last */
	size_t n, cap;
	uint64_t visits;

	bool has_self;
	struct engine_self self; /* strings owned */

	enum conn_state conn;
	char *conn_text; /* why; heap, may be NULL */
	uint64_t retry_at; /* monotonic ms of the next attempt, 0: none */
	uint32_t sync_done, sync_total; /* total 0: no long queue */
};

void model_init(struct model *m);
void model_clear(struct model *m); /* wipes texts */

/*
 * Take over a row: a known chat changes and moves, an unknown one comes in.
 *   wall, mono  now, Unix and monotonic milliseconds
 * Returns the chat, or NULL without memory (then it is as it was).
 */
struct chat *model_put(
    struct model *m, const struct chat_row *row, uint64_t wall, uint64_t mono);

/* The whole list; chats not in it go. 0 or ERR_NOMEM. */
int model_put_all(struct model *m, const struct chat_row *rows, size_t n,
    uint64_t wall, uint64_t mono) MUST_USE;

/* It has left the list. */
void model_drop(struct model *m, int64_t id);

/* Archived ones are behind these. */
size_t model_shown(const struct model *m);
bool model_is_muted(const struct chat *c, uint64_t wall);

/* The chat with a person; NULL. */
struct chat *model_person(
    const struct model *m, const uint8_t account[static ENGINE_ID_LEN]);
struct chat *model_find(const struct model *m, int64_t id);
/* Its place in the list, or n. */
size_t model_index(const struct model *m, int64_t id);

/* Remember a visit, for the palette's order and "the chat before". */
void model_visit(struct model *m, struct chat *c);
/* The chat visited before this one; NULL when there is none. */
struct chat *model_last_visited(const struct model *m, int64_t but);

/* The next chat with something unread, from that one on and round; NULL.
 * Archived ones, and muted ones, do not call. */
struct chat *model_next_unread(
    const struct model *m, int64_t from, uint64_t wall);

uint32_t model_unread(const struct model *m, uint64_t wall); /* of these */

/* 0 or ERR_NOMEM (unchanged). */
int model_set_draft(struct chat *c, const char *text) MUST_USE;

/* Take over self; 0 or ERR_NOMEM (unchanged). */
int model_set_self(struct model *m, const struct engine_self *self) MUST_USE;

void model_set_conn(struct model *m, enum conn_state conn, const char *text,
    uint32_t retry_ms, uint64_t mono);

/* Forget who has typed long enough; true when something changed. *next is
 * lowered to the next moment this is to be called again. */
bool model_expire_typing(struct model *m, uint64_t mono, uint64_t *next);

#endif
