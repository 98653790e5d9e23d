/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/signal.pb-c.h"
#include "common/signal/fingerprint.h"
#include "common/signal/pb.h"

#define HASH_LEN    64
#define SCAN_HASH   32 /* bytes of the hash in the scannable form */
#define SIDE_DIGITS (FINGERPRINT_DIGITS / 2)

/* h0 = H(0x0000 || key || id || key), then h = H(h || key). */
static int
side_hash(uint8_t h[static HASH_LEN], const struct fingerprint_side *side,
    uint32_t iterations)
{
	static const uint8_t version[2];
	crypto_hash_sha512_state st;
	uint8_t key[EC_PUBLIC_LEN];
	uint32_t i;

	if (side->idlen == 0 || side->idlen > FINGERPRINT_ID_MAX ||
	    iterations == 0)
		return ERR_RANGE;
	identity_pk_put(key, &side->key);
	crypto_hash_sha512_init(&st);
	crypto_hash_sha512_update(&st, version, sizeof(version));
	crypto_hash_sha512_update(&st, key, sizeof(key));
	crypto_hash_sha512_update(&st, side->id, side->idlen);
	crypto_hash_sha512_update(&st, key, sizeof(key));
	crypto_hash_sha512_final(&st, h);
	for (i = 1; i < iterations; i++) {
		crypto_hash_sha512_init(&st);
		crypto_hash_sha512_update(&st, h, HASH_LEN);
		crypto_hash_sha512_update(&st, key, sizeof(key));
		crypto_hash_sha512_final(&st, h);
	}
	return 0;
}

/* Six groups of five digits, each from five bytes of the hash. */
static void
side_digits(char out[static SIDE_DIGITS + 1], const uint8_t h[static HASH_LEN])
{
	uint64_t v;
	int g, i;

	for (g = 0; g < 6; g++) {
		v = 0;
		for (i = 0; i < 5; i++)
			v = v << 8 | h[g * 5 + i];
		for (i = 4; i >= 0; i--, v /= 10)
			out[g * 5 + i] = (char)('0' + (v % 100000) % 10);
	}
	out[SIDE_DIGITS] = '\0';
}

int
fingerprint_display(char out[static FINGERPRINT_DIGITS + 1],
    const struct fingerprint_side *local, const struct fingerprint_side *remote,
    uint32_t iterations)
{
	char a[SIDE_DIGITS + 1], b[SIDE_DIGITS + 1];
	uint8_t ours[HASH_LEN], theirs[HASH_LEN];
	bool a_first;

	if (side_hash(ours, local, iterations) != 0 ||
	    side_hash(theirs, remote, iterations) != 0)
		return ERR_RANGE;
	side_digits(a, ours);
	side_digits(b, theirs);
	a_first = strcmp(a, b) <= 0;
	memcpy(out, a_first ? a : b, SIDE_DIGITS);
	memcpy(out + SIDE_DIGITS, a_first ? b : a, SIDE_DIGITS + 1);
	return 0;
}

int
fingerprint_scan_pack(struct buf *out, const struct fingerprint_side *local,
    const struct fingerprint_side *remote, uint32_t version,
    uint32_t iterations)
{
	Sotto__Signal__ScannableFingerprint pb =
	    SOTTO__SIGNAL__SCANNABLE_FINGERPRINT__INIT;
	Sotto__Signal__ScannableFingerprint__Side l =
	    SOTTO__SIGNAL__SCANNABLE_FINGERPRINT__SIDE__INIT;
	Sotto__Signal__ScannableFingerprint__Side rem =
	    SOTTO__SIGNAL__SCANNABLE_FINGERPRINT__SIDE__INIT;
	uint8_t ours[HASH_LEN], theirs[HASH_LEN];

	if (side_hash(ours, local, iterations) != 0 ||
	    side_hash(theirs, remote, iterations) != 0)
		return ERR_RANGE;
	l.hash = pb_bytes(ours, SCAN_HASH);
	rem.hash = pb_bytes(theirs, SCAN_HASH);
	pb.version = version;
	pb.local = &l;
	pb.remote = &rem;
	return pb_pack(out, &pb.base);
}

static int
scan_compare(const Sotto__Signal__ScannableFingerprint *pb,
    const struct fingerprint_side *local, const struct fingerprint_side *remote,
    uint32_t version, uint32_t iterations)
{
	uint8_t ours[HASH_LEN], theirs[HASH_LEN];
	int r, differ;

	if (pb->version != version)
		return ERR_VERSION;
	if (pb->local->hash.len != SCAN_HASH ||
	    pb->remote->hash.len != SCAN_HASH)
		return ERR_FORMAT;
	r = side_hash(ours, local, iterations);
	if (r == 0)
		r = side_hash(theirs, remote, iterations);
	if (r != 0)
		return r;
	differ = sodium_memcmp(pb->local->hash.data, theirs, SCAN_HASH);
	differ |= sodium_memcmp(pb->remote->hash.data, ours, SCAN_HASH);
	return differ == 0 ? 0 : ERR_AUTH;
}

int
fingerprint_scan_compare(const uint8_t *theirs, size_t len,
    const struct fingerprint_side *local, const struct fingerprint_side *remote,
    uint32_t version, uint32_t iterations)
{
	struct pb_mem mem;
	ProtobufCMessage *pb;
	int r;

	if (len > FINGERPRINT_SCAN_MAX)
		return ERR_RANGE;
	r = pb_unpack(&mem, &sotto__signal__scannable_fingerprint__descriptor,
	    theirs, len, &pb);
	if (r != 0)
		return r;
	r = scan_compare((const Sotto__Signal__ScannableFingerprint *)pb, local,
	    remote, version, iterations);
	pb_free(&mem, pb);
	return r;
}
