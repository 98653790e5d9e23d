/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entries of a group. Even first byte: the rest is a signed entry as it comes.
 * Odd: the rest is the entry inside; it is put in the right place and signed,
 * so that the rules see it. What is applied leads to a sound record, and relay
 * and member come to the same bytes; what is refused changes nothing.
 */
#include "common/group/entry.h"
#include "common/group/group.h"
#include "common/group/pub.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ENTRY_ROOM (GROUP_ENTRY_MAX + 256)

static struct {
	uint32_t counter;
	struct signal_rng rng;
	struct identity_key_pair key;
	struct group_proposal made; /* the group, by account 1 1 1 ... */
	struct buf relay;
} fix;

/* Everybody has one key; only accounts 1.. to 9.. exist. */
static int
get_key(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	(void)ctx;
	(void)device;
	(void)list_version;
	if (account[0] < 1 || account[0] > 9)
		return ERR_NOTFOUND;
	*out = fix.key.pk;
	return 0;
}

static const struct group_keys keys = {get_key, NULL};

static void
start(void)
{
	static uint8_t me[GROUP_ACCOUNT_LEN], others[2][GROUP_ACCOUNT_LEN];
	struct group_intent in = {
	    .kind = GROUP_CREATE, .accounts = others, .n_accounts = 2};
	struct group_actor actor = {
	    .account = me, .device = 1, .identity = &fix.key, .rng = &fix.rng};
	enum group_why why;

	fuzz_need(sodium_init() >= 0);
	fix.rng = (struct signal_rng){fuzz_fill, &fix.counter};
	identity_generate(&fix.key, &fix.rng);
	memset(me, 1, sizeof(me));
	memset(others[0], 2, sizeof(others[0]));
	memset(others[1], 3, sizeof(others[1]));
	fuzz_need(group_propose(NULL, 0, &actor, &in, &fix.made, &why) == 0);
	fuzz_need(group_public_apply(NULL, 0, fix.made.entry.p,
		      fix.made.entry.len, &keys, &fix.relay, &why) == 0);
}

static void
apply(const uint8_t *entry, size_t len)
{
	struct buf after, member, was;
	enum group_meta_state meta;
	enum group_why why, why2;
	struct group_view v;
	int r, r2;

	memset(&after, 0x33, sizeof(after));
	memcpy(&was, &after, sizeof(was));
	r = group_public_apply(
	    fix.relay.p, fix.relay.len, entry, len, &keys, &after, &why);
	fuzz_need((r == ERR_DENIED) == (why != GROUP_WHY_NONE));
	r2 = group_apply(fix.made.record.p, fix.made.record.len, entry, len,
	    &keys, &member, &meta, &why2);
	if (r != 0) {
		fuzz_need(memcmp(&after, &was, sizeof(was)) == 0);
		fuzz_need(r2 == r || r == ERR_EXISTS);
		return;
	}
	fuzz_need(r2 == 0);
	fuzz_need(group_view_open(&v, member.p, member.len) == 0);
	fuzz_need(memcmp(v.pub.head - 1, after.p, after.len) == 0);
	group_view_clear(&v);
	fuzz_need(group_public_apply(after.p, after.len, entry, len, &keys,
		      &was, &why) == ERR_DUP);
	buf_clear(&after);
	buf_clear(&member);
}

/* The entry as the next one, with the state it leads to. */
static void
place_and_apply(struct group_entry *e)
{
	uint8_t state[GROUP_HASH_LEN] = {0};
	struct group_public v;
	struct buf entry;
	struct pub *p;

	fuzz_need(group_public_open(&v, fix.relay.p, fix.relay.len) == 0);
	fuzz_need(pub_new(&p, fix.relay.p, fix.relay.len) == 0);
	memcpy(e->id, v.id, sizeof(e->id));
	memcpy(e->prev, v.head, sizeof(e->prev));
	e->version = v.version + 1;
	e->epoch = v.epoch + 1;
	e->state_hash = state;
	if (pub_step(p, e) == GROUP_WHY_NONE)
		fuzz_need(pub_hash(p, state) == 0);
	free(p);
	buf_init(&entry, GROUP_ENTRY_MAX);
	if (entry_sign(e, &fix.key, &fix.rng, &entry) == 0)
		apply(entry.p, entry.len);
	buf_clear(&entry);
}

/* SignedEntry around bytes, with a signature of zeros. */
static void
wrap(const uint8_t *p, size_t len)
{
	static uint8_t b[ENTRY_ROOM];
	struct group_entry e;
	enum group_why why;
	size_t n = 0;

	if (len >= 1 << 14)
		return; /* two bytes of length are enough */
	b[n++] = 0x0a;
	b[n++] = (uint8_t)(0x80 | (len & 0x7f));
	b[n++] = (uint8_t)(len >> 7);
	memcpy(b + n, p, len);
	n += len;
	b[n++] = 0x12;
	b[n++] = SIGNATURE_LEN;
	memset(b + n, 0, SIGNATURE_LEN);
	n += SIGNATURE_LEN;
	if (group_entry_open(&e, b, n, &why) != 0)
		return;
	place_and_apply(&e);
	group_entry_clear(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (fix.relay.p == NULL)
		start();
	if (len == 0)
		return 0;
	if (data[0] % 2 == 0)
		apply(data + 1, len - 1);
	else
		wrap(data + 1, len - 1);
	return 0;
}
