/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_stun.c — one message, or anything: attributes lie within it, addresses
 * are written again the same, no code is right that nobody made; after an error
 * nothing has changed. A name for a time is the same when it is made again.
 */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/stun/cred.h"
#include "common/stun/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
address_again(const struct stun_msg *m, const struct stun_attr *a)
{
	uint8_t again[64];
	struct stun_addr addr;
	struct stun_out o;

	if (stun_get_addr(m, a, &addr) != 0)
		return;
	stun_answer(&o, again, sizeof(again), STUN_SUCCESS, m);
	stun_put_addr(&o, a->type, &addr);
	assert(stun_end(&o) == (size_t)STUN_HEADER + 4 + a->len);
	assert(memcmp(again + STUN_HEADER + 5, a->v + 1, a->len - 1u) == 0);
}

static void
name_again(const struct stun_attr *a)
{
	char again[TURN_NAME_CAP], who[TURN_NAME_CAP] = "";
	uint64_t expires;
	size_t at;

	if (turn_cred_split(a->v, a->len, &expires, &at) != 0)
		return;
	assert(at > 0 && at <= a->len);
	if (at == a->len || a->len >= TURN_NAME_CAP || a->v[0] == '0' ||
	    memchr(a->v, 0, a->len) != NULL)
		return;
	memcpy(who, a->v + at, a->len - at);
	assert(turn_cred_name(again, expires, who) == 0);
	assert(strlen(again) == a->len && memcmp(again, a->v, a->len) == 0);
}

static void
walk(const struct stun_msg *m, const uint8_t *data, size_t len)
{
	static const uint8_t key[16] = "nobody knows it";
	struct stun_attr a;
	size_t at = 0;

	assert(m->len == len && m->end <= len && m->mac < len);
	while (stun_next(m, &at, &a)) {
		assert(at <= m->end && a.v >= data + STUN_HEADER + 4);
		assert(a.v + a.len <= data + len);
		if (a.type == STUN_ATTR_XOR_PEER_ADDRESS ||
		    a.type == STUN_ATTR_XOR_MAPPED_ADDRESS)
			address_again(m, &a);
		if (a.type == STUN_ATTR_USERNAME)
			name_again(&a);
	}
	(void)stun_error_code(m);
	(void)stun_unknown(m, NULL, 0);
	assert(stun_check(m, key, sizeof(key)) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct stun_msg m, was;

	if (sodium_init() < 0)
		return 0;
	memset(&m, 0x33, sizeof(m));
	memcpy(&was, &m, sizeof(was));
	if (stun_read(&m, data, len) == 0)
		walk(&m, data, len);
	else
		assert(memcmp(&m, &was, sizeof(m)) == 0);
	if (len >= 4 && stun_framed_len(data) != 0)
		assert(stun_framed_len(data) >= 4);
	return 0;
}
