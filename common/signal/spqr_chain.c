/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/spqr_chain.h"

#define LABEL	    "Signal PQ Ratchet V1 Chain "
#define START_LABEL LABEL " Start" /* two spaces: so it is deployed */
#define NEXT_LABEL  LABEL "Next"
#define ADD_LABEL   LABEL "Add Epoch"

static void
line_init(struct spqr_line *l, const uint8_t next[static KDF_LEN])
{
	*l = (struct spqr_line){.open = true};
	memcpy(l->next, next, KDF_LEN);
	skipped_init(&l->skipped);
}

static void
line_clear(struct spqr_line *l)
{
	buf_clear(&l->skipped);
	sodium_memzero(l, sizeof(*l));
}

/* The key after the last one taken. */
static void
line_step(struct spqr_line *l, uint8_t key[static KDF_LEN])
{
	uint8_t info[4 + sizeof(NEXT_LABEL) - 1], okm[2 * KDF_LEN];

	l->counter++;
	put_be32(info, l->counter);
	memcpy(info + 4, NEXT_LABEL, sizeof(NEXT_LABEL) - 1);
	kdf_hkdf_bytes(
	    okm, sizeof(okm), NULL, 0, l->next, KDF_LEN, info, sizeof(info));
	memcpy(l->next, okm, KDF_LEN);
	memcpy(key, okm + KDF_LEN, KDF_LEN);
	sodium_memzero(okm, sizeof(okm));
}

/* Both directions of one epoch, from the root and a secret. */
static void
lines_begin(struct spqr_chain *c, const uint8_t *salt,
    const uint8_t secret[static KDF_LEN], const char *label)
{
	uint8_t okm[3 * KDF_LEN]; /* root, initiator's line, responder's */
	size_t ours = c->initiator ? 1 : 2;

	kdf_hkdf(okm, sizeof(okm), salt, salt != NULL ? KDF_LEN : 0, secret,
	    KDF_LEN, label);
	memcpy(c->root, okm, KDF_LEN);
	line_init(&c->send[c->n], okm + ours * KDF_LEN);
	line_init(&c->recv[c->n], okm + (3 - ours) * KDF_LEN);
	c->n++;
	sodium_memzero(okm, sizeof(okm));
}

void
spqr_chain_init(
    struct spqr_chain *c, bool initiator, const uint8_t secret[static KDF_LEN])
{
	*c = (struct spqr_chain){.initiator = initiator};
	lines_begin(c, NULL, secret, START_LABEL);
}

void
spqr_chain_clear(struct spqr_chain *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		line_clear(&c->send[i]);
		line_clear(&c->recv[i]);
	}
	sodium_memzero(c, sizeof(*c));
}

int
spqr_chain_add(struct spqr_chain *c, const uint8_t secret[static KDF_LEN])
{
	if (c->n == SPQR_EPOCHS_MAX)
		return ERR_STATE;
	lines_begin(c, c->root, secret, ADD_LABEL);
	c->newest++;
	return 0;
}

/* Which lines: c->n when the epoch is not there. */
static size_t
find(const struct spqr_chain *c, uint64_t epoch)
{
	uint64_t oldest = c->newest - (c->n - 1);

	return epoch < oldest || epoch > c->newest ? c->n
						   : (size_t)(epoch - oldest);
}

bool
spqr_chain_has(const struct spqr_chain *c, uint64_t epoch)
{
	return find(c, epoch) < c->n;
}

static void
drop_oldest(struct spqr_chain *c)
{
	line_clear(&c->send[0]);
	line_clear(&c->recv[0]);
	c->n--;
	memmove(&c->send[0], &c->send[1], c->n * sizeof(c->send[0]));
	memmove(&c->recv[0], &c->recv[1], c->n * sizeof(c->recv[0]));
	sodium_memzero(&c->send[c->n], sizeof(c->send[0]));
	sodium_memzero(&c->recv[c->n], sizeof(c->recv[0]));
}

/* A new sending epoch: late messages of one before it may still come. */
static void
sending_set(struct spqr_chain *c, uint64_t epoch)
{
	size_t i;

	c->sending = epoch;
	while (find(c, epoch) > 1)
		drop_oldest(c);
	for (i = 0; i < find(c, epoch); i++)
		line_clear(&c->send[i]);
}

int
spqr_chain_send(struct spqr_chain *c, uint64_t epoch, uint32_t *number,
    uint8_t key[static KDF_LEN])
{
	struct spqr_line *l;
	size_t i = find(c, epoch);

	if (i == c->n || epoch < c->sending || !c->send[i].open)
		return ERR_STATE;
	if (c->send[i].counter == UINT32_MAX)
		return ERR_FULL;
	if (epoch != c->sending)
		sending_set(c, epoch);
	l = &c->send[find(c, epoch)];
	line_step(l, key);
	*number = l->counter;
	return 0;
}

int
spqr_chain_recv(struct spqr_chain *c, uint64_t epoch, uint32_t number,
    uint8_t key[static KDF_LEN])
{
	struct spqr_line *l;
	size_t i = find(c, epoch);
	int r;

	if (i == c->n)
		return epoch > c->newest ? ERR_AUTH : ERR_DUP;
	l = &c->recv[i];
	if (number <= l->counter)
		return skipped_take(&l->skipped, number, key);
	if (number - l->counter > CHAIN_JUMP_MAX)
		return ERR_RANGE;
	skipped_trim(&l->skipped, number - 1 - l->counter);
	while (l->counter < number - 1) {
		line_step(l, key);
		/* older ones would be dropped again at once */
		if (number - l->counter > CHAIN_SKIPPED_MAX)
			continue;
		r = skipped_add(&l->skipped, l->counter, key);
		if (r != 0)
			return r;
	}
	line_step(l, key);
	return 0;
}
