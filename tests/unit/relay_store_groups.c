/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_store_groups.c — the part of the conformance suite about groups: signed
 * changes, one body for many devices, and what becomes of it.
 */
#include <sodium.h>

#include "common/group/group.h"
#include "tests/unit/relay_store_suite.h"

#define FRIENDS	 6
#define LIST_VER 5

struct friend
{
	struct person p;
	struct identity_key_pair key;
	struct buf record; /* of the one group */
};

struct circle {
	struct rig rig;
	struct friend f[FRIENDS];
	struct group_id id;
};

static const struct suite_backend *backend;

#define INIT(r, o, KIND) rig_init_op((r), &(o)->op, STORE_##KIND)

/* Registered, with an identity key that signs. */
static void
befriend(struct rig *r, struct friend *f, uint8_t who)
{
	struct op_register o;

	memset(f, 0, sizeof(*f));
	identity_generate(&f->key, &signal_rng_system);
	snprintf(f->p.phone, sizeof(f->p.phone), "+4917000%03u", who);
	assert_ok(put_attempt(r, f->p.phone, who, ""));
	fill_register(r, &o, who, who);
	identity_pk_put(o.identity_pk, &f->key.pk);
	assert_ok(rig_call(r, &o.op));
	f->p.id = o.account;
	f->p.device_id = 1;
	f->p.registration_id = o.registration_id;
	f->p.dev = o.dev;
	memcpy(f->p.noise_pk, o.noise_pk, sizeof(o.noise_pk));
}

static int
setup(void **state)
{
	static struct circle c;
	uint8_t i;

	memset(&c, 0, sizeof(c));
	backend->fresh(&c.rig);
	rig_open(&c.rig);
	for (i = 0; i < FRIENDS; i++) {
		befriend(&c.rig, &c.f[i], (uint8_t)(i + 1));
		list_devices(&c.rig, &c.f[i].p, LIST_VER);
	}
	*state = &c;
	return 0;
}

static int
teardown(void **state)
{
	struct circle *c = *state;
	size_t i;

	for (i = 0; i < FRIENDS; i++)
		buf_clear(&c->f[i].record);
	rig_clear(&c->rig);
	return 0;
}

/* ---- acting ------------------------------------------------------------------------------- */

static void
propose(struct friend *f, const struct group_intent *in,
    struct group_proposal *made)
{
	const struct group_actor me = {.account = f->p.id.b,
	    .device = f->p.device_id,
	    .list_version = LIST_VER,
	    .identity = &f->key,
	    .now_ms = RIG_START_MS,
	    .rng = &signal_rng_system};
	enum group_why why;

	assert_ok(
	    group_propose(f->record.p, f->record.len, &me, in, made, &why));
}

/* The operation, done; the caller clears it. */
static int
change(struct rig *r, const struct friend *f, const struct buf *entry,
    struct op_group_change *o)
{
	INIT(r, o, GROUP_CHANGE);
	o->sender = f->p.dev;
	o->entry = entry->p;
	o->len = entry->len;
	return rig_call(r, &o->op);
}

static void
take_record(struct friend *f, struct buf *record)
{
	buf_clear(&f->record);
	f->record = *record;
	buf_init(record, 0);
}

static void
act(struct circle *c, struct friend *f, const struct group_intent *in)
{
	struct group_proposal made;
	struct op_group_change o;

	propose(f, in, &made);
	assert_ok(change(&c->rig, f, &made.entry, &o));
	c->id = o.group;
	take_record(f, &made.record);
	store_op_clear(&o.op);
	group_proposal_clear(&made);
}

/* f[0] makes a group with the next n. */
static void
create(struct circle *c, size_t n)
{
	struct group_intent in = {.kind = GROUP_CREATE, .fields = GROUP_F_NAME};
	uint8_t list[FRIENDS][GROUP_ACCOUNT_LEN];
	size_t i;

	snprintf(in.meta.name, sizeof(in.meta.name), "Friends");
	for (i = 0; i < n; i++)
		memcpy(list[i], c->f[i + 1].p.id.b, GROUP_ACCOUNT_LEN);
	in.accounts = list;
	in.n_accounts = n;
	act(c, &c->f[0], &in);
}

static void
rename_it(struct circle *c, const char *name)
{
	struct group_intent in = {.kind = GROUP_EDIT, .fields = GROUP_F_NAME};

	snprintf(in.meta.name, sizeof(in.meta.name), "%s", name);
	act(c, &c->f[0], &in);
}

static int
audience(struct circle *c, const struct friend *who, struct op_audience *o)
{
	INIT(&c->rig, o, AUDIENCE);
	o->asker = who->p.id;
	o->has_group = true;
	o->group = c->id;
	return rig_call(&c->rig, &o->op);
}

static const uint8_t text[] = "one body for all of them";

/* Prepared with what is right now. */
static void
fill_send(struct circle *c, const struct friend *from, uint8_t message,
    struct op_fan_out *o)
{
	struct op_audience a;

	INIT(&c->rig, o, FAN_OUT);
	o->sender = from->p.dev;
	o->has_group = true;
	o->group = c->id;
	memset(o->message_id, message, sizeof(o->message_id));
	o->type = 7;
	o->body = text;
	o->len = sizeof(text);
	assert_ok(audience(c, &c->f[0], &a));
	o->version = a.version;
	memcpy(o->digest, a.digest, sizeof(o->digest));
	store_op_clear(&a.op);
}

static void
send_ok(struct circle *c, const struct friend *from, uint8_t message)
{
	struct op_fan_out o;

	fill_send(c, from, message, &o);
	assert_ok(rig_call(&c->rig, &o.op));
	store_op_clear(&o.op);
}

/* The messages that wait, up to 16. */
static size_t
waiting(struct rig *r, store_dev dev, struct op_queue_read *o)
{
	INIT(r, o, QUEUE_READ);
	o->dev = dev;
	o->max_rows = 16;
	o->max_bytes = 65536;
	assert_ok(rig_call(r, &o->op));
	return o->n;
}

static uint64_t
last_seq(struct rig *r, store_dev dev)
{
	struct op_queue_read o;
	size_t n = waiting(r, dev, &o);
	uint64_t seq = n > 0 ? o.v[n - 1].seq : 0;

	store_op_clear(&o.op);
	return seq;
}

static void
sound(struct rig *r)
{
	struct op_check o;

	INIT(r, &o, CHECK);
	if (rig_call(r, &o.op) != 0)
		fail_msg("%s", o.text);
}

static void
sweep(struct rig *r, struct op_sweep *o)
{
	INIT(r, o, SWEEP);
	do
		assert_ok(rig_call(r, &o->op));
	while (o->more);
}

/* ---- changes -------------------------------------------------------------------------------- */

static void
test_group__change_is_queued_for_whom_it_concerns(void **state)
{
	struct circle *c = *state;
	struct op_queue_read q;
	struct op_group_list l;
	struct op_stats s;

	create(c, 2);
	assert_int_equal(waiting(&c->rig, c->f[0].p.dev, &q), 0);
	store_op_clear(&q.op);
	assert_int_equal(waiting(&c->rig, c->f[2].p.dev, &q), 1);
	assert_int_equal(q.v[0].type, STORE_TYPE_GROUP_ENTRY);
	assert_true(q.v[0].in_group);
	assert_memory_equal(q.v[0].group_id, &c->id, sizeof(c->id));
	assert_true(q.v[0].len > 100);
	store_op_clear(&q.op);
	assert_int_equal(waiting(&c->rig, c->f[3].p.dev, &q), 0);
	store_op_clear(&q.op);
	INIT(&c->rig, &l, GROUP_LIST);
	l.account = c->f[1].p.id;
	assert_ok(rig_call(&c->rig, &l.op));
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].version, 1);
	store_op_clear(&l.op);
	stats(&c->rig, &s);
	assert_int_equal(s.groups, 1);
	rig_reopen(&c->rig);
	rename_it(c, "after a restart");
	assert_int_equal(waiting(&c->rig, c->f[2].p.dev, &q), 2);
	store_op_clear(&q.op);
	sound(&c->rig);
}

static void
test_group__of_two_changes_one_is_first(void **state)
{
	struct circle *c = *state;
	struct group_intent in = {.kind = GROUP_EDIT, .fields = GROUP_F_NAME};
	struct group_proposal one, two;
	struct op_group_change a, b;
	struct op_group_entries e;

	create(c, 1);
	snprintf(in.meta.name, sizeof(in.meta.name), "one");
	propose(&c->f[0], &in, &one);
	snprintf(in.meta.name, sizeof(in.meta.name), "two");
	propose(&c->f[0], &in, &two);
	/* Waiting together, in one commit. */
	rig_gate_close(&c->rig);
	INIT(&c->rig, &a, GROUP_CHANGE);
	INIT(&c->rig, &b, GROUP_CHANGE);
	a.sender = b.sender = c->f[0].p.dev;
	a.entry = one.entry.p;
	a.len = one.entry.len;
	b.entry = two.entry.p;
	b.len = two.entry.len;
	rig_submit(&c->rig, &a.op);
	rig_submit(&c->rig, &b.op);
	rig_gate_open(&c->rig);
	rig_wait(&c->rig, &a.op);
	rig_wait(&c->rig, &b.op);
	assert_ok(a.op.result);
	assert_int_equal(a.version, 2);
	assert_err(b.op.result, ERR_EXISTS);
	assert_int_equal(b.version, 2);
	assert_int_equal(b.fan.n, 0);
	assert_int_equal(get_be32(b.entries.p), one.entry.len);
	assert_memory_equal(b.entries.p + 4, one.entry.p, one.entry.len);
	assert_int_equal(b.entries.len, 4 + one.entry.len);
	store_op_clear(&a.op);
	store_op_clear(&b.op);
	/* A repeat changes and queues nothing. */
	assert_ok(change(&c->rig, &c->f[0], &one.entry, &a));
	assert_int_equal(a.fan.n, 0);
	store_op_clear(&a.op);
	/* Somebody else's eyes are not for the entries. */
	assert_err(change(&c->rig, &c->f[5], &two.entry, &a), ERR_DENIED);
	store_op_clear(&a.op);
	INIT(&c->rig, &e, GROUP_ENTRIES);
	e.asker = c->f[1].p.id;
	e.group = c->id;
	assert_ok(rig_call(&c->rig, &e.op));
	assert_int_equal(e.version, 2);
	store_op_clear(&e.op);
	e.asker = c->f[5].p.id;
	assert_err(rig_call(&c->rig, &e.op), ERR_NOTFOUND);
	store_op_clear(&e.op);
	group_proposal_clear(&one);
	group_proposal_clear(&two);
	sound(&c->rig);
}

static void
test_group__entries_come_in_pages(void **state)
{
	struct circle *c = *state;
	struct op_group_entries e;
	uint32_t i, seen = 0, from = 1;

	create(c, 0);
	for (i = 0; i < 130; i++) { /* padded: 8 KiB each */
		struct group_intent in = {
		    .kind = GROUP_EDIT, .fields = GROUP_F_ABOUT};

		memset(in.meta.about, 'a', GROUP_ABOUT_MAX);
		in.meta.about[0] = (char)('a' + i % 26);
		act(c, &c->f[0], &in);
	}
	do {
		struct cur cur;
		const uint8_t *p;
		uint32_t len;

		INIT(&c->rig, &e, GROUP_ENTRIES);
		e.asker = c->f[0].p.id;
		e.group = c->id;
		e.from_version = from;
		assert_ok(rig_call(&c->rig, &e.op));
		assert_true(e.entries.len <= STORE_ENTRIES_BYTES);
		cur = cur_of(e.entries.p, e.entries.len);
		while (cur.left > 0) {
			assert_ok(cur_get_u32(&cur, &len));
			assert_ok(cur_borrow(&cur, &p, len));
			seen++;
			from++;
		}
		store_op_clear(&e.op);
	} while (e.more);
	assert_int_equal(seen, 131);
}

static void
test_group__without_members_is_gone(void **state)
{
	struct circle *c = *state;
	struct group_intent leave = {.kind = GROUP_LEAVE};
	struct op_account_delete del;
	struct op_stats s;

	create(c, 0);
	act(c, &c->f[0], &leave);
	stats(&c->rig, &s);
	assert_int_equal(s.groups, 0);
	/* Also when its members' accounts go. */
	buf_clear(&c->f[0].record);
	create(c, 1);
	INIT(&c->rig, &del, ACCOUNT_DELETE);
	del.id = c->f[0].p.id;
	assert_ok(rig_call(&c->rig, &del.op));
	stats(&c->rig, &s);
	assert_int_equal(s.groups, 1);
	del.id = c->f[1].p.id;
	assert_ok(rig_call(&c->rig, &del.op));
	stats(&c->rig, &s);
	assert_int_equal(s.groups, 0);
	assert_int_equal(s.queued, 0);
	sound(&c->rig);
}

/* ---- one body --------------------------------------------------------------------------------- */

static void
test_fan__goes_to_all_but_the_sender(void **state)
{
	struct circle *c = *state;
	struct op_queue_read q;
	struct op_fan_out o;
	struct person two;
	size_t i;

	create(c, 3);
	join_device(&c->rig, &c->f[0].p, &two, 20);
	fill_send(c, &c->f[0], 9, &o);
	assert_ok(rig_call(&c->rig, &o.op));
	assert_int_equal(o.fan.n, 4);
	assert_int_equal(o.fan.full, 0);
	for (i = 0; i < o.fan.n; i++) {
		assert_true(o.fan.v[i].seq > 0);
		assert_false(o.fan.v[i].repeat);
		assert_true(o.fan.v[i].dev != c->f[0].p.dev);
	}
	store_op_clear(&o.op);
	assert_int_equal(queue_count(&c->rig, c->f[0].p.dev), 0);
	assert_int_equal(waiting(&c->rig, two.dev, &q), 1);
	assert_int_equal(q.v[0].len, sizeof(text));
	assert_memory_equal(q.v[0].body, text, sizeof(text));
	assert_memory_equal(q.v[0].group_id, &c->id, sizeof(c->id));
	assert_int_equal(q.v[0].expires_ms, 0);
	store_op_clear(&q.op);
	/* Again: known to everybody. */
	fill_send(c, &c->f[0], 9, &o);
	assert_ok(rig_call(&c->rig, &o.op));
	for (i = 0; i < o.fan.n; i++)
		assert_true(o.fan.v[i].repeat);
	store_op_clear(&o.op);
	/* A SEND under the same id is another message. */
	assert_ok(send_one(&c->rig, &c->f[0].p, &c->f[1].p, 9, NULL));
	assert_int_equal(queue_count(&c->rig, c->f[1].p.dev), 3);
	rig_reopen(&c->rig);
	assert_int_equal(waiting(&c->rig, c->f[1].p.dev, &q), 3);
	assert_memory_equal(q.v[1].body, text, sizeof(text));
	store_op_clear(&q.op);
	sound(&c->rig);
}

static void
test_fan__nothing_unless_all_is_right(void **state)
{
	struct circle *c = *state;
	struct op_fan_out o;
	struct op_device_revoke rev;
	struct op_account_ban ban;
	struct person two;
	uint32_t id;

	create(c, 2);
	fill_send(c, &c->f[0], 9, &o);
	o.version = 7;
	assert_err(rig_call(&c->rig, &o.op), ERR_STATE);
	assert_int_equal(o.version, 1);
	assert_ok(rig_call(&c->rig, &o.op)); /* as it was told */
	store_op_clear(&o.op);
	/* Devices that come, are listed, go, and accounts that are banned. */
	fill_send(c, &c->f[0], 10, &o);
	assert_ok(reserve_device(&c->rig, &c->f[1].p, 30, &id));
	assert_ok(finish_device(&c->rig, &c->f[1].p, &two, 30));
	o.check_only = true;
	assert_ok(rig_call(&c->rig, &o.op));
	list_devices(&c->rig, &c->f[1].p, 50);
	assert_err(rig_call(&c->rig, &o.op), ERR_STATE);
	assert_ok(rig_call(&c->rig, &o.op));
	INIT(&c->rig, &rev, DEVICE_REVOKE);
	rev.account = c->f[1].p.id;
	rev.device_id = two.device_id;
	assert_ok(rig_call(&c->rig, &rev.op));
	assert_err(rig_call(&c->rig, &o.op), ERR_STATE);
	assert_ok(rig_call(&c->rig, &o.op));
	INIT(&c->rig, &ban, ACCOUNT_BAN);
	ban.id = c->f[2].p.id;
	ban.ban = true;
	assert_ok(rig_call(&c->rig, &ban.op));
	assert_err(rig_call(&c->rig, &o.op), ERR_STATE);
	assert_ok(rig_call(&c->rig, &o.op));
	assert_int_equal(o.fan.n, 1);
	/* Who may not. */
	o.sender = c->f[5].p.dev;
	assert_err(rig_call(&c->rig, &o.op), ERR_NOTFOUND);
	assert_int_equal(o.sender_device, 1);
	o.sender = c->f[2].p.dev; /* banned */
	assert_err(rig_call(&c->rig, &o.op), ERR_NOTFOUND);
	assert_int_equal(o.sender_device, 0);
	o.sender = c->f[0].p.dev;
	o.len = STORE_BODY_MAX + 1;
	assert_err(rig_call(&c->rig, &o.op), ERR_RANGE);
	store_op_clear(&o.op);
	assert_int_equal(queue_count(&c->rig, c->f[1].p.dev), 2);
	sound(&c->rig);
}

static void
test_fan__the_body_goes_with_its_last_row(void **state)
{
	struct circle *c = *state;
	struct op_stats before, s;
	struct op_device_revoke rev;
	struct op_sweep sw;
	struct person two;
	size_t i;

	create(c, 3);
	join_device(&c->rig, &c->f[2].p, &two, 21);
	for (i = 1; i <= 3; i++)
		ack(&c->rig, c->f[i].p.dev, last_seq(&c->rig, c->f[i].p.dev));
	c->rig.now_ms += 10000;
	sweep(&c->rig, &sw);
	stats(&c->rig, &before);
	assert_int_equal(before.queued, 0);
	for (i = 0; i < 8; i++)
		send_ok(c, &c->f[0], (uint8_t)(100 + i));
	/* Some acknowledged while they are fresh, some when they settled. */
	ack(&c->rig, c->f[1].p.dev, last_seq(&c->rig, c->f[1].p.dev));
	sound(&c->rig);
	c->rig.now_ms += 10000;
	sweep(&c->rig, &sw);
	sound(&c->rig);
	ack(&c->rig, c->f[2].p.dev, last_seq(&c->rig, c->f[2].p.dev));
	sound(&c->rig);
	/* A device that goes takes its rows. */
	INIT(&c->rig, &rev, DEVICE_REVOKE);
	rev.account = c->f[2].p.id;
	rev.device_id = two.device_id;
	assert_ok(rig_call(&c->rig, &rev.op));
	sound(&c->rig);
	stats(&c->rig, &s);
	assert_int_equal(s.queued, 8);
	rig_reopen(&c->rig);
	ack(&c->rig, c->f[3].p.dev, last_seq(&c->rig, c->f[3].p.dev));
	sound(&c->rig);
	stats(&c->rig, &s);
	assert_int_equal(s.queued, 0);
	c->rig.now_ms += 31ull * 24 * 3600 * 1000;
	sweep(&c->rig, &sw);
	assert_int_equal(sw.messages, 0);
}

static void
test_fan__undelivered_bodies_expire(void **state)
{
	struct circle *c = *state;
	struct op_sweep sw;

	create(c, 2);
	send_ok(c, &c->f[0], 100);
	c->rig.now_ms += 10000;
	sweep(&c->rig, &sw);
	c->rig.now_ms += 31ull * 24 * 3600 * 1000;
	sweep(&c->rig, &sw);
	assert_int_equal(sw.messages, 4); /* two entries, two messages */
	assert_int_equal(queue_count(&c->rig, c->f[1].p.dev), 0);
	sound(&c->rig);
}

static void
test_fan__a_full_queue_stops_nobody_else(void **state)
{
	struct circle *c = *state;
	struct op_fan_out o;
	uint8_t i;

	create(c, 2);
	rig_close(&c->rig);
	c->rig.opts.queue_max = 4;
	rig_open(&c->rig);
	for (i = 0; i < 3; i++)
		assert_ok(send_one(
		    &c->rig, &c->f[0].p, &c->f[1].p, (uint8_t)(i + 1), NULL));
	fill_send(c, &c->f[0], 77, &o);
	assert_ok(rig_call(&c->rig, &o.op));
	assert_int_equal(o.fan.full, 1);
	assert_int_equal(o.fan.n, 2);
	store_op_clear(&o.op);
	assert_int_equal(queue_count(&c->rig, c->f[1].p.dev), 4);
	assert_int_equal(queue_count(&c->rig, c->f[2].p.dev), 2);
	sound(&c->rig);
}

/* ---- status posts -------------------------------------------------------------------------------- */

static void
test_status__lives_for_a_day(void **state)
{
	struct circle *c = *state;
	struct account_id to[2] = {c->f[1].p.id, c->f[2].p.id};
	struct op_queue_read q;
	struct op_audience a;
	struct op_fan_out o;
	struct op_sweep sw;

	INIT(&c->rig, &a, AUDIENCE);
	a.asker = c->f[0].p.id;
	a.accounts = to;
	a.n_accounts = 2;
	assert_ok(rig_call(&c->rig, &a.op));
	assert_int_equal(a.n, 3);
	INIT(&c->rig, &o, FAN_OUT);
	o.sender = c->f[0].p.dev;
	o.accounts = to;
	o.n_accounts = 2;
	o.type = 8;
	o.body = text;
	o.len = sizeof(text);
	assert_err(rig_call(&c->rig, &o.op), ERR_STATE);
	assert_memory_equal(o.digest, a.digest, 32);
	assert_ok(rig_call(&c->rig, &o.op));
	assert_int_equal(o.expires_ms, RIG_START_MS + STORE_STATUS_MS);
	assert_int_equal(o.fan.n, 2);
	store_op_clear(&o.op);
	store_op_clear(&a.op);
	assert_ok(send_one(&c->rig, &c->f[0].p, &c->f[1].p, 3, NULL));
	c->rig.now_ms += STORE_STATUS_MS - 1;
	sweep(&c->rig, &sw);
	assert_int_equal(waiting(&c->rig, c->f[1].p.dev, &q), 2);
	assert_int_equal(q.v[0].expires_ms, RIG_START_MS + STORE_STATUS_MS);
	assert_false(q.v[0].in_group);
	store_op_clear(&q.op);
	/* Nobody gets it any more, before a sweep and after. */
	c->rig.now_ms += 1;
	assert_int_equal(waiting(&c->rig, c->f[1].p.dev, &q), 1);
	assert_int_equal(q.v[0].len, 3);
	store_op_clear(&q.op);
	sweep(&c->rig, &sw);
	assert_int_equal(sw.messages, 2);
	assert_int_equal(queue_count(&c->rig, c->f[1].p.dev), 1);
	assert_int_equal(queue_count(&c->rig, c->f[2].p.dev), 0);
	sound(&c->rig);
	INIT(&c->rig, &a, AUDIENCE);
	a.asker = c->f[0].p.id;
	a.n_accounts = STORE_ACCOUNTS_MAX + 1;
	assert_err(rig_call(&c->rig, &a.op), ERR_RANGE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
relay_store_groups(const struct suite_backend *b)
{
	const struct CMUnitTest cases[] = {
	    CASE(test_group__change_is_queued_for_whom_it_concerns),
	    CASE(test_group__of_two_changes_one_is_first),
	    CASE(test_group__entries_come_in_pages),
	    CASE(test_group__without_members_is_gone),
	    CASE(test_fan__goes_to_all_but_the_sender),
	    CASE(test_fan__nothing_unless_all_is_right),
	    CASE(test_fan__the_body_goes_with_its_last_row),
	    CASE(test_fan__undelivered_bodies_expire),
	    CASE(test_fan__a_full_queue_stops_nobody_else),
	    CASE(test_status__lives_for_a_day),
	};

	backend = b;
	return cmocka_run_group_tests_name(b->name, cases, NULL, NULL);
}
