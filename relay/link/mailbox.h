/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailbox.h — mailboxes between a new device and a trusted one: two lists of
 * opaque messages, kept for ten minutes, so that either side may be cut off and
 * come back. In memory only; bounded in number and in bytes. One table for all
 * loops; thread-safe. No I/O, no clock. docs/protocol.md §4.1.
 *
 * A side is known by the Noise key of its connection. Whoever is neither learns
 * nothing, not even that the mailbox exists.
 */
#ifndef RELAY_LINK_MAILBOX_H
#define RELAY_LINK_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/noise/noise.h"
#include "relay/route/route.h"

#define MAILBOX_ID_LEN	  16
#define MAILBOX_LIFE_MS	  ((uint64_t)10 * 60 * 1000)
#define MAILBOX_MANY	  1024 /* at once, in the relay */
#define MAILBOX_BLOB_MAX  (64 * 1024) /* bytes of one message */
#define MAILBOX_BLOBS	  16 /* in one direction */
#define MAILBOX_BYTES	  (256 * 1024) /* in one mailbox */
#define MAILBOX_BYTES_ALL ((size_t)32 * 1024 * 1024)

struct mailboxes;

struct mailbox_id {
	uint8_t b[MAILBOX_ID_LEN];
};

/* Who calls: the key of the connection, and where it is. */
struct mailbox_side {
	const struct noise_public *key;
	bool device; /* it may become the trusted side */
	struct route_place place;
};

/* 0 or ERR_NOMEM. */
int mailboxes_new(struct mailboxes **out) MUST_USE;
void mailboxes_free(struct mailboxes *m);

/*
 * A new mailbox of the new device; an older one of the same key is gone.
 * now_ms is any clock that only grows. Returns 0; ERR_FULL too many.
 */
int mailbox_open(struct mailboxes *m, const struct mailbox_side *who,
    uint64_t now_ms, struct mailbox_id *id) MUST_USE;

/* A message as it waits; the bytes are the callback's for the call only. */
typedef void mailbox_blob_fn(
    void *arg, uint32_t number, const uint8_t *blob, size_t len);

/*
 * A side is here from now on. each() is called, with the table locked, for what
 * came for it after number `after`. *left_ms: how long the mailbox lives yet.
 * Returns 0; ERR_NOTFOUND.
 */
int mailbox_attach(struct mailboxes *m, const struct mailbox_id *id,
    const struct mailbox_side *who, uint32_t after, uint64_t now_ms,
    uint64_t *left_ms, mailbox_blob_fn *each, void *arg) MUST_USE;

/*
 * Put a message in for the other side. The first device that does becomes the
 * trusted side.
 *   to      out, where the other side was last
 *   number  out, of the message
 * Returns 0; ERR_NOTFOUND; ERR_STATE nobody is on the other side yet; ERR_FULL
 * too many or too much; ERR_RANGE its size; ERR_NOMEM.
 */
int mailbox_put(struct mailboxes *m, const struct mailbox_id *id,
    const struct mailbox_side *who, uint64_t now_ms, const uint8_t *blob,
    size_t len, struct route_place *to, uint32_t *number) MUST_USE;

/* The key that opened it, for its trusted side. 0, ERR_NOTFOUND. */
int mailbox_owner(struct mailboxes *m, const struct mailbox_id *id,
    const struct mailbox_side *who, uint64_t now_ms, struct noise_public *out,
    uint64_t *left_ms) MUST_USE;

/* How many there are, the expired ones not. */
size_t mailboxes_count(struct mailboxes *m, uint64_t now_ms);

#endif
