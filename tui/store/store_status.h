/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_status.h — status posts: ours and those of others, who saw ours, and
 * whom they are for. docs/status.md.
 *
 * Posts are in a table of their own: no chat, page, search or export of
 * messages ever holds one. They are deleted when expires_ms has come.
 */
#ifndef TUI_STORE_STORE_STATUS_H
#define TUI_STORE_STORE_STATUS_H

#include "tui/store/store.h"

#define STORE_STATUS_LIFE_MS	(24ull * 3600 * 1000)
#define STORE_STATUS_AUDIENCE	1024 /* accounts; as the relay's */
#define STORE_STATUS_OF_ONE_MAX 100 /* posts of one account */
#define STORE_STATUS_TEXT_MAX	4096 /* bytes */
#define STORE_STATUS_MEDIA_MAX	65536 /* bytes */
#define STORE_STATUS_VIEW_IDS	256 /* views told at once */

/* Under which our sender key for posts stands among those for groups
 * (store_sender_key.h). No group may have this id. */
extern const uint8_t store_status_list[STORE_ID_LEN];

/* ---- posts ------------------------------------------------------------------- */

/* Numbers are on disk. */
enum store_status_state {
	STORE_STATUS_PENDING = 0, /* ours, in the outbox */
	STORE_STATUS_SENT = 1, /* ours, the relay has it */
	STORE_STATUS_FAILED = 2, /* ours, will not leave */
	STORE_STATUS_RECEIVED = 3,
};

struct store_status {
	int64_t id; /* local; never reused, grows in the order of arrival */
	uint8_t account[STORE_ID_LEN]; /* who posted it */
	uint32_t device;
	uint8_t message_id[STORE_ID_LEN];
	enum store_status_state state;
	uint32_t kind; /* as on the wire; 0: text */
	char *text; /* UTF-8; heap in what the store returns, NULL is "" */
	uint8_t *media; /* packed content.proto Media, heap; NULL: none */
	size_t media_len;
	uint64_t posted_ms; /* the poster's clock, never later than arrival */
	uint64_t expires_ms; /* ours; gone from then on */
	bool seen; /* by us */
	uint32_t audience, views; /* ours: to how many accounts, seen by how
				   * many. Ignored when a post is added */
};

struct store_statuses {
	struct store_status *v;
	size_t n;
};

void store_status_clear(struct store_status *st); /* wipes */
void store_statuses_clear(struct store_statuses *list);

/* Its id is ignored. ERR_EXISTS it is there; ERR_RANGE no fit text;
 * ERR_FULL STORE_STATUS_OF_ONE_MAX of that account are. */
int store_status_add(
    struct store *s, const struct store_status *st, int64_t *id) MUST_USE;
/* ERR_NOTFOUND. */
int store_status_get(
    struct store *s, int64_t id, struct store_status *out) MUST_USE;
int store_status_find(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], int64_t *id) MUST_USE;
/* Those that are not over at now_ms, by account, then in order of posting. */
int store_status_page(
    struct store *s, uint64_t now_ms, struct store_statuses *out) MUST_USE;
/* Only ever from PENDING, or back to it from FAILED. *moved may be NULL.
 * ERR_NOTFOUND. */
int store_status_set_state(struct store *s, int64_t id,
    enum store_status_state state, bool *moved) MUST_USE;
/* *news: it was not seen before. ERR_NOTFOUND. */
int store_status_see(struct store *s, int64_t id, bool *news) MUST_USE;
/* With audience, views, and the words of it in quotes (store_action.h).
 * ERR_NOTFOUND. */
int store_status_delete(struct store *s, int64_t id) MUST_USE;

/* ---- their end ----------------------------------------------------------------- */

/* One whose time has come. ERR_NOTFOUND. */
int store_status_expired(
    struct store *s, uint64_t now_ms, int64_t *id) MUST_USE;
/* When the next one's time comes, and the last one's; 0: there is none. */
int store_status_next_expiry(
    struct store *s, uint64_t *next_ms, uint64_t *last_ms) MUST_USE;
/* A clock that was ahead is right again: none lives longer than a life from
 * now. */
int store_status_clamp(struct store *s, uint64_t now_ms) MUST_USE;

/* ---- whom a post of ours went to, and who saw it ------------------------------- */

/* accounts: n times STORE_ID_LEN bytes. Replaces what was there. */
int store_status_audience_put(struct store *s, int64_t post,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n) MUST_USE;
/* Ascending. *v is heap, freed by free(). */
int store_status_audience(struct store *s, int64_t post,
    uint8_t (**v)[STORE_ID_LEN], size_t *n) MUST_USE;
int store_status_audience_has(struct store *s, int64_t post,
    const uint8_t account[static STORE_ID_LEN], bool *has) MUST_USE;
/* Posts of ours that have not left are not for this account any more. */
int store_status_audience_drop(
    struct store *s, const uint8_t account[static STORE_ID_LEN]) MUST_USE;

struct store_viewer {
	uint8_t account[STORE_ID_LEN];
	uint64_t viewed_ms; /* their clock, never later than it was told */
};

/* The first time told stays. *news as above. */
int store_status_view_put(struct store *s, int64_t post,
    const struct store_viewer *v, bool *news) MUST_USE;
/* Latest first. *v is heap, freed by free(). */
int store_status_views(
    struct store *s, int64_t post, struct store_viewer **v, size_t *n) MUST_USE;

/* ---- views of ours that are to be told ------------------------------------------ */

/* Of a post of this account. */
int store_status_owe(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN]) MUST_USE;
/* An account that is owed some and has no row of STORE_LINE_VIEW in the
 * outbox. ERR_NOTFOUND. */
int store_status_owed(
    struct store *s, uint8_t account[static STORE_ID_LEN]) MUST_USE;
/* Take up to max of them, oldest first. In a transaction. */
int store_status_take_owed(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint8_t (*ids)[STORE_ID_LEN],
    size_t max, size_t *n) MUST_USE;

/* ---- people ---------------------------------------------------------------------- */

/* Numbers are on disk and on the wire. */
enum store_audience {
	STORE_AUDIENCE_ALL = 0, /* all contacts */
	STORE_AUDIENCE_BUT = 1, /* all but those on one list */
	STORE_AUDIENCE_ONLY = 2, /* only those on the other */
};

/*
 * A contact: somebody the person has named, compared or once written to. Who
 * only wrote to us, or is in a group with us, is none: they see no post of
 * ours, and we none of theirs.
 */
struct store_status_person {
	uint8_t account[STORE_ID_LEN];
	bool contact; /* and not blocked */
	bool but, only; /* on that list */
	bool muted;
};

/* Everybody who is a contact, on a list or muted, by account; without
 * ourselves. *v is heap, freed by free(). */
int store_status_people(
    struct store *s, struct store_status_person **v, size_t *n) MUST_USE;
/* All false when nothing is known. */
int store_status_person(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    struct store_status_person *out) MUST_USE;

enum store_status_mark {
	STORE_STATUS_BUT = 1,
	STORE_STATUS_ONLY = 2,
	STORE_STATUS_MUTED = 4,
};
int store_status_mark(struct store *s,
    const uint8_t account[static STORE_ID_LEN], enum store_status_mark mark,
    bool on) MUST_USE;
/* The list has exactly these. */
int store_status_list_put(struct store *s, enum store_status_mark list,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n) MUST_USE;

#define STORE_SET_AUDIENCE "status_audience" /* store_setting.h */

#endif
