/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private pre-key records: what is read comes back the same after it is
 * written again; what is refused changes nothing.
 */
#include "common/signal/prekey.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ROUND_TRIP(kind)                                                       \
	static void kind##_round_trip(const uint8_t *data, size_t len)         \
	{                                                                      \
		static struct kind k, was;                                     \
		struct buf once, twice;                                        \
                                                                               \
		memset(&k, 0x5c, sizeof(k));                                   \
		memcpy(&was, &k, sizeof(k));                                   \
		if (kind##_unpack(&k, data, len) != 0) {                       \
			fuzz_need(memcmp(&k, &was, sizeof(k)) == 0);           \
			return;                                                \
		}                                                              \
		buf_init(&once, PREKEY_RECORD_MAX);                            \
		buf_init(&twice, PREKEY_RECORD_MAX);                           \
		fuzz_need(kind##_pack(&once, &k) == 0);                        \
		fuzz_need(kind##_unpack(&was, once.p, once.len) == 0);         \
		fuzz_need(kind##_pack(&twice, &was) == 0);                     \
		fuzz_need(was.id == k.id && once.len == twice.len &&           \
			  memcmp(once.p, twice.p, once.len) == 0);             \
		buf_clear(&once);                                              \
		buf_clear(&twice);                                             \
	}
ROUND_TRIP(signed_pre_key)
ROUND_TRIP(one_time_pre_key)
ROUND_TRIP(kyber_pre_key)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	signed_pre_key_round_trip(data, len);
	one_time_pre_key_round_trip(data, len);
	kyber_pre_key_round_trip(data, len);
	return 0;
}
