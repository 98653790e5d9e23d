/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fingerprint.h — safety numbers: 60 digits to compare by eye, and bytes for a
 * QR code. docs/crypto.md §9; the same numbers as Signal's.
 */
#ifndef COMMON_SIGNAL_FINGERPRINT_H
#define COMMON_SIGNAL_FINGERPRINT_H

#include "common/buf.h"
#include "common/signal/keys.h"

#define FINGERPRINT_DIGITS     60
#define FINGERPRINT_ITERATIONS 5200
#define FINGERPRINT_ID_MAX     64 /* bytes of a stable name */
#define FINGERPRINT_SCAN_MAX   128 /* bytes of the scannable form */
#define FINGERPRINT_VERSION    2 /* a label inside the scannable form */

/* One side: a stable name (account id or phone number) and its key. */
struct fingerprint_side {
	const uint8_t *id;
	size_t idlen; /* 1..FINGERPRINT_ID_MAX */
	struct identity_pk key;
};

/*
 * The same 60 digits on both sides, NUL-terminated.
 * Returns 0; ERR_RANGE id length or no iterations. out is unchanged on error.
 */
int fingerprint_display(char out[static FINGERPRINT_DIGITS + 1],
    const struct fingerprint_side *local, const struct fingerprint_side *remote,
    uint32_t iterations) MUST_USE;

/* Append the scannable form. Returns 0; ERR_RANGE; ERR_FULL; ERR_NOMEM. */
int fingerprint_scan_pack(struct buf *out, const struct fingerprint_side *local,
    const struct fingerprint_side *remote, uint32_t version,
    uint32_t iterations) MUST_USE;

/*
 * Compare what a peer's screen showed with what ours would: theirs must name
 * us as remote and themselves as local.
 * Returns 0 they match; ERR_AUTH they differ; ERR_VERSION another version;
 * ERR_FORMAT malformed; ERR_RANGE; ERR_NOMEM. Constant time.
 */
int fingerprint_scan_compare(const uint8_t *theirs, size_t len,
    const struct fingerprint_side *local, const struct fingerprint_side *remote,
    uint32_t version, uint32_t iterations) MUST_USE;

#endif
