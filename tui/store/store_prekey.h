/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_prekey.h — our private pre-keys, packed by common/signal/prekey.h.
 * A one-time key is deleted in the transaction that stores what it opened.
 */
#ifndef TUI_STORE_STORE_PREKEY_H
#define TUI_STORE_STORE_PREKEY_H

#include "common/buf.h"
#include "tui/store/store.h"

/* Each kind numbers its keys by itself. Numbers are on disk. */
enum store_prekey_kind {
	STORE_PREKEY_SIGNED = 1,
	STORE_PREKEY_ONE_TIME = 2,
	STORE_PREKEY_KYBER = 3, /* one-time and last-resort share their ids */
};

struct store_prekey {
	enum store_prekey_kind kind;
	uint32_t id;
	bool last_resort; /* Kyber: used again and again */
	bool uploaded; /* the relay has it */
	uint64_t created_ms;
	uint64_t used_ms; /* last use; 0: never */
};

/* ERR_EXISTS the id is taken. */
int store_prekey_put(struct store *s, const struct store_prekey *k,
    const void *record, size_t len) MUST_USE;
/* The record is appended to out (secret). info may be NULL. ERR_NOTFOUND. */
int store_prekey_get(struct store *s, enum store_prekey_kind kind, uint32_t id,
    struct store_prekey *info, struct buf *out) MUST_USE;
/* The newest signed one, or the newest last-resort Kyber one. ERR_NOTFOUND. */
int store_prekey_newest(struct store *s, enum store_prekey_kind kind,
    struct store_prekey *info, struct buf *out) MUST_USE;
/* ERR_NOTFOUND: was not there (spent already). */
int store_prekey_delete(
    struct store *s, enum store_prekey_kind kind, uint32_t id) MUST_USE;
int store_prekey_used(struct store *s, enum store_prekey_kind kind, uint32_t id,
    uint64_t now_ms) MUST_USE;
/* All of this kind are on the relay now. */
int store_prekey_uploaded(
    struct store *s, enum store_prekey_kind kind) MUST_USE;
/* Of one kind by id. *v is heap, freed by free(). */
int store_prekey_list(struct store *s, enum store_prekey_kind kind,
    bool only_new, struct store_prekey **v, size_t *n) MUST_USE;
/* Signed and last-resort keys made before a time go, the newest never does. */
int store_prekey_expire(struct store *s, uint64_t before_ms) MUST_USE;
/* A number above every id of this kind that was ever put. */
int store_prekey_next_id(
    struct store *s, enum store_prekey_kind kind, uint32_t *id) MUST_USE;

/* A last-resort key opens one handshake only once. Returns 0 remembered;
 * ERR_DUP this very handshake was there before. */
int store_prekey_spend_last_resort(struct store *s, uint32_t kyber_id,
    uint32_t signed_id, const uint8_t base_key[static STORE_PUB_LEN]) MUST_USE;

#endif
