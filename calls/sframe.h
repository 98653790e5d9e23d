/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sframe.h — media sealed from one participant to the others, so that a server
 * that forwards it can read none. No I/O. Source: RFC 9605.
 *
 * Every participant has a base key of their own, which the others get over
 * their sessions; the key id (KID) names it, the counter (CTR) each packet.
 * A counter is never used twice with a key: sframe_seal() counts by itself.
 */
#ifndef CALLS_SFRAME_H
#define CALLS_SFRAME_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define SFRAME_HEADER_MAX 17 /* bytes: one, and two numbers of eight */
#define SFRAME_TAG_LEN	  16
#define SFRAME_OVERHEAD	  (SFRAME_HEADER_MAX + SFRAME_TAG_LEN)
#define SFRAME_BASE_MAX	  64 /* bytes of a base key */
#define SFRAME_META_MAX	  256 /* bytes of metadata */
#define SFRAME_TEXT_MAX	  65536 /* bytes of a packet's plaintext */
#define SFRAME_WINDOW	  1024 /* counters back that are told apart */

/* Section 4.5. The counter-mode suites with short tags are not offered: no
 * packet of ours is so small that they would matter. */
enum sframe_suite {
	SFRAME_AES_128_GCM_SHA256_128 = 4,
	SFRAME_AES_256_GCM_SHA512_128 = 5,
};

struct sframe_key; /* heap; wiped when freed; one thread */

/*
 * Section 4.4.2.
 *   base, len  1..SFRAME_BASE_MAX bytes, borrowed for the call
 * Returns 0; ERR_RANGE; ERR_NOMEM; ERR_INTERNAL the library refuses.
 */
int sframe_key_new(struct sframe_key **k, enum sframe_suite suite, uint64_t kid,
    const uint8_t *base, size_t len) MUST_USE;
void sframe_key_free(struct sframe_key *k);

uint64_t sframe_key_id(const struct sframe_key *k);

/*
 * Section 4.4.3, with the next counter: 0, 1, 2 ...
 *   meta, mlen  authenticated, not sent; at most SFRAME_META_MAX
 *   text, n     at most SFRAME_TEXT_MAX
 *   out, *len   room for n + SFRAME_OVERHEAD; may not overlap text
 * Returns 0; ERR_RANGE; ERR_FULL the counters are used up: another key;
 * ERR_INTERNAL.
 */
int sframe_seal(struct sframe_key *k, const uint8_t *meta, size_t mlen,
    const uint8_t *text, size_t n, uint8_t *out, size_t *len) MUST_USE;

/* The same with a counter of the caller's, for known answers alone. */
int sframe_seal_at(struct sframe_key *k, uint64_t ctr, const uint8_t *meta,
    size_t mlen, const uint8_t *text, size_t n, uint8_t *out,
    size_t *len) MUST_USE;

/*
 * Sections 4.4.4 and 9.3.
 *   packet, n  whole, with its header
 *   out, *len  room for n - SFRAME_TAG_LEN; may not overlap packet
 * Returns 0; ERR_FORMAT no such packet; ERR_NOTFOUND sealed with another key
 * id; ERR_AUTH forged; ERR_DUP opened before, or too old to tell. On error
 * nothing has changed and out holds nothing of it.
 */
int sframe_open(struct sframe_key *k, const uint8_t *meta, size_t mlen,
    const uint8_t *packet, size_t n, uint8_t *out, size_t *len) MUST_USE;

/* Section 4.3: the header's length, or ERR_FORMAT. A server looks at no more. */
int sframe_header_get(
    const uint8_t *p, size_t n, uint64_t *kid, uint64_t *ctr) MUST_USE;
size_t sframe_header_put(
    uint8_t out[static SFRAME_HEADER_MAX], uint64_t kid, uint64_t ctr);

/* Section 5.1: the base key that follows, for when somebody joins.
 *   next  32 bytes of suite 4, 64 of suite 5
 * Returns its length; ERR_RANGE. */
int sframe_ratchet(enum sframe_suite suite, const uint8_t *base, size_t len,
    uint8_t next[static SFRAME_BASE_MAX]) MUST_USE;

#endif
