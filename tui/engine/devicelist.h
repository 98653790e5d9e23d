/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * devicelist.h — the signed list of an account's devices: what lets contacts
 * notice when a relay adds, hides or rolls back one. docs/protocol.md §7.
 */
#ifndef TUI_ENGINE_DEVICELIST_H
#define TUI_ENGINE_DEVICELIST_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/signal/keys.h"

#define DEVICELIST_DEVICES_MAX 32
#define DEVICELIST_MAX	       (64 * 1024) /* bytes, packed and signed */
#define DEVICELIST_PRIMARY     1 /* the device id that signs */

#define DEVICELIST_NAME_MAX 256 /* bytes of a sealed name */

struct devicelist_entry {
	uint32_t device;
	struct identity_pk identity;
	uint64_t added_ms;
	/* The companion's agreement (common/link/link.h); not the primary's. */
	uint8_t countersignature[SIGNATURE_LEN];
	/* What it is called, sealed for the account's own devices. */
	size_t name_len;
	uint8_t name[DEVICELIST_NAME_MAX];
};

struct devicelist {
	uint8_t account[16];
	uint32_t version; /* 1 and up, only ever grows */
	uint64_t issued_ms;
	size_t n;
	struct devicelist_entry v[DEVICELIST_DEVICES_MAX];
};

/* Pack, sign with the primary's identity key, append to out. 0, ERR_RANGE no
 * or too many devices, ERR_FULL, ERR_NOMEM. */
int devicelist_sign(struct buf *out, const struct devicelist *l,
    const struct identity_key_pair *primary,
    const struct signal_rng *rng) MUST_USE;

/*
 * Read and verify. The key it was signed with is that of its own entry for
 * DEVICELIST_PRIMARY; whether that is the key one knows is for the caller.
 * Every other device must have countersigned its link to that primary.
 * Returns 0; ERR_AUTH a wrong signature or another account; ERR_FORMAT
 * malformed, a device twice, or no primary; ERR_RANGE too long or too many;
 * ERR_NOMEM.
 * *l is written on success only.
 */
int devicelist_open(struct devicelist *l, const uint8_t account[static 16],
    const uint8_t *p, size_t len) MUST_USE;

/* The entry of a device, or NULL. */
const struct devicelist_entry *devicelist_find(
    const struct devicelist *l, uint32_t device);

#endif
