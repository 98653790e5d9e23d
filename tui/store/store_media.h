/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_media.h — files of messages: what they are, the key to their sealed
 * bytes, and how far they are on their way. docs/media.md §4.
 *
 * The bytes themselves are a file beside the store, sealed, named by
 * store_media.file. A row goes with its message; when a message is taken back
 * or was viewed once, at once. What becomes of its file is not forgotten: it is
 * on a list until somebody has removed it.
 */
#ifndef TUI_STORE_STORE_MEDIA_H
#define TUI_STORE_STORE_MEDIA_H

#include "tui/store/store.h"

#define STORE_MEDIA_KEY	   32
#define STORE_MEDIA_DIGEST 32
#define STORE_MEDIA_TINY   1155
#define STORE_MEDIA_BARS   64
#define STORE_MEDIA_NAME   256 /* bytes, NUL included */
#define STORE_MEDIA_MIME   128
#define STORE_MEDIA_WHY	   256
#define STORE_MEDIA_PATH   4096

/* On disk, as enum media_state of the engine. */
enum store_media_state {
	STORE_MEDIA_PREPARED = 1,
	STORE_MEDIA_SENT = 2, /* sealed; on its way up, or waits for its turn */
	STORE_MEDIA_HERE = 3,
	STORE_MEDIA_THERE = 4,
	STORE_MEDIA_FETCHED = 5,
	STORE_MEDIA_GONE = 6,
	STORE_MEDIA_FAILED = 7,
};

/* Bits on disk. */
enum store_media_flags {
	STORE_MEDIA_ORIGINAL = 1, /* with what it tells besides itself */
	STORE_MEDIA_PAUSED = 2,
	STORE_MEDIA_DISCARD = 4, /* the source is removed once it is sealed */
	STORE_MEDIA_SEALED = 8, /* key, digest and sizes are there */
	STORE_MEDIA_BEGUN = 16, /* there is a locator: part may be up */
	STORE_MEDIA_STORED = 32, /* the relay has all of it */
	STORE_MEDIA_TOLD = 64, /* the relay knows that everybody has it */
	STORE_MEDIA_BLOB = 128, /* there is a file at all */
	STORE_MEDIA_AUTO = 256, /* fetched because the rules say so */
};

struct store_media {
	int64_t message; /* local id */
	int kind; /* enum media_kind of the engine */
	enum store_media_state state;
	uint32_t flags; /* enum store_media_flags */
	uint8_t file[STORE_ID_LEN]; /* names its bytes here */
	uint8_t locator[STORE_ID_LEN];
	uint8_t key[STORE_MEDIA_KEY];
	uint8_t digest[STORE_MEDIA_DIGEST];
	uint64_t size, sealed_size; /* bytes */
	char name[STORE_MEDIA_NAME], mime[STORE_MEDIA_MIME];
	uint32_t width, height, duration_ms;
	bool has_bars;
	uint8_t bars[STORE_MEDIA_BARS];
	uint8_t tiny[STORE_MEDIA_TINY];
	size_t tiny_len; /* 0: none */
	bool has_album;
	uint8_t album[STORE_ID_LEN];
	char contact_name[STORE_NAME_MAX], contact_phone[STORE_PHONE_MAX];
	int32_t lat_e7, lon_e7;
	char why[STORE_MEDIA_WHY]; /* of GONE and FAILED */
	char source[STORE_MEDIA_PATH]; /* PREPARED: what it is made of */
};

/* ERR_EXISTS the message has one. Holds a key: wipe with sodium_memzero. */
int store_media_add(struct store *s, const struct store_media *m) MUST_USE;
/* All of it but message and kind is written anew. ERR_NOTFOUND. */
int store_media_put(struct store *s, const struct store_media *m) MUST_USE;
/* ERR_NOTFOUND. */
int store_media_get(
    struct store *s, int64_t message, struct store_media *out) MUST_USE;
/* 0; its kind, -1 none. */
int store_media_kind(struct store *s, int64_t message, int *kind) MUST_USE;

/* Messages of these states with an id above `after`, by id; at most n. */
int store_media_list(struct store *s, enum store_media_state state,
    int64_t after, int64_t *ids, size_t n, size_t *found) MUST_USE;

/* Is one of the same album, with a lower id, still on its way up? */
int store_media_waits(
    struct store *s, const struct store_media *m, bool *yes) MUST_USE;

/* Own ones that everybody has, of which the relay does not know it. */
int store_media_untold(
    struct store *s, int64_t *ids, size_t n, size_t *found) MUST_USE;

/* Files that belong to no row any more, until store_media_removed(). *locator:
 * an own upload that no message has carried, or that was taken back: the relay
 * may drop it; else zeros. ERR_NOTFOUND. */
int store_media_left(struct store *s, uint8_t file[static STORE_ID_LEN],
    uint8_t locator[static STORE_ID_LEN]) MUST_USE;
int store_media_removed(
    struct store *s, const uint8_t file[static STORE_ID_LEN]) MUST_USE;
/* Does any row have this file? */
int store_media_has_file(struct store *s,
    const uint8_t file[static STORE_ID_LEN], bool *yes) MUST_USE;

#endif
