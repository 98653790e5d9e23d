/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Safety numbers: a scanned code matches only when both hashes are in it; any
 * two names give the same digits on both sides and codes that match.
 *     version || length of the first name || names, or the code
 */
#include "common/signal/fingerprint.h"
#include "tests/fuzz/signal_pair.h"

#define ITERATIONS 2
#define HASH_AT	   6 /* of the first side in what we write */
#define HASH2_AT   42
#define HASH_LEN   32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
holds(const uint8_t *p, size_t len, const uint8_t *hash)
{
	size_t i;

	for (i = 0; i + HASH_LEN <= len; i++) {
		if (memcmp(p + i, hash, HASH_LEN) == 0)
			return 1;
	}
	return 0;
}

static void
scan(const uint8_t *data, size_t len)
{
	const struct fingerprint_side a = {(const uint8_t *)"a", 1, {{1}}};
	const struct fingerprint_side b = {(const uint8_t *)"b", 1, {{2}}};
	struct buf right;
	int r;

	r = fingerprint_scan_compare(data, len, &a, &b, 2, ITERATIONS);
	buf_init(&right, FINGERPRINT_SCAN_MAX);
	fuzz_need(fingerprint_scan_pack(&right, &b, &a, 2, ITERATIONS) == 0);
	fuzz_need(right.len == HASH2_AT + HASH_LEN);
	if (r == 0)
		fuzz_need(holds(data, len, right.p + HASH_AT) &&
			  holds(data, len, right.p + HASH2_AT));
	else
		fuzz_need(len != right.len || memcmp(data, right.p, len) != 0);
	buf_clear(&right);
}

/* Names of any bytes, of allowed length or not. */
static void
names(uint8_t version, const uint8_t *id, size_t alen, size_t blen)
{
	const struct fingerprint_side a = {id, alen, {{1}}};
	const struct fingerprint_side b = {id + alen, blen, {{2}}};
	int ok = alen > 0 && alen <= FINGERPRINT_ID_MAX && blen > 0 &&
		 blen <= FINGERPRINT_ID_MAX;
	char ours[FINGERPRINT_DIGITS + 1] = "x";
	char theirs[FINGERPRINT_DIGITS + 1] = "x";
	struct buf code;

	fuzz_need((fingerprint_display(ours, &a, &b, ITERATIONS) == 0) == ok);
	fuzz_need((fingerprint_display(theirs, &b, &a, ITERATIONS) == 0) == ok);
	fuzz_need(strcmp(ours, theirs) == 0);
	fuzz_need(strspn(ours, "0123456789") == (ok ? 60 : 0));
	buf_init(&code, FINGERPRINT_SCAN_MAX);
	fuzz_need((fingerprint_scan_pack(&code, &a, &b, version, ITERATIONS) ==
		      0) == ok);
	if (ok) {
		fuzz_need(fingerprint_scan_compare(code.p, code.len, &b, &a,
			      version, ITERATIONS) == 0);
		fuzz_need(fingerprint_scan_compare(code.p, code.len, &b, &a,
			      version ^ 1u, ITERATIONS) == ERR_VERSION);
		fuzz_need(fingerprint_scan_compare(code.p, code.len, &a, &b,
			      version, ITERATIONS) == ERR_AUTH);
	}
	buf_clear(&code);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	scan(data, len);
	if (len >= 2 && data[1] <= len - 2)
		names(data[0], data + 2, data[1], len - 2 - data[1]);
	return 0;
}
