/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key decoder: the same events however the bytes are split, every event
 * within its bounds, and nothing half read after a time-out. The first byte
 * says where the split is. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3;
}

static uint64_t
check(uint64_t h, const struct key *ev)
{
	size_t i;

	h = mix(h, (uint64_t)ev->type);
	switch (ev->type) {
	case KT_PRESS:
		assert(ev->code >= ' ' && ev->code <= K_F12);
		assert(ev->code != 0x7f && ev->mods < 16);
		return mix(mix(h, ev->code), ev->mods);
	case KT_PASTE:
		assert(ev->len <= KEYS_PASTE_MAX);
		for (i = 0; i < ev->len; i++)
			h = mix(h, (uint8_t)ev->text[i]);
		return h;
	case KT_MOUSE:
		assert(ev->x >= 0 && ev->y >= 0);
		return mix(mix(h, (uint64_t)ev->x), (uint64_t)ev->y);
	case KT_FOCUS:
		return mix(h, ev->on);
	case KT_REPLY:
		for (i = 0; i < 3; i++)
			h = mix(h, (uint64_t)ev->arg[i]);
		return mix(h, (uint64_t)ev->reply);
	}
	abort();
}

static uint64_t
feed(struct keys *k, const uint8_t *p, size_t n, uint64_t h)
{
	struct key ev;
	size_t used;

	while (n > 0) {
		used = keys_feed(k, p, n);
		assert(used > 0 && used <= n);
		p += used;
		n -= used;
		while (keys_next(k, &ev))
			h = check(h, &ev);
	}
	return h;
}

static uint64_t
run(const uint8_t *p, size_t n, size_t split)
{
	struct keys k;
	struct key ev;
	uint64_t h = 0xcbf29ce484222325;

	keys_init(&k);
	h = feed(&k, p, split, h);
	h = feed(&k, p + split, n - split, h);
	keys_timeout(&k);
	assert(keys_wait_ms(&k) == 0);
	while (keys_next(&k, &ev))
		h = check(h, &ev);
	keys_clear(&k);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	assert(run(data + 1, size - 1, 0) ==
	       run(data + 1, size - 1, data[0] % size));
	return 0;
}
