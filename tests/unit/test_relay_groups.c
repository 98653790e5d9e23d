/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups and status posts through a real relay. */
#include <signal.h>
#include <sodium.h>

#include "common/group/entry.h"
#include "tests/lib/relay_calls.h"
#include "tests/unit/test.h"

enum { ANN, BOB, CID, DAN, PEOPLE };

struct fixture {
	struct rig g;
	struct who p[PEOPLE];
	const struct who *all[PEOPLE];
	uint8_t id[GROUP_ID_LEN];
};

static int
setup(void **state)
{
	static struct fixture f;
	unsigned i;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rig_start(&f.g, NULL);
	for (i = 0; i < PEOPLE; i++) {
		who_make(&f.g, &f.p[i], i);
		f.all[i] = &f.p[i];
	}
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	unsigned i;

	for (i = 0; i < PEOPLE; i++)
		who_clear(&f->p[i]);
	rig_clear(&f->g);
	return 0;
}

typedef Sotto__Relay__DeliverEvent deliver_event;
typedef Sotto__Relay__DeliverEvent__Item deliver_item;

/* Connected, and told that nothing waits. */
static struct rc *
come(struct fixture *f, const struct who *w)
{
	return rig_connect(&f->g, &w->p);
}

/* The next item there is; acknowledged. Freed with *ev. */
static const deliver_item *
next_item(struct rc *c, deliver_event **ev)
{
	for (;;) {
		assert_ok(rc_deliver(c, ev));
		if ((*ev)->n_items > 0)
			break;
		calls_free(*ev);
	}
	assert_int_equal((*ev)->n_items, 1);
	if ((*ev)->items[0]->seq > 0)
		assert_ok(rc_ack(c, (*ev)->items[0]->seq));
	return (*ev)->items[0];
}

static void
expect_text(
    struct fixture *f, struct rc *c, const struct who *from, const char *text)
{
	deliver_event *ev;
	const deliver_item *it = next_item(c, &ev);

	assert_int_equal(it->type, 7);
	assert_int_equal(it->ciphertext.len, strlen(text));
	assert_memory_equal(it->ciphertext.data, text, strlen(text));
	assert_int_equal(it->group_id.len, GROUP_ID_LEN);
	assert_memory_equal(it->group_id.data, f->id, GROUP_ID_LEN);
	assert_memory_equal(
	    it->sender_account.data, from->p.account, RC_ACCOUNT_LEN);
	assert_int_equal(it->sender_device, from->p.device_id);
	calls_free(ev);
}

/* An entry arrives; who applies it (NULL: nobody). */
static void
expect_entry(struct fixture *f, struct rc *c, struct who *w)
{
	struct group_entry e;
	enum group_why why;
	deliver_event *ev;
	const deliver_item *it = next_item(c, &ev);

	assert_int_equal(it->type, 64);
	assert_memory_equal(it->group_id.data, f->id, GROUP_ID_LEN);
	assert_ok(group_entry_open(
	    &e, it->ciphertext.data, it->ciphertext.len, &why));
	assert_memory_equal(it->message_id.data, e.hash, RC_ID_LEN);
	assert_memory_equal(it->sender_account.data, e.actor, RC_ACCOUNT_LEN);
	group_entry_clear(&e);
	if (w != NULL)
		calls_follow(
		    w, f->all, PEOPLE, it->ciphertext.data, it->ciphertext.len);
	calls_free(ev);
}

static void
create(struct fixture *f, struct rc *ann)
{
	struct who *const others[] = {&f->p[BOB], &f->p[CID]};

	calls_create(ann, &f->p[ANN], others, 2, f->id);
}

static struct group_intent
about(enum group_kind kind, struct who *w)
{
	return (struct group_intent){
	    .kind = kind, .accounts = &w->p.account, .n_accounts = 1};
}

static struct group_intent
renamed(const char *name)
{
	struct group_intent in = {.kind = GROUP_EDIT, .fields = GROUP_F_NAME};

	snprintf(in.meta.name, sizeof(in.meta.name), "%s", name);
	return in;
}

static int
entries(struct rc *c, const uint8_t *id, uint32_t from,
    Sotto__Relay__GroupEntriesResponse **resp)
{
	Sotto__Relay__GroupEntriesRequest req =
	    SOTTO__RELAY__GROUP_ENTRIES_REQUEST__INIT;

	req.group_id = calls_bytes(id, GROUP_ID_LEN);
	req.from_version = from;
	return calls_ask(c, METHOD_GROUP_ENTRIES, &req.base,
	    &sotto__relay__group_entries_response__descriptor, resp);
}

static int
state_of(struct rc *c, const uint8_t *id, const uint8_t *proof,
    Sotto__Relay__GroupStateResponse **resp)
{
	Sotto__Relay__GroupStateRequest req =
	    SOTTO__RELAY__GROUP_STATE_REQUEST__INIT;

	req.group_id = calls_bytes(id, GROUP_ID_LEN);
	if (proof != NULL)
		req.proof = calls_bytes(proof, 64);
	return calls_ask(c, METHOD_GROUP_STATE, &req.base,
	    &sotto__relay__group_state_response__descriptor, resp);
}

static size_t
groups_of(struct rc *c)
{
	Sotto__Relay__GroupListRequest req =
	    SOTTO__RELAY__GROUP_LIST_REQUEST__INIT;
	Sotto__Relay__GroupListResponse *resp;
	size_t n;

	assert_ok(calls_ask(c, METHOD_GROUP_LIST, &req.base,
	    &sotto__relay__group_list_response__descriptor, &resp));
	n = resp->n_groups;
	calls_free(resp);
	return n;
}

/* ---- changes ---------------------------------------------------------------------------- */

static void
test_change__reaches_those_who_are_here_and_those_who_are_not(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]), *cid,
		  *dan = come(f, &f->p[DAN]);
	struct group_intent in = renamed("Foes");
	Sotto__Relay__GroupEntriesResponse *e;
	Sotto__Relay__GroupStateResponse *s;
	Sotto__Relay__GroupDevicesResponse *d;

	create(f, ann);
	expect_entry(f, bob, NULL);
	calls_act(ann, &f->p[ANN], &in);
	expect_entry(f, bob, &f->p[BOB]);
	cid = come(f, &f->p[CID]); /* both have waited */
	{
		deliver_event *ev;

		assert_ok(rc_deliver(cid, &ev));
		assert_int_equal(ev->n_items, 2);
		assert_int_equal(ev->items[1]->type, 64);
		calls_free(ev);
	}
	assert_int_equal(groups_of(ann), 1);
	assert_int_equal(groups_of(cid), 1);
	assert_int_equal(groups_of(dan), 0);
	assert_ok(entries(bob, f->id, 0, &e));
	assert_int_equal(e->n_entries, 2);
	assert_int_equal(e->version, 2);
	assert_false(e->more);
	calls_free(e);
	assert_ok(entries(bob, f->id, 2, &e));
	assert_int_equal(e->n_entries, 1);
	calls_free(e);
	assert_ok(state_of(bob, f->id, NULL, &s));
	calls_free(s);
	assert_err(entries(dan, f->id, 0, &e), ERR_NOTFOUND);
	assert_err(state_of(dan, f->id, NULL, &s), ERR_NOTFOUND);
	assert_err(calls_devices(dan, f->id, &d), ERR_NOTFOUND);
	assert_int_equal(metrics_get(METRIC_group_changes), 2);
	rc_close(ann);
	rc_close(bob);
	rc_close(cid);
	rc_close(dan);
}

static void
test_change__who_comes_second_is_told(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]);
	struct group_intent one = renamed("One"), two = renamed("Two");
	Sotto__Relay__GroupChangeResponse *resp;
	struct buf e1, r1, e2, r2;

	create(f, ann);
	expect_entry(f, bob, NULL);
	calls_propose(&f->p[ANN], &one, &e1, &r1);
	calls_propose(&f->p[BOB], &two, &e2, &r2);
	assert_ok(calls_change(ann, &e1, &resp));
	assert_int_equal(resp->version, 2);
	assert_false(resp->conflict);
	calls_free(resp);
	assert_ok(calls_change(bob, &e2, &resp));
	assert_true(resp->conflict);
	assert_int_equal(resp->version, 2);
	assert_int_equal(resp->n_entries, 1);
	assert_int_equal(resp->entries[0].len, e1.len);
	assert_memory_equal(resp->entries[0].data, e1.p, e1.len);
	calls_free(resp);
	/* The same bytes again are no second change, and nobody hears twice. */
	assert_ok(calls_change(ann, &e1, &resp));
	assert_false(resp->conflict);
	calls_free(resp);
	expect_entry(f, bob, &f->p[BOB]);
	buf_clear(&e2);
	buf_clear(&r2);
	calls_propose(&f->p[BOB], &two, &e2, &r2);
	assert_ok(calls_change(bob, &e2, &resp));
	assert_false(resp->conflict);
	assert_int_equal(resp->version, 3);
	calls_free(resp);
	expect_entry(f, ann, NULL);
	buf_clear(&e1);
	buf_clear(&e2);
	buf_clear(&r1);
	buf_clear(&r2);
	rc_close(ann);
	rc_close(bob);
}

static void
test_change__refusals_change_nothing(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]);
	struct group_intent in = renamed("X");
	Sotto__Relay__GroupChangeResponse *resp;
	Sotto__Relay__GroupEntriesResponse *e;
	struct buf entry, next, big;

	create(f, ann);
	calls_propose(&f->p[ANN], &in, &entry, &next);
	assert_err(calls_change(bob, &entry, &resp), ERR_DENIED);
	entry.p[entry.len - 1] ^= 1; /* the signature */
	assert_err(calls_change(ann, &entry, &resp), ERR_DENIED);
	entry.len--;
	assert_err(calls_change(ann, &entry, &resp), ERR_DENIED);
	entry.len = 0;
	assert_err(calls_change(ann, &entry, &resp), ERR_RANGE);
	buf_clear(&entry);
	buf_init(&big, GROUP_ENTRY_MAX + 1);
	assert_ok(buf_reserve(&big, GROUP_ENTRY_MAX + 1));
	memset(big.p, 7, GROUP_ENTRY_MAX + 1);
	big.len = GROUP_ENTRY_MAX + 1;
	assert_err(calls_change(ann, &big, &resp), ERR_RANGE);
	buf_clear(&big);
	/* Beyond the next version. */
	buf_clear(&f->p[ANN].record);
	f->p[ANN].record = next;
	calls_propose(&f->p[ANN], &in, &entry, &next);
	assert_err(calls_change(ann, &entry, &resp), ERR_AGAIN);
	buf_clear(&entry);
	buf_clear(&next);
	/* A device list that is to come. */
	f->p[BOB].list_version += 5;
	calls_propose(&f->p[BOB], &in, &entry, &next);
	assert_err(calls_change(bob, &entry, &resp), ERR_DENIED);
	f->p[BOB].list_version -= 5;
	buf_clear(&entry);
	buf_clear(&next);
	assert_ok(entries(ann, f->id, 0, &e));
	assert_int_equal(e->n_entries, 1);
	calls_free(e);
	rc_close(ann);
	rc_close(bob);
}

static void
test_change__a_removed_member_learns_it_and_is_out(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]);
	struct group_intent in = about(GROUP_REMOVE, &f->p[BOB]);
	Sotto__Relay__GroupEntriesResponse *e;
	Sotto__Relay__SendGroupResponse *s;
	uint8_t digest[32] = {0};

	create(f, ann);
	expect_entry(f, bob, NULL);
	calls_act(ann, &f->p[ANN], &in);
	expect_entry(f, bob, &f->p[BOB]);
	assert_err(entries(bob, f->id, 0, &e), ERR_NOTFOUND);
	assert_err(calls_send(bob, f->id, 2, digest, NULL, "x", false, &s),
	    ERR_NOTFOUND);
	assert_int_equal(groups_of(bob), 0);
	in = renamed("Without");
	calls_act(ann, &f->p[ANN], &in);
	/* What comes next to bob is not that. */
	in = about(GROUP_ADD, &f->p[BOB]);
	calls_act(ann, &f->p[ANN], &in);
	{
		deliver_event *ev;
		const deliver_item *it = next_item(bob, &ev);
		struct group_entry ge;
		enum group_why why;

		assert_ok(group_entry_open(
		    &ge, it->ciphertext.data, it->ciphertext.len, &why));
		assert_int_equal(ge.kind, GROUP_ADD);
		group_entry_clear(&ge);
		calls_free(ev);
	}
	rc_close(ann);
	rc_close(bob);
}

static void
test_change__by_link(void **state)
{
	static const char label[] = "sotto group preview";
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *dan = come(f, &f->p[DAN]);
	uint8_t pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES];
	uint8_t m[sizeof(label) + 32], proof[64];
	struct group_intent link = {.kind = GROUP_LINK, .has_token = true};
	struct group_intent join = {.kind = GROUP_JOIN, .has_token = true};
	Sotto__Relay__GroupStateResponse *s;
	Sotto__Relay__GroupStateRequest bad =
	    SOTTO__RELAY__GROUP_STATE_REQUEST__INIT;

	create(f, ann);
	randombytes_buf(link.token, sizeof(link.token));
	memcpy(join.token, link.token, sizeof(join.token));
	crypto_sign_seed_keypair(pk, sk, link.token);
	memcpy(m, label, sizeof(label));
	memcpy(m + sizeof(label), f->id, 16);
	memcpy(m + sizeof(label) + 16, f->p[DAN].p.account, 16);
	crypto_sign_detached(proof, NULL, m, sizeof(m), sk);
	assert_err(state_of(dan, f->id, proof, &s), ERR_NOTFOUND); /* yet */
	calls_act(ann, &f->p[ANN], &link);
	assert_ok(state_of(dan, f->id, proof, &s));
	assert_ok(
	    group_from_public(s->state.data, s->state.len, &f->p[DAN].record));
	calls_free(s);
	proof[0] ^= 1;
	assert_err(state_of(dan, f->id, proof, &s), ERR_NOTFOUND);
	bad.group_id = calls_bytes(f->id, 16);
	bad.proof = calls_bytes(proof, 63);
	assert_err(calls_do(dan, METHOD_GROUP_STATE, &bad.base), ERR_FORMAT);
	calls_act(dan, &f->p[DAN], &join);
	expect_entry(f, ann, &f->p[ANN]);
	assert_int_equal(groups_of(dan), 1);
	rc_close(ann);
	rc_close(dan);
}

static void
test_change__the_last_one_turns_off_the_light(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]);
	struct group_intent leave = {.kind = GROUP_LEAVE};
	Sotto__Relay__GroupStateResponse *s;

	calls_create(ann, &f->p[ANN], NULL, 0, f->id);
	assert_int_equal(groups_of(ann), 1);
	calls_act(ann, &f->p[ANN], &leave);
	assert_int_equal(groups_of(ann), 0);
	assert_err(state_of(ann, f->id, NULL, &s), ERR_NOTFOUND);
	rc_close(ann);
}

/* ---- messages ---------------------------------------------------------------------------- */

static void
test_send__one_body_for_every_device_but_the_sending_one(void **state)
{
	struct fixture *f = *state;
	struct who ann2, bob2;
	struct rc *ann, *bob, *other, *cid;
	Sotto__Relay__SendGroupResponse *s;
	uint8_t id[RC_ID_LEN] = {5};

	who_link(&f->g, &f->p[ANN], &ann2, true);
	who_link(&f->g, &f->p[BOB], &bob2, true);
	ann = come(f, &f->p[ANN]);
	bob = come(f, &f->p[BOB]);
	create(f, ann);
	expect_entry(f, bob, NULL);
	assert_ok(calls_send(ann, f->id, 0, NULL, id, "hi all", false, &s));
	assert_false(s->stale);
	assert_true(s->server_time_ms > 0);
	assert_int_equal(s->full_queues, 0);
	calls_free(s);
	expect_text(f, bob, &f->p[ANN], "hi all");
	/* A repeat is the same message. */
	assert_ok(calls_send(ann, f->id, 0, NULL, id, "hi all", false, &s));
	assert_false(s->stale);
	calls_free(s);
	assert_ok(calls_send(ann, f->id, 0, NULL, NULL, "more", false, &s));
	calls_free(s);
	expect_text(f, bob, &f->p[ANN], "more");
	other = rig_connect(&f->g, &ann2.p);
	assert_int_equal(rc_hello(other)->queued_messages, 3);
	rc_close(other);
	other = rig_connect(&f->g, &bob2.p);
	assert_int_equal(rc_hello(other)->queued_messages, 3);
	rc_close(other);
	cid = come(f, &f->p[CID]);
	assert_int_equal(rc_hello(cid)->queued_messages, 3);
	rc_close(cid);
	rc_close(ann);
	ann = come(f, &f->p[ANN]);
	assert_int_equal(rc_hello(ann)->queued_messages, 0);
	rc_close(ann);
	rc_close(bob);
	who_clear(&ann2);
	who_clear(&bob2);
}

/* What a client must compute itself. */
static void
digest_of(const Sotto__Relay__GroupDevicesResponse *d, uint8_t out[static 32])
{
	crypto_hash_sha256_state h;
	uint8_t be[8];
	size_t i, k;

	crypto_hash_sha256_init(&h);
	for (i = 0; i < d->n_accounts; i++)
		for (k = 0; k < d->accounts[i]->n_devices; k++) {
			put_be32(be, d->accounts[i]->devices[k]->device_id);
			put_be32(be + 4,
			    d->accounts[i]->devices[k]->registration_id);
			crypto_hash_sha256_update(
			    &h, d->accounts[i]->account_id.data, 16);
			crypto_hash_sha256_update(&h, be, sizeof(be));
		}
	crypto_hash_sha256_final(&h, out);
}

static void
test_send__stale_devices_and_versions(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]), *cid;
	struct group_intent in = renamed("Next");
	Sotto__Relay__GroupDevicesResponse *d;
	Sotto__Relay__SendGroupResponse *s;
	uint8_t digest[32], mine[32];
	const struct who *one = &f->p[CID];
	struct who cid2;

	create(f, ann);
	expect_entry(f, bob, NULL);
	assert_ok(calls_devices(ann, f->id, &d));
	assert_int_equal(d->n_accounts, 3);
	assert_int_equal(d->version, 1);
	digest_of(d, mine);
	memcpy(digest, d->digest.data, 32);
	assert_memory_equal(digest, mine, 32);
	calls_free(d);
	/* A device more, once it is listed. */
	who_link(&f->g, &f->p[CID], &cid2, false);
	assert_ok(calls_send(ann, f->id, 1, digest, NULL, "a", false, &s));
	assert_false(s->stale);
	calls_free(s);
	cid = come(f, &f->p[CID]);
	{
		const struct who *both[] = {&f->p[CID], &cid2};

		assert_ok(calls_list(cid, &f->p[CID], both, 2));
	}
	assert_ok(calls_send(ann, f->id, 1, digest, NULL, "b", false, &s));
	assert_true(s->stale);
	assert_int_equal(s->version, 1);
	assert_memory_not_equal(s->devices_digest.data, digest, 32);
	memcpy(digest, s->devices_digest.data, 32);
	calls_free(s);
	assert_ok(calls_devices(ann, f->id, &d));
	digest_of(d, mine);
	assert_memory_equal(digest, mine, 32);
	calls_free(d);
	/* A change of the group. */
	calls_act(bob, &f->p[BOB], &in);
	assert_ok(calls_send(ann, f->id, 1, digest, NULL, "c", false, &s));
	assert_true(s->stale);
	assert_int_equal(s->version, 2);
	assert_memory_equal(s->devices_digest.data, digest, 32);
	calls_free(s);
	assert_ok(calls_send(ann, f->id, 2, digest, NULL, "d", false, &s));
	assert_false(s->stale);
	calls_free(s);
	expect_text(f, bob, &f->p[ANN], "a"); /* nothing of b and c */
	expect_text(f, bob, &f->p[ANN], "d");
	/* A device less: the list is what counts. */
	assert_ok(calls_list(cid, &f->p[CID], &one, 1));
	assert_ok(calls_send(ann, f->id, 2, digest, NULL, "e", false, &s));
	assert_true(s->stale);
	calls_free(s);
	rc_close(ann);
	rc_close(bob);
	rc_close(cid);
	who_clear(&cid2);
}

static void
test_send__only_those_who_may(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]);
	struct group_intent permit = {.kind = GROUP_PERMIT,
	    .fields = GROUP_F_SEND,
	    .permissions = {.send = GROUP_ADMINS}};
	Sotto__Relay__SendGroupResponse *s;

	create(f, ann);
	expect_entry(f, bob, NULL);
	calls_act(ann, &f->p[ANN], &permit);
	expect_entry(f, bob, &f->p[BOB]);
	assert_err(
	    calls_send(bob, f->id, 0, NULL, NULL, "x", false, &s), ERR_DENIED);
	assert_ok(calls_send(ann, f->id, 0, NULL, NULL, "y", false, &s));
	calls_free(s);
	expect_text(f, bob, &f->p[ANN], "y");
	rc_close(ann);
	rc_close(bob);
}

static void
test_send__ephemeral_is_for_those_who_are_here(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]), *cid;
	Sotto__Relay__SendGroupResponse *s;

	create(f, ann);
	expect_entry(f, bob, NULL);
	assert_ok(calls_send(ann, f->id, 0, NULL, NULL, "typing", true, &s));
	assert_false(s->stale);
	calls_free(s);
	{
		deliver_event *ev;
		const deliver_item *it = next_item(bob, &ev);

		assert_int_equal(it->seq, 0);
		assert_memory_equal(it->group_id.data, f->id, 16);
		calls_free(ev);
	}
	cid = come(f, &f->p[CID]);
	assert_int_equal(rc_hello(cid)->queued_messages, 1); /* the entry */
	rc_close(ann);
	rc_close(bob);
	rc_close(cid);
}

static void
test_send__malformed(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]);
	Sotto__Relay__SendGroupRequest req =
	    SOTTO__RELAY__SEND_GROUP_REQUEST__INIT;
	Sotto__Relay__GroupEntriesRequest get =
	    SOTTO__RELAY__GROUP_ENTRIES_REQUEST__INIT;
	uint8_t bytes[32] = {1};

	create(f, ann);
	get.group_id = calls_bytes(f->id, 15);
	assert_err(calls_do(ann, METHOD_GROUP_ENTRIES, &get.base), ERR_FORMAT);
	req.group_id = calls_bytes(f->id, 15);
	assert_err(calls_do(ann, METHOD_SEND_GROUP, &req.base), ERR_FORMAT);
	req.group_id = calls_bytes(f->id, 16);
	req.message_id = calls_bytes(bytes, 16);
	req.devices_digest = calls_bytes(bytes, 31);
	req.ciphertext = calls_bytes("x", 1);
	assert_err(calls_do(ann, METHOD_SEND_GROUP, &req.base), ERR_FORMAT);
	req.devices_digest = calls_bytes(bytes, 32);
	req.message_id = calls_bytes(bytes, 17);
	assert_err(calls_do(ann, METHOD_SEND_GROUP, &req.base), ERR_FORMAT);
	req.message_id = calls_bytes(bytes, 16);
	req.ciphertext.len = 0;
	assert_err(calls_do(ann, METHOD_SEND_GROUP, &req.base), ERR_FORMAT);
	req.ciphertext.len = 1;
	req.type = 64; /* a forged entry */
	assert_err(calls_do(ann, METHOD_SEND_GROUP, &req.base), ERR_FORMAT);
	req.type = 7;
	req.group_id = calls_bytes(bytes, 16);
	assert_err(calls_do(ann, METHOD_SEND_GROUP, &req.base), ERR_NOTFOUND);
	rc_close(ann);
}

/* ---- status posts --------------------------------------------------------------------------- */

static void
test_status__for_an_audience(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]), *cid;
	ProtobufCBinaryData to[2] = {calls_bytes(f->p[BOB].p.account, 16),
	    calls_bytes(f->p[DAN].p.account, 16)};
	Sotto__Relay__AudienceDevicesRequest ask =
	    SOTTO__RELAY__AUDIENCE_DEVICES_REQUEST__INIT;
	Sotto__Relay__SendStatusRequest req =
	    SOTTO__RELAY__SEND_STATUS_REQUEST__INIT;
	Sotto__Relay__GroupDevicesResponse *d;
	Sotto__Relay__SendGroupResponse *s;
	uint8_t id[16] = {9}, wrong[32] = {0};
	deliver_event *ev;
	const deliver_item *it;

	ask.accounts = req.accounts = to;
	ask.n_accounts = req.n_accounts = 2;
	assert_ok(calls_ask(ann, METHOD_AUDIENCE_DEVICES, &ask.base,
	    &sotto__relay__group_devices_response__descriptor, &d));
	assert_int_equal(d->n_accounts, 3); /* oneself too */
	req.message_id = calls_bytes(id, 16);
	req.devices_digest = calls_bytes(wrong, 32);
	req.type = 8;
	req.ciphertext = calls_bytes("my day", 6);
	assert_ok(calls_ask(ann, METHOD_SEND_STATUS, &req.base,
	    &sotto__relay__send_group_response__descriptor, &s));
	assert_true(s->stale);
	assert_memory_equal(s->devices_digest.data, d->digest.data, 32);
	calls_free(s);
	req.devices_digest = d->digest;
	assert_ok(calls_ask(ann, METHOD_SEND_STATUS, &req.base,
	    &sotto__relay__send_group_response__descriptor, &s));
	assert_false(s->stale);
	it = next_item(bob, &ev);
	assert_int_equal(it->type, 8);
	assert_int_equal(it->group_id.len, 0);
	assert_int_equal(it->expires_ms, s->server_time_ms + 24 * 3600 * 1000);
	calls_free(ev);
	calls_free(s);
	cid = come(f, &f->p[CID]);
	assert_int_equal(rc_hello(cid)->queued_messages, 0);
	rc_close(cid);
	cid = come(f, &f->p[DAN]);
	assert_int_equal(rc_hello(cid)->queued_messages, 1);
	to[1].len = 15;
	assert_err(calls_do(ann, METHOD_SEND_STATUS, &req.base), ERR_FORMAT);
	assert_err(
	    calls_do(ann, METHOD_AUDIENCE_DEVICES, &ask.base), ERR_FORMAT);
	calls_free(d);
	rc_close(ann);
	rc_close(bob);
	rc_close(cid);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_change__reaches_those_who_are_here_and_those_who_are_not),
	    T(test_change__who_comes_second_is_told),
	    T(test_change__refusals_change_nothing),
	    T(test_change__a_removed_member_learns_it_and_is_out),
	    T(test_change__by_link),
	    T(test_change__the_last_one_turns_off_the_light),
	    T(test_send__one_body_for_every_device_but_the_sending_one),
	    T(test_send__stale_devices_and_versions),
	    T(test_send__only_those_who_may),
	    T(test_send__ephemeral_is_for_those_who_are_here),
	    T(test_send__malformed),
	    T(test_status__for_an_audience),
	};

	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
