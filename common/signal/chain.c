/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/chain.h"

void
chain_init(struct chain *c, const struct chain_key *key, uint32_t index)
{
	*c = (struct chain){.key = *key, .index = index};
	buf_init(&c->skipped, (size_t)CHAIN_SKIPPED_MAX * SKIPPED_ENTRY);
}

void
chain_clear(struct chain *c)
{
	buf_clear(&c->skipped);
	sodium_memzero(c, sizeof(*c));
}

int
chain_restore(struct chain *c, const uint8_t *skipped, size_t len)
{
	if (len % SKIPPED_ENTRY != 0 || len > c->skipped.max)
		return ERR_FORMAT;
	return buf_put(&c->skipped, skipped, len);
}

/* Take the seed of a message that was skipped; ERR_DUP when it is not there. */
static int
skipped_take(struct chain *c, uint32_t counter, struct message_seed *seed)
{
	uint8_t *e = c->skipped.p;
	size_t left = c->skipped.len;

	for (; left > 0; e += SKIPPED_ENTRY, left -= SKIPPED_ENTRY) {
		if (get_be32(e) != counter)
			continue;
		memcpy(seed->b, e + 4, KDF_LEN);
		memmove(e, e + SKIPPED_ENTRY, left - SKIPPED_ENTRY);
		c->skipped.len -= SKIPPED_ENTRY;
		sodium_memzero(c->skipped.p + c->skipped.len, SKIPPED_ENTRY);
		return 0;
	}
	return ERR_DUP;
}

static int
skipped_add(struct chain *c, const struct message_seed *seed)
{
	uint8_t e[SKIPPED_ENTRY];
	int r;

	put_be32(e, c->index);
	memcpy(e + 4, seed->b, KDF_LEN);
	r = buf_put(&c->skipped, e, sizeof(e));
	sodium_memzero(e, sizeof(e));
	return r;
}

/* Make room for n more seeds by dropping the oldest. */
static void
skipped_trim(struct chain *c, uint32_t n)
{
	size_t have = c->skipped.len / SKIPPED_ENTRY;
	size_t over;

	if (have + n <= CHAIN_SKIPPED_MAX)
		return;
	over = have + n - CHAIN_SKIPPED_MAX;
	buf_drop(&c->skipped, (over < have ? over : have) * SKIPPED_ENTRY);
}

int
chain_take(struct chain *c, uint32_t counter, struct message_seed *seed)
{
	uint32_t jump;
	int r;

	if (counter < c->index)
		return skipped_take(c, counter, seed);
	jump = counter - c->index;
	if (jump > CHAIN_JUMP_MAX || counter == UINT32_MAX)
		return ERR_RANGE;
	skipped_trim(c, jump);
	for (; c->index < counter; c->index++) {
		/* older ones would be dropped again at once */
		if (counter - c->index <= CHAIN_SKIPPED_MAX) {
			kdf_chain_seed(seed, &c->key);
			r = skipped_add(c, seed);
			if (r != 0)
				return r;
		}
		kdf_chain_next(&c->key, &c->key);
	}
	kdf_chain_seed(seed, &c->key);
	kdf_chain_next(&c->key, &c->key);
	c->index++;
	return 0;
}
