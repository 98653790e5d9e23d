/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * devices.h — the devices of our own account. The primary signs their list; it
 * keeps the one it signed last with its own contact row, and so do companions
 * with the one they verified. docs/protocol.md §7, docs/crypto.md §13.
 */
#ifndef TUI_ENGINE_DEVICES_H
#define TUI_ENGINE_DEVICES_H

#include <sodium.h>

#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"

#define DEVICE_NAME_MAX 64 /* bytes of a name */

/* What only the account's devices know: it seals their names. */
struct device_secret {
	uint8_t k[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

/* The primary makes it when there is none. ERR_NOTFOUND a companion that was
 * not told; wipe *s after use. */
int devices_secret(struct engine *e, struct device_secret *s) MUST_USE;
int devices_secret_put(
    struct engine *e, const struct device_secret *s) MUST_USE;

/*
 * Seal a name for a device's entry; longer ones are cut at a character.
 * XChaCha20-Poly1305: nonce, then DEVICE_NAME_MAX bytes and the tag, so that
 * its length says nothing.
 */
void device_name_seal(struct devicelist_entry *v,
    const uint8_t account[static STORE_ID_LEN], const struct device_secret *s,
    const char *name);
/* "" when it does not open. */
void device_name_open(char out[static DEVICE_NAME_MAX + 1],
    const struct devicelist_entry *v,
    const uint8_t account[static STORE_ID_LEN], const struct device_secret *s);

/* *yes: does the account have other devices? */
int devices_others(struct engine *e, bool *yes) MUST_USE;

/* The primary's identity key, which signs the list. ERR_NOTFOUND. */
int devices_primary(struct engine *e, struct identity_pk *pk) MUST_USE;

/* We have become a device of the account whose primary has this key. In a
 * transaction. */
int devices_begin(struct engine *e, const struct identity_pk *primary) MUST_USE;

/* The list that holds now. ERR_NOTFOUND there is none. */
int devices_list(struct engine *e, struct devicelist *l) MUST_USE;

/* A verified list of ours has come: remember who is in it. In a transaction. */
int devices_take(struct engine *e, const struct devicelist *l) MUST_USE;

/*
 * The primary: sign l with a new version, keep it, and have it published; what
 * names it gives is up to the caller. In a transaction; then
 * devices_publish().
 */
int devices_sign(struct engine *e, struct devicelist *l) MUST_USE;
/* Give the relay the list that it lacks. */
int devices_publish(struct engine *e) MUST_USE;

/* The connection is open: see that lists are right on both sides. */
int devices_upkeep(struct engine *e) MUST_USE;

#endif
