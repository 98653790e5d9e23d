/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is stored or told of a group: public records, members' records,
 * welcomes, key shares and intents. What can be read is written again as the
 * same bytes; outputs are untouched on error. The first byte chooses what the
 * rest is.
 */
#include "common/group/group.h"
#include "common/group/pub.h"
#include "common/group/record.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct {
	uint32_t counter;
	struct signal_rng rng;
	struct identity_key_pair key;
	struct group_proposal made;
} fix;

static uint8_t me[GROUP_ACCOUNT_LEN] = {1};

static void
start(void)
{
	struct group_intent in = {.kind = GROUP_CREATE};
	struct group_actor actor = {
	    .account = me, .device = 1, .identity = &fix.key, .rng = &fix.rng};
	enum group_why why;

	fuzz_need(sodium_init() >= 0);
	fix.rng = (struct signal_rng){fuzz_fill, &fix.counter};
	identity_generate(&fix.key, &fix.rng);
	fuzz_need(group_propose(NULL, 0, &actor, &in, &fix.made, &why) == 0);
}

/* Where a record stands beside what the head of another says. */
static void
here(const struct buf *rec, const struct group_public *v, enum group_place want)
{
	uint8_t hash[GROUP_HASH_LEN];
	enum group_place place;

	memcpy(hash, v->head, sizeof(hash));
	fuzz_need(group_compare_head(
		      rec->p, rec->len, v->version, hash, &place) == 0);
	fuzz_need(place == want);
}

/* What a record tells others: it names the group, and is known here. */
static void
tells(const struct buf *rec)
{
	uint8_t id[GROUP_ID_LEN];
	struct buf share, out;
	struct group_view v;
	uint32_t n;

	if (group_view_open(&v, rec->p, rec->len) != 0)
		return;
	if (group_welcome(rec->p, rec->len, &share) == 0) {
		fuzz_need(group_welcome_peek(share.p, share.len, id, &n) == 0);
		fuzz_need(memcmp(id, v.pub.id, sizeof(id)) == 0);
		fuzz_need(n == v.pub.version);
		buf_clear(&share);
	}
	if (group_key_share(rec->p, rec->len, &share) == 0) {
		fuzz_need(group_key_peek(share.p, share.len, id, &n) == 0);
		fuzz_need(memcmp(id, v.pub.id, sizeof(id)) == 0);
		fuzz_need(group_key_take(rec->p, rec->len, share.p, share.len,
			      &out, NULL) == ERR_DUP);
		buf_clear(&share);
	}
	group_view_clear(&v);
}

/* What tells the group before anything is believed. */
static bool
peeks(const uint8_t *p, size_t len, bool share)
{
	uint8_t id[GROUP_ID_LEN], was[GROUP_ID_LEN];
	uint32_t n = 77;
	int r;

	memset(id, 0x33, sizeof(id));
	memcpy(was, id, sizeof(was));
	r = share ? group_key_peek(p, len, id, &n)
		  : group_welcome_peek(p, len, id, &n);
	if (r != 0)
		fuzz_need(memcmp(id, was, sizeof(id)) == 0 && n == 77);
	return r == 0;
}

static void
read_public(const uint8_t *p, size_t len)
{
	struct group_public v;
	struct group_member m;
	struct pub *work;
	struct buf again;
	size_t i;

	if (group_public_open(&v, p, len) != 0)
		return;
	for (i = 0; i < v.n_members; i++) {
		group_public_member(&v, i, &m);
		fuzz_need(group_public_find(&v, m.account, NULL));
		fuzz_need(!group_public_asked(&v, m.account));
	}
	for (i = 0; i < v.n_requests; i++)
		fuzz_need(group_public_asked(&v, group_public_request(&v, i)));
	fuzz_need(pub_new(&work, p, len) == 0);
	buf_init(&again, GROUP_PUBLIC_MAX);
	fuzz_need(pub_write(work, &again) == 0);
	fuzz_need(again.len == len && memcmp(again.p, p, len) == 0);
	buf_clear(&again);
	free(work);
	fuzz_need(group_from_public(p, len, &again) == 0);
	here(&again, &v, GROUP_SAME);
	buf_clear(&again);
}

/* A record that was read can be written and read, and worked with. */
static void
read_record(const uint8_t *p, size_t len)
{
	struct group_actor actor = {
	    .account = me, .device = 1, .identity = &fix.key, .rng = &fix.rng};
	struct group_intent in = {.kind = GROUP_EDIT, .fields = GROUP_F_TIMER};
	struct group_proposal made;
	struct group_record *r, *again;
	enum group_why why;
	struct buf b;

	if (record_open(&r, p, len) != 0)
		return;
	fuzz_need(record_pack(r, &b) == 0);
	fuzz_need(record_open(&again, b.p, b.len) == 0);
	fuzz_need(memcmp(again->heads, r->heads, sizeof(r->heads)) == 0);
	fuzz_need(again->n_secrets == r->n_secrets);
	fuzz_need(memcmp(&again->meta, &r->meta, sizeof(r->meta)) == 0);
	record_free(again);
	record_free(r);
	if (group_propose(b.p, b.len, &actor, &in, &made, &why) == 0)
		group_proposal_clear(&made);
	tells(&b);
	buf_clear(&b);
}

static void
read_told(const uint8_t *p, size_t len, bool share)
{
	struct buf out, was, *rec = &fix.made.record;
	struct group_view v;
	enum group_why why;
	int r;

	memset(&out, 0x33, sizeof(out));
	memcpy(&was, &out, sizeof(was));
	fuzz_need(group_view_open(&v, rec->p, rec->len) == 0);
	if (share)
		r = group_key_take(rec->p, rec->len, p, len, &out, NULL);
	else
		r = group_welcome_take(NULL, 0, p, len, v.pub.head - 1,
		    (size_t)(v.pub.sealed - v.pub.head + 1) + v.pub.sealed_len,
		    &out, &why);
	fuzz_need(peeks(p, len, share) || r != 0);
	if (r != 0)
		fuzz_need(memcmp(&out, &was, sizeof(out)) == 0);
	else
		buf_clear(&out);
	group_view_clear(&v);
}

static void
read_intent(const uint8_t *p, size_t len)
{
	struct group_intent in, again;
	enum group_why why;
	struct buf b;

	if (group_intent_unpack(&in, p, len) != 0)
		return;
	fuzz_need(group_intent_pack(&in, &b) == 0);
	fuzz_need(group_intent_unpack(&again, b.p, b.len) == 0);
	fuzz_need(again.n_accounts == in.n_accounts);
	fuzz_need(memcmp(&again.meta, &in.meta, sizeof(in.meta)) == 0);
	group_intent_clear(&again);
	buf_clear(&b);
	if (group_rebase(
		fix.made.record.p, fix.made.record.len, me, &in, &why) == 0)
		fuzz_need(why == GROUP_WHY_NONE);
	group_intent_clear(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (fix.made.record.p == NULL)
		start();
	if (len == 0)
		return 0;
	switch (data[0] % 5) {
	case 0:
		read_public(data + 1, len - 1);
		break;
	case 1:
		read_record(data + 1, len - 1);
		break;
	case 2:
		read_told(data + 1, len - 1, false);
		break;
	case 3:
		read_told(data + 1, len - 1, true);
		break;
	default:
		read_intent(data + 1, len - 1);
	}
	return 0;
}
