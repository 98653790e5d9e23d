/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/chain.h"

void
skipped_init(struct buf *b)
{
	buf_init(b, (size_t)CHAIN_SKIPPED_MAX * SKIPPED_ENTRY);
}

int
skipped_restore(struct buf *b, const uint8_t *p, size_t len)
{
	if (len % SKIPPED_ENTRY != 0 || len > b->max)
		return ERR_FORMAT;
	return buf_put(b, p, len);
}

int
skipped_take(struct buf *b, uint32_t number, uint8_t key[static KDF_LEN])
{
	uint8_t *e = b->p;
	size_t left = b->len;

	for (; left > 0; e += SKIPPED_ENTRY, left -= SKIPPED_ENTRY) {
		if (get_be32(e) != number)
			continue;
		memcpy(key, e + 4, KDF_LEN);
		memmove(e, e + SKIPPED_ENTRY, left - SKIPPED_ENTRY);
		b->len -= SKIPPED_ENTRY;
		sodium_memzero(b->p + b->len, SKIPPED_ENTRY);
		return 0;
	}
	return ERR_DUP;
}

int
skipped_add(struct buf *b, uint32_t number, const uint8_t key[static KDF_LEN])
{
	uint8_t e[SKIPPED_ENTRY];
	int r;

	put_be32(e, number);
	memcpy(e + 4, key, KDF_LEN);
	r = buf_put(b, e, sizeof(e));
	sodium_memzero(e, sizeof(e));
	return r;
}

void
skipped_trim(struct buf *b, uint32_t n)
{
	size_t have = b->len / SKIPPED_ENTRY;
	size_t over;

	if (have + n <= CHAIN_SKIPPED_MAX)
		return;
	over = have + n - CHAIN_SKIPPED_MAX;
	buf_drop(b, (over < have ? over : have) * SKIPPED_ENTRY);
}

void
chain_init(struct chain *c, const struct chain_key *key, uint32_t index)
{
	*c = (struct chain){.key = *key, .index = index};
	skipped_init(&c->skipped);
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
	return skipped_restore(&c->skipped, skipped, len);
}

int
chain_take(struct chain *c, uint32_t counter, struct message_seed *seed)
{
	uint32_t jump;
	bool kept;
	int r;

	if (counter < c->index)
		return skipped_take(&c->skipped, counter, seed->b);
	jump = counter - c->index;
	if (jump > CHAIN_JUMP_MAX || counter == UINT32_MAX)
		return ERR_RANGE;
	skipped_trim(&c->skipped, jump);
	for (; c->index < counter; c->index++) {
		/* older ones would be dropped again at once */
		kept = counter - c->index <= CHAIN_SKIPPED_MAX;
		kdf_chain_step(kept ? seed : NULL, &c->key, &c->key);
		r = kept ? skipped_add(&c->skipped, c->index, seed->b) : 0;
		if (r != 0)
			return r;
	}
	kdf_chain_step(seed, &c->key, &c->key);
	c->index++;
	return 0;
}
