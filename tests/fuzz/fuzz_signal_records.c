/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private pre-key records and scanned safety numbers: what is read comes back
 * the same after it is written again; a scanned code matches only its own.
 */
#include "common/signal/fingerprint.h"
#include "common/signal/prekey.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ROUND_TRIP(kind)                                                       \
	static void kind##_round_trip(const uint8_t *data, size_t len)         \
	{                                                                      \
		static struct kind k, again;                                   \
		struct buf out;                                                \
                                                                               \
		if (kind##_unpack(&k, data, len) != 0)                         \
			return;                                                \
		buf_init(&out, PREKEY_RECORD_MAX);                             \
		fuzz_need(kind##_pack(&out, &k) == 0);                         \
		memset(&again, 0, sizeof(again));                              \
		fuzz_need(kind##_unpack(&again, out.p, out.len) == 0);         \
		fuzz_need(again.id == k.id);                                   \
		buf_clear(&out);                                               \
	}
ROUND_TRIP(signed_pre_key)
ROUND_TRIP(one_time_pre_key)
ROUND_TRIP(kyber_pre_key)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct fingerprint_side a = {(const uint8_t *)"a", 1, {{1}}};
	const struct fingerprint_side b = {(const uint8_t *)"b", 1, {{2}}};
	struct buf right;
	int r;

	signed_pre_key_round_trip(data, len);
	one_time_pre_key_round_trip(data, len);
	kyber_pre_key_round_trip(data, len);
	r = fingerprint_scan_compare(data, len, &a, &b, 2, 1);
	buf_init(&right, FINGERPRINT_SCAN_MAX);
	fuzz_need(fingerprint_scan_pack(&right, &b, &a, 2, 1) == 0);
	if (len == right.len && memcmp(data, right.p, len) == 0)
		fuzz_need(r == 0);
	buf_clear(&right);
	return 0;
}
