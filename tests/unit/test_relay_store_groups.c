/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups in the SQLite store: out of memory at every place, a thousand members,
 * and kill -9. */
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/group/group.h"
#include "relay/store/sqlite.h"
#include "tests/unit/relay_store_help.h"

#define INIT(r, o, KIND) rig_init_op((r), &(o)->op, STORE_##KIND)
#define MANY		 GROUP_MEMBERS_MAX

static int
setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	*state = &rig;
	return 0;
}

static int
teardown(void **state)
{
	rig_clear(*state);
	return 0;
}

/* Somebody whose signature holds. */
struct signer {
	struct person p;
	struct identity_key_pair key;
};

static void
join_many(struct rig *r, struct account_id *id, store_dev *dev, uint32_t n)
{
	struct op_register o;
	uint32_t i;

	for (i = 0; i < n; i++) {
		char phone[STORE_PHONE_MAX + 1];

		snprintf(phone, sizeof(phone), "+49171%07u", i);
		assert_ok(put_attempt(r, phone, 1, ""));
		fill_register(r, &o, 1, 1);
		randombytes_buf(o.new_account.b, sizeof(o.new_account.b));
		randombytes_buf(o.noise_pk, sizeof(o.noise_pk));
		assert_ok(rig_call(r, &o.op));
		id[i] = o.account;
		dev[i] = o.dev;
	}
}

static void
join_signer(struct rig *r, struct signer *s)
{
	struct op_register o;

	memset(s, 0, sizeof(*s));
	identity_generate(&s->key, &signal_rng_system);
	assert_ok(put_attempt(r, "+4917999", 200, ""));
	fill_register(r, &o, 200, 200);
	identity_pk_put(o.identity_pk, &s->key.pk);
	assert_ok(rig_call(r, &o.op));
	s->p.id = o.account;
	s->p.dev = o.dev;
}

static void
propose(const struct signer *s, const struct buf *record,
    const struct group_intent *in, struct group_proposal *made)
{
	const struct group_actor me = {.account = s->p.id.b,
	    .device = 1,
	    .identity = &s->key,
	    .now_ms = RIG_START_MS,
	    .rng = &signal_rng_system};
	enum group_why why;

	assert_ok(group_propose(record->p, record->len, &me, in, made, &why));
}

/* ---- out of memory ------------------------------------------------------------------------- */

/* The backend on this thread, where allocations can be made to fail. */
struct direct {
	struct backend *b;
	struct store_seq seq;
	struct signer s;
	struct account_id other;
	store_dev other_dev;
	struct group_id group;
	struct buf record;
	uint32_t version;
	uint8_t digest[32];
	uint8_t message;
	int (*run)(struct direct *d);
};

static int
run_direct(struct direct *d, struct store_op *op)
{
	int e;

	e = sqlite_backend.begin(d->b);
	if (e == 0)
		e = sqlite_backend.run(d->b, op);
	if (e == 0)
		e = sqlite_backend.commit(d->b);
	else
		sqlite_backend.rollback(d->b);
	return e != 0 ? e : op->result;
}

static uint64_t
others_queue(struct direct *d)
{
	struct op_queue_count c = {.dev = d->other_dev};

	c.op.kind = STORE_QUEUE_COUNT;
	assert_ok(run_direct(d, &c.op));
	return c.count;
}

static int
direct_change(struct direct *d)
{
	struct group_intent in = {.kind = GROUP_EDIT, .fields = GROUP_F_NAME};
	struct group_proposal made;
	struct op_group_change o;
	uint64_t before = others_queue(d);
	int e;

	alloc_spare(1);
	snprintf(in.meta.name, sizeof(in.meta.name), "%u", d->version);
	propose(&d->s, &d->record, &in, &made);
	group_cache_forget(&d->b->groups);
	alloc_spare(0);
	store_op_init(&o.op, STORE_GROUP_CHANGE, NULL, NULL, NULL);
	o.sender = d->s.p.dev;
	o.entry = made.entry.p;
	o.len = made.entry.len;
	e = run_direct(d, &o.op);
	store_op_clear(&o.op);
	assert_int_equal(others_queue(d), before + (e == 0));
	if (e == 0) {
		struct buf old = d->record;

		d->record = made.record;
		made.record = old;
		d->version++;
	}
	group_proposal_clear(&made);
	return e;
}

static int
direct_fan(struct direct *d)
{
	struct op_fan_out o;
	uint64_t before = others_queue(d);
	int e;

	alloc_spare(1);
	group_cache_forget(&d->b->groups);
	alloc_spare(0);
	store_op_init(&o.op, STORE_FAN_OUT, NULL, NULL, NULL);
	o.sender = d->s.p.dev;
	o.has_group = true;
	o.group = d->group;
	o.version = d->version;
	memcpy(o.digest, d->digest, sizeof(o.digest));
	memset(o.message_id, ++d->message, sizeof(o.message_id));
	o.body = (const uint8_t *)"body";
	o.len = 4;
	e = run_direct(d, &o.op);
	store_op_clear(&o.op);
	assert_int_equal(others_queue(d), before + (e == 0));
	return e;
}

static int
direct_audience(struct direct *d)
{
	struct op_audience o;
	int e;

	group_cache_forget(&d->b->groups);
	store_op_init(&o.op, STORE_AUDIENCE, NULL, NULL, NULL);
	o.asker = d->s.p.id;
	o.has_group = true;
	o.group = d->group;
	e = run_direct(d, &o.op);
	if (e == 0)
		memcpy(d->digest, o.digest, sizeof(d->digest));
	store_op_clear(&o.op);
	return e;
}

static int
direct_chosen(struct direct *d)
{
	struct op_audience o;
	int e;

	store_op_init(&o.op, STORE_AUDIENCE, NULL, NULL, NULL);
	o.asker = d->s.p.id;
	o.accounts = &d->other;
	o.n_accounts = 1;
	e = run_direct(d, &o.op);
	if (e == 0)
		assert_int_equal(o.n, 2);
	store_op_clear(&o.op);
	return e;
}

static int
direct_entries(struct direct *d)
{
	struct op_group_entries o;
	int e;

	group_cache_forget(&d->b->groups);
	store_op_init(&o.op, STORE_GROUP_ENTRIES, NULL, NULL, NULL);
	o.asker = d->s.p.id;
	o.group = d->group;
	e = run_direct(d, &o.op);
	store_op_clear(&o.op);
	return e;
}

static int
direct_state(struct direct *d)
{
	struct op_group_state o;
	int e;

	group_cache_forget(&d->b->groups);
	store_op_init(&o.op, STORE_GROUP_STATE, NULL, NULL, NULL);
	o.asker = d->s.p.id;
	o.group = d->group;
	e = run_direct(d, &o.op);
	store_op_clear(&o.op);
	return e;
}

static int
direct_list(struct direct *d)
{
	struct op_group_list o;
	int e;

	store_op_init(&o.op, STORE_GROUP_LIST, NULL, NULL, NULL);
	o.account = d->s.p.id;
	e = run_direct(d, &o.op);
	if (e == 0)
		assert_int_equal(o.n, 1);
	store_op_clear(&o.op);
	return e;
}

static int
direct_reports(struct direct *d)
{
	struct op_report_list o;
	struct op_report_get g;

	store_op_init(&o.op, STORE_REPORT_LIST, NULL, NULL, NULL);
	o.max = 5;
	sqlite_backend.read(d->b, &o.op);
	store_op_clear(&o.op);
	if (o.op.result != 0)
		return o.op.result;
	store_op_init(&g.op, STORE_REPORT_GET, NULL, NULL, NULL);
	g.id = 1;
	sqlite_backend.read(d->b, &g.op);
	store_op_clear(&g.op);
	return g.op.result;
}

static int
step_direct(void *arg)
{
	struct direct *d = arg;

	return d->run(d);
}

static void
prepare(struct rig *r, struct direct *d)
{
	struct group_intent in = {.kind = GROUP_CREATE};
	struct group_proposal made;
	struct op_group_change o;
	struct op_report_add p;

	join_signer(r, &d->s);
	join_many(r, &d->other, &d->other_dev, 1);
	in.accounts = &d->other.b;
	in.n_accounts = 1;
	propose(&d->s, &d->record, &in, &made);
	INIT(r, &o, GROUP_CHANGE);
	o.sender = d->s.p.dev;
	o.entry = made.entry.p;
	o.len = made.entry.len;
	assert_ok(rig_call(r, &o.op));
	d->group = o.group;
	d->version = 1;
	d->record = made.record;
	buf_init(&made.record, 0);
	store_op_clear(&o.op);
	group_proposal_clear(&made);
	INIT(r, &p, REPORT_ADD);
	p.blob = (const uint8_t *)"sealed";
	p.len = 6;
	assert_ok(rig_call(r, &p.op));
}

static void
test_groups__survive_every_failing_allocation(void **state)
{
	static const struct {
		int (*run)(struct direct *d);
		int least;
	} steps[] = {
	    {direct_audience, 2},
	    {direct_chosen, 2},
	    {direct_fan, 3},
	    {direct_entries, 2},
	    {direct_state, 2},
	    {direct_list, 1},
	    {direct_reports, 2},
	    {direct_change, 6},
	    {direct_audience, 2},
	    {direct_fan, 3},
	};
	struct rig *r = *state;
	struct direct d = {0};
	struct store_opts o;
	struct store_why why;
	size_t i;

	rig_open(r);
	prepare(r, &d);
	rig_close(r);
	o = r->opts;
	o.queue_max = 100;
	o.cache_devices = 100;
	o.recent_rows = 1024;
	assert_ok(sqlite_backend.open(&d.b, &o, &d.seq, &why));
	for (i = 0; i < ARRAY_LEN(steps); i++) {
		d.run = steps[i].run;
		assert_true(alloc_sweep(step_direct, &d) >= steps[i].least);
	}
	sqlite_backend.close(d.b);
	buf_clear(&d.record);
}

/* ---- a thousand members -------------------------------------------------------------------------- */

static void
test_groups__a_thousand_members(void **state)
{
	static struct account_id id[MANY];
	static store_dev dev[MANY];
	static const uint8_t text[] = "to all of you";
	struct group_intent in = {.kind = GROUP_CREATE};
	struct group_proposal made;
	struct rig *r = *state;
	struct op_group_change c;
	struct op_audience a;
	struct op_fan_out f;
	struct op_check k;
	struct signer s;
	struct buf none;

	rig_open(r);
	join_signer(r, &s);
	join_many(r, id, dev, MANY - 1);
	in.accounts = (uint8_t(*)[GROUP_ACCOUNT_LEN])id;
	in.n_accounts = MANY - 1;
	buf_init(&none, 1);
	propose(&s, &none, &in, &made);
	INIT(r, &c, GROUP_CHANGE);
	c.sender = s.p.dev;
	c.entry = made.entry.p;
	c.len = made.entry.len;
	assert_ok(rig_call(r, &c.op));
	assert_int_equal(c.fan.n, MANY - 1);
	INIT(r, &a, AUDIENCE);
	a.asker = s.p.id;
	a.has_group = true;
	a.group = c.group;
	assert_ok(rig_call(r, &a.op));
	assert_int_equal(a.n, MANY);
	INIT(r, &f, FAN_OUT);
	f.sender = s.p.dev;
	f.has_group = true;
	f.group = c.group;
	f.version = 1;
	memcpy(f.digest, a.digest, sizeof(f.digest));
	f.body = text;
	f.len = sizeof(text);
	assert_ok(rig_call(r, &f.op));
	assert_int_equal(f.fan.n, MANY - 1);
	assert_int_equal(queue_count(r, dev[0]), 2);
	assert_int_equal(queue_count(r, dev[MANY - 2]), 2);
	INIT(r, &k, CHECK);
	assert_ok(rig_call(r, &k.op));
	store_op_clear(&f.op);
	store_op_clear(&a.op);
	store_op_clear(&c.op);
	group_proposal_clear(&made);
}

/* ---- kill -9 ---------------------------------------------------------------------------------------- */

#define CRASHES	  8
#define RECEIVERS 5
#define IN_FLIGHT 12
#define MESSAGES  20000

struct crash {
	struct signer s;
	struct account_id id[RECEIVERS];
	store_dev dev[RECEIVERS];
	struct group_id group;
	uint8_t digest[32];
	uint32_t next; /* message of the next child */
	uint8_t done[MESSAGES];
	uint8_t found[MESSAGES]; /* in how many queues */
};

static int crash_pipe;

static void
fill_message(struct crash *x, struct rig *r, struct op_fan_out *o, uint32_t n)
{
	INIT(r, o, FAN_OUT);
	o->sender = x->s.p.dev;
	o->has_group = true;
	o->group = x->group;
	o->version = 1;
	memcpy(o->digest, x->digest, sizeof(o->digest));
	memcpy(o->message_id, &n, sizeof(n));
	o->body = (const uint8_t *)"a body that all of them share";
	o->len = 29;
}

/* Sends, some at a time, and says which are done, until it is killed. */
static void NORETURN
crash_child(struct crash *x, struct rig *r)
{
	struct op_fan_out o[IN_FLIGHT];
	uint32_t n = x->next, i;

	rig_open(r);
	for (;; n += IN_FLIGHT) {
		for (i = 0; i < IN_FLIGHT; i++) {
			fill_message(x, r, &o[i], n + i);
			rig_submit(r, &o[i].op);
		}
		for (i = 0; i < IN_FLIGHT; i++) {
			uint32_t told = n + i;

			rig_wait(r, &o[i].op);
			if (o[i].op.result != 0 || o[i].fan.full != 0 ||
			    write(crash_pipe, &told, sizeof(told)) !=
				sizeof(told))
				_exit(1);
			store_op_clear(&o[i].op);
		}
	}
}

/* Let it finish so many, kill it, and hear what else it said. */
static void
crash_once(struct crash *x, struct rig *r, unsigned enough)
{
	uint32_t told = 0;
	int fd[2], status;
	pid_t pid;

	assert_ok(pipe(fd));
	crash_pipe = fd[1];
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		crash_child(x, r);
	close(fd[1]);
	for (; read(fd[0], &told, sizeof(told)) == sizeof(told); enough--) {
		assert_true(told < MESSAGES);
		x->done[told] = 1;
		if (enough == 0)
			kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(fd[0]);
	x->next = told + 2 * IN_FLIGHT;
}

static void
find_messages(struct crash *x, struct rig *r, store_dev dev)
{
	struct op_queue_read o;
	uint32_t n;
	size_t i;

	INIT(r, &o, QUEUE_READ);
	o.dev = dev;
	o.max_rows = STORE_PAGE_MAX;
	o.max_bytes = 1 << 20;
	do {
		assert_ok(rig_call(r, &o.op));
		for (i = 0; i < o.n; i++) {
			o.after_seq = o.v[i].seq;
			if (o.v[i].type == STORE_TYPE_GROUP_ENTRY)
				continue;
			assert_int_equal(o.v[i].len, 29);
			memcpy(&n, o.v[i].message_id, sizeof(n));
			x->found[n]++;
		}
	} while (o.more);
	store_op_clear(&o.op);
}

static void
crash_prepare(struct crash *x, struct rig *r)
{
	struct group_intent in = {.kind = GROUP_CREATE};
	struct group_proposal made;
	struct op_group_change c;
	struct op_audience a;
	struct buf none;

	join_signer(r, &x->s);
	join_many(r, x->id, x->dev, RECEIVERS);
	in.accounts = (uint8_t(*)[GROUP_ACCOUNT_LEN])x->id;
	in.n_accounts = RECEIVERS;
	buf_init(&none, 1);
	propose(&x->s, &none, &in, &made);
	INIT(r, &c, GROUP_CHANGE);
	c.sender = x->s.p.dev;
	c.entry = made.entry.p;
	c.len = made.entry.len;
	assert_ok(rig_call(r, &c.op));
	x->group = c.group;
	INIT(r, &a, AUDIENCE);
	a.asker = x->s.p.id;
	a.has_group = true;
	a.group = x->group;
	assert_ok(rig_call(r, &a.op));
	memcpy(x->digest, a.digest, sizeof(x->digest));
	store_op_clear(&a.op);
	store_op_clear(&c.op);
	group_proposal_clear(&made);
}

/* What was done is in every queue; whatever is in one is in all. */
static void
test_groups__a_crash_leaves_all_or_nothing(void **state)
{
	static struct crash x;
	struct rig *r = *state;
	struct op_check k;
	unsigned i, n = 0;

	memset(&x, 0, sizeof(x));
	rig_open(r);
	crash_prepare(&x, r);
	rig_close(r);
	for (i = 0; i < CRASHES; i++)
		crash_once(&x, r, 10 + 37 * i);
	rig_open(r);
	for (i = 0; i < RECEIVERS; i++)
		find_messages(&x, r, x.dev[i]);
	for (i = 0; i < MESSAGES; i++) {
		assert_true(x.found[i] == 0 || x.found[i] == RECEIVERS);
		if (x.done[i])
			assert_int_equal(x.found[i], RECEIVERS);
		n += x.done[i];
	}
	assert_true(n > 10 * CRASHES);
	INIT(r, &k, CHECK);
	assert_ok(rig_call(r, &k.op));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_groups__survive_every_failing_allocation),
	    T(test_groups__a_thousand_members),
	    T(test_groups__a_crash_leaves_all_or_nothing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
